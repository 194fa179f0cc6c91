// Compresses payloads before they come to the writer.
#pragma once

#include "annal/event/envelope.hpp"
#include "annal/log/event_log.hpp"
#include "annal/sqlite/dictionary.hpp"
#include "annal/sqlite/sqlite_log.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace annal::sqlite {

//   threads   any number of callers
class PayloadWriter {
 public:
  // Told of a type that has no dictionary, and how many of its events have passed, now and then.
  using Wanted = std::function<void(const std::string& type, std::uint64_t seen)>;

  PayloadWriter(const Compression& options, Wanted wanted);
  ~PayloadWriter();

  // Of each event what is written instead of its data, where that is shorter; empty where it is not.
  // Nothing at all if that is so for all of them, or there is no memory for it.
  //   cost      some 1.5 µs for an event of 256 bytes
  std::vector<std::string> pack(std::span<const Envelope> events);

  // From now on the type's events are compressed with it.
  void use(const std::string& type, CompressionDictionary dictionary);

  void count(LogStatistics& statistics) const;

 private:
  struct Context;
  struct Type {
    CompressionDictionary dictionary{};
    std::uint64_t seen = 0;  // without it
  };

  std::vector<std::string> packed(std::span<const Envelope> events);
  bool is_time_to_ask(std::uint64_t seen) const;
  std::vector<CompressionDictionary> dictionaries_of(std::span<const Envelope> events);
  std::unique_ptr<Context> take_context();
  void give_back(std::unique_ptr<Context> context);

  const int level_;
  const std::uint64_t wanted_every_;  // so many events
  const Wanted wanted_;
  std::mutex mutex_;
  std::unordered_map<std::string, Type> types_;
  std::vector<std::unique_ptr<Context>> contexts_;  // that nobody uses now
  std::atomic<std::uint64_t> bytes_{0}, packed_bytes_{0};
};

}  // namespace annal::sqlite
