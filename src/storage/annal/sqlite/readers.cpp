#include "annal/sqlite/readers.hpp"

#include <algorithm>
#include <utility>

namespace annal::sqlite {

namespace {

constexpr std::chrono::seconds stays{1};  // a read that has taken so long, and is not waited for

}  // namespace

Readers::Readers(std::size_t bound, std::function<std::unique_ptr<Reader>()> open)
    : bound_(std::max<std::size_t>(bound, 1)), open_(std::move(open)) {
  idle_.reserve(bound_);  // giving back cannot fail
  begun_.reserve(bound_);
}

std::unique_ptr<Reader> Readers::take(Steady::time_point& begun) {
  std::unique_lock lock(mutex_);
  returned_.wait(lock, [this] { return !held_ && (!idle_.empty() || opened_ < bound_); });
  begun = Steady::now();
  begun_.push_back(begun);
  if (!idle_.empty()) {
    auto reader = std::move(idle_.back());
    idle_.pop_back();
    return reader;
  }
  ++opened_;
  lock.unlock();
  try {
    return open_();
  } catch (...) {
    give_back(nullptr, begun);
    throw;
  }
}

void Readers::give_back(std::unique_ptr<Reader> reader, Steady::time_point begun) noexcept {
  std::lock_guard lock(mutex_);
  begun_.erase(std::find(begun_.begin(), begun_.end(), begun));
  if (reader)
    idle_.push_back(std::move(reader));
  else
    --opened_;
  returned_.notify_one();
  if (begun_.empty()) quiet_.notify_all();
}

bool Readers::hold(std::chrono::milliseconds at_most) {
  std::unique_lock lock(mutex_);
  if (!begun_.empty() && Steady::now() - begun_.front() >= stays) return false;
  held_ = true;
  if (quiet_.wait_for(lock, at_most, [this] { return begun_.empty(); })) return true;
  held_ = false;
  returned_.notify_all();
  return false;
}

void Readers::release() noexcept {
  std::lock_guard lock(mutex_);
  held_ = false;
  returned_.notify_all();
}

std::chrono::microseconds Readers::oldest() const {
  std::lock_guard lock(mutex_);
  if (begun_.empty()) return {};
  return std::chrono::duration_cast<std::chrono::microseconds>(Steady::now() - begun_.front());
}

void Readers::close() {
  std::lock_guard lock(mutex_);
  idle_.clear();
}

}  // namespace annal::sqlite
