// Calls of observers that take too long, and what comes of it.
#include "annal/bus/observer_pool.hpp"
#include "annal/time/bounded_wait.hpp"

#include <algorithm>
#include <utility>

namespace annal {

// One alarm at a time looks after all calls of an observer.
void ObserverPool::watch(Observer& observer) {
  if (observer.options.timeout.count() <= 0) return;
  if (observer.watched) return with_.alarms->keep_going();
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
  bool is_too_much = false;
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
      is_too_much = true;
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
                   (is_too_much ? ", and is told nothing more until it is released" : ""),
               *event);
}

// Of what waits, recorded events stay where they can be followed by others from the log.
void ObserverPool::quarantine(Observer& observer) {
  observer.quarantined = true;
  observer.ready.clear();
  observer.queued = 0;
  std::vector<ObserverTask> dropped;
  for (auto& [key, strand] : observer.strands) {
    strand->noted = false;
    std::deque<ObserverTask> kept;
    for (auto& task : strand->tasks) {
      const bool stays = observer.spills() && task.event->position.value > 0;
      if (stays)
        kept.push_back(std::move(task));
      else
        dropped.push_back(std::move(task));
    }
    strand->tasks = std::move(kept);
    observer.queued += strand->tasks.size();
  }
  std::erase_if(observer.strands, [](const auto& each) {
    return each.second->tasks.empty() && !each.second->occupied;
  });
  std::sort(dropped.begin(), dropped.end(),
            [](const auto& a, const auto& b) { return a.arrival < b.arrival; });
  for (const auto& task : dropped) bury(observer, task.event, is_quarantined, task.attempts);
  room_.notify_all();
  idle_.notify_all();
}

}  // namespace annal
