#include "annal/bus/policies/rate_limit.hpp"

#include "annal/error.hpp"
#include "annal/log/recently_used.hpp"
#include "annal/time/bounded_wait.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <utility>

namespace annal {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

void check(const RateLimitOptions& options) {
  const auto refuse = [&](const std::string& what) {
    throw InvalidInput("the rate limit \"" + options.name + "\": " + what);
  };
  if (options.name.empty()) refuse("give it a name");
  if (!(options.per_second >= 1e-6 && options.per_second <= 1e6))
    refuse(std::to_string(options.per_second) + " events a second; use 0.000001–1000000");
  if (options.burst == 0 || options.burst > 1'000'000)
    refuse("a burst of " + std::to_string(options.burst) + "; use 1–1000000");
  if (static_cast<double>(options.burst) / options.per_second > 1e9)
    refuse("a burst of " + std::to_string(options.burst) + " at " +
           std::to_string(options.per_second) + " a second takes over thirty years to refill");
  if (!options.key) refuse("the key holds no function to call");
  if (options.longest_wait.count() < 0)
    refuse("a longest wait of " + std::to_string(options.longest_wait.count()) +
           " ms; use 0 to wait for no token");
  if (options.keys < 2) refuse(std::to_string(options.keys) + " keys; remember 2 at least");
}

// The name under which an event remembers that it has its token.
std::string token_key(const std::string& name) {
  static std::atomic<std::uint64_t> limits = 0;
  return name + " #" + std::to_string(++limits);
}

// When a bucket will be full again. It says all: the bucket holds what is missing to it at most.
struct Bucket {
  nanoseconds full_at;
};

}  // namespace

// Source: the generic cell rate algorithm, ITU-T I.371
class RateLimit::State {
 public:
  explicit State(RateLimitOptions of)
      : options(std::move(of)),
        token_key_(token_key(options.name)),
        clock_(options.clock ? *options.clock : monotonic_clock()),
        interval_(static_cast<std::int64_t>(std::ceil(1e9 / options.per_second))),
        to_fill_(interval_ * options.burst),
        buckets_(options.keys) {}

  nanoseconds take(const std::string& key) {
    std::lock_guard lock(mutex_);
    return take(key, clock_.reading(), nanoseconds(0));
  }

  std::optional<nanoseconds> reserve(const std::string& key, nanoseconds patience) {
    patience = std::min(patience, patience_of({}));
    std::lock_guard lock(mutex_);
    const nanoseconds wait = take(key, clock_.reading(), patience);
    return wait > patience ? std::nullopt : std::optional(wait);
  }

  ControlDecision ask(const Envelope& event, ControlContext& context) {
    const auto key = options.key(event);
    if (!key) return ControlDecision::proceed();
    std::lock_guard lock(mutex_);
    const nanoseconds now = clock_.reading();
    if (const auto token = context.values.find(token_key_); token != context.values.end()) {
      const nanoseconds due(std::stoll(token->second));
      return due <= now ? ControlDecision::proceed() : later(*key, due - now);
    }
    const nanoseconds patience = patience_of(context);
    const nanoseconds wait = take(*key, now, patience);
    if (wait > patience) return refusal(*key, wait);
    context.values.emplace(token_key_, std::to_string((now + wait).count()));
    return wait > nanoseconds(0) ? later(*key, wait) : ControlDecision::proceed();
  }

  RateLimitStatistics statistics() const {
    std::lock_guard lock(mutex_);
    RateLimitStatistics result = counted_;
    result.keys = buckets_.size();
    return result;
  }

  const RateLimitOptions options;

 private:
  // Of those who come first, each has the next token for himself, however long he has to wait for it.
  nanoseconds patience_of(const ControlContext& context) const {
    if (options.when_empty == WhenEmpty::fail) return nanoseconds(0);
    nanoseconds patience = bounded_wait(options.longest_wait);
    if (context.deadline) patience = std::min(patience, *context.deadline - context.elapsed);
    return std::max(patience, nanoseconds(0));
  }

  // With the mutex. The token is taken unless it is due later than that.
  //   returns   when it is due, from now
  nanoseconds take(const std::string& key, nanoseconds now, nanoseconds patience) {
    Bucket& bucket = bucket_of(key, now);
    const nanoseconds full_at = std::max(bucket.full_at, now) + interval_;
    const nanoseconds wait = std::max(full_at - now - to_fill_, nanoseconds(0));
    if (wait > patience) {
      ++counted_.refused;
      return wait;
    }
    bucket.full_at = full_at;
    ++counted_.given;
    return wait;
  }

  Bucket& bucket_of(const std::string& key, nanoseconds now) {
    if (const auto* known = buckets_.find(key)) return **known;
    return *buckets_.put(key, std::make_unique<Bucket>(Bucket{now}));
  }

  std::string reason(const std::string& key, milliseconds wait) const {
    return options.name + " of " + (key.empty() ? "all" : key) + ": the next is due in " +
           std::to_string(wait.count()) + " ms";
  }
  ControlDecision refusal(const std::string& key, nanoseconds wait) const {
    return ControlDecision::fail(reason(key, std::chrono::ceil<milliseconds>(wait)));
  }
  ControlDecision later(const std::string& key, nanoseconds wait) const {
    const auto whole = std::chrono::ceil<milliseconds>(wait);
    return ControlDecision::retry(whole, reason(key, whole));
  }

  const std::string token_key_;
  const MonotonicClock& clock_;
  const nanoseconds interval_;
  const nanoseconds to_fill_;  // an empty bucket
  mutable std::mutex mutex_;
  RecentlyUsed<std::string, std::unique_ptr<Bucket>> buckets_;
  RateLimitStatistics counted_;
};

std::optional<std::string> rate_of_stream(const Envelope& event) { return event.stream; }
std::optional<std::string> rate_of_all(const Envelope&) { return std::string(); }

RateLimit::RateLimit(RateLimitOptions options) {
  check(options);
  state_ = std::make_shared<State>(std::move(options));
}

nanoseconds RateLimit::take(const std::string& key) { return state_->take(key); }
std::optional<nanoseconds> RateLimit::reserve(const std::string& key, nanoseconds patience) {
  return state_->reserve(key, patience);
}
const std::string& RateLimit::name() const { return state_->options.name; }
RateLimitStatistics RateLimit::statistics() const { return state_->statistics(); }

ControlHandler RateLimit::handler() const {
  return [state = state_](const Envelope& event, ControlContext& context) {
    return state->ask(event, context);
  };
}

}  // namespace annal
