// P12 and P13: appending while others listen and read.
#include "annal/service/store.hpp"
#include "annal/sqlite/sqlite_log.hpp"
#include "cases.hpp"
#include "log/commits.hpp"

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

namespace annal::bench {

namespace {

Commit next_commit(int& next) {
  const int number = next++;
  return commit_of(event_on(stream_name(number % 1000), payload(number)));
}

// When the observer was told of the newest position.
class Told {
 public:
  void note(Position position) {
    at_ = Steady::now();
    position_.store(position.value);
    position_.notify_one();
  }
  Steady::time_point wait_for(Position position) const {
    for (auto told = position_.load(); told < position.value; told = position_.load())
      position_.wait(told);
    return at_;
  }

 private:
  Steady::time_point at_;
  std::atomic<std::uint64_t> position_{0};
};

// From the call of append to that of the observer.
Round append_and_tell(Store& store, int operations, int& next) {
  const auto dispatch_all = [&] {
    store.dispatcher().wait_until(store.log().head(), std::chrono::seconds(10));
  };
  dispatch_all();  // what was appended before is not in the way
  Told told;
  auto connection = store.bus().subscribe(
      TopicPattern::of("bench.*"), [&](const Envelope& event) { told.note(event.position); });
  Samples samples;
  for (int i = 0; i < operations; ++i) {
    Commit commit = next_commit(next);
    const auto begun = Steady::now();
    const Appended appended = require(store.log().append(std::move(commit)));
    samples.push_back(nanoseconds(told.wait_for(appended.last) - begun));
  }
  dispatch_all();  // nobody is in the observer any more
  return samples;
}

// Threads that read pages from anywhere in the log for as long as this lives.
class LoopingReaders {
 public:
  LoopingReaders(const EventLog& log, int count) {
    for (int i = 0; i < count; ++i)
      threads_.emplace_back([this, &log, i] {
        std::mt19937 random(static_cast<unsigned>(i));
        while (!stop_) log.read({.from = Position{1 + random() % log.head().value}});
      });
  }
  ~LoopingReaders() {
    stop_ = true;
    for (auto& thread : threads_) thread.join();
  }
  LoopingReaders(const LoopingReaders&) = delete;
  LoopingReaders& operator=(const LoopingReaders&) = delete;

 private:
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

}  // namespace

std::vector<Result> tell_observer(const Settings& settings) {
  Result result{"P12", "append until the observer in the same process is told",
                "p99 beside the p99 of the append alone", 1.2, Better::lower};
  result.beside = "append";
  const auto store = open(settings.folder / "p12.db");
  const int operations = scaled(2000, settings);
  int next = 0;
  compare(
      result, settings.rounds,
      [&] {
        return time_each(operations, [&](int) { require(store->log().append(next_commit(next))); });
      },
      [&] { return append_and_tell(*store, operations, next); }, tail);
  return {result};
}

std::vector<Result> read_while_writing(const Settings& settings) {
  constexpr int readers = 8;
  const auto file = settings.folder / "p13.db";
  const auto log = sqlite::open(file);
  int next = 0;
  fill(*log, scaled(100000, settings),
       [&](int i) { return event_on(stream_name(i % 1000), payload(i)); });
  const int operations = scaled(10000, settings);
  std::uintmax_t high_water = 0;
  const auto append = [&] {
    return time_each(operations, [&](int) {
      require(log->append(next_commit(next)));
      high_water = std::max(high_water, std::filesystem::file_size(file.string() + "-wal"));
    });
  };
  Result pace{"P13", "append while eight threads read pages in a loop",
              "p99 beside the p99 without them", 3, Better::lower};
  pace.beside = "alone";
  compare(
      pace, settings.rounds, append,
      [&] {
        const LoopingReaders reading(*log, readers);
        return append();
      },
      tail);
  Result wal{"P13", "the largest the write-ahead log became meanwhile", "MiB", 64, Better::lower};
  conclude(wal, {static_cast<double>(high_water) / 1024 / 1024});
  return {pace, wal};
}

}  // namespace annal::bench
