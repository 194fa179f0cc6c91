#include "contracts/log_model.hpp"

#include <algorithm>
#include <set>

namespace annal::test {

namespace {

using std::to_string;

std::string to_string(Timestamp time) { return to_string(time.time_since_epoch().count()); }

std::vector<std::string> segments_of(const std::string& topic) {
  std::vector<std::string> segments(1);
  for (const char c : topic)
    if (c == '.')
      segments.emplace_back();
    else
      segments.back() += c;
  return segments;
}

bool fits(const std::string& topic, const std::string& pattern) {
  if (pattern == "*" || pattern == ">") return true;
  const auto there = segments_of(topic), wanted = segments_of(pattern);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (i >= there.size()) return false;
    if (wanted[i] == ">") return true;
    if (wanted[i] != "*" && wanted[i] != there[i]) return false;
  }
  return there.size() == wanted.size();
}

bool fits(const Envelope& event, const QueryItem& item) {
  if (item.stream && *item.stream != event.stream) return false;
  for (const auto& tag : item.tags)
    if (std::count(event.tags.begin(), event.tags.end(), tag) == 0) return false;
  bool of_type = item.types.empty();
  for (const auto& type : item.types) of_type = of_type || fits(event.type, type.text());
  return of_type;
}

bool fits(const Envelope& event, const Query& query) {
  bool fitting = query.items.empty();
  for (const auto& item : query.items) fitting = fitting || fits(event, item);
  return fitting;
}

// What an event's author said.
std::string said_by(const Envelope& event) {
  std::string text = event.stream + ' ' + event.type + '/' + to_string(event.schema_version) +
                     " \"" + event.data + "\" by " + event.source;
  for (const auto& tag : event.tags) text += ' ' + tag;
  for (const auto& [key, value] : event.metadata) text += ' ' + key + '=' + value;
  if (event.occurred_at) text += " occurred " + to_string(*event.occurred_at);
  if (event.purged) text += " purged, note " + to_string(event.purged->note);
  return text;
}

std::string text_of(const ColumnValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text ? *text : to_string(std::get<std::int64_t>(value));
}

std::string text_of(const Record& record) {
  std::string text = record.key + '=' + record.value + " derived at " +
                     to_string(record.derived_at.value) + ' ' + to_string(record.derived_time);
  for (const auto& [column, value] : record.columns) text += ' ' + column + '=' + text_of(value);
  return text + "; ";
}

std::string text_of(const Query& query) {
  std::string text;
  for (const auto& item : query.items) {
    text += '(' + item.stream.value_or("-");
    for (const auto& type : item.types) text += ' ' + type.text();
    for (const auto& tag : item.tags) text += ' ' + tag;
    text += ')';
  }
  return text;
}

// What two requests with one key must have in common.
std::string request_of(const Commit& commit) {
  std::string text;
  for (const auto& event : commit.events) text += said_by(event) + '\n';
  for (const auto& condition : commit.conditions)
    text += condition.stream + " is " + condition.expected.to_string() + '\n';
  for (const auto& condition : commit.query_conditions)
    text += text_of(condition.query) + " not after " + to_string(condition.after.value) + '\n';
  if (commit.tracking)
    text += commit.tracking->source + " at " + to_string(commit.tracking->position.value) + '\n';
  for (const auto& [position, note] : commit.purges) text += "purging " + to_string(position.value);
  return text;
}

std::string appended(std::uint64_t first, std::uint64_t last, std::uint64_t version,
                     Timestamp recorded, bool replayed, bool clamped) {
  return "appended " + to_string(first) + '-' + to_string(last) + " version " + to_string(version) +
         " at " + to_string(recorded) + (replayed ? " replayed" : "") + (clamped ? " clamped" : "");
}

}  // namespace

// --- the model -----------------------------------------------------------------------------------

std::uint64_t LogModel::version_of(const std::string& stream) const {
  std::uint64_t version = 0;
  for (const auto& event : events_) version += event.said.stream == stream ? 1 : 0;
  return version;
}

