#include "annal/bus/rules/keyed_run.hpp"
#include "annal/bus/rules/moving_mean.hpp"
#include "annal/bus/rules/timeline.hpp"

#include <iterator>
#include <map>
#include <memory>
#include <utility>

namespace annal::rules {
namespace {

constexpr std::int64_t most_late_buckets = 1000;

struct BucketCause {
  Timestamp time;
  Ulid id;
};

struct Bucket {
  double count = 0;
  std::shared_ptr<const Envelope> last_event;  // until a later one has been judged
  Timestamp last_time{};
};

class RateAnomalyState final : public KeyState {
 public:
  explicit RateAnomalyState(std::shared_ptr<const RateAnomaly> rule) : rule_(std::move(rule)) {}

  void forget(Timestamp horizon) override {
    while (!buckets_.empty() && start_of(buckets_.begin()->first + 1) <= horizon)
      buckets_.erase(buckets_.begin());
  }

  bool see(const Sighting& sighting, std::vector<Match>&) override {
    // Whatever was to be judged by now has been, or there was nothing of this key to be judged.
    next_ = number_of(sighting.clock - rule_->lateness);
    const std::int64_t number = number_of(sighting.time);
    Bucket& bucket = buckets_[number];
    ++bucket.count;
    if (number >= next_) causes_[number].put({sighting.time, sighting.event.id}, causes_limit);
    if (!bucket.last_event || sighting.time >= bucket.last_time) {
      bucket.last_event = std::make_shared<const Envelope>(without_data(sighting.event));
      bucket.last_time = sighting.time;
    }
    return true;
  }

  std::optional<Timestamp> due() const override {
    if (buckets_.empty() || buckets_.rbegin()->first < next_ - samples()) return std::nullopt;
    return start_of(next_ + 1) + rule_->lateness;
  }

  void decide(std::vector<Match>& matches) override {
    const std::int64_t number = next_++;
    const auto found = buckets_.find(number);
    const double count = found == buckets_.end() ? 0 : found->second.count;
    const Verdict verdict = judge(count, counts_before(number), tolerance_of(*rule_));
    if (verdict.unusual) matches.push_back(match_in(number, verdict));
    forget_causes_until(number);
  }

 private:
  using Buckets = std::map<std::int64_t, Bucket>;

  std::int64_t samples() const { return static_cast<std::int64_t>(rule_->samples); }

  // A bucket's number: how many buckets after the epoch it begins.
  std::int64_t number_of(Timestamp time) const {
    const auto since_epoch = time.time_since_epoch();
    const std::int64_t number = since_epoch / rule_->bucket;
    return since_epoch % rule_->bucket < std::chrono::microseconds::zero() ? number - 1 : number;
  }
  Timestamp start_of(std::int64_t number) const { return Timestamp(number * rule_->bucket); }

  std::vector<double> counts_before(std::int64_t end) const {
    std::vector<double> counts;
    auto bucket = buckets_.lower_bound(end - samples());
    if (bucket == buckets_.end()) return counts;
    for (std::int64_t number = bucket->first; number < end; ++number) {
      const bool had_events = bucket != buckets_.end() && bucket->first == number;
      counts.push_back(had_events ? bucket->second.count : 0);
      if (had_events) ++bucket;
    }
    return counts;
  }

  Match match_in(std::int64_t number, const Verdict& verdict) const {
    // This bucket, or the last before it that had an event; there is one, or there were no samples.
    const auto& [place, bucket] = *std::prev(buckets_.upper_bound(number));
    Match match;
    match.value = place == number ? bucket.count : 0;
    match.count = static_cast<std::uint64_t>(match.value);
    match.mean = verdict.mean;
    match.deviation = verdict.deviation;
    match.from = start_of(number);
    match.to = match.at = start_of(number + 1);
    match.event = *bucket.last_event;
    if (const auto causes = causes_.find(number); causes != causes_.end())
      for (std::size_t i = 0; i < causes->second.size(); ++i)
        match.caused_by.push_back(causes->second[i].id);
    else
      match.caused_by = {match.event.id};
    return match;
  }

  // The last bucket with events keeps the last of these, for the silence that may follow.
  void forget_causes_until(std::int64_t number) {
    causes_.erase(causes_.begin(), causes_.upper_bound(number));
    const auto end = buckets_.upper_bound(number);
    for (auto bucket = buckets_.begin(); bucket != end; ++bucket)
      if (std::next(bucket) != end) bucket->second.last_event.reset();
  }

  const std::shared_ptr<const RateAnomaly> rule_;
  Buckets buckets_;                                       // those with events
  std::map<std::int64_t, Timeline<BucketCause>> causes_;  // of those not judged yet
  std::int64_t next_ = 0;                                 // the next to be judged
};

}  // namespace

Rule rate_anomaly(RateAnomaly options) {
  const RuleChecks checks(options.name);
  checks.query("of", options.of);
  checks.given("by", static_cast<bool>(options.by));
  checks.span("bucket", options.bucket);
  check_tolerance(checks, options);
  checks.span("lateness", options.lateness, true);
  if (options.lateness / options.bucket > most_late_buckets)
    checks.refuse("lateness", std::to_string(options.lateness.count()) + " µs",
                  "give it at most 1000 buckets");
  const auto memory =
      options.bucket * static_cast<std::int64_t>(options.samples + 2) + options.lateness;
  checks.span("bucket * (samples + 2) + lateness", memory);
  checks.number("keys", options.keys, 1, most_keys);
  checks.given("emit", static_cast<bool>(options.emit));
  auto rule = std::make_shared<const RateAnomaly>(std::move(options));
  Kind kind{.rule = rule->name,
            .interest = rule->of,
            .memory = memory,
            .keys = rule->keys,
            .read = reading_of(rule->by),
            .begin = [rule] { return std::make_unique<RateAnomalyState>(rule); }};
  return rule_of(std::move(kind), rule->emit);
}

}  // namespace annal::rules
