// The shapes of event-store-benchmark: what people compare event stores by. While they write, a
// subscription follows and counts events that came twice or not at all.
#include "annal/log/subscription.hpp"
#include "annal/sqlite/sqlite_log.hpp"
#include "cases.hpp"
#include "log/commits.hpp"
#include "raw_sqlite.hpp"

#include <algorithm>
#include <atomic>
#include <optional>
#include <random>
#include <stdexcept>
#include <thread>
#include <unordered_map>

namespace annal::bench {

namespace {

constexpr int tags = 1000, types = 10, read_at_once = 10;

std::string tag_of(int number) { return "user:" + std::to_string(number); }
std::string type_of(int number) { return "bench.kind" + std::to_string(number); }

Envelope tagged_event(int tag, int type) {
  Envelope event = event_on("bench/tagged", payload(tag));
  event.type = type_of(type);
  event.tags = {tag_of(tag)};
  return event;
}

// Follows a log from its head on and holds it to its word.
class Oracle {
 public:
  explicit Oracle(EventLog& log)
      : log_(log),
        began_(log.head()),
        follower_(log, {.name = "oracle", .after = began_},
                  [this](const Envelope& event) { see(event); }) {}

  // To be called when all is written.
  //   throws    std::runtime_error if anything came twice, not at all or out of order
  void expect_everything() {
    if (!follower_.wait_until(log_.head(), std::chrono::minutes(1)))
      throw std::runtime_error("the oracle was not told of everything within a minute");
    const std::uint64_t written = log_.head().value - began_.value;
    if (twice_ > 0 || missing_ > 0 || seen_ != written)
      throw std::runtime_error("of " + std::to_string(written) + " events the oracle saw " +
                               std::to_string(seen_) + ", " + std::to_string(twice_) +
                               " of them twice, and missed " + std::to_string(missing_));
  }

 private:
  void see(const Envelope& event) {
    ++seen_;
    auto& newest = versions_[event.stream];
    if (event.position <= last_ || (newest && event.version <= *newest)) ++twice_;
    if (event.position > next(last_)) missing_ += event.position.value - last_.value - 1;
    if (newest && event.version > next(*newest)) ++missing_;
    last_ = event.position;
    newest = event.version;
  }

