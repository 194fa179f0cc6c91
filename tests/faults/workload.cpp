#include "faults/workload.hpp"

#include "annal/sqlite/sqlite_log.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>

namespace annal::test {

namespace {

const std::string purges_the_one_before = "workload:purging";

std::string key_of(int caller, std::uint64_t number) {
  return "caller/" + std::to_string(caller) + '#' + std::to_string(number);
}

std::string stream_of(int caller) { return "caller/" + std::to_string(caller); }

std::string text_of(int caller, std::uint64_t number, int event) {
  return std::to_string(caller) + ' ' + std::to_string(number) + ' ' + std::to_string(event) + ' ' +
         std::string((number * 37 + static_cast<std::uint64_t>(event)) % 700 +
                         (number % 16 == 5 ? 60'000 : 0),
                     'x');
}

std::uint64_t counted(const EventLog& log, int caller) {
  const auto record = log.record("counts", stream_of(caller));
  std::uint64_t count = 0;
  if (record)
    std::from_chars(record->value.data(), record->value.data() + record->value.size(), count);
  return count;
}

// The commits of one caller as the log holds them, followed event by event.
class Follower {
 public:
  Follower(int caller, std::string& faults) : caller_(caller), faults_(faults) {}

  void event(const Envelope& event) {
    if (at_ == expected_.events.size()) begin_commit(event);
    const Envelope& wanted = expected_.events[at_++];
    stubs_ += event.purged ? 1 : 0;
    if ((!event.purged && event.data != wanted.data) || event.type != wanted.type)
      faults_ += "position " + std::to_string(event.position.value) + " is not event " +
                 std::to_string(at_) + " of commit " + std::to_string(number_) + " of caller " +
                 std::to_string(caller_) + '\n';
  }

  std::uint64_t finish() {
    if (at_ != expected_.events.size())
      faults_ += "commit " + std::to_string(number_) + " of caller " + std::to_string(caller_) +
                 " is there in part\n";
    require_stubs(false);
    return number_;
  }

 private:
  void begin_commit(const Envelope& first) {
    require_stubs(std::count(first.tags.begin(), first.tags.end(), purges_the_one_before) > 0);
    expected_ = workload_commit(caller_, ++number_);
    at_ = stubs_ = 0;
  }

  // Of the commit that was followed to its end: all of its events, or none.
  void require_stubs(bool purged) {
    if (stubs_ != (purged ? expected_.events.size() : 0))
      faults_ += std::to_string(stubs_) + " events of commit " + std::to_string(number_) +
                 " of caller " + std::to_string(caller_) + " are stubs\n";
  }

  const int caller_;
  std::string& faults_;
  Commit expected_;
  std::size_t at_ = 0, stubs_ = 0;
  std::uint64_t number_ = 0;
};

std::uint64_t follow(const EventLog& log, int caller, std::string& faults) {
  Follower follower(caller, faults);
  ReadRequest request;
  request.query = Query::of_stream(stream_of(caller));
  for (bool more = true; more;) {
    const Page page = log.read(request);
    for (const auto& event : page.events) follower.event(event);
    more = page.more;
    if (more) request.from = next(page.events.back().position);
  }
  return follower.finish();
}

}  // namespace

std::unique_ptr<EventLog> open_workload(const std::filesystem::path& file,
                                        Dictionaries dictionaries) {
  sqlite::Options options;
  options.spaces = {{"counts", {}}};
  options.tail_events = 8;  // so that runs are written and merged under the faults, too
  options.compression.on = true;
  if (dictionaries == Dictionaries::made)
    options.compression = {.on = true, .level = 3, .samples = 32, .streams = 2};
  return sqlite::open(file, options);
}

Commit workload_commit(int caller, std::uint64_t number) {
  Commit commit;
  const int events = 1 + static_cast<int>(number % 4);
  for (int i = 0; i < events; ++i) {
    Envelope event;
    event.stream = stream_of(caller);
    event.type = "workload." + std::string(number % 2 ? "odd" : "even");
    event.data = text_of(caller, number, i);
    event.tags = {"caller:" + std::to_string(caller), "number:" + std::to_string(number % 10)};
    commit.events.push_back(std::move(event));
  }
  RecordChange count;
  count.space = "counts";
  count.key = stream_of(caller);
  count.value = std::to_string(number);
  commit.records.push_back(std::move(count));
  commit.idempotency_key = key_of(caller, number);
  return commit;
}

Commit purging_commit(const EventLog& log, int caller, std::uint64_t number) {
  Commit commit = workload_commit(caller, number);
  if (number % 5 != 0) return commit;
  const Appended before = log.find_commit(key_of(caller, number - 1)).value().outcome;
  for (Position at = before.first; at <= before.last; at = next(at)) commit.purges.push_back({at});
  commit.events.front().tags.push_back(purges_the_one_before);
  return commit;
}

std::string broken_promises(const EventLog& log, const Acknowledged& must,
                            const Acknowledged& may) {
  std::string faults;
  for (const auto& fault : log.verify().faults) faults += fault + '\n';
  for (const auto& [caller, newest] : must) {
    const std::uint64_t there = follow(log, caller, faults);
    const std::string who = "caller " + std::to_string(caller);
    if (there < newest)
      faults += who + ": commit " + std::to_string(newest) + " was acknowledged, " +
                std::to_string(there) + " is the newest there is\n";
    if (there > may.at(caller))
      faults += who + ": commit " + std::to_string(there) + " was never begun\n";
    if (counted(log, caller) != there)
      faults += who + ": the record counts " + std::to_string(counted(log, caller)) +
                ", there are " + std::to_string(there) + '\n';
  }
  return faults;
}

Acknowledged newest_commits(const EventLog& log, int callers) {
  Acknowledged newest;
  for (int caller = 0; caller < callers; ++caller) newest[caller] = counted(log, caller);
  return newest;
}

Projection workload_counts(std::uint32_t version) {
  Projection counts;
  counts.name = "counts";
  counts.version = version;
  counts.spaces = {{"by_caller", {"events"}}, {"by_type", {}, PlainTable{"type", "events"}}};
  counts.fold = [step = version == 1 ? 1 : 10](const Envelope& event, ProjectedRows& rows) {
    auto caller = rows.find("by_caller", event.stream).value_or(ProjectedRow{"", {{"events", 0}}});
    auto& events = std::get<std::int64_t>(caller.columns["events"]);
    events += step;
    rows.put("by_caller", event.stream, caller);
    auto type = rows.find("by_type", event.type).value_or(ProjectedRow{"0", {}});
    type.value = std::to_string(std::stoll(type.value) + step);
    rows.put("by_type", event.type, type);
  };
  return counts;
}

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace annal::test
