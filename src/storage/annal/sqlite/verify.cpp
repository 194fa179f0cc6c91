// The full check of a log: everything it holds against the hashes it was sealed with.
#include "annal/error.hpp"
#include "annal/sqlite/database.hpp"
#include "annal/sqlite/index_check.hpp"
#include "annal/sqlite/reader.hpp"

#include <set>
#include <unordered_map>

namespace annal::sqlite {

namespace {

// Follows the log event by event and notes what is not as it was recorded.
class Checker {
 public:
  explicit Checker(Verification& result) : result_(result) {}

  void event(Envelope event) {
    move_to(event.position);
    if (event_hash(event) != event.hash)
      fault(event.position, "the event is not what was recorded");
    Version& version = versions_[event.stream];
    if (event.version != next(version))
      fault(event.position, event.stream + " goes from version " + std::to_string(version.value) +
                                " to " + std::to_string(event.version.value));
    version = event.version;
    event.data.clear();  // the chain needs the hash only
    commit_.push_back(std::move(event));
  }

  // An event of which some part cannot be read. The chain needs its hash only.
  void unreadable(Envelope sealed, const std::string& why) {
    move_to(sealed.position);
    fault(sealed.position, why);
    commit_.push_back(std::move(sealed));
  }

  void end_of_commit(const Hash& sealed, std::int64_t events) {
    const Timestamp recorded_at = commit_.back().recorded_at;
    if (static_cast<std::int64_t>(commit_.size()) != events)
      fault(last_, "the commit has " + std::to_string(commit_.size()) + " events, " +
                       std::to_string(events) + " were recorded");
    if (recorded_at <= recorded_at_) fault(last_, "recorded_at goes back");
    if (commit_hash(hash_, recorded_at, commit_) != sealed)
      fault(last_, "the chain of commits is broken");
    recorded_at_ = recorded_at;
    hash_ = sealed;
    commit_.clear();
    ++result_.commits;
  }

  void finish(Position head) {
    if (!commit_.empty()) fault(last_, "the newest commit is incomplete");
    if (last_ < head) fault(next(last_), "the log ends before its head");
    result_.head_hash = hash_;
  }

  void fault(Position position, const std::string& what) {
    result_.damaged.push_back(position);
    result_.faults.push_back("position " + std::to_string(position.value) + ": " + what);
  }

 private:
  void move_to(Position position) {
    const Position expected = next(last_);
    if (position != expected)
      fault(expected, "positions " + std::to_string(expected.value) + "–" +
                          std::to_string(position.value - 1) + " are missing");
    last_ = position;
  }

  Verification& result_;
  Position last_;
  Timestamp recorded_at_{};
  Hash hash_;
  std::vector<Envelope> commit_;
  std::unordered_map<std::string, Version> versions_;
};

// What the commit's hash covers of the event in the row.
Envelope sealed_part(SQLite::Statement& row) {
  Envelope event;
  event.position = position_of(row.getColumn(0));
  event.version.value = static_cast<std::uint64_t>(row.getColumn(2).getInt64());
  event.recorded_at = Timestamp{std::chrono::microseconds{row.getColumn(9).getInt64()}};
  event.hash = hash_of(row.getColumn(16));
  return event;
}

}  // namespace

Verification Reader::verify(const std::function<void(Position)>& progress) {
  const Snapshot snapshot(*this, {});
  Verification result;
  result.head = snapshot.head;
  Checker checker(result);
  std::set<std::int64_t> types;  // of the events
  for (SQLite::Statement check(database_, "PRAGMA quick_check(10)"); check.executeStep();)
    if (const std::string answer = check.getColumn(0).getString(); answer != "ok")
      result.faults.push_back("the database file: " + answer);

  SQLite::Statement rows(database_, std::string("SELECT ") + event_columns +
                                        ",commit_events,commit_hash FROM events WHERE position<=?1 "
                                        "ORDER BY position");
  rows.bind(1, static_cast<std::int64_t>(snapshot.head.value));
  while (rows.executeStep()) {
    const Position position = position_of(rows.getColumn(0));
    if (progress && position.value % 1024 == 0) progress(position);
    types.insert(rows.getColumn(3).getInt64());
    try {
      checker.event(read_row(rows, names_));
    } catch (const CorruptionError& error) {
      checker.unreadable(sealed_part(rows), error.what());
    }
    if (const SQLite::Column events = rows.getColumn(18); !events.isNull())
      checker.end_of_commit(hash_of(rows.getColumn(19)), events.getInt64());
  }
  checker.finish(snapshot.head);
  for (SQLite::Statement known(database_, "SELECT type FROM event_types"); known.executeStep();)
    types.erase(known.getColumn(0).getInt64());
  for (const std::int64_t type : types)
    result.faults.push_back("the index of types does not know number " + std::to_string(type) +
                            ", but events have it");

  IndexCheck(database_, index_, [&](Position position, const std::string& what) {
    if (position.value > 0)
      checker.fault(position, what);
    else
      result.faults.push_back(what);
  }).check();
  if (progress) progress(snapshot.head);
  return result;
}

}  // namespace annal::sqlite