const LogModel::Sealed* LogModel::with_key(const std::string& key) const {
  for (const auto& commit : commits_)
    if (commit.key == key) return &commit;
  return nullptr;
}

std::uint64_t LogModel::derived_at(const std::string& space, const std::string& key) const {
  const auto of_space = records_.find(space);
  if (of_space == records_.end() || !of_space->second.contains(key)) return 0;
  return of_space->second.at(key).derived_at.value;
}

std::optional<std::string> LogModel::refusal(const Commit& commit,
                                             const RecordChange& change) const {
  const SpaceDeclaration* space = nullptr;
  for (const auto& declared : spaces_)
    if (declared.name == change.space) space = &declared;
  if (!space) return "malformed";
  if (change.value) {
    std::size_t given = 0;
    for (const auto& column : space->columns) given += change.columns.count(column.name);
    if (given != space->columns.size() || given != change.columns.size()) return "malformed";
  }
  if (change.derived_at && change.derived_at->value > head() + commit.events.size())
    return "malformed";
  const std::uint64_t actual = derived_at(change.space, change.key);
  if (change.expected && change.expected->value != actual)
    return "record conflict " + change.key + ' ' + to_string(actual);
  return std::nullopt;
}

// Why a commit that has no answer from an earlier one is refused.
std::optional<std::string> LogModel::refusal(const Commit& commit) const {
  for (const auto& [stream, expected] : commit.conditions) {
    const std::uint64_t actual = version_of(stream);
    const std::string wanted = expected.to_string();
    const bool holds = wanted == "any version" || (wanted == "no stream" && actual == 0) ||
                       (wanted == "an existing stream" && actual > 0) ||
                       wanted == "version " + to_string(actual);
    if (!holds) return "version conflict " + stream + ' ' + to_string(actual);
  }
  for (const auto& [query, after] : commit.query_conditions) {
    std::string found;
    std::size_t count = 0;
    for (auto at = after.value; at < events_.size() && count < 16; ++at)
      if (fits(events_[at].said, query)) found += ' ' + to_string(at + 1), ++count;
    if (count > 0) return "query conflict" + found;
  }
  if (commit.tracking)
    if (const auto known = tracked_.find(commit.tracking->source);
        known != tracked_.end() && known->second >= commit.tracking->position.value)
      return "tracking conflict " + to_string(known->second);
  for (const auto& [position, note] : commit.purges)
    if (position.value > head()) return "malformed";
  for (const auto& change : commit.records)
    if (auto fault = refusal(commit, change)) return fault;
  return std::nullopt;
}

std::string LogModel::append(const Commit& commit, Timestamp now) {
  if (commit.events.empty() && commit.records.empty() && !commit.tracking && commit.purges.empty())
    return "malformed";
  std::set<std::uint64_t> purged;
  for (const auto& [position, note] : commit.purges)
    if (position.value == 0 || !purged.insert(position.value).second) return "malformed";
  if (commit.events.empty() && commit.idempotency_key) return "malformed";
  if (commit.idempotency_key)
    if (const Sealed* earlier = with_key(*commit.idempotency_key)) {
      if (earlier->request != request_of(commit)) return "mismatch " + to_string(earlier->last);
      return appended(earlier->first, earlier->last, events_[earlier->last - 1].version,
                      earlier->recorded, true,
                      commit.recorded_at && *commit.recorded_at != earlier->recorded);
    }
  if (auto why = refusal(commit)) return *why;
  const std::uint64_t before = head();
  record(commit, now);
  const Timestamp recorded = head() == 0 ? Timestamp{} : events_.back().recorded;
  const bool clamped =
      !commit.events.empty() && commit.recorded_at && *commit.recorded_at != recorded;
  return appended(before + 1, head(), commit.events.empty() ? 0 : events_.back().version, recorded,
                  false, clamped);
}

