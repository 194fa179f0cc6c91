#include "annal/memory/memory_log.hpp"

#include "annal/log/group_writer.hpp"
#include "annal/log/judge.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <new>
#include <set>
#include <unordered_map>

namespace annal::memory {

namespace {

using Records = std::map<std::string, Record, std::less<>>;

struct Space {
  SpaceDeclaration declaration;
  Records records = {};
  bool permanent = false;
};

using Spaces = std::map<std::string, Space, std::less<>>;

class MemoryLog final : public EventLog, private LogState {
 public:
  using EventLog::tracked;

  explicit MemoryLog(Options options)
      : clock_(options.clock ? *options.clock : system_clock()),
        randomness_(options.randomness ? *options.randomness : system_randomness()),
        ids_(clock_, randomness_),
        writer_({.queue_requests = options.queue_requests},
                [this](GroupWriter::Group& group) { commit_group(group); }) {
    for (auto& declaration : with_own_spaces(std::move(options.spaces)))
      spaces_[declaration.name] = {declaration, {}, true};
  }

  ~MemoryLog() override { writer_.close(); }

  void submit(Commit commit, Completion completion) override {
    if (auto refusal = prepare(commit, ids_, randomness_))
      completion(std::move(*refusal));
    else
      writer_.submit(std::move(commit), std::move(completion));
  }

  AppendOutcome append(Commit commit) override {
    if (auto refusal = prepare(commit, ids_, randomness_)) return std::move(*refusal);
    return writer_.append(std::move(commit));
  }

  Page read(const ReadRequest& request) const override;

  std::optional<Envelope> event_at(Position position) const override {
    std::lock_guard lock(mutex_);
    if (position.value == 0 || position > head_.position) return std::nullopt;
    return events_[position.value - 1];
  }

  Version stream_version(std::string_view stream) const override {
    std::lock_guard lock(mutex_);
    return version_of(stream);
  }

  Position head() const override {
    std::lock_guard lock(mutex_);
    return head_.position;
  }

  Position durable_position() const override { return head(); }

  Position position_at(Timestamp time) const override {
    std::lock_guard lock(mutex_);
    return last_at(time);
  }

  // The same, under the lock.
  Position last_at(Timestamp time) const {
    const auto later = std::upper_bound(
        events_.begin(), events_.end(), time,
        [](Timestamp wanted, const Envelope& event) { return wanted < event.recorded_at; });
    return Position{static_cast<std::uint64_t>(later - events_.begin())};
  }

  CommitInfo commit_at(Position position) const override {
    std::lock_guard lock(mutex_);
    if (position.value == 0 || position > head_.position)
      throw InvalidInput("position " + std::to_string(position.value) +
                         " is in no commit; the head is " + std::to_string(head_.position.value));
    return *std::lower_bound(
        commits_.begin(), commits_.end(), position,
        [](const CommitInfo& commit, Position wanted) { return commit.last < wanted; });
  }

  std::optional<KeyedCommit> find_commit(std::string_view key) const override {
    std::lock_guard lock(mutex_);
    return keyed(key);
  }

  std::optional<Record> record(std::string_view space, std::string_view key) const override {
    std::lock_guard lock(mutex_);
    const Records& records = space_of(space).records;
    const auto found = records.find(key);
    if (found == records.end()) return std::nullopt;
    return found->second;
  }

  RecordPage records(const RecordRequest& request) const override;

  Position wait_for(Position position, std::chrono::milliseconds timeout,
                    std::stop_token stop) const override {
    std::unique_lock lock(mutex_);
    grown_.wait_for(lock, std::move(stop), timeout, [&] { return head_.position >= position; });
    return head_.position;
  }

  std::vector<TypeDescription> type_descriptions() const override {
    std::lock_guard lock(mutex_);
    return types_;
  }

  void declare_types(const std::vector<TypeDescription>& types) override {
    for (const auto& type : types)
      if (const auto why = fault(type)) throw InvalidInput(*why);
    std::lock_guard lock(mutex_);
    for (const auto& type : types) {
      const auto same = [&](const TypeDescription& known) {
        return known.type == type.type && known.schema_version == type.schema_version;
      };
      const auto known = std::find_if(types_.begin(), types_.end(), same);
      if (known == types_.end())
        types_.push_back(type);
      else
        *known = type;
    }
  }

