#include "annal/effects/remembered_results.hpp"

#include "annal/effects/failure.hpp"
#include "annal/error.hpp"

#include <optional>

namespace annal::effects {

RememberedResults::RememberedResults(RememberingOptions options)
    : options_(options), time_(options.time != nullptr ? *options.time : machine_time()) {
  if (options.time_to_live.count() <= 0)
    throw InvalidInput("results are remembered for no time: time_to_live must be above 0");
  if (options.entries == 0)
    throw InvalidInput("no results can be remembered: entries is 0; use 1 at least");
}

RememberedResults::Result RememberedResults::get(const std::shared_ptr<const AnyHandler>& handler,
                                                 const std::string& key,
                                                 const std::stop_token& stop,
                                                 const std::function<Result()>& perform) {
  const Key full(handler.get(), key);
  std::unique_lock lock(mutex_);
  for (bool has_waited = false;; has_waited = true) {
    const auto found = entries_.find(full);
    if (found == entries_.end()) break;
    Entry& entry = found->second;
    if (!entry.result) {
      if (entry.performing == std::this_thread::get_id())
        throw Error("the effect remembered as \"" + key +
                    "\" asks for itself while it is performed, and would wait for ever");
      if (!has_waited) ++counted_.shared;
      const auto performing = entry.performing;
      done_.wait(lock, stop, [&] {
        const auto now = entries_.find(full);
        return now == entries_.end() || now->second.result || now->second.performing != performing;
      });
      if (stop.stop_requested())
        throw EffectFailed({.kind = FailureKind::cancelled,
                            .what = "the run was asked to stop while it waited for a result"});
      continue;
    }
    if (entry.handler.lock() == handler && time_.reading() < entry.expires) {
      ++counted_.hits;
      return entry.result;
    }
    by_age_.erase(entry.age);
    entries_.erase(found);
  }
  ++counted_.misses;
  Entry& performed = entries_[full];
  performed.handler = handler;
  performed.performing = std::this_thread::get_id();
  lock.unlock();
  Result result;
  try {
    result = perform();
  } catch (...) {
    lock.lock();
    entries_.erase(full);
    done_.notify_all();
    throw;
  }
  lock.lock();
  Entry& entry = entries_[full];
  entry.result = result;
  entry.expires = time_.reading() + options_.time_to_live;
  entry.age = by_age_.insert(by_age_.end(), full);
  make_room();
  done_.notify_all();
  return result;
}

void RememberedResults::make_room() {
  while (by_age_.size() > options_.entries) {
    entries_.erase(by_age_.front());
    by_age_.pop_front();
  }
}

RememberingStatistics RememberedResults::statistics() const {
  std::lock_guard lock(mutex_);
  RememberingStatistics statistics = counted_;
  statistics.entries = by_age_.size();
  return statistics;
}

void RememberedResults::clear() {
  std::lock_guard lock(mutex_);
  for (const auto& key : by_age_) entries_.erase(key);
  by_age_.clear();
}

}  // namespace annal::effects
