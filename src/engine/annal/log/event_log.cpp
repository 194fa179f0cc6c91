#include "annal/log/event_log.hpp"

#include "annal/error.hpp"

#include <algorithm>
#include <charconv>

namespace annal {

namespace {

constexpr const char* horizon_key = "superseded";

// The position that a record's value is, in digits.
Position position_in(const Record& record) {
  Position position;
  std::from_chars(record.value.data(), record.value.data() + record.value.size(), position.value);
  return position;
}

}  // namespace

AppendOutcome KeyedCommit::answer(const Commit& again) const {
  if (again.request_hash ? request_hash != *again.request_hash
                         : request_hash != hash_of_request(again))
    return Rejected{IdempotencyMismatch{again.idempotency_key.value_or(""), outcome.last}};
  Appended replayed = outcome;
  replayed.replayed = true;
  replayed.clamped = again.recorded_at && replayed.recorded_at != *again.recorded_at;
  return replayed;
}

AppendOutcome EventLog::append(Commit commit) { return append_async(std::move(commit)).get(); }

std::future<AppendOutcome> EventLog::append_async(Commit commit) {
  auto promise = std::make_shared<std::promise<AppendOutcome>>();
  auto future = promise->get_future();
  submit(std::move(commit),
         [promise](AppendOutcome outcome) { promise->set_value(std::move(outcome)); });
  return future;
}

Position EventLog::tracked(std::string_view source) const {
  const auto found = record(tracking_space().name, source);
  return found ? tracked_in(*found) : Position{};
}

const SpaceDeclaration& tracking_space() {
  static const SpaceDeclaration space{"annal_tracking", {}};
  return space;
}

const SpaceDeclaration& subscription_space() {
  static const SpaceDeclaration space{"annal_subscriptions", {}};
  return space;
}

const SpaceDeclaration& parked_space() {
  static const SpaceDeclaration space{"annal_parked", {}};
  return space;
}

const SpaceDeclaration& projection_space() {
  static const SpaceDeclaration space{"annal_projections", {}};
  return space;
}

const SpaceDeclaration& purging_space() {
  static const SpaceDeclaration space{"annal_purging", {}};
  return space;
}

const SpaceDeclaration& space_space() {
  static const SpaceDeclaration space{"annal_spaces", {}};
  return space;
}

std::vector<SpaceDeclaration> with_own_spaces(std::vector<SpaceDeclaration> spaces) {
  for (const auto& space : spaces) {
    if (const auto fault = fault_in(space); !fault.empty()) throw ConfigurationError(fault);
    if (space.name.starts_with(own_spaces_prefix))
      throw ConfigurationError("the name \"" + space.name +
                               "\" of records begins like those of annal's own: use another");
  }
  for (const auto* own : {&tracking_space(), &subscription_space(), &parked_space(),
                          &projection_space(), &purging_space(), &space_space()})
    spaces.push_back(*own);
  return spaces;
}

Position history_horizon(const EventLog& log) {
  const auto record = log.record(purging_space().name, horizon_key);
  return record ? position_in(*record) : Position{};
}

RecordChange horizon_at(Position position) {
  RecordChange change;
  change.space = purging_space().name;
  change.key = horizon_key;
  change.value = std::to_string(position.value);
  return change;
}

Position tracked_in(const Record& record) { return position_in(record); }

void check(const ReadRequest& request) {
  if (request.limit == 0 || request.limit > 4096)
    throw InvalidInput("a page of " + std::to_string(request.limit) + " events: ask for 1–4096");
  if ((request.from_version || request.to_version) && !request.query.only_stream())
    throw InvalidInput("versions bound a read of one stream: name the stream");
}

ReadRequest with_positions(ReadRequest request, const std::function<Position(Timestamp)>& last_at) {
  if (request.since)
    request.from = std::max(request.from.value_or(Position{}),
                            next(last_at(*request.since - std::chrono::microseconds(1))));
  if (request.until)
    request.to = std::min(request.to.value_or(Position{UINT64_MAX}), last_at(*request.until));
  request.since = request.until = std::nullopt;
  return request;
}

void check(const RecordRequest& request, const SpaceDeclaration& space) {
  if (request.limit == 0 || request.limit > 4096)
    throw InvalidInput("a page of " + std::to_string(request.limit) + " records: ask for 1–4096");
  for (const auto& [name, value] : request.where) {
    const Column* const column = space.column(name);
    if (!column || !column->indexed)
      throw InvalidInput("records \"" + space.name + "\" are not looked up by \"" + name + '"');
  }
}

}  // namespace annal
