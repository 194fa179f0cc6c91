// The record of what a run performed, for tests, logs and people.
#pragma once

#include "annal/time/monotonic.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace annal::effects {

enum class EffectOutcome : std::uint8_t {
  ok,
  failed,         // its handler threw
  missing,        // nobody handles it
  not_performed,  // a dry run
};
std::string_view to_string(EffectOutcome outcome);

struct TracedEffect {
  std::string_view name;                // of the effect's type
  std::uint64_t order = 0;              // from 1, as begun
  std::chrono::nanoseconds start{};     // since the trace's first effect began
  std::chrono::nanoseconds duration{};  // interceptors included
  EffectOutcome outcome = EffectOutcome::ok;
  std::string error;  // why it failed or is missing
  std::string text;   // what the effect's describe() says, if it has one
};

// Passed to a run, which adds to it; one trace may take several runs, one after another.
//   cost      two clock readings an effect, and its text
//   threads   one at a time
class Trace {
 public:
  explicit Trace(const MonotonicClock& clock = monotonic_clock()) : clock_(&clock) {}

  const std::vector<TracedEffect>& effects() const& { return effects_; }
  // Of a trace about to go: `for (const auto& effect : program.dry_run(handlers).trace.effects())`.
  std::vector<TracedEffect> effects() && { return std::move(effects_); }
  // One line an effect: `1 database_write ok 12.3 µs orders/7`.
  std::string to_string() const;
  void clear();

  // For a run: notes that an effect begins, and how it ended.
  //   returns   the place to end it at
  std::size_t begin(std::string_view name, std::string text);
  void end(std::size_t place, EffectOutcome outcome, std::string error = {});

 private:
  const MonotonicClock* clock_;
  std::chrono::nanoseconds zero_{};
  std::vector<TracedEffect> effects_;
};

}  // namespace annal::effects
