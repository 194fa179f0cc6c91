// A rate limit: so many events a second, and a burst of so many at once, of each stream or of
// whatever else they are counted by.
//
//   annal::RateLimit limit({.per_second = 20, .burst = 100, .key = [](const auto& event) {
//     return event.meta("user");   // events without one are not limited
//   }});
//   auto limiting = bus.control().add(limit.handler(), {.name = "rate"});
#pragma once

#include "annal/bus/control.hpp"
#include "annal/time/monotonic.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace annal {

// What an event is counted by; nothing: it is not limited.
//   threads   called by any number at once
using RateKey = std::function<std::optional<std::string>(const Envelope& event)>;
// Its stream.
std::optional<std::string> rate_of_stream(const Envelope& event);
// One for all events.
std::optional<std::string> rate_of_all(const Envelope& event);

enum class WhenEmpty : std::uint8_t {
  retry,  // RETRY, when a token comes that is kept for the event; FAIL if that is too late
  fail    // FAIL, saying when the next token comes
};

struct RateLimitOptions {
  std::string name = "rate limit";  // in reasons; must not be empty
  double per_second = 10;           // tokens; 0.000001–1'000'000
  std::uint64_t burst = 10;         // tokens a bucket holds, and begins with; 1–1'000'000
  RateKey key = rate_of_stream;
  std::size_t keys = 10'000;  // remembered; 2 or more
  WhenEmpty when_empty = WhenEmpty::retry;
  std::chrono::milliseconds longest_wait{60'000};  // for a token; also no longer than the deadline
  const MonotonicClock* clock = nullptr;           // null: the machine's; must outlive the handlers
};

struct RateLimitStatistics {
  std::uint64_t given = 0;    // tokens, those that are waited for included
  std::uint64_t refused = 0;  // times there was none in time
  std::size_t keys = 0;       // remembered now
};

// Token buckets. A bucket never gives more than burst + rate × time, whoever asks and however many
// at once; what time there is between two tokens is rounded up to a nanosecond. Of the keys at
// least the half last used is remembered; one that is forgotten has a full bucket when it comes
// again.
//   threads   every member: any number of callers
class RateLimit {
 public:
  // Throws InvalidInput for options out of their bounds.
  explicit RateLimit(RateLimitOptions options = {});

  // Takes a token of the key's bucket. 0 if it got one; otherwise the time until there is one.
  //   cost      a look-up and a reading of the clock under a lock
  std::chrono::nanoseconds take(const std::string& key);
  // Takes a token that may be due later: by longest_wait, and no later than `patience` from now; where
  // nobody is to wait (WhenEmpty::fail), now.
  //   returns   how long it is until then; nothing, and nothing is taken, if that is too late
  std::optional<std::chrono::nanoseconds> reserve(const std::string& key,
                                                  std::chrono::nanoseconds patience);
  const std::string& name() const;
  RateLimitStatistics statistics() const;

  // A handler that answers PROCEED to an event that got a token. An event takes one only, however
  // often it is asked about because of others. May outlive the limit.
  //   cost      take(), and a note in the context
  ControlHandler handler() const;

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace annal
