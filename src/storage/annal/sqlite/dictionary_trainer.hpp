// Makes dictionaries for event types as enough of their events are there.
#pragma once

#include "annal/log/event_log.hpp"
#include "annal/sqlite/dictionary.hpp"
#include "annal/sqlite/sqlite_log.hpp"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace annal::sqlite {

// A thread that reads the newest events of a type, makes a dictionary of what many streams have in
// common there, and commits it; all beside the writing.
class DictionaryTrainer {
 public:
  // Told of each dictionary there is, and of each that is made once it is in the log.
  using Use = std::function<void(const std::string& type, CompressionDictionary dictionary)>;

  using Append = std::function<AppendOutcome(Commit)>;

  // log must outlive it
  //   append    to the log, what nobody else may
  //   warn      told why a dictionary could not be made or used; may be empty, must not throw
  DictionaryTrainer(const Compression& options, const EventLog& log, Append append, Use use,
                    std::function<void(std::string_view)> warn);
  ~DictionaryTrainer();
  DictionaryTrainer(const DictionaryTrainer&) = delete;
  DictionaryTrainer& operator=(const DictionaryTrainer&) = delete;

  // Makes one for the type, unless it has one, there are too few events of it yet, or it was not worth
  // it when half as many had been seen.
  //   threads   any number of callers
  void ask(const std::string& type, std::uint64_t seen);
  // Waits for the dictionary at hand; what is asked for later is not made.
  void stop();

 private:
  void read_those_there();
  bool make_next();
  void make_one(const std::string& type);
  void not_before(const std::string& type, std::uint64_t seen);
  void tell_of(const std::string& type, const char* why) const noexcept;
  std::vector<Envelope> samples_of(const std::string& type, bool& too_few) const;

  const Compression options_;
  const EventLog& log_;
  const Append append_;
  const Use use_;
  const std::function<void(std::string_view)> warn_;
  std::uint32_t newest_ = 0;  // number given
  std::mutex mutex_;
  std::condition_variable asked_;
  struct Type {
    bool asked = false;  // and not looked at yet
    std::uint64_t seen = 0, not_before = 0;
  };
  std::map<std::string, Type> types_;  // asked for so far
  std::stop_source stops_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace annal::sqlite