void LogModel::record(const Commit& commit, Timestamp now) {
  const std::uint64_t first = head() + 1;
  const Timestamp after_last = events_.empty()
                                   ? Timestamp{std::chrono::microseconds(1)}
                                   : events_.back().recorded + std::chrono::microseconds(1);
  Timestamp recorded = commit.recorded_at ? std::min(*commit.recorded_at, now) : now;
  if (recorded < after_last) recorded = after_last;
  for (const auto& event : commit.events)
    events_.push_back({event, version_of(event.stream) + 1, recorded});
  if (!commit.events.empty())
    commits_.push_back({first, head(), recorded, commit.idempotency_key, request_of(commit)});
  for (const auto& [position, note] : commit.purges) {
    Envelope& event = events_.at(position.value - 1).said;
    event.data.clear();
    event.metadata.clear();
    if (!event.purged) event.purged.emplace().note = note;
  }
  if (commit.tracking) tracked_[commit.tracking->source] = commit.tracking->position.value;
  for (const auto& change : commit.records) {
    if (!change.value) {
      records_[change.space].erase(change.key);
      continue;
    }
    const Position derived = change.derived_at.value_or(Position{head()});
    records_[change.space][change.key] = {
        change.key, *change.value, change.columns, derived,
        derived.value == 0 ? Timestamp{} : recorded_at(derived.value)};
  }
}

// --- what it answers -----------------------------------------------------------------------------

std::string LogModel::text_of(std::uint64_t position) const {
  const Event& event = events_.at(position - 1);
  return to_string(position) + ": version " + to_string(event.version) + " at " +
         to_string(event.recorded) + ' ' + said_by(event.said) + '\n';
}

std::string LogModel::text_of(const Sealed& commit) const {
  return to_string(commit.first) + '-' + to_string(commit.last) + " at " +
         to_string(commit.recorded) + " key " + commit.key.value_or("-");
}

std::string LogModel::read(const ReadRequest& request) const {
  const bool of_one_stream = request.query.items.size() == 1 && request.query.items[0].stream;
  if ((request.from_version || request.to_version) && !of_one_stream) return "invalid";
  std::vector<std::uint64_t> found;
  for (std::uint64_t at = 1; at <= head(); ++at) {
    const Event& event = events_[at - 1];
    const bool meant = fits(event.said, request.query) &&
                       (!request.source || *request.source == event.said.source) &&
                       (!request.from || request.from->value <= at) &&
                       (!request.to || at <= request.to->value) &&
                       (!request.since || *request.since <= event.recorded) &&
                       (!request.until || event.recorded <= *request.until) &&
                       (!request.from_version || request.from_version->value <= event.version) &&
                       (!request.to_version || event.version <= request.to_version->value);
    if (meant) found.push_back(at);
  }
  if (request.direction == Direction::backwards) std::reverse(found.begin(), found.end());
  const bool more = found.size() > request.limit;
  if (more) found.resize(request.limit);
  std::string text;
  for (const auto position : found) text += text_of(position);
  return text + "of " + to_string(head()) + (more ? ", more" : "");
}

std::string LogModel::position_at(Timestamp time) const {
  std::uint64_t last = 0;
  for (std::uint64_t at = 1; at <= head(); ++at)
    if (events_[at - 1].recorded <= time) last = at;
  return to_string(last);
}

std::string LogModel::commit_at(Position position) const {
  for (const auto& commit : commits_)
    if (commit.first <= position.value && position.value <= commit.last) return text_of(commit);
  return "invalid";
}

std::string LogModel::find_commit(const std::string& key) const {
  const Sealed* found = with_key(key);
  if (!found) return "none";
  return appended(found->first, found->last, events_[found->last - 1].version, found->recorded,
                  false, false);
}

std::string LogModel::stream_version(const std::string& stream) const {
  return to_string(version_of(stream));
}

std::string LogModel::tracked(const std::string& source) const {
  const auto found = tracked_.find(source);
  return to_string(found == tracked_.end() ? 0 : found->second);
}

