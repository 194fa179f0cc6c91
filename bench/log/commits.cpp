#include "log/commits.hpp"

#include "annal/sqlite/sqlite_log.hpp"

#include <algorithm>
#include <initializer_list>
#include <random>
#include <stdexcept>
#include <vector>

namespace annal::bench {

namespace {

constexpr int payloads = 8192;

// Numbers and names that are nobody else's, words of a few, and a remark that ends where it must.
std::string made_payload(int number, std::mt19937& random) {
  const auto any = [&](std::initializer_list<const char*> of) {
    return of.begin()[random() % of.size()];
  };
  const auto figure = [&](unsigned below) { return std::to_string(random() % below); };
  std::string text =
      R"({"order":)" + std::to_string(100000 + number) + R"(,"customer":"c-)" + figure(1000000) +
      R"(","status":")" + any({"open", "paid", "packed", "shipped", "returned"}) +
      R"(","country":")" + any({"DE", "FR", "IT", "ES", "PL", "NL", "AT"}) +
      R"(","lines":[{"article":")" + figure(100000) + R"(","quantity":)" + figure(20) +
      R"(,"price":)" + figure(20000) + R"(},{"article":")" + figure(100000) + R"(","quantity":)" +
      figure(20) + R"(,"price":)" + figure(20000) + R"(}],"remark":")";
  while (text.size() < event_bytes)
    text += std::string(
                any({"leave", "parcel", "with", "the", "neighbour", "ring", "twice", "please",
                     "call", "before", "gift", "wrapped", "no", "plastic", "behind", "garage"})) +
            ' ';
  return text.substr(0, event_bytes - 2) + "\"}";
}

}  // namespace

const std::string& payload(int number) {
  static const std::vector<std::string> made = [] {
    std::mt19937 random(11);
    std::vector<std::string> texts;
    for (int i = 0; i < payloads; ++i) texts.push_back(made_payload(i, random));
    return texts;
  }();
  return made[static_cast<unsigned>(number) % payloads];
}

std::unique_ptr<EventLog> open_log(const std::filesystem::path& file, const Settings& settings) {
  sqlite::Options options;
  options.compression.on = settings.compress;
  return sqlite::open(file, std::move(options));
}

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
