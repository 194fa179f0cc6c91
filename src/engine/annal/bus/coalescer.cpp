#include "annal/bus/coalescer.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace annal {

Coalescer::Coalescer(Alarms& alarms, Errands& errands, std::size_t most, Send send)
    : alarms_(alarms), errands_(errands), most_(most), send_(std::move(send)) {}

bool Coalescer::hold(ReadyEvent& event, std::chrono::milliseconds within, bool waits) {
  Lock lock(mutex_);
  let_go_before(lock, event.event, waits, [](const Held& held, const Envelope& next) {
    return held.last.event.type != next.type;
  });
  const std::string key = key_of(event.event);
  const auto known = lines_.find(key);
  if (known != lines_.end() && known->second.held) {
    Held& held = *known->second.held;
    event.depth = std::max(event.depth, held.last.depth);
    held.last = std::move(event);
    ++held.count;
    ++merged_;
    return true;
  }
  if (is_closed_ || (known == lines_.end() && lines_.size() >= most_)) {
    if (waits) wait_until_sent(lock, key);
    return false;
  }
  const auto due = dues_.emplace(alarms_.now() + bounded_wait(within), key);
  lines_[key].held.emplace(Held{std::move(event), 1, ++last_number_, due});
  lines_in_use_ = lines_.size();
  set_alarm();
  return true;
}

void Coalescer::let_go_before(const Envelope& event, bool waits) {
  if (empty()) return;
  Lock lock(mutex_);
  let_go_before(lock, event, waits, [](const Held&, const Envelope&) { return true; });
}

void Coalescer::let_go_before(Lock& lock, const Envelope& event, bool waits, IsMeant is_meant) {
  const std::string key = key_of(event);
  if (waits) wait_until_sent(lock, key);
  // Again where another was held back meanwhile.
  for (auto line = lines_.find(key);
       line != lines_.end() && line->second.held && is_meant(*line->second.held, event);
       line = lines_.find(key)) {
    send(lock, key);
    if (waits) wait_until_sent(lock, key);
  }
}

bool Coalescer::holds_before(const Envelope& event) const {
  if (empty()) return false;
  std::lock_guard lock(mutex_);
  const auto line = lines_.find(key_of(event));
  return line != lines_.end() && line->second.held;
}

void Coalescer::let_go_all() {
  Lock lock(mutex_);
  std::vector<std::string> keys;
  for (const auto& [key, line] : lines_) keys.push_back(key);
  for (const auto& key : keys) {
    wait_until_sent(lock, key);
    send(lock, key);
  }
}

void Coalescer::close() {
  {
    std::lock_guard lock(mutex_);
    is_closed_ = true;
  }
  let_go_all();
}

ReadyEvent Coalescer::take(Line& line) {
  Held held = *std::exchange(line.held, std::nullopt);
  if (held.due) dues_.erase(*held.due);
  if (held.count > 1) note_in(held.last.event, "coalesced", std::to_string(held.count));
  return std::move(held.last);
}

// If something is held.
void Coalescer::send(Lock& lock, const std::string& key) {
  const auto found = lines_.find(key);
  if (found == lines_.end() || !found->second.held) return;
  ReadyEvent event = take(found->second);
  ++found->second.sending;
  const auto done = [&] {
    lock.lock();
    const auto line = lines_.find(key);
    if (--line->second.sending == 0 && !line->second.held) lines_.erase(line);
    lines_in_use_ = lines_.size();
    sent_.notify_all();
  };
  lock.unlock();
  try {
    send_(std::move(event));
  } catch (...) {
    done();
    throw;
  }
  done();
}

void Coalescer::wait_until_sent(Lock& lock, const std::string& key) {
  sent_.wait(lock, [&] {
    const auto line = lines_.find(key);
    return line == lines_.end() || line->second.sending == 0;
  });
}

// None where one comes as early.
void Coalescer::set_alarm() {
  if (dues_.empty()) return;
  const auto first = dues_.begin()->first;
  if (!alarms_set_.empty() && *alarms_set_.begin() <= first) return alarms_.keep_going();
  alarms_set_.insert(first);
  alarms_.at(first, [this, first] { let_go_due(first); });
}

void Coalescer::let_go_due(std::chrono::nanoseconds alarm) {
  Lock lock(mutex_);
  alarms_set_.erase(alarm);
  while (!dues_.empty() && dues_.begin()->first <= alarms_.now()) {
    Held& held = *lines_.at(dues_.begin()->second).held;
    const bool is_added = errands_.add(
        [this, key = dues_.begin()->second, number = held.number] { let_go(key, number); });
    if (!is_added) return;  // without memory: the next that is held back sets the alarm again
    dues_.erase(dues_.begin());
    held.due.reset();
  }
  set_alarm();
}

// Unless it went before.
void Coalescer::let_go(const std::string& key, std::uint64_t number) {
  Lock lock(mutex_);
  wait_until_sent(lock, key);
  const auto line = lines_.find(key);
  if (line != lines_.end() && line->second.held && line->second.held->number == number)
    send(lock, key);
}

}  // namespace annal
