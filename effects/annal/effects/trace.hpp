// The record of what a run performed, for tests, logs and people.
#pragma once

#include "annal/effects/effect_type.hpp"
#include "annal/time/monotonic.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace annal::effects {

enum class EffectOutcome : std::uint8_t {
  ok,
  failed,         // its handler threw
  unfinished,     // under way; for good where nobody waited for it any longer
  missing,        // nobody handles it
  not_performed,  // a dry run
};
std::string_view to_string(EffectOutcome outcome);

struct TracedEffect {
  std::string_view name;                // of the effect's type
  std::uint64_t order = 0;              // from 1, as begun
  std::chrono::nanoseconds start{};     // since the trace's first effect began
  std::chrono::nanoseconds duration{};  // interceptors included
  EffectOutcome outcome = EffectOutcome::unfinished;
  std::string error;  // why it failed or is missing
  std::string text;   // what the effect's describe() says, if it has one
  unsigned attempts = 1;
  // In a dry run: how often it happens, and what surrounds its handler.
  Delivery delivery = Delivery::at_least_once;
  std::string policy = {};
};

// Passed to a run, which adds to it; one trace may take several runs, one after another.
//   cost      two clock readings an effect, and its text
//   threads   one at a time
class Trace {
 public:
  explicit Trace(const MonotonicClock& clock = monotonic_clock()) : clock_(&clock) {}
  // What it holds; the copy is shared with nobody.
  Trace(const Trace& other);
  Trace(Trace&&) noexcept = default;
  Trace& operator=(Trace&&) noexcept = default;

  const MonotonicClock& clock() const { return *clock_; }

  const std::vector<TracedEffect>& effects() const& { return effects_; }
  // Of a trace about to go: `for (const auto& effect : program.dry_run(handlers).trace.effects())`.
  std::vector<TracedEffect> effects() && { return std::move(effects_); }
  // One line an effect: `1 database_write ok 12.3 µs orders/7`.
  std::string to_string() const;
  void clear();

  // Adds what another one recorded at the same time, as far as it has come, by when it began. Nothing is
  // under way in this one meanwhile.
  void adopt(const Trace& other);
  // From here on one thread may adopt what another adds to this.
  void share() { mutex_ = std::make_unique<std::mutex>(); }

  // For a run: notes that an effect begins, and how it ended.
  //   returns   the place to end it at
  std::size_t begin(std::string_view name, std::string text);
  void end(std::size_t place, EffectOutcome outcome, std::string error = {}, unsigned attempts = 1);
  // What a dry run finds out beside.
  void plan(std::size_t place, Delivery delivery, std::string policy);

 private:
  // Holds the mutex, where it is shared.
  std::unique_lock<std::mutex> lock() const {
    return mutex_ ? std::unique_lock(*mutex_) : std::unique_lock<std::mutex>();
  }

  std::unique_ptr<std::mutex> mutex_;
  const MonotonicClock* clock_;
  std::chrono::nanoseconds zero_{};
  std::vector<TracedEffect> effects_;
};

}  // namespace annal::effects
