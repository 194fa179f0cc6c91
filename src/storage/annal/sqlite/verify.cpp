// The full check of a log: everything it holds against the hashes it was sealed with.
#include "annal/error.hpp"
#include "annal/sqlite/database.hpp"
#include "annal/sqlite/index_check.hpp"
#include "annal/sqlite/page_scan.hpp"
#include "annal/sqlite/reader.hpp"

#include <set>
#include <unordered_map>

namespace annal::sqlite {

namespace {

constexpr std::uint32_t pages_at_once = 1024;

// Follows the log event by event and notes what is not as it was recorded.
class EventChecker {
 public:
  explicit EventChecker(Verification& result) : result_(result) {}

  void event(Envelope event) {
    move_to(event.position);
    if (event_hash(event) != event.hash)
      fault(event.position, "the event is not what was recorded");
    Version& version = versions_[event.stream];
    // Events that could not be read may have been of this stream.
    if (event.version <= version || event.version.value > next(version).value + hidden_)
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
    ++hidden_;
    commit_.push_back(std::move(sealed));
  }

  // An event that is not to be had, and with it the chain up to the end of a commit.
  void hidden(Position position, const std::string& why) {
    move_to(position);
    ++hidden_;
    torn_ = true;
    result_.damaged.push_back(position);
    if (hidden_to_ != Position{position.value - 1} || why != hidden_why_) report_hidden();
    if (hidden_from_.value == 0) hidden_from_ = position;
    hidden_to_ = position;
    hidden_why_ = why;
  }

  void end_of_commit(const Hash& sealed, std::int64_t events) {
    const Timestamp recorded_at = commit_.back().recorded_at;
    if (torn_) return begin_anew(sealed, recorded_at);
    if (static_cast<std::int64_t>(commit_.size()) != events)
      fault(last_, "the commit has " + std::to_string(commit_.size()) + " events, " +
                       std::to_string(events) + " were recorded");
    if (recorded_at <= recorded_at_) fault(last_, "recorded_at goes back");
    if (commit_hash(hash_, recorded_at, commit_) != sealed)
      fault(last_, "the chain of commits is broken");
    begin_anew(sealed, recorded_at);
    ++result_.commits;
  }

  void finish(std::optional<Position> head) {
    report_hidden();
    if (!commit_.empty() && !torn_) fault(last_, "the newest commit is incomplete");
    if (head && last_ < *head) fault(next(last_), "the log ends before its head");
    if (!head) result_.head = last_;
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

  // With the commit after the one that has such a hash.
  void begin_anew(const Hash& sealed, Timestamp recorded_at) {
    recorded_at_ = recorded_at;
    hash_ = sealed;
    commit_.clear();
    torn_ = false;
  }

  // Events that are hidden one after the other are one fault.
  void report_hidden() {
    if (hidden_from_.value == 0) return;
    result_.faults.push_back("positions " + std::to_string(hidden_from_.value) + "–" +
                             std::to_string(hidden_to_.value) + " cannot be read: " + hidden_why_);
    hidden_from_ = hidden_to_ = {};
  }

  Verification& result_;
  Position last_;
  Timestamp recorded_at_{};
  Hash hash_;
  std::vector<Envelope> commit_;
  std::unordered_map<std::string, Version> versions_;
  std::uint64_t hidden_ = 0;  // events that could not be read so far
  bool torn_ = false;         // of the commit at hand some event is hidden
  Position hidden_from_, hidden_to_;
  std::string hidden_why_;
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

void check_row(RowStatement& row, Names& names, PayloadReader& payloads, EventChecker& checker) {
  std::string why;
  try {
    Envelope event = read_row(row.row(), names);
    read_data(row.row(), payloads, event);
    checker.event(std::move(event));
  } catch (const CorruptionError& error) {
    why = error.what();
  } catch (const SQLite::Exception& error) {  // of the look-up of a name
    if (!tells_of_damage(error)) throw;
    why = reason_of(error);
  }
  if (!why.empty()) checker.unreadable(sealed_part(row), why);
  if (const SQLite::Column events = row.getColumn(18); !events.isNull())
    checker.end_of_commit(hash_of(row.getColumn(19)), events.getInt64());
}

// Event by event; those on a damaged page are passed over as hidden.
//   head      none where the newest events cannot be read: the walk ends at the first it cannot read
//   returns   the types of the events
std::set<std::int64_t> check_events(SQLite::Database& database, Names& names,
                                    PayloadReader& payloads, std::optional<Position> head,
                                    EventChecker& checker,
                                    const std::function<void(Position)>& progress) {
  std::set<std::int64_t> types;
  RowStatement rows(database, std::string("SELECT ") + event_columns +
                                  ",commit_events,commit_hash FROM events WHERE position "
                                  "BETWEEN ?1 AND ?2 ORDER BY position");
  const Position to = head.value_or(Position{UINT64_MAX});
  for (Position from{1}; from <= to;) {
    rows.tryReset();  // it may still tell of an error
    rows.bind(1, signed_of(from));
    rows.bind(2, signed_of(to));
    try {
      while (rows.executeStep()) {
        const Position position = position_of(rows.getColumn(0));
        if (progress && position.value % 1024 == 0) progress(position);
        types.insert(rows.getColumn(3).getInt64());
        check_row(rows, names, payloads, checker);
        from = next(position);
      }
      break;
    } catch (const SQLite::Exception& error) {
      if (!tells_of_damage(error)) throw;
      checker.hidden(from, reason_of(error));
      if (!head) break;
      from = next(from);
    }
  }
  checker.finish(head);
  return types;
}

}  // namespace

std::vector<RefusedPage> Reader::damaged_pages(std::uint32_t first, std::uint32_t count) {
  struct Transaction {
    explicit Transaction(Reader& begun) : reader(begun) { reader.begin(); }
    ~Transaction() { reader.end(); }
    Reader& reader;
  };
  const Transaction transaction(*this);
  number("PRAGMA user_version");  // begins it
  return PageScan(path_, database_.getHandle()).damaged(first, count);
}

std::uint32_t Reader::pages() { return PageScan(path_, database_.getHandle()).pages(); }

Verification Reader::verify(const std::function<void(Position)>& progress) {
  Verification result;
  try {
    for (std::uint32_t page = 1; page <= pages(); page += pages_at_once) {
      for (const RefusedPage& damaged : damaged_pages(page, pages_at_once)) {
        result.damaged_pages.push_back(damaged.number);
        result.faults.push_back(description_of(damaged));
      }
      if (progress) progress(Position{0});
    }
    verify_log(result, progress);
  } catch (const SQLite::Exception& error) {
    if (!tells_of_damage(error)) throw;
    result.faults.push_back("the check ends here: " + reason_of(error));
    if (result.head.value == 0) verify_beginning(result, progress);
  }
  return result;
}

// Where nobody can tell how many events there are.
void Reader::verify_beginning(Verification& result, const std::function<void(Position)>& progress) {
  EventChecker checker(result);
  check_events(database_, names_, payloads_, std::nullopt, checker, progress);
}

void Reader::verify_log(Verification& result, const std::function<void(Position)>& progress) {
  const Snapshot snapshot(*this, {});
  result.head = snapshot.head;
  EventChecker checker(result);
  auto types = check_events(database_, names_, payloads_, snapshot.head, checker, progress);
  for (SQLite::Statement check(database_, "PRAGMA quick_check(10)"); check.executeStep();)
    if (const std::string answer = check.getColumn(0).getString(); answer != "ok")
      result.faults.push_back("the database file: " + answer);
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
}

}  // namespace annal::sqlite