std::string LogModel::records(const RecordRequest& request) const {
  std::vector<Record> found;
  const auto of_space = records_.find(request.space);
  if (of_space != records_.end())
    for (const auto& [key, record] : of_space->second) found.push_back(record);
  if (request.direction == Direction::backwards) std::reverse(found.begin(), found.end());
  const auto beyond = [&](const std::string& key, const std::string& bound) {
    return request.direction == Direction::forwards ? key > bound : key < bound;
  };
  std::erase_if(found, [&](const Record& record) {
    bool meant = record.key.substr(0, request.prefix.size()) == request.prefix;
    if (request.after) meant = meant && beyond(record.key, *request.after);
    if (request.to) meant = meant && !beyond(record.key, *request.to);
    for (const auto& [column, value] : request.where)
      meant = meant && record.columns.at(column) == value;
    return !meant;
  });
  RecordPage page;
  page.more = found.size() > request.limit;
  if (page.more) found.resize(request.limit);
  page.records = std::move(found);
  page.head = Position{head()};
  return in_words(page);
}

void LogModel::declare(const TypeDescription& type) {
  types_[{type.type, type.schema_version}] = type.fields.children.size();
}

std::vector<std::string> LogModel::types() const {
  std::vector<std::string> lines;
  for (const auto& [type, fields] : types_)
    lines.push_back(type.first + '/' + to_string(type.second) + " of " + to_string(fields));
  std::sort(lines.begin(), lines.end());
  return lines;
}

// --- the log's own answers -----------------------------------------------------------------------

std::string in_words(const AppendOutcome& outcome) {
  struct Words {
    std::string operator()(const VersionConflict& r) const {
      return "version conflict " + r.stream + ' ' + to_string(r.actual.value);
    }
    std::string operator()(const QueryConflict& r) const {
      std::string text = "query conflict";
      for (const Position position : r.found) text += ' ' + to_string(position.value);
      return text;
    }
    std::string operator()(const TrackingConflict& r) const {
      return "tracking conflict " + to_string(r.tracked.value);
    }
    std::string operator()(const RecordConflict& r) const {
      return "record conflict " + r.key + ' ' + to_string(r.actual.value);
    }
    std::string operator()(const IdempotencyMismatch& r) const {
      return "mismatch " + to_string(r.first_used_at.value);
    }
    std::string operator()(const Malformed&) const { return "malformed"; }
    std::string operator()(const TooLarge&) const { return "too large"; }
    std::string operator()(const Busy&) const { return "busy"; }
    std::string operator()(const DiskFull&) const { return "disk full"; }
    std::string operator()(const Vetoed&) const { return "vetoed"; }
    std::string operator()(const Closed& r) const { return "closed: " + r.why; }
  };
  if (const auto* unknown = std::get_if<Unknown>(&outcome)) return "unknown: " + unknown->what;
  if (const auto* rejected = std::get_if<Rejected>(&outcome))
    return std::visit(Words{}, rejected->reason);
  const auto& done = std::get<Appended>(outcome);
  return appended(done.first.value, done.last.value, done.version.value, done.recorded_at,
                  done.replayed, done.clamped);
}

std::string in_words(const Page& page) {
  std::string text;
  for (const auto& event : page.events)
    text += to_string(event.position.value) + ": version " + to_string(event.version.value) +
            " at " + to_string(event.recorded_at) + ' ' + said_by(event) + '\n';
  return text + "of " + to_string(page.head.value) + (page.more ? ", more" : "");
}

std::string in_words(const CommitInfo& commit) {
  return to_string(commit.first.value) + '-' + to_string(commit.last.value) + " at " +
         to_string(commit.recorded_at) + " key " + commit.idempotency_key.value_or("-");
}

std::string in_words(const std::optional<KeyedCommit>& commit) {
  return commit ? in_words(AppendOutcome(commit->outcome)) : "none";
}

std::string in_words(const RecordPage& page) {
  std::string text;
  for (const auto& record : page.records) text += text_of(record);
  return text + "of " + to_string(page.head.value) + (page.more ? ", more" : "");
}

std::vector<std::string> in_words(const std::vector<TypeDescription>& types) {
  std::vector<std::string> lines;
  for (const auto& type : types)
    lines.push_back(type.type + '/' + to_string(type.schema_version) + " of " +
                    to_string(type.fields.children.size()));
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace annal::test
