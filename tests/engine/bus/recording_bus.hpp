// A bus with a log, for tests of what is recorded and what is not.
#pragma once

#include "annal/bus/dispatcher.hpp"
#include "annal/memory/memory_log.hpp"
#include "engine/bus/events.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>

namespace annal::test {

using std::chrono::milliseconds;
using std::chrono::seconds;

inline constexpr seconds long_enough{20};

// Records in a log in memory; refuses when told to.
class TestRecorder final : public Recorder {
 public:
  TestRecorder(EventLog& log, Dispatcher& dispatcher) : log_(log), dispatcher_(dispatcher) {}

  AppendOutcome record(Commit commit) override {
    if (before_record) before_record(commit);
    ++commits;
    largest = std::max<std::size_t>(largest, commit.events.size());
    if (throws) throw StorageError("the disk is gone");
    if (refuses) return Rejected{DiskFull{"no room on the disk"}};
    return log_.append(std::move(commit));
  }
  bool wait_until_told(Position position, milliseconds timeout) override {
    return dispatcher_.wait_until(position, timeout);
  }
  const EventLog& log() const override { return log_; }

  std::function<void(const Commit&)> before_record;
  std::atomic<bool> refuses{false}, throws{false};
  std::atomic<int> commits{0};
  std::atomic<std::size_t> largest{0};

 private:
  EventLog& log_;
  Dispatcher& dispatcher_;
};

// A bus that records in a log in memory, on a clock that stands.
class RecordingBus : public ::testing::Test {
 protected:
  RecordingBus() { bus.record_with(recorder); }
  ~RecordingBus() override { bus.flush(long_enough); }

  void record(const char* types, RecordingPolicy policy) {
    bus.record(TopicPattern::of(types), policy).release();
  }
  Names recorded() const {
    ReadRequest request;
    request.limit = 4096;
    return types_of(log->read(request).events);
  }

  Catalogue catalogue;
  ManualMonotonicClock monotonic;
  std::unique_ptr<EventLog> log = memory::open({});
  Bus bus{catalogue, {.patience = long_enough, .monotonic = &monotonic}};
  Names notes;
  Dispatcher dispatcher{*log, bus, log->head()};
  std::shared_ptr<TestRecorder> recorder = std::make_shared<TestRecorder>(*log, dispatcher);
};

}  // namespace annal::test
