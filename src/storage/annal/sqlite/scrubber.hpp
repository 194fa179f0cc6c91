// Looks a store over in the background, so that damage to what nobody reads is not found years later.
#pragma once

#include "annal/log/event_log.hpp"
#include "annal/sqlite/page_vfs.hpp"
#include "annal/sqlite/sqlite_log.hpp"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace annal::sqlite {

// A thread that reads every page of the file and every event of the log, a little at a time. It
// writes nothing, and holds no read transaction while it waits.
class Scrubber {
 public:
  // What a look at some pages saw; none: there are no more.
  struct Pages {
    std::uint32_t seen = 0;
    std::vector<RefusedPage> damaged;
  };
  using LookAtPages = std::function<Pages(std::uint32_t first, std::uint32_t count)>;

  // log and clock must outlive it
  Scrubber(Scrubbing options, const EventLog& log, const Clock& clock, LookAtPages look_at_pages);
  // Waits for the read at hand, and for nothing else.
  ~Scrubber();
  Scrubber(const Scrubber&) = delete;
  Scrubber& operator=(const Scrubber&) = delete;

  //   threads   any number of callers
  Scrubbed found() const;

 private:
  void run();
  bool pass();
  bool look_at_all_pages();
  bool look_at_all_events();
  std::uint64_t look_at_events(Position from, Position to);
  bool waits(std::chrono::nanoseconds time);
  bool paces(std::uint64_t bytes);
  void note(const RefusedPage& page);
  void note(Position position, const std::string& why);
  void report(const std::string& what) const;

  const Scrubbing options_;
  const EventLog& log_;
  const Clock& clock_;
  const LookAtPages look_at_pages_;
  mutable std::mutex mutex_;
  std::condition_variable stopped_;
  bool stops_ = false;
  Scrubbed found_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace annal::sqlite
