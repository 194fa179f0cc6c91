// The keys of observers' events, and events that spilled: read from the log once there is room.
#include "annal/bus/observer_pool.hpp"
#include "annal/bus/observer_telling.hpp"
#include "annal/bus/ready_event.hpp"
#include "annal/bus/turn.hpp"
#include "annal/failure_text.hpp"

#include <algorithm>
#include <utility>

namespace annal {

namespace {

constexpr std::chrono::milliseconds pause_after_failed_read{100};

}  // namespace

// Without the lock: who names the key may ask for anything.
ObserverKey ObserverPool::key_of(const Observer& observer, const Envelope& event,
                                 unsigned depth) const {
  if (!observer.options.key) return {event.stream};
  try {
    const ObserverTelling telling(this);
    const Turn turn(with_.bus, Turn::Of::middleware, depth);
    return {observer.options.key(event)};
  } catch (...) {
    return {{}, text_of_current_exception()};
  }
}

ObserverKey ObserverPool::ask_for_key(Lock& lock, Observer& observer, const EventPointer& event,
                                      unsigned depth) {
  if (!observer.options.key) return {event->stream};
  std::shared_ptr<void> owner;
  if (observer.options.owner) {
    owner = observer.options.owner->lock();
    if (!owner) return {{}, "the observer's owner is gone"};
  }
  ++observer.asking;
  lock.unlock();
  auto key = key_of(observer, *event, depth);
  lock.lock();
  if (key.failure) ++observer.failures;
  if (--observer.asking == 0) idle_.notify_all();
  let_go(lock, std::move(owner));
  return key;
}

bool ObserverPool::is_to_read(const Observer& observer) const {
  return observer.behind && !observer.reading && !observer.reads_again && !observer.quarantined &&
         !observer.gone && !closing_ && observer.queued <= observer.options.queue_events / 2;
}

// A thread reads on, if there is room: at the end of this turn or of another.
void ObserverPool::read_later(const Shared& observer) {
  if (!observer->behind || closing_ || observer->turns >= observer->options.concurrency) return;
  ++observer->turns;
  turns_.push_back(observer);
  wake_one();
}

// Reads what was left out, as much as there is room for.
//   returns   false if the log cannot be read now
bool ObserverPool::read_on(Lock& lock, const Shared& observer) {
  std::shared_ptr<void> owner;
  if (observer->options.owner) {
    owner = observer->options.owner->lock();
    if (!owner) {
      forget(*observer);  // whoever calls this holds it
      return false;
    }
  }
  observer->reading = true;
  ++observer->asking;
  const Position from = *observer->behind, to = observer->skipped;
  const std::size_t room = observer->options.queue_events - observer->queued;
  const Read read = read_;
  lock.unlock();
  Page page;
  std::string failure;
  std::vector<ObserverKey> keys;
  try {
    page = read(observer->interest, from, to, room);
    if (page.more && page.events.empty()) failure = "the log gave nothing, and has more";
  } catch (...) {
    failure = text_of_current_exception();
  }
  const auto is_told_no_more = [&] {
    std::lock_guard look(mutex_);
    return closing_ || observer->gone;
  };
  for (const auto& event : page.events) {
    if (is_told_no_more()) break;
    keys.push_back(key_of(*observer, event, recorded_depth(event)));
  }
  lock.lock();
  observer->reading = false;
  if (--observer->asking == 0) idle_.notify_all();
  // Who is quarantined stays as far behind as he was, and reads it again once he is released.
  const bool is_told = !closing_ && !observer->gone && !observer->quarantined;
  if (is_told && failure.empty())
    queue_read(observer, std::move(page), keys, to);
  else if (is_told) {
    observer->reads_again = true;
    with_.alarms->after(pause_after_failed_read,
                        [pool = weak_from_this(), weak = std::weak_ptr(observer)] {
                          const auto known = weak.lock();  // destroyed without the lock
                          const auto self = pool.lock();
                          if (!self || !known) return;
                          std::lock_guard again(self->mutex_);
                          known->reads_again = false;
                          self->read_later(known);
                        });
  }
  let_go(lock, std::move(owner));
  return failure.empty();
}

// Transient events may have taken of the room meanwhile.
void ObserverPool::queue_read(const Shared& observer, Page page,
                              const std::vector<ObserverKey>& keys, Position to) {
  Position done = page.more ? page.events.back().position : to;
  for (std::size_t i = 0; i < page.events.size(); ++i) {
    Envelope& read = page.events[i];
    if (observer->queued >= observer->options.queue_events) {
      observer->behind = read.position;
      return;
    }
    const unsigned depth = recorded_depth(read);
    const auto event = std::make_shared<const Envelope>(std::move(read));
    if (keys[i].failure) {
      ++observer->failures;
      bury(*observer, event, *keys[i].failure, 1);
    } else {
      enqueue(observer, {event, depth, 0, 0}, keys[i].text);
    }
  }
  observer->behind = next(done);
  if (*observer->behind > observer->skipped) observer->behind.reset();
}

}  // namespace annal