  Verification verify(const std::function<void(Position)>& progress) const override;

  LogStatistics statistics() const override {
    std::lock_guard lock(mutex_);
    LogStatistics statistics;
    statistics.head = head_.position;
    statistics.streams = streams_.size();
    statistics.commits = commits_.size();
    statistics.groups = groups_;
    statistics.queued = writer_.queued();
    statistics.durability = Durability::ephemeral;
    statistics.durable = head_.position;
    std::set<std::string_view> types;
    for (const auto& event : events_) {
      statistics.bytes += bytes_of(event);
      types.insert(event.type);
    }
    statistics.types = types.size();
    return statistics;
  }

  Durability durability() const override { return Durability::ephemeral; }

 private:
  void commit_group(GroupWriter::Group& group) {
    {
      std::lock_guard lock(mutex_);
      ++groups_;
      for (Pending* pending : group) pending->outcome = commit(pending->commit);
    }
    grown_.notify_all();
  }

  // All or nothing, also where memory runs out on the way.
  AppendOutcome commit(Commit& commit) noexcept {
    const LogHead before = head_;
    const std::size_t commits_before = commits_.size();
    try {
      if (auto answer = judge(commit, head_, *this)) return std::move(*answer);
      return record(commit);
    } catch (const std::bad_alloc&) {
      take_back(commit, before, commits_before);
      return out_of_memory();
    }
  }

  // What allocates comes first; what cannot be taken back follows and cannot fail.
  Appended record(Commit& commit) {
    sealed_.clear();
    const Appended appended = seal(commit, *this, head_, clock_.now(), Durability::ephemeral);
    if (!commit.events.empty())
      commits_.push_back({appended.first, appended.last, appended.recorded_at, appended.hash,
                          commit.idempotency_key, commit.request_hash});
    for (auto& event : commit.events) {
      events_.push_back(std::move(event));
      streams_[events_.back().stream].push_back(events_.back().position);
    }
    if (commit.idempotency_key) keys_[*commit.idempotency_key] = commits_.size() - 1;
    std::vector<Spaces> fresh(commit.spaces.size());  // of each change the space that it makes
    for (std::size_t i = 0; i < fresh.size(); ++i)
      std::visit([&](auto& change) { make(change, fresh[i]); }, commit.spaces[i]);
    std::vector<Records> put(commit.records.size());  // of each change the record that it puts
    for (std::size_t i = 0; i < put.size(); ++i) put[i] = put_by(commit.records[i]);

    std::vector<Envelope> stubs;
    for (const auto& [position, note] : commit.purges) {
      stubs.push_back(events_.at(position.value - 1));
      purge(stubs.back(), note);
    }

    for (auto& stub : stubs) events_[stub.position.value - 1] = std::move(stub);
    for (std::size_t i = 0; i < fresh.size(); ++i)
      std::visit([&](auto& change) { apply(change, fresh[i]); }, commit.spaces[i]);
    for (std::size_t i = 0; i < put.size(); ++i) apply(commit.records[i], put[i]);
    return appended;
  }

  static void make(CreateSpace& change, Spaces& fresh) {
    fresh[change.space.name].declaration = std::move(change.space);
  }
  static void make(const DropSpace&, Spaces&) {}
  static void make(RenameSpace& change, Spaces& fresh) {
    fresh[change.to.name].declaration = std::move(change.to);
  }

  void apply(const CreateSpace&, Spaces& fresh) noexcept { spaces_.merge(fresh); }
  void apply(const DropSpace& change, Spaces&) noexcept {
    spaces_.erase(spaces_.find(change.name));
  }
  void apply(const RenameSpace& change, Spaces& fresh) noexcept {
    const auto old = spaces_.find(change.from);
    fresh.begin()->second.records = std::move(old->second.records);
    spaces_.erase(old);
    spaces_.merge(fresh);
  }

  Records put_by(RecordChange& change) const {
    if (!change.value) return {};
    const Position derived_at = change.derived_at.value_or(head_.position);
    const Timestamp derived_time =
        derived_at.value == 0 ? Timestamp{} : events_.at(derived_at.value - 1).recorded_at;
    Records put;
    put[change.key] = {change.key, std::move(*change.value), std::move(change.columns), derived_at,
                       derived_time};
    return put;
  }

