#include "annal/log/subscription_records.hpp"

#include "annal/error.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace annal {

namespace {

constexpr std::size_t error_bytes = 4096;

// `mails@00000000000000000042`: in the order of positions.
std::string parked_key(const std::string& name, Position position) {
  std::string digits = std::to_string(position.value);
  return name + '@' + std::string(20 - digits.size(), '0') + digits;
}

Position position_in(std::string_view digits) {
  Position position;
  std::from_chars(digits.data(), digits.data() + digits.size(), position.value);
  return position;
}

RecordChange change_of(const SpaceDeclaration& space, std::string key,
                       std::optional<std::string> value) {
  RecordChange change;
  change.space = space.name;
  change.key = std::move(key);
  change.value = std::move(value);
  return change;
}

std::vector<ParkedEvent> parked_in(const EventLog& log, const std::string& name, std::size_t limit,
                                   Position after) {
  RecordRequest request;
  request.space = parked_space().name;
  request.prefix = name + '@';
  request.after = parked_key(name, after);
  request.limit = limit;
  std::vector<ParkedEvent> events;
  for (auto& record : log.records(request).records)
    events.push_back({position_in(std::string_view(record.key).substr(request.prefix.size())),
                      std::move(record.value)});
  return events;
}

std::uint64_t count_parked_in(const EventLog& log, const std::string& name) {
  std::uint64_t count = 0;
  Position after;
  for (;;) {
    const auto page = parked_in(log, name, 4096, after);
    if (page.empty()) return count;
    count += page.size();
    after = page.back().position;
  }
}

}  // namespace

std::vector<KeptSubscription> kept_subscriptions(const EventLog& log) {
  std::vector<KeptSubscription> kept;
  RecordRequest request;
  request.space = subscription_space().name;
  for (bool more = true; more;) {
    const RecordPage page = log.records(request);
    for (const Record& record : page.records)
      kept.push_back({record.key, position_in(record.value), count_parked_in(log, record.key)});
    more = page.more;
    if (more) request.after = page.records.back().key;
  }
  return kept;
}

SubscriptionRecords::SubscriptionRecords(EventLog& log, std::string name)
    : log_(log), name_(std::move(name)), claim_(log, "subscription", name_) {}

std::optional<Position> SubscriptionRecords::checkpoint() const {
  const auto found = log_.record(subscription_space().name, name_);
  if (!found) return std::nullopt;
  return position_in(found->value);
}

void SubscriptionRecords::keep(Position checkpoint) {
  write(change_of(subscription_space(), name_, std::to_string(checkpoint.value)),
        Durability::process);
}

void SubscriptionRecords::park(Position position, const std::string& error) {
  write(change_of(parked_space(), parked_key(name_, position), error.substr(0, error_bytes)),
        Durability::power);
}

void SubscriptionRecords::drop(Position position) {
  write(change_of(parked_space(), parked_key(name_, position), std::nullopt), Durability::power);
}

std::vector<ParkedEvent> SubscriptionRecords::parked(std::size_t limit, Position after) const {
  return parked_in(log_, name_, limit, after);
}

std::uint64_t SubscriptionRecords::count_parked() const { return count_parked_in(log_, name_); }

void SubscriptionRecords::write(RecordChange change, Durability durability) {
  Commit commit;
  commit.records.push_back(std::move(change));
  commit.durability = durability;
  const auto outcome = log_.append(std::move(commit));
  if (const auto* rejected = std::get_if<Rejected>(&outcome))
    throw StorageError("the subscription " + name_ +
                       " cannot keep where it is: " + rejected->message());
  if (const auto* unknown = std::get_if<Unknown>(&outcome)) throw StorageError(unknown->what);
}

}  // namespace annal
