#include "annal/bus/observer_pool.hpp"

#include "annal/bus/errands.hpp"
#include "annal/bus/observer_telling.hpp"
#include "annal/bus/turn.hpp"
#include "annal/failure_text.hpp"
#include "annal/time/bounded_wait.hpp"

#include <algorithm>
#include <utility>

namespace annal {

namespace {

constexpr const char* is_gone = "the observer is gone";

std::string full(const Observer& observer) {
  return "dropped: " + std::to_string(observer.options.queue_events) +
         " events were waiting for \"" + observer.options.name + '"';
}

// Whether the event that arrived so has not been told yet.
bool waits(const Observer& observer, const std::pair<std::uint64_t, std::string>& arrival) {
  const auto strand = observer.strands.find(arrival.second);
  return strand != observer.strands.end() && !strand->second->tasks.empty() &&
         strand->second->tasks.front().arrival <= arrival.first;
}

// As soon as a task is told, its arrival may be forgotten; it waits once more.
void note_arrival_again(Observer& observer, const ObserverTask& task, const std::string& key) {
  if (observer.spills()) return;
  const auto at = std::lower_bound(
      observer.arrivals.begin(), observer.arrivals.end(), task.arrival,
      [](const auto& arrival, std::uint64_t number) { return arrival.first < number; });
  if (at == observer.arrivals.end() || at->first != task.arrival)
    observer.arrivals.emplace(at, task.arrival, key);
}

// The first recorded event that it was not told, where it will be.
std::optional<Position> behind_of(const Observer& observer) {
  std::optional<Position> first = observer.behind;
  if (!observer.quarantined) return first;
  for (const auto& [key, strand] : observer.strands)
    for (const auto& task : strand->tasks)
      if (!first || task.event->position < *first) first = task.event->position;
  return first;
}

// For what counts by seconds.
Timestamp time_of(std::chrono::nanoseconds reading) {
  return Timestamp(std::chrono::duration_cast<std::chrono::microseconds>(reading));
}

ObserverStatus status_of(const Observer& observer, std::chrono::nanoseconds now) {
  ObserverStatus status;
  status.name = observer.options.name;
  status.interest = observer.interest.to_string();
  status.quarantined = observer.quarantined;
  status.behind = behind_of(observer);
  status.queued = observer.queued;
  status.running = observer.calls.size();
  status.per_minute = observer.recent.per_minute(time_of(now));
  status.told = observer.told;
  status.failures = observer.failures;
  status.overdue = observer.overdue;
  status.dropped = observer.dropped;
  status.latencies = observer.latencies.latencies();
  return status;
}

}  // namespace

ObserverPool::ObserverPool(ObserverSurroundings surroundings) : with_(std::move(surroundings)) {}

void ObserverPool::add(const Shared& observer) {
  const std::string who = "the observer \"" + observer->options.name + "\" ";
  if (with_.threads == 0)
    throw ConfigurationError(
        who + "would never be told: BusOptions::observer_threads is 0; use 1 at least");
  std::vector<Shared> orphans;  // destroyed without the lock
  std::lock_guard lock(mutex_);
  for (const auto& other : std::vector<Shared>(observers_))
    if (other->is_orphan()) orphans.push_back(forget(*other));
  for (const auto& other : observers_)
    if (other->options.name == observer->options.name)
      throw InvalidInput("there is an observer called \"" + observer->options.name +
                         "\" already: each needs a name of its own");
  if (observer->spills() && !read_)
    throw ConfigurationError(who + "cannot spill: its bus has no log to read from");
  observers_.push_back(observer);
}

ObserverPool::Shared ObserverPool::forget(Observer& observer) noexcept {
  observer.gone = true;
  observer.queued = 0;
  observer.ready.clear();
  observer.behind.reset();
  for (auto& [key, strand] : observer.strands) {
    strand->tasks.clear();
    strand->noted = false;
  }
  room_.notify_all();
  idle_.notify_all();
  const auto found = std::find_if(observers_.begin(), observers_.end(),
                                  [&](const auto& each) { return each.get() == &observer; });
  if (found == observers_.end()) return nullptr;
  Shared forgotten = std::move(*found);
  observers_.erase(found);
  return forgotten;
}

void ObserverPool::remove(Observer& observer) noexcept {
  Shared forgotten;  // destroyed without the lock
  std::lock_guard lock(mutex_);
  forgotten = forget(observer);
}

void ObserverPool::wait_until_idle(Observer& observer) {
  if (ObserverTelling::in_a_call(this))
    throw WouldDeadlock("an observer waits for observers to return: call disconnect()");
  ObserverHandler handler;  // destroyed without the lock
  decltype(ObserverOptions::key) key;
  Lock lock(mutex_);
  idle_.wait(lock, [&] { return observer.calls.empty() && observer.asking == 0; });
  handler.swap(observer.handler);
  key.swap(observer.options.key);
}

// Whoever is quarantined waits for his release, and nobody for him.
bool ObserverPool::is_idle() const {
  return letting_go_ == 0 &&
         std::all_of(observers_.begin(), observers_.end(), [](const auto& observer) {
           return observer->calls.empty() &&
                  (observer->quarantined || (observer->queued == 0 && !observer->behind));
         });
}

bool ObserverPool::wait_until_all_idle(std::chrono::milliseconds timeout) {
  if (ObserverTelling::inside(this))
    throw WouldDeadlock("an observer waits for all observers, itself among them, to be idle");
  Lock lock(mutex_);
  return idle_.wait_for(lock, bounded_wait(timeout), [&] { return is_idle(); });
}

void ObserverPool::take(const Shared& observer, const EventPointer& event) {
  const unsigned depth = Turn::next_depth(with_.bus) - 1;
  Lock lock(mutex_);
  if (is_left_out(*observer, event)) return;
  if (!observer->options.key) {
    if (make_room(lock, observer, event)) enqueue(observer, {event, depth, 0, 0}, event->stream);
    return;
  }
  const auto key = ask_for_key(lock, *observer, event, depth);
  if (is_left_out(*observer, event)) return;
  if (key.failure)
    bury(*observer, event, *key.failure, 1);
  else if (make_room(lock, observer, event))
    enqueue(observer, {event, depth, 0, 0}, key.text);
}

// Whether an event is not to be queued, whatever room there is; then it is where it belongs.
bool ObserverPool::is_left_out(Observer& observer, const EventPointer& event) {
  if (closing_ || observer.gone) return true;
  const bool is_recorded = event->position.value > 0;
  if (observer.behind && is_recorded) {
    observer.skipped = std::max(observer.skipped, event->position);
    return true;
  }
  if (!observer.quarantined) return false;
  if (observer.spills() && is_recorded)
    observer.behind = observer.skipped = event->position;
  else
    bury(observer, event, is_quarantined, 0);
  return true;
}

//   returns   whether the event is to be queued
bool ObserverPool::make_room(Lock& lock, const Shared& observer, const EventPointer& event) {
  const auto& options = observer->options;
  // Whoever does what is due may be the only one to make room.
  const bool may_wait = !ObserverTelling::inside(this) &&
                        (with_.alarms->waits_by_itself() || !Unawaited::is_here(with_.bus));
  if (options.when_full == WhenFull::block && may_wait) {
    room_.wait(lock, [&] {
      return closing_ || observer->gone || observer->quarantined ||
             observer->queued < options.queue_events;
    });
    return !is_left_out(*observer, event);
  }
  if (observer->queued < options.queue_events) return true;
  if (observer->spills()) {
    if (event->position.value > 0) {
      observer->behind = observer->skipped = event->position;
    } else {
      ++observer->dropped;
      bury(*observer, event, full(*observer), 0);
    }
    return false;
  }
  while (observer->queued >= options.queue_events && drop_oldest(*observer)) {
  }
  return true;
}

//   returns   false if nothing waits
bool ObserverPool::drop_oldest(Observer& observer) {
  auto& arrivals = observer.arrivals;
  while (!arrivals.empty() && !waits(observer, arrivals.front())) arrivals.pop_front();
  if (arrivals.empty()) return false;
  const auto strand = observer.strands.find(arrivals.front().second);
  auto& tasks = strand->second->tasks;
  arrivals.pop_front();
  const auto task = std::move(tasks.front());
  tasks.pop_front();
  if (tasks.empty() && !strand->second->occupied) {
    std::erase(observer.ready, strand->second.get());
    observer.strands.erase(strand);
  }
  --observer.queued;
  ++observer.dropped;
  bury(observer, task.event, full(observer), task.attempts);
  return true;
}

void ObserverPool::enqueue(const Shared& observer, ObserverTask task, const std::string& key) {
  auto& strand = observer->strands[key];
  if (!strand) {
    strand = std::make_unique<Strand>();
    strand->key = key;
  }
  task.arrival = ++observer->last_arrival;
  if (!observer->spills()) {
    if (observer->arrivals.size() > 2 * observer->options.queue_events)
      std::erase_if(observer->arrivals,
                    [&](const auto& arrival) { return !waits(*observer, arrival); });
    observer->arrivals.emplace_back(task.arrival, key);
  }
  strand->tasks.push_back(std::move(task));
  ++observer->queued;
  note(observer, *strand);
}

// A thread tells the strand's next event, as soon as there is one and the observer's concurrency
// allows it.
void ObserverPool::note(const Shared& observer, Strand& strand) {
  if (strand.noted || strand.occupied || observer->quarantined) return;
  strand.noted = true;
  observer->ready.push_back(&strand);
  if (observer->turns >= observer->options.concurrency) return;
  ++observer->turns;
  turns_.push_back(observer);
  wake_one();
}

void ObserverPool::tell_next(Lock& lock, const Shared& observer) {
  std::shared_ptr<void> owner;
  if (!observer->ready.empty()) {
    Strand& strand = *observer->ready.front();
    observer->ready.pop_front();
    strand.noted = false;
    if (!strand.occupied && strand.tasks.empty()) {
      observer->strands.erase(std::string(strand.key));  // what waited was dropped
    } else if (!strand.occupied) {
      strand.occupied = true;
      ObserverTask task = std::move(strand.tasks.front());
      strand.tasks.pop_front();
      --observer->queued;
      room_.notify_all();
      auto told = call(lock, *observer, task.event, task.depth);
      if (closing_) return let_go(lock, std::move(told.owner));
      settle(observer, strand, std::move(task), told.failure);
      owner = std::move(told.owner);
    }
  }
  end_turn(observer);
  let_go(lock, std::move(owner));
  while (is_to_read(*observer) && read_on(lock, observer)) {
  }
  if (is_idle()) idle_.notify_all();
}

// Dead letters first: where there is always something to tell, their turn would never come.
void ObserverPool::end_turn(const Shared& observer) {
  if (observer->ready.empty() || observer->redrives > 0) {
    --observer->turns;
    idle_.notify_all();
  } else {
    turns_.push_back(observer);
    wake_one();
  }
}

// To those that are ready, for the turns that went to dead letters; one too many finds nothing to do.
void ObserverPool::offer_turns(const Shared& observer) {
  for (auto more = observer->ready.size();
       more > 0 && observer->turns < observer->options.concurrency; --more) {
    ++observer->turns;
    turns_.push_back(observer);
    wake_one();
  }
}

void ObserverPool::release_strand(const Shared& observer, Strand& strand) {
  strand.occupied = false;
  if (!strand.tasks.empty())
    note(observer, strand);
  else if (!strand.noted)
    observer->strands.erase(std::string(strand.key));
}

ObserverPool::Told ObserverPool::call(Lock& lock, Observer& observer, const EventPointer& event,
                                      unsigned depth) {
  Told told;
  if (observer.options.owner) {
    told.owner = observer.options.owner->lock();
    if (!told.owner) {
      forget(observer);  // whoever calls this holds it
      return told;
    }
  }
  const auto call = observer.calls.emplace(observer.calls.end());
  call->begun = with_.alarms->now();
  call->event = event;
  const auto token = call->stop.get_token();
  watch(observer);
  told.is_told = true;
  lock.unlock();
  try {
    const ObserverTelling telling(this);
    const Turn turn(with_.bus, Turn::Of::middleware, depth);
    observer.handler(*event, token);
  } catch (...) {
    told.failure = text_of_current_exception();
  }
  lock.lock();
  if (!closing_) note_call(observer, *call, told.failure.has_value());
  if (call->overdue) --stuck_;
  observer.calls.erase(call);
  ++(told.failure ? observer.failures : observer.told);
  idle_.notify_all();
  return told;
}

// While the bus is there.
void ObserverPool::note_call(Observer& observer, const ObserverCall& call, bool has_failed) {
  const auto now = with_.alarms->now();
  observer.latencies.add(now - call.begun);
  observer.recent.add(second_of(time_of(now)));
  if (has_failed && with_.note_failure) with_.note_failure(*call.event);
}

// What was kept for a call may end here, and cut the observer, and wait for its calls.
void ObserverPool::let_go(Lock& lock, std::shared_ptr<void> owner) {
  if (!owner) return;
  // He may end here, and wait for whom he likes: another thread stands in for this one.
  const bool may_end = owner.use_count() == 1;
  ++letting_go_;
  if (may_end) {
    ++stuck_;
    if (!turns_.empty()) wake_one();
  }
  lock.unlock();
  {
    const ObserverTelling telling(this, ObserverTelling::Of::letting_go);
    owner.reset();
  }
  lock.lock();
  if (may_end) --stuck_;
  --letting_go_;
  idle_.notify_all();
}

// What becomes of an event that was told.
void ObserverPool::settle(const Shared& observer, Strand& strand, ObserverTask task,
                          const std::optional<std::string>& failure) {
  ++task.attempts;
  const auto allowed = static_cast<unsigned>(std::max(observer->options.retry.attempts, 1));
  const bool is_final = observer->gone || task.attempts >= allowed;
  const bool is_kept = observer->spills() && task.event->position.value > 0;  // in quarantine
  if (failure && !is_final && !observer->quarantined) {
    retry_later(observer, strand, std::move(task));
    return;
  }
  if (failure && !is_final && is_kept) {
    strand.tasks.push_front(std::move(task));
    ++observer->queued;
  } else if (failure) {
    bury(*observer, task.event, *failure, task.attempts);
  }
  release_strand(observer, strand);
}

// The strand stays occupied, so that nothing of its key is told before.
void ObserverPool::retry_later(const Shared& observer, Strand& strand, ObserverTask task) {
  const auto pause = pause_after(static_cast<int>(task.attempts), observer->options.retry, random_);
  note_arrival_again(*observer, task, strand.key);
  strand.tasks.push_front(std::move(task));
  ++observer->queued;
  with_.alarms->after(pause,
                      [pool = weak_from_this(), weak = std::weak_ptr(observer), key = strand.key] {
                        const auto known = weak.lock();  // destroyed without the lock
                        const auto self = pool.lock();
                        if (!self || !known) return;
                        std::lock_guard lock(self->mutex_);
                        const auto found = known->strands.find(key);
                        if (found != known->strands.end())
                          self->release_strand(known, *found->second);
                        self->idle_.notify_all();
                      });
  if (observer->options.when_full != WhenFull::drop_oldest) return;
  while (observer->queued > observer->options.queue_events && drop_oldest(*observer)) {
  }
}

bool ObserverPool::release(const std::string& name) {
  std::lock_guard lock(mutex_);
  for (const auto& observer : observers_) {
    if (observer->options.name != name) continue;
    observer->quarantined = false;
    observer->overdue_since_release = 0;
    for (const auto& [key, strand] : observer->strands)
      if (!strand->tasks.empty()) note(observer, *strand);
    read_later(observer);
    return true;
  }
  return false;
}

void ObserverPool::bury(Observer& observer, const EventPointer& event, std::string what,
                        unsigned attempts) {
  with_.dead_letters->add(
      {observer.options.name, event, std::move(what), attempts,
       [pool = weak_from_this(), weak = observer.weak_from_this()](const EventPointer& again) {
         const auto known = weak.lock();
         const auto self = pool.lock();
         if (!self || !known) return DeadLetters::Answer::gone(is_gone);
         return self->take_again(known, again);
       }});
}

DeadLetters::Answer ObserverPool::take_again(const Shared& observer, const EventPointer& event) {
  using Answer = DeadLetters::Answer;
  Lock lock(mutex_);
  const auto is_out_of_reach = [&]() -> std::optional<Answer> {
    if (closing_ || observer->gone || observer->is_orphan()) return Answer::gone(is_gone);
    if (observer->quarantined) return Answer::failed(is_quarantined);
    return std::nullopt;
  };
  if (auto answer = is_out_of_reach()) return *std::move(answer);
  const auto key = ask_for_key(lock, *observer, event, 1);
  if (key.failure) return Answer::failed(*key.failure);
  const auto is_free = [&] {
    const auto found = observer->strands.find(key.text);
    return observer->turns < observer->options.concurrency &&
           (found == observer->strands.end() || !found->second->occupied);
  };
  ++observer->redrives;
  idle_.wait(lock,
             [&] { return closing_ || observer->gone || observer->quarantined || is_free(); });
  --observer->redrives;
  if (auto answer = is_out_of_reach()) {
    if (!closing_) offer_turns(observer);
    return *std::move(answer);
  }
  ++observer->turns;
  auto& held = observer->strands[key.text];
  if (!held) {
    held = std::make_unique<Strand>();
    held->key = key.text;
  }
  Strand& strand = *held;
  strand.occupied = true;
  auto told = call(lock, *observer, event, 1);
  if (!closing_) {
    release_strand(observer, strand);
    end_turn(observer);
    offer_turns(observer);
  }
  let_go(lock, std::move(told.owner));
  if (!told.is_told) return Answer::gone(is_gone);
  return told.failure ? Answer::failed(*std::move(told.failure)) : Answer{};
}

std::vector<ObserverStatus> ObserverPool::status() {
  std::vector<ObserverStatus> result;
  std::lock_guard lock(mutex_);
  const auto now = with_.alarms->now();
  for (const auto& observer : observers_) result.push_back(status_of(*observer, now));
  return result;
}

void ObserverPool::read_from(Read read) {
  std::lock_guard lock(mutex_);
  read_ = std::move(read);
}

}  // namespace annal