  void apply(const RecordChange& change, Records& put) noexcept {
    Records& records = spaces_.find(change.space)->second.records;
    if (const auto old = records.find(change.key); old != records.end()) records.erase(old);
    records.merge(put);
  }

  void take_back(const Commit& commit, const LogHead& before, std::size_t commits) noexcept {
    if (head_.position == before.position) return;  // it had not begun
    if (commit.idempotency_key) keys_.erase(*commit.idempotency_key);
    while (commits_.size() > commits) commits_.pop_back();
    for (; events_.size() > before.position.value; events_.pop_back()) {
      const auto stream = streams_.find(events_.back().stream);
      if (stream == streams_.end()) continue;
      auto& positions = stream->second;
      if (!positions.empty() && positions.back() == events_.back().position) positions.pop_back();
      if (positions.empty()) streams_.erase(stream);
    }
    head_ = before;
  }

  // LogState, under the writer's lock.
  Version stream_version(std::string_view stream) override { return version_of(stream); }
  Version next_version(std::string_view stream) override {
    const auto [version, first_here] = sealed_.try_emplace(stream);
    if (first_here) version->second = version_of(stream);
    return version->second = next(version->second);
  }
  std::optional<KeyedCommit> keyed_commit(std::string_view key) override { return keyed(key); }
  std::vector<Position> matching(const Query& query, Position after, std::size_t limit) override {
    std::vector<Position> found;
    for (auto at = after.value; at < events_.size() && found.size() < limit; ++at)
      if (query.matches(events_[at])) found.push_back(events_[at].position);
    return found;
  }
  Position record_position(std::string_view space, std::string_view key) override {
    const Records& records = space_of(space).records;
    const auto found = records.find(key);
    return found == records.end() ? Position{} : found->second.derived_at;
  }
  Position tracked(std::string_view source) override {
    const Records& records = space_of(tracking_space().name).records;
    const auto found = records.find(source);
    return found == records.end() ? Position{} : tracked_in(found->second);
  }
  const SpaceDeclaration* space(std::string_view name) override {
    const auto found = spaces_.find(name);
    return found == spaces_.end() ? nullptr : &found->second.declaration;
  }
  bool is_permanent(std::string_view name) override {
    const auto found = spaces_.find(name);
    return found != spaces_.end() && found->second.permanent;
  }

  Version version_of(std::string_view stream) const {
    const auto found = streams_.find(std::string(stream));
    return Version{found == streams_.end() ? 0 : found->second.size()};
  }

  std::optional<KeyedCommit> keyed(std::string_view key) const {
    const auto found = keys_.find(std::string(key));
    if (found == keys_.end()) return std::nullopt;
    const CommitInfo& commit = commits_[found->second];
    return KeyedCommit{{commit.first, commit.last, events_[commit.last.value - 1].version,
                        commit.recorded_at, Durability::ephemeral, commit.hash},
                       *commit.request_hash};
  }

  const Space& space_of(std::string_view space) const {
    const auto found = spaces_.find(space);
    if (found == spaces_.end())
      throw InvalidInput("the log has no space of records named \"" + std::string(space) +
                         "\": declare it when opening");
    return found->second;
  }

  const Clock& clock_;
  Randomness& randomness_;
  UlidGenerator ids_;

  mutable std::mutex mutex_;
  mutable std::condition_variable_any grown_;
  std::vector<Envelope> events_;  // position − 1
  std::unordered_map<std::string, std::vector<Position>> streams_;
  std::vector<CommitInfo> commits_;
  std::unordered_map<std::string, std::size_t> keys_;
  Spaces spaces_;
  std::vector<TypeDescription> types_;
  LogHead head_;
  std::map<std::string_view, Version> sealed_;  // of the streams of the commit being sealed
  std::uint64_t groups_ = 0;

