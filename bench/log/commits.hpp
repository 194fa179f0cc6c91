// Commits for the measurements, and the way many of them are handed over.
#pragma once

#include "annal/log/event_log.hpp"
#include "measure.hpp"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

namespace annal::bench {

inline constexpr std::size_t event_bytes = 256;
inline constexpr int batch_events = 1000;  // of a commit that holds many

std::string stream_name(int number);  // bench/7
Envelope event_on(std::string stream, std::string data);
// JSON as a shop may record it, all of `event_bytes`; another one for each number below 8192.
const std::string& payload(int number);
Commit commit_of(Envelope event);

// The answer, if the commit was made; otherwise throws.
Appended require(const AppendOutcome& outcome);

// Hands commits over, several of them under way at once.
//   threads   one
class Pipeline {
 public:
  explicit Pipeline(EventLog& log, int at_once = 16) : log_(log), at_once_(at_once) {}
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  // Waits for a place.
  void append(Commit commit);
  // Waits for all of them.
  //   returns   a time each, from being handed over to being answered
  //   throws    std::runtime_error if one was not made
  Samples finish();

 private:
  void wait_for(int under_way);

  EventLog& log_;
  const int at_once_;
  std::mutex mutex_;
  std::condition_variable answered_;
  int under_way_ = 0;
  Samples samples_;
  std::optional<AppendOutcome> refused_;
};

// Appends so many events, 1000 a commit.
void fill(EventLog& log, int events, const std::function<Envelope(int)>& event);

// Of the log since then, or since it was opened.
double commits_a_sync(const EventLog& log, const LogStatistics& since = {});

// A store there, as the settings want it.
std::unique_ptr<EventLog> open_log(const std::filesystem::path& file, const Settings& settings);

// The file and what lies beside it, if they are there.
void remove_store(const std::filesystem::path& file);

}  // namespace annal::bench