  EventLog& log_;
  const Position began_;
  Position last_ = began_;
  std::unordered_map<std::string, std::optional<Version>> versions_;
  std::uint64_t seen_ = 0, twice_ = 0, missing_ = 0;
  Subscription follower_;  // last: its thread uses all of the above
};

// So many writers, one event an operation, beside raw's one caller; and the oracle.
//   make      the writer's next commit
Result write_with(const char* id, std::string work, int writers, const Settings& settings,
                  const std::function<Commit(int writer)>& make) {
  Result result{id, std::move(work) + ", " + std::to_string(writers) + " writers",
                "ratio to raw's one caller of one-row commits"};
  const std::string data(event_bytes, 'x');
  const int alone = scaled(1000, settings);
  const int each = std::max(1, scaled(std::max(1000, 8 * writers), settings) / writers);
  const auto file = settings.folder / "shape.db", by_hand = settings.folder / "raw-shape.db";
  remove_store(file);
  remove_store(by_hand);
  RawSqlite raw(by_hand);
  const auto log = sqlite::open(file);
  Oracle oracle(*log);
  compare(
      result, settings.rounds, [&] { return time_each(alone, [&](int) { raw.append(data); }); },
      [&] {
        return time_callers(writers, each,
                            [&](int writer, int) { require(log->append(make(writer))); });
      });
  oracle.expect_everything();
  result.commits_a_sync = commits_a_sync(*log);
  return result;
}

constexpr int writers_tried[] = {1, 16, 256, 1024};

}  // namespace

std::vector<Result> write_stream(const Settings& settings) {
  std::vector<Result> results;
  const std::string data(event_bytes, 'x');
  for (const int writers : writers_tried)
    results.push_back(
        write_with("W1", "write-stream, 256 B, unconditional", writers, settings,
                   [&](int writer) { return commit_of(event_on(stream_name(writer), data)); }));
  return results;
}

std::vector<Result> write_stream_on_condition(const Settings& settings) {
  std::vector<Result> results;
  const std::string data(event_bytes, 'x');
  for (const int writers : writers_tried) {
    std::vector<Version> versions(static_cast<std::size_t>(writers));
    results.push_back(write_with(
        "W2", "write-stream, 256 B, version expected", writers, settings, [&](int writer) {
          Version& version = versions[static_cast<std::size_t>(writer)];
          Commit commit = commit_of(event_on(stream_name(writer), data));
          commit.conditions = {{stream_name(writer), ExpectedVersion::exactly(version)}};
          version = next(version);
          return commit;
        }));
  }
  return results;
}

std::vector<Result> write_and_read_tagged(const Settings& settings) {
  std::atomic<int> made{0};
  std::vector<Result> results{
      write_with("W3", "write one tag and one type", 16, settings, [&](int) {
        const int number = made++;
        return commit_of(tagged_event(number % tags, number % types));
      })};

  const int events = scaled(100000, settings);
  const auto file = settings.folder / "tagged.db", by_hand = settings.folder / "raw-tagged.db";
  std::mt19937 random(12);
  std::vector<std::pair<int, int>> marks;  // tag and type of each event
  for (int i = 0; i < events; ++i)
    marks.emplace_back(static_cast<int>(random() % tags), static_cast<int>(random() % types));
  fill(*sqlite::open(file), events, [&](int i) {
    const auto [tag, type] = marks[static_cast<std::size_t>(i)];
    return tagged_event(tag, type);
  });
  copy_with_index(file, by_hand);
  index_tags(by_hand, marks);
  const auto log = sqlite::open(file);
  RawReader raw(by_hand);
  Result reading{"R1", "read the first 10 of one tag and one type among " + std::to_string(events),
                 "ratio to a raw read by an index on tag and type, unverified"};
  const auto any = [&] { return marks[random() % marks.size()]; };
  const int operations = scaled(5000, settings);
  compare(
      reading, settings.rounds,
      [&] {
        return time_each(operations, [&](int) {
          const auto [tag, type] = any();
          int found = 0;
          raw.read_tagged(tag, type, read_at_once, [&](const RawEvent&) { ++found; });
          if (found == 0) throw std::runtime_error("R1: nothing was read by hand");
        });
      },
      [&] {
        return time_each(operations, [&](int) {
          const auto [tag, type] = any();
          const QueryItem item{.types = {TopicPattern::of(type_of(type))}, .tags = {tag_of(tag)}};
          if (log->read({.query = item, .limit = read_at_once}).events.empty())
            throw std::runtime_error("R1: nothing was read");
        });
      });
  results.push_back(std::move(reading));
  return results;
}

// Commits are handed over as fast as they are taken.
std::vector<Result> flood(const Settings& settings) {
  Result result{"F1", "writeflood, 256 B, one event a commit, handed over without waiting",
                "ratio to raw's one caller of one-row commits"};
  const std::string data(event_bytes, 'x');
  const int alone = scaled(1000, settings), commits = scaled(50000, settings);
  RawSqlite raw(settings.folder / "raw-flood.db");
  const auto log = sqlite::open(settings.folder / "flood.db");
  Oracle oracle(*log);
  compare(
      result, settings.rounds, [&] { return time_each(alone, [&](int) { raw.append(data); }); },
      [&] {
        Pipeline pipeline(*log, 1000);
        const auto begun = Steady::now();
        for (int i = 0; i < commits; ++i)
          pipeline.append(commit_of(event_on(stream_name(i % 1000), data)));
        Samples samples = pipeline.finish();
        return Round(std::move(samples), Steady::now() - begun);
      });
  oracle.expect_everything();
  result.commits_a_sync = commits_a_sync(*log);
  return {result};
}

}  // namespace annal::bench
