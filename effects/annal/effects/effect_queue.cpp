#include "annal/effects/effect_queue.hpp"

#include "annal/effects/failure.hpp"
#include "annal/effects/governed_call.hpp"
#include "annal/error.hpp"

#include <condition_variable>
#include <exception>

namespace annal::effects {

// A call that waits, or is performed with another.
struct EffectQueue::Waiting {
  enum class Is { waiting, called, taken, done };

  GovernedCall* call;
  Is is = Is::waiting;
  std::exception_ptr failure = nullptr;  // of the one it was performed with
  std::condition_variable_any changed = {};

  void become(Is now) {
    is = now;
    changed.notify_one();
  }
};

EffectQueue::EffectQueue(EffectQueueOptions options) : options_(std::move(options)) {
  const std::string who = "the queue \"" + options_.name + "\" ";
  if (options_.name.empty())
    throw InvalidInput("a queue of effects needs a name, for its failures");
  if (options_.at_once == 0)
    throw InvalidInput(who + "would perform nothing: at_once is 0; use 1 at least");
  if (options_.batch == 0)
    throw InvalidInput(who + "would perform nothing: batch is 0; use 1 at least");
}

void EffectQueue::pass(GovernedCall& call, int priority, const std::stop_token& stop,
                       const Perform& perform) {
  std::unique_lock lock(mutex_);
  if (counted_.running < options_.at_once && waiting_.empty()) {
    ++counted_.running;
  } else if (wait(lock, call, priority, stop)) {
    return;
  }
  const auto with = take_others(call);
  ++counted_.calls;
  counted_.performed += 1 + with.size();
  lock.unlock();
  std::exception_ptr failure;
  try {
    std::vector<GovernedCall*> calls;
    for (const Waiting* other : with) calls.push_back(other->call);
    perform(calls);
  } catch (...) {
    failure = std::current_exception();
  }
  lock.lock();
  for (Waiting* other : with) {
    other->failure = failure;
    other->become(Waiting::Is::done);
  }
  --counted_.running;
  call_next();
  lock.unlock();
  if (failure) std::rethrow_exception(failure);
}

//   returns   whether it was performed with another; otherwise its turn has come
bool EffectQueue::wait(std::unique_lock<std::mutex>& lock, GovernedCall& call, int priority,
                       const std::stop_token& stop) {
  if (waiting_.size() >= options_.waiting) {
    ++counted_.refused;
    throw EffectFailed({.kind = FailureKind::overloaded,
                        .effect = std::string(call.name()),
                        .what = "the queue " + options_.name +
                                " is full: " + std::to_string(waiting_.size()) + " effects wait"});
  }
  Waiting self{&call};
  const Place place(-std::int64_t{priority}, ++last_);
  waiting_.emplace(place, &self);
  self.changed.wait(lock, stop, [&] { return self.is != Waiting::Is::waiting; });
  if (self.is == Waiting::Is::waiting) {
    waiting_.erase(place);
    throw EffectFailed(
        {.kind = FailureKind::cancelled,
         .effect = std::string(call.name()),
         .what = "the run was asked to stop while it waited in the queue " + options_.name});
  }
  if (self.is == Waiting::Is::called) return false;
  self.changed.wait(lock, [&] { return self.is == Waiting::Is::done; });
  if (self.failure) std::rethrow_exception(self.failure);
  return true;
}

// Of those that wait, the most urgent that one call can perform with this one.
std::vector<EffectQueue::Waiting*> EffectQueue::take_others(const GovernedCall& call) {
  std::vector<Waiting*> taken;
  if (options_.batch < 2 || !call.has_batch_handler()) return taken;
  for (auto at = waiting_.begin(); at != waiting_.end() && taken.size() + 1 < options_.batch;) {
    Waiting& other = *at->second;
    if (!other.call->goes_with(call)) {
      ++at;
      continue;
    }
    other.become(Waiting::Is::taken);
    taken.push_back(&other);
    at = waiting_.erase(at);
  }
  return taken;
}

void EffectQueue::call_next() {
  while (!waiting_.empty() && counted_.running < options_.at_once) {
    Waiting& next = *waiting_.begin()->second;
    waiting_.erase(waiting_.begin());
    ++counted_.running;
    next.become(Waiting::Is::called);
  }
}

EffectQueueStatistics EffectQueue::statistics() const {
  std::lock_guard lock(mutex_);
  EffectQueueStatistics statistics = counted_;
  statistics.waiting = waiting_.size();
  return statistics;
}

}  // namespace annal::effects
