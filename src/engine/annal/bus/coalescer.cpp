#include "annal/bus/coalescer.hpp"

#include <utility>

namespace annal {

Coalescer::Coalescer(Alarms& alarms, Send send) : alarms_(alarms), send_(std::move(send)) {}

// With the mutex.
std::optional<Envelope> Coalescer::take(std::unordered_map<std::string, Held>::iterator held) {
  Held taken = std::move(held->second);
  held_.erase(held);
  --size_;
  if (taken.count > 1) taken.last.metadata.emplace_back("coalesced", std::to_string(taken.count));
  return std::move(taken.last);
}

void Coalescer::hold(Envelope event, std::chrono::milliseconds within) {
  std::optional<Envelope> before;
  {
    std::lock_guard lock(mutex_);
    const std::string key = key_of(event);
    auto found = held_.find(key);
    if (found != held_.end() && found->second.last.type == event.type) {
      found->second.last = std::move(event);
      ++found->second.count;
      ++merged_;
      return;
    }
    if (found != held_.end()) before = take(found);
    const std::uint64_t number = ++last_number_;
    held_.emplace(key, Held{std::move(event), 1, number});
    ++size_;
    alarms_.after(within, [this, key, number] { let_go(key, number); });
  }
  if (before) send_(*std::move(before));
}

void Coalescer::let_go(const std::string& key, std::uint64_t number) {
  std::optional<Envelope> event;
  {
    std::lock_guard lock(mutex_);
    const auto found = held_.find(key);
    if (found != held_.end() && found->second.number == number) event = take(found);
  }
  if (event) send_(*std::move(event));
}

void Coalescer::let_go_before(const Envelope& event) {
  if (empty()) return;
  std::optional<Envelope> before;
  {
    std::lock_guard lock(mutex_);
    const auto found = held_.find(key_of(event));
    if (found != held_.end() && found->second.last.type != event.type) before = take(found);
  }
  if (before) send_(*std::move(before));
}

void Coalescer::let_go_all() {
  std::vector<Envelope> all;
  {
    std::lock_guard lock(mutex_);
    while (!held_.empty()) all.push_back(*take(held_.begin()));
  }
  for (auto& event : all) send_(std::move(event));
}

}  // namespace annal
