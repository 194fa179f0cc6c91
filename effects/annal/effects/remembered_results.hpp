// Results that are given again instead of performing an effect once more: for a while, and only where
// the same handler would perform it.
#pragma once

#include "annal/effects/run_time.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

namespace annal::effects {

class AnyHandler;

struct RememberingOptions {
  std::chrono::nanoseconds time_to_live = std::chrono::minutes(1);  // above 0
  std::size_t entries = 1000;     // the oldest make room; 1 or more
  const RunTime* time = nullptr;  // null: the machine's; must outlive this
};

struct RememberingStatistics {
  std::uint64_t hits = 0, misses = 0;
  std::uint64_t shared = 0;  // that waited for one being performed
  std::size_t entries = 0;
};

// Several may share one, whatever their effects: keys are told apart by handler.
//   threads   every member: any number of callers
class RememberedResults {
 public:
  // Throws InvalidInput for options out of their bounds.
  explicit RememberedResults(RememberingOptions options = {});

  RememberingStatistics statistics() const;
  void clear();

  // For runs: the result under the key; what `perform` gives where none is remembered, which is then.
  // One thread performs; others that ask meanwhile wait for it, and take their turn if it fails.
  //   throws    EffectFailed (cancelled) when asked to stop; Error where a handler asks for its own key;
  //             what perform throws
  using Result = std::shared_ptr<const void>;
  Result get(const std::shared_ptr<const AnyHandler>& handler, const std::string& key,
             const std::stop_token& stop, const std::function<Result()>& perform);

 private:
  using Key = std::pair<const AnyHandler*, std::string>;
  struct Entry {
    std::weak_ptr<const AnyHandler> handler;  // an address may be another's later
    Result result;                            // null while it is being performed
    std::thread::id performing;               // by this one
    std::chrono::nanoseconds expires{};
    std::list<Key>::iterator age;
  };

  void make_room();

  const RememberingOptions options_;
  const RunTime& time_;
  mutable std::mutex mutex_;
  std::condition_variable_any done_;
  std::map<Key, Entry> entries_;
  std::list<Key> by_age_;  // of those that have a result
  RememberingStatistics counted_;
};

}  // namespace annal::effects
