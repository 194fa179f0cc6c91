#include "annal/bus/observer_pool.hpp"

#include "annal/bus/turn.hpp"
#include "annal/failure_text.hpp"
#include "annal/time/bounded_wait.hpp"

#include <algorithm>
#include <utility>

namespace annal {

namespace {

constexpr std::chrono::milliseconds pause_after_failed_read{100};
// About what waking a thread costs: where events come faster, none has to be woken.
constexpr std::chrono::microseconds longest_look_out{50};

// The pool for which this thread is calling a handler.
constinit thread_local const void* telling_for = nullptr;

class Telling {
 public:
  explicit Telling(const void* pool) : outer_(std::exchange(telling_for, pool)) {}
  ~Telling() { telling_for = outer_; }
  Telling(const Telling&) = delete;
  Telling& operator=(const Telling&) = delete;

 private:
  const void* const outer_;
};

std::string key_of(const Observer& observer, const Envelope& event) {
  return observer.options.key ? observer.options.key(event) : event.stream;
}

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

ObserverStatus status_of(const Observer& observer) {
  ObserverStatus status;
  status.name = observer.options.name;
  status.interest = observer.interest.to_string();
  status.quarantined = observer.quarantined;
  status.behind = observer.behind;
  status.queued = observer.queued;
  status.running = observer.calls.size();
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
  if (with_.threads == 0)
    throw ConfigurationError("the observer \"" + observer->options.name +
                             "\" would never be told: BusOptions::observer_threads is 0; use 1 "
                             "at least");
  std::lock_guard lock(mutex_);
  for (const auto& other : observers_)
    if (other->options.name == observer->options.name)
      throw InvalidInput("there is an observer called \"" + observer->options.name +
                         "\" already: each needs a name of its own");
  if (observer->options.when_full == WhenFull::spill && !read_)
    throw ConfigurationError("the observer \"" + observer->options.name +
                             "\" cannot spill: its bus has no log to read from");
  observers_.push_back(observer);
}

void ObserverPool::remove(Observer& observer) noexcept {
  Shared gone;  // destroyed without the lock
  std::lock_guard lock(mutex_);
  observer.gone = true;
  observer.queued = 0;
  observer.ready.clear();
  observer.behind.reset();
  for (auto& [key, strand] : observer.strands) {
    strand->tasks.clear();
    strand->noted = false;
  }
  const auto found = std::find_if(observers_.begin(), observers_.end(),
                                  [&](const auto& each) { return each.get() == &observer; });
  if (found != observers_.end()) {
    gone = std::move(*found);
    observers_.erase(found);
  }
  room_.notify_all();
  idle_.notify_all();
}

void ObserverPool::wait_until_idle(const Observer& observer) {
  if (telling_for == this)
    throw WouldDeadlock("an observer waits for observers to return: call disconnect()");
  Lock lock(mutex_);
  idle_.wait(lock, [&] { return observer.calls.empty(); });
}

bool ObserverPool::is_idle() const {
  return std::all_of(observers_.begin(), observers_.end(), [](const auto& observer) {
    return observer->queued == 0 && observer->calls.empty() && !observer->behind;
  });
}

bool ObserverPool::wait_until_all_idle(std::chrono::milliseconds timeout) {
  if (telling_for == this)
    throw WouldDeadlock("an observer waits for all observers, itself among them, to be idle");
  Lock lock(mutex_);
  return idle_.wait_for(lock, bounded_wait(timeout), [&] { return is_idle(); });
}

void ObserverPool::take(const Shared& observer, const EventPointer& event) {
  const std::string key = key_of(*observer, *event);
  const unsigned depth = Turn::next_depth(with_.bus) - 1;
  Lock lock(mutex_);
  if (closing_ || observer->gone || !make_room(lock, observer, event)) return;
  enqueue(observer, {event, depth, 0, 0}, key);
}

//   returns   whether the event is to be queued
bool ObserverPool::make_room(Lock& lock, const Shared& observer, const EventPointer& event) {
  const auto& options = observer->options;
  if (observer->quarantined) {
    bury(*observer, event, "the observer is quarantined", 0);
    return false;
  }
  const bool is_recorded = event->position.value > 0;
  if (observer->behind && is_recorded) {
    observer->skipped = event->position;
    return false;
  }
  if (observer->queued < options.queue_events) return true;
  if (options.when_full == WhenFull::block && telling_for != this) {
    room_.wait(lock, [&] {
      return closing_ || observer->gone || observer->queued < options.queue_events;
    });
    return !closing_ && !observer->gone;
  }
  if (options.when_full == WhenFull::spill) {
    if (is_recorded) {
      observer->behind = observer->skipped = event->position;
    } else {
      ++observer->dropped;
      bury(*observer, event, full(*observer), 0);
    }
    return false;
  }
  drop_oldest(observer);
  return true;
}

void ObserverPool::drop_oldest(const Shared& observer) {
  auto& arrivals = observer->arrivals;
  while (!arrivals.empty() && !waits(*observer, arrivals.front())) arrivals.pop_front();
  if (arrivals.empty()) return;
  auto& tasks = observer->strands.find(arrivals.front().second)->second->tasks;
  arrivals.pop_front();
  const auto task = std::move(tasks.front());
  tasks.pop_front();
  --observer->queued;
  ++observer->dropped;
  bury(*observer, task.event, full(*observer), task.attempts);
}

void ObserverPool::enqueue(const Shared& observer, ObserverTask task, const std::string& key) {
  auto& strand = observer->strands[key];
  if (!strand) {
    strand = std::make_unique<Strand>();
    strand->key = key;
  }
  task.arrival = ++observer->last_arrival;
  if (observer->options.when_full != WhenFull::spill) {
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
  if (strand.noted || strand.occupied) return;
  strand.noted = true;
  observer->ready.push_back(&strand);
  if (observer->turns >= observer->options.concurrency) return;
  ++observer->turns;
  turns_.push_back(observer);
  wake_one();
}

void ObserverPool::wake_one() {
  has_turns_ = true;
  if (waking_ || looking_out_) return;  // whoever takes a turn wakes the next
  if (sleeping_ > 0) {
    waking_ = true;
    work_.notify_one();
  } else if (wants_thread() && !closing_) {
    threads_.emplace_back([self = shared_from_this()] { self->work(); });
    ++alive_;
  }
}

void ObserverPool::work() {
  Lock lock(mutex_);
  while (!closing_ && alive_ <= with_.threads + stuck_) {
    if (turns_.empty() && !looking_out_) look_out(lock);
    if (turns_.empty() && !closing_) {
      ++sleeping_;
      work_.wait(lock);  // once: whoever was woken in vain must say that it woke
      --sleeping_;
      waking_ = false;
      continue;
    }
    if (closing_) break;
    Shared observer = std::move(turns_.front());
    turns_.pop_front();
    has_turns_ = !turns_.empty();
    if (!turns_.empty()) wake_one();
    tell_next(lock, observer);
    if (!observer->gone) continue;
    lock.unlock();  // its handler may end here
    observer.reset();
    lock.lock();
  }
  --alive_;
  idle_.notify_all();
}

void ObserverPool::look_out(Lock& lock) {
  looking_out_ = true;
  lock.unlock();
  const auto until = std::chrono::steady_clock::now() + longest_look_out;
  while (!has_turns_ && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  lock.lock();
  looking_out_ = false;
}

void ObserverPool::tell_next(Lock& lock, const Shared& observer) {
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
      const auto failure = call(lock, *observer, task.event, task.depth);
      if (closing_) return;
      ++task.attempts;
      const auto allowed = static_cast<unsigned>(std::max(observer->options.retry.attempts, 1));
      if (failure && !observer->gone && task.attempts < allowed) {
        retry_later(observer, strand, std::move(task));
      } else {
        if (failure) bury(*observer, task.event, *failure, task.attempts);
        release_strand(observer, strand);
      }
    }
  }
  if (observer->ready.empty()) {
    --observer->turns;
  } else {
    turns_.push_back(observer);
    wake_one();
  }
  if (observer->behind && !observer->reading &&
      observer->queued <= observer->options.queue_events / 2)
    read_on(lock, observer);
  if (is_idle()) idle_.notify_all();
}

void ObserverPool::release_strand(const Shared& observer, Strand& strand) {
  strand.occupied = false;
  if (!strand.tasks.empty())
    note(observer, strand);
  else if (!strand.noted)
    observer->strands.erase(std::string(strand.key));
}

std::optional<std::string> ObserverPool::call(Lock& lock, Observer& observer,
                                              const EventPointer& event, unsigned depth) {
  std::shared_ptr<void> owner;
  if (observer.options.owner) {
    owner = observer.options.owner->lock();
    if (!owner) return std::nullopt;  // its subscription goes with the next event
  }
  const auto call = observer.calls.emplace(observer.calls.end());
  call->begun = with_.alarms->now();
  call->event = event;
  const auto token = call->stop.get_token();
  watch(observer);
  lock.unlock();
  std::optional<std::string> failure;
  try {
    const Telling telling(this);
    const Turn turn(with_.bus, Turn::Of::middleware, depth);
    observer.handler(*event, token);
  } catch (...) {
    failure = text_of_current_exception();
  }
  owner.reset();
  lock.lock();
  if (!closing_) observer.latencies.add(with_.alarms->now() - call->begun);
  if (call->overdue) --stuck_;
  observer.calls.erase(call);
  ++(failure ? observer.failures : observer.told);
  idle_.notify_all();
  return failure;
}

// The strand stays occupied, so that nothing of its key is told before.
void ObserverPool::retry_later(const Shared& observer, Strand& strand, ObserverTask task) {
  const auto pause = pause_after(static_cast<int>(task.attempts), observer->options.retry, random_);
  strand.tasks.push_front(std::move(task));
  ++observer->queued;
  with_.alarms->after(bounded_wait(pause), [weak = weak_from_this(), observer, key = strand.key] {
    const auto self = weak.lock();
    if (!self) return;
    std::lock_guard lock(self->mutex_);
    const auto found = observer->strands.find(key);
    if (found != observer->strands.end()) self->release_strand(observer, *found->second);
  });
}

// One alarm at a time looks after all calls of an observer.
void ObserverPool::watch(Observer& observer) {
  if (observer.options.timeout.count() <= 0 || observer.watched) return;
  std::optional<std::chrono::nanoseconds> first;
  for (const auto& call : observer.calls)
    if (!call.overdue && (!first || call.begun < *first)) first = call.begun;
  if (!first) return;
  observer.watched = *first + bounded_wait(observer.options.timeout);
  with_.alarms->at(*observer.watched,
                   [weak = weak_from_this(), observer = observer.weak_from_this()] {
                     const auto self = weak.lock();
                     const auto known = observer.lock();
                     if (self && known) self->look_for_overdue(known);
                   });
}

void ObserverPool::look_for_overdue(const Shared& observer) {
  std::vector<std::stop_source> stops;
  std::vector<EventPointer> events;
  bool is_quarantined = false;
  {
    std::lock_guard lock(mutex_);
    if (closing_) return;
    observer->watched.reset();
    const auto latest = with_.alarms->now() - bounded_wait(observer->options.timeout);
    for (auto& call : observer->calls) {
      if (call.overdue || call.begun > latest) continue;
      call.overdue = true;
      stops.push_back(call.stop);
      events.push_back(call.event);
      ++stuck_;
    }
    observer->overdue += stops.size();
    observer->overdue_since_release += stops.size();
    const auto bound = observer->options.quarantine_after;
    if (bound > 0 && observer->overdue_since_release >= bound && !observer->quarantined) {
      is_quarantined = true;
      quarantine(*observer);
    }
    watch(*observer);
    if (!turns_.empty()) wake_one();
  }
  for (auto& stop : stops) stop.request_stop();
  for (const auto& event : events)
    with_.warn(observer->options.name,
               "the observer \"" + observer->options.name + "\" takes longer than " +
                   std::to_string(observer->options.timeout.count()) + " ms" +
                   (is_quarantined ? ", and is told nothing more until it is released" : ""),
               *event);
}

void ObserverPool::quarantine(Observer& observer) {
  observer.quarantined = true;
  std::vector<ObserverTask> waiting;
  for (auto& [key, strand] : observer.strands) {
    for (auto& task : strand->tasks) waiting.push_back(std::move(task));
    strand->tasks.clear();
  }
  std::sort(waiting.begin(), waiting.end(),
            [](const auto& a, const auto& b) { return a.arrival < b.arrival; });
  for (const auto& task : waiting)
    bury(observer, task.event, "the observer is quarantined", task.attempts);
  observer.queued = 0;
  room_.notify_all();
}

bool ObserverPool::release(const std::string& name) {
  std::lock_guard lock(mutex_);
  for (const auto& observer : observers_) {
    if (observer->options.name != name) continue;
    observer->quarantined = false;
    observer->overdue_since_release = 0;
    return true;
  }
  return false;
}

// Reads what was left out, as much as there is room for.
void ObserverPool::read_on(Lock& lock, const Shared& observer) {
  observer->reading = true;
  const Position from = *observer->behind, to = observer->skipped;
  const std::size_t room = observer->options.queue_events - observer->queued;
  const Read read = read_;
  lock.unlock();
  Page page;
  std::string failure;
  try {
    page = read(observer->interest, from, to, room);
  } catch (...) {
    failure = text_of_current_exception();
  }
  lock.lock();
  observer->reading = false;
  if (closing_ || observer->gone) return;
  if (!failure.empty()) {
    with_.alarms->after(pause_after_failed_read, [weak = weak_from_this(), observer] {
      if (const auto self = weak.lock()) {
        Lock again(self->mutex_);
        if (observer->behind && !observer->reading) self->read_on(again, observer);
      }
    });
    return;
  }
  const Position done = page.more ? page.events.back().position : to;
  for (auto& event : page.events) {
    const auto key = key_of(*observer, event);
    enqueue(observer, {std::make_shared<const Envelope>(std::move(event)), 1, 0, 0}, key);
  }
  observer->behind = next(done);
  if (*observer->behind > observer->skipped) observer->behind.reset();
}

void ObserverPool::bury(Observer& observer, const EventPointer& event, std::string what,
                        unsigned attempts) {
  with_.dead_letters->add(
      {observer.options.name, event, std::move(what), attempts,
       [pool = weak_from_this(), weak = observer.weak_from_this()](const EventPointer& again) {
         const auto self = pool.lock();
         const auto known = weak.lock();
         if (!self || !known) throw DeadLetters::Gone{"the observer is gone"};
         return self->take_again(known, again);
       }});
}

std::optional<std::string> ObserverPool::take_again(const Shared& observer,
                                                    const EventPointer& event) {
  const std::string key = key_of(*observer, *event);
  Lock lock(mutex_);
  const auto strand = [&]() -> Strand* {
    const auto found = observer->strands.find(key);
    return found == observer->strands.end() ? nullptr : found->second.get();
  };
  idle_.wait(lock, [&] { return closing_ || observer->gone || !strand() || !strand()->occupied; });
  if (closing_ || observer->gone) throw DeadLetters::Gone{"the observer is gone"};
  if (observer->quarantined) return "the observer is quarantined";
  auto& held = observer->strands[key];
  if (!held) {
    held = std::make_unique<Strand>();
    held->key = key;
  }
  held->occupied = true;
  const auto failure = call(lock, *observer, event, 1);
  if (!closing_) release_strand(observer, *held);
  return failure;
}

std::vector<ObserverStatus> ObserverPool::status() {
  std::vector<ObserverStatus> result;
  std::lock_guard lock(mutex_);
  for (const auto& observer : observers_) result.push_back(status_of(*observer));
  return result;
}

void ObserverPool::read_from(Read read) {
  std::lock_guard lock(mutex_);
  read_ = std::move(read);
}

void ObserverPool::close() {
  std::vector<std::stop_source> stops;
  Lock lock(mutex_);
  if (closing_) return;
  closing_ = true;
  for (const auto& observer : observers_)
    for (const auto& call : observer->calls) stops.push_back(call.stop);
  lock.unlock();
  for (auto& stop : stops) stop.request_stop();
  lock.lock();
  work_.notify_all();
  room_.notify_all();
  idle_.wait_for(lock, bounded_wait(with_.patience), [&] { return alive_ == 0; });
  const bool all_returned = alive_ == 0;
  auto threads = std::move(threads_);
  threads_.clear();
  turns_.clear();
  const auto observers = std::move(observers_);  // destroyed without the lock
  observers_.clear();
  lock.unlock();
  for (auto& thread : threads)
    if (all_returned)
      thread.join();
    else
      thread.detach();  // it holds what it still uses
}

}  // namespace annal
