// A bounded queue before effects that share something: so many are performed at once, the more urgent
// first, and those of one type together where they have a handler for that.
//
//   auto bank = std::make_shared<EffectQueue>(
//       EffectQueueOptions{.name = "bank", .at_once = 4, .waiting = 1000, .batch = 50});
//   handlers.govern<Charge>({.queue = bank});
//   handlers.on_batch<Charge>([&](std::span<const Charge> charges) { return bank.charge(charges); });
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace annal::effects {

class GovernedCall;

struct EffectQueueOptions {
  std::string name = "queue";  // in failures; must not be empty
  std::size_t at_once = 1;     // calls of handlers; 1 or more
  std::size_t waiting = 1000;  // beyond that, `overloaded`
  // Effects of one type, under policies that agree, that one call performs, at most. It is finished once
  // it has begun, whichever run is asked to stop, and takes one token and counts as one outcome.
  std::size_t batch = 1;
};

struct EffectQueueStatistics {
  std::size_t running = 0, waiting = 0;
  std::uint64_t performed = 0;  // effects
  std::uint64_t calls = 0;      // of handlers, for all of these
  std::uint64_t refused = 0;    // because too many waited
};

//   threads   every member: any number of callers; a handler that performs through the queue it was
//             called through waits for its own turn to end where there is but one
class EffectQueue {
 public:
  // Throws InvalidInput for options out of their bounds.
  explicit EffectQueue(EffectQueueOptions options);

  const EffectQueueOptions& options() const { return options_; }
  EffectQueueStatistics statistics() const;

  // For runs: waits for the call's turn, then performs it, and those that go with it, or it was
  // performed with another.
  //   throws    EffectFailed: overloaded, or cancelled; what perform throws
  using Perform = std::function<void(const std::vector<GovernedCall*>& with)>;
  void pass(GovernedCall& call, int priority, const std::stop_token& stop, const Perform& perform);

 private:
  struct Waiting;
  // The more urgent first, then who came first.
  using Place = std::pair<std::int64_t, std::uint64_t>;

  // All of these want the lock.
  bool wait(std::unique_lock<std::mutex>& lock, GovernedCall& call, int priority,
            const std::stop_token& stop);
  std::vector<Waiting*> take_others(const GovernedCall& call);
  void call_next();

  const EffectQueueOptions options_;
  mutable std::mutex mutex_;
  std::map<Place, Waiting*> waiting_;
  std::uint64_t last_ = 0;
  EffectQueueStatistics counted_;
};

}  // namespace annal::effects
