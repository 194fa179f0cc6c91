#include "annal/bus/figures.hpp"

#include <algorithm>
#include <bit>

namespace annal {

namespace {

constexpr std::uint64_t shortest = 64;  // ns; anything shorter is counted as this
constexpr unsigned first_octave = 6;    // of 64

}  // namespace

std::int64_t second_of(Timestamp time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

void SlidingCount::move_to(std::int64_t second) {
  if (second <= newest_) return;
  const std::int64_t passed = std::min(second - newest_, slots);
  for (std::int64_t i = 1; i <= passed; ++i)
    counts_[static_cast<std::size_t>((newest_ + i) % slots)] = 0;
  if (passed == slots) counts_.fill(0);
  newest_ = second;
  place_ = static_cast<std::size_t>(second % slots);
}

double SlidingCount::per_minute(Timestamp now) const {
  const std::int64_t second = std::max(second_of(now), newest_);
  const auto into =
      std::chrono::duration<double>(now - std::chrono::floor<std::chrono::seconds>(now));
  double sum = 0;
  for (std::int64_t back = 0; back < slots; ++back) {
    const std::int64_t slot = second - back;
    if (slot > newest_ || slot <= newest_ - slots || slot < 0) continue;
    // The oldest second has partly left the window.
    const double part = back == slots - 1 ? 1 - into.count() : 1;
    sum += part * counts_[static_cast<std::size_t>(slot % slots)];
  }
  return sum;
}

void SlidingCount::add(const SlidingCount& other) {
  move_to(other.newest_);
  for (std::int64_t slot = other.newest_; slot > other.newest_ - slots; --slot)
    if (slot > newest_ - slots && slot >= 0)
      counts_[static_cast<std::size_t>(slot % slots)] +=
          other.counts_[static_cast<std::size_t>(slot % slots)];
}

std::size_t LatencyHistogram::slot_of(std::uint64_t nanoseconds) {
  const std::uint64_t value = std::max(nanoseconds, shortest);
  const auto octave = static_cast<unsigned>(std::bit_width(value)) - 1;
  const std::uint64_t quarter = (value >> (octave - 2)) & 3;
  return std::min<std::size_t>((octave - first_octave) * 4 + quarter, slots - 1);
}

std::chrono::nanoseconds LatencyHistogram::value_of(std::size_t slot) {
  const std::uint64_t octave = shortest << (slot / 4);
  return std::chrono::nanoseconds(octave + octave / 4 * (slot % 4) + octave / 8);
}

void LatencyHistogram::add(std::chrono::nanoseconds duration) {
  const auto taken = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
  counts_[slot_of(taken)].fetch_add(1, std::memory_order_relaxed);
  auto longest = longest_.load(std::memory_order_relaxed);
  while (taken > longest && !longest_.compare_exchange_weak(longest, taken)) continue;
}

void LatencyHistogram::add_to(LatencyHistogram& other) const {
  for (std::size_t slot = 0; slot < slots; ++slot)
    other.counts_[slot] += counts_[slot].load(std::memory_order_relaxed);
  other.longest_ = std::max(other.longest_.load(), longest_.load());
}

std::chrono::nanoseconds LatencyHistogram::quantile(double part, std::uint64_t all) const {
  const auto wanted = static_cast<std::uint64_t>(part * static_cast<double>(all - 1)) + 1;
  std::uint64_t seen = 0;
  for (std::size_t slot = 0; slot < slots; ++slot)
    if ((seen += counts_[slot].load(std::memory_order_relaxed)) >= wanted)
      return std::min(value_of(slot), std::chrono::nanoseconds(longest_.load()));
  return std::chrono::nanoseconds(longest_.load());
}

Latencies LatencyHistogram::latencies() const {
  Latencies result;
  for (const auto& count : counts_) result.measured += count.load(std::memory_order_relaxed);
  if (result.measured == 0) return result;
  result.p50 = quantile(0.5, result.measured);
  result.p95 = quantile(0.95, result.measured);
  result.p99 = quantile(0.99, result.measured);
  result.longest = std::chrono::nanoseconds(longest_.load());
  return result;
}

}  // namespace annal
