// A projection for tests, the visits of each guest counted, and logs that behave badly.
#pragma once

#include "annal/error.hpp"
#include "annal/memory/memory_log.hpp"
#include "annal/projection/projector.hpp"
#include "hooked_log.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <string>

namespace annal::test {

using std::chrono::milliseconds;

class Visits : public testing::Test {
 protected:
  using Rows = std::map<std::string, std::string>;

  static constexpr std::chrono::seconds long_enough{60};
  static constexpr RetryPolicy quick{
      .attempts = 3, .first = milliseconds(1), .longest = milliseconds(2)};

  static Projection visits(std::uint32_t version = 1) {
    Projection projection;
    projection.name = "visits";
    projection.version = version;
    projection.spaces = {{"visits", {}}};
    projection.query = Query::of_types({TopicPattern::of("guest.*")});
    projection.fold = [](const Envelope& event, ProjectedRows& rows) {
      const std::string guest = event.stream.substr(6);
      if (event.type == "guest.left") return rows.erase("visits", guest);
      auto row = rows.find("visits", guest).value_or(ProjectedRow{"0", {}});
      row.value = std::to_string(std::stoi(row.value) + 1);
      rows.put("visits", guest, row);
    };
    return projection;
  }

  void append(const std::string& stream, const std::string& type) const {
    Commit commit;
    commit.events.emplace_back();
    commit.events.back().stream = stream;
    commit.events.back().type = type;
    ASSERT_TRUE(std::holds_alternative<Appended>(log->append(std::move(commit))));
  }

  void visit(const std::string& guest, int times) const {
    for (int i = 0; i < times; ++i) append("guest/" + guest, "guest.came");
  }

  Rows rows(const std::string& space = "visits") const {
    Rows found;
    for (const auto& record : log->records({.space = space, .limit = 4096}).records)
      found[record.key] = record.value;
    return found;
  }

  // Changes a row behind the projection's back.
  void spoil(const std::string& guest, std::optional<std::string> value) const {
    Commit commit;
    commit.records.emplace_back();
    commit.records.back().space = "visits";
    commit.records.back().key = guest;
    commit.records.back().value = std::move(value);
    ASSERT_TRUE(std::holds_alternative<Appended>(log->append(std::move(commit))));
  }

  std::unique_ptr<EventLog> log = memory::open();
};

// Refuses so many commits that hold records and no space.
class BusyLog : public HookedLog {
 public:
  BusyLog(EventLog& inner, int times) : HookedLog(inner), times_(times) {}
  AppendOutcome append(Commit commit) override {
    if (commit.spaces.empty() && times_ > 0 && times_-- > 0) return Rejected{Busy{1024}};
    return HookedLog::append(std::move(commit));
  }

 private:
  int times_;
};

// Cannot be read where rows are looked up, so many times.
class UnreadableLog : public HookedLog {
 public:
  UnreadableLog(EventLog& inner, int times) : HookedLog(inner), times_(times) {}
  std::optional<Record> record(std::string_view space, std::string_view key) const override {
    if (space == "visits" && times_ > 0 && times_-- > 0) throw StorageError("the disk is away");
    return HookedLog::record(space, key);
  }

 private:
  mutable std::atomic<int> times_;
};

// Ends where it is told to.
class ShorterLog : public HookedLog {
 public:
  ShorterLog(EventLog& inner, Position end) : HookedLog(inner), end_(end) {}
  Position head() const override { return end_; }

 private:
  Position end_;
};

}  // namespace annal::test
