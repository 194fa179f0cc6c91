#include "log/commits.hpp"

#include <stdexcept>

namespace annal::bench {

std::string stream_name(int number) { return "bench/" + std::to_string(number); }

Envelope event_on(std::string stream, std::string data) {
  Envelope event;
  event.stream = std::move(stream);
  event.type = "bench.appended";
  event.data = std::move(data);
  return event;
}

Commit commit_of(Envelope event) {
  Commit commit;
  commit.events.push_back(std::move(event));
  return commit;
}

Appended require(const AppendOutcome& outcome) {
  if (const auto* appended = std::get_if<Appended>(&outcome)) return *appended;
  if (const auto* rejected = std::get_if<Rejected>(&outcome))
    throw std::runtime_error("a commit was refused: " + rejected->message());
  throw std::runtime_error("nobody knows whether a commit was made: " +
                           std::get<Unknown>(outcome).what);
}

Pipeline::~Pipeline() { wait_for(0); }

void Pipeline::append(Commit commit) {
  wait_for(at_once_ - 1);
  {
    std::lock_guard lock(mutex_);
    ++under_way_;
  }
  log_.submit(std::move(commit), [this, begun = Steady::now()](const AppendOutcome& outcome) {
    const double took = nanoseconds(Steady::now() - begun);
    std::lock_guard lock(mutex_);
    samples_.push_back(took);
    if (!std::holds_alternative<Appended>(outcome)) refused_ = outcome;
    --under_way_;
    answered_.notify_one();
  });
}

Samples Pipeline::finish() {
  wait_for(0);
  if (refused_) require(*refused_);
  return std::move(samples_);
}

void Pipeline::wait_for(int under_way) {
  std::unique_lock lock(mutex_);
  answered_.wait(lock, [&] { return under_way_ <= under_way; });
}

void fill(EventLog& log, int events, const std::function<Envelope(int)>& event) {
  Pipeline pipeline(log);
  for (int made = 0; made < events;) {
    Commit commit;
    for (int i = 0; i < batch_events && made < events; ++i) commit.events.push_back(event(made++));
    pipeline.append(std::move(commit));
  }
  pipeline.finish();
}

double commits_a_sync(const EventLog& log, const LogStatistics& since) {
  const auto statistics = log.statistics();
  return static_cast<double>(statistics.commits - since.commits) /
         static_cast<double>(statistics.groups - since.groups);
}

void remove_store(const std::filesystem::path& file) {
  for (const char* suffix : {"", "-wal", "-shm", ".lock"})
    std::filesystem::remove(file.string() + suffix);
}

}  // namespace annal::bench
