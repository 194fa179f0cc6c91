// A value that many threads read while now and then one replaces it: readers never wait.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace annal {

//   threads   every member: any number of callers; destroyed when no reading is left
template <class T>
class Replaceable {
 public:
  // The value as it was when the reading began, kept as long as this lives.
  class Reading {
   public:
    explicit Reading(const Replaceable& source) : source_(&source) {
      source.readings_.fetch_add(1);
      value_ = source.current_.load();
    }
    // The same value, whatever stands in its place by now.
    Reading(const Reading& other) : source_(other.source_), value_(other.value_) {
      source_->readings_.fetch_add(1);
    }
    Reading(Reading&& other) noexcept
        : source_(std::exchange(other.source_, nullptr)), value_(other.value_) {}
    Reading& operator=(Reading&&) = delete;
    ~Reading() {
      if (source_ != nullptr) source_->end_reading();
    }

    const T& operator*() const { return *value_; }
    const T* operator->() const { return value_; }

   private:
    const Replaceable* source_;
    const T* value_;
  };

  explicit Replaceable(std::unique_ptr<const T> value) : current_(value.release()) {}
  Replaceable(const Replaceable&) = delete;
  Replaceable& operator=(const Replaceable&) = delete;
  ~Replaceable() { delete current_.load(); }

  //   cost      two uncontended atomic operations, one at the reading's end
  Reading read() const { return Reading(*this); }

  // Readings begun from now on see the new value. The one before is destroyed once there is a
  // moment without a reading, by destroy_replaced
  // or by the thread whose reading is the last to end.
  void replace(std::unique_ptr<const T> value) {
    std::lock_guard lock(mutex_);
    replaced_.reserve(replaced_.size() + 1);
    replaced_.emplace_back(current_.exchange(value.release()));
    anything_replaced_ = true;
  }

  // Destroys replaced values unless there are readings. To be called after replace, where
  // destructors may run: outside the locks they might want.
  void destroy_replaced() const {
    if (!anything_replaced_ || readings_ != 0) return;
    Replaced unused;  // destroyed outside the lock: what it holds may come back here
    std::lock_guard lock(mutex_);
    if (readings_ != 0) return;  // the last of those will do it
    anything_replaced_ = false;
    unused.swap(replaced_);
  }

 private:
  using Replaced = std::vector<std::unique_ptr<const T>>;

  // Whoever finds no reading after a value was replaced may destroy it: a reading that begins later
  // gets the newer one. All operations are sequentially consistent,
  // so one of the two sides finds that.
  void end_reading() const {
    if (readings_.fetch_sub(1) == 1 && anything_replaced_) destroy_replaced();
  }

  mutable std::atomic<std::size_t> readings_ = 0;
  std::atomic<const T*> current_;
  mutable std::atomic<bool> anything_replaced_ = false;
  mutable std::mutex mutex_;
  mutable Replaced replaced_;
};

}  // namespace annal