  GroupWriter writer_;  // last: its threads use all of the above
};

// The part of `all` (ascending positions) that the request's bounds leave, as [first, last).
std::pair<std::size_t, std::size_t> bounded(const std::vector<Position>& all,
                                            const ReadRequest& request) {
  auto first = std::lower_bound(all.begin(), all.end(), request.from.value_or(Position{0}));
  auto last = request.to ? std::upper_bound(all.begin(), all.end(), *request.to) : all.end();
  auto low = static_cast<std::size_t>(first - all.begin());
  auto high = static_cast<std::size_t>(last - all.begin());
  if (request.from_version && request.from_version->value > 0)
    low = std::max(low, static_cast<std::size_t>(request.from_version->value - 1));
  if (request.to_version)
    high = std::min(high, static_cast<std::size_t>(request.to_version->value));
  return {std::min(low, high), high};
}

Page MemoryLog::read(const ReadRequest& asked) const {
  check(asked);
  std::lock_guard lock(mutex_);
  const ReadRequest request = with_positions(asked, [&](Timestamp time) { return last_at(time); });
  Page page;
  page.head = head_.position;

  const std::vector<Position>* stream = nullptr;
  if (const std::string* only = request.query.only_stream()) {
    const auto found = streams_.find(*only);
    if (found == streams_.end()) return page;
    stream = &found->second;
  }
  std::size_t low = 0, high = 0;
  if (stream) {
    std::tie(low, high) = bounded(*stream, request);
  } else {
    high = events_.size();
    if (request.to) high = std::min<std::size_t>(high, request.to->value);
    if (request.from && request.from->value > 0)
      low = std::min<std::size_t>(high, request.from->value - 1);
  }

  std::size_t bytes = 0;
  for (std::size_t step = 0; step < high - low; ++step) {
    const std::size_t at = request.direction == Direction::forwards ? low + step : high - 1 - step;
    const Envelope& event = events_[stream ? (*stream)[at].value - 1 : at];
    if (!request.means(event)) continue;
    if (page.events.size() == request.limit || bytes >= limits::page_bytes) {
      page.more = true;
      break;
    }
    bytes += bytes_of(event);
    page.events.push_back(event);
  }
  return page;
}

bool has_prefix(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

bool holds(const Record& record, const RecordRequest& request) {
  return has_prefix(record.key, request.prefix) &&
         std::all_of(request.where.begin(), request.where.end(), [&](const auto& wanted) {
           return record.columns.at(wanted.first) == wanted.second;
         });
}

RecordPage MemoryLog::records(const RecordRequest& request) const {
  std::lock_guard lock(mutex_);
  const Space& space = space_of(request.space);
  const Records& all = space.records;
  check(request, space.declaration);
  RecordPage page;
  page.head = head_.position;
  std::size_t bytes = 0;
  const auto take = [&](const Record& record) {
    if (!holds(record, request)) return true;
    if (page.records.size() == request.limit || bytes >= limits::page_bytes) {
      page.more = true;
      return false;
    }
    bytes += record.value.size();
    page.records.push_back(record);
    return true;
  };
  if (request.direction == Direction::forwards) {
    auto at = request.after && *request.after >= request.prefix ? all.upper_bound(*request.after)
                                                                : all.lower_bound(request.prefix);
    for (; at != all.end() && (!request.to || at->first <= *request.to) &&
           has_prefix(at->first, request.prefix);
         ++at)
      if (!take(at->second)) break;
  } else {
    auto at = request.after ? all.lower_bound(*request.after) : all.end();
    while (at != all.begin() && (--at)->first >= std::max(request.prefix, request.to.value_or("")))
      if (!take(at->second)) break;
  }
  return page;
}

Verification MemoryLog::verify(const std::function<void(Position)>& progress) const {
  std::lock_guard lock(mutex_);
  Verification result;
  result.head = head_.position;
  result.head_hash = head_.hash;
  Hash previous;
  for (const auto& commit : commits_) {
    const auto first = events_.begin() + static_cast<std::ptrdiff_t>(commit.first.value - 1);
    const auto last = events_.begin() + static_cast<std::ptrdiff_t>(commit.last.value);
    const std::vector<Envelope> events(first, last);
    for (const auto& event : events)
      if (event_hash(event) != event.hash) {
        result.damaged.push_back(event.position);
        result.faults.push_back("position " + std::to_string(event.position.value) +
                                ": the event is not what was recorded");
      }
    if (commit_hash(previous, commit.recorded_at, events) != commit.hash)
      result.faults.push_back("position " + std::to_string(commit.last.value) +
                              ": the chain is broken");
    previous = commit.hash;
    ++result.commits;
    if (progress) progress(commit.last);
  }
  return result;
}

}  // namespace

std::unique_ptr<EventLog> open(Options options) {
  return std::make_unique<MemoryLog>(std::move(options));
}

}  // namespace annal::memory
