#include "annal/sqlite/group_figures.hpp"

#include <algorithm>
#include <vector>

namespace annal::sqlite {

void GroupFigures::add(std::chrono::nanoseconds took, std::size_t requests) {
  using std::chrono::duration_cast, std::chrono::microseconds;
  std::lock_guard lock(mutex_);
  newest_[added_++ % newest_.size()] = {
      static_cast<std::uint32_t>(duration_cast<microseconds>(took).count()),
      static_cast<std::uint32_t>(requests)};
}

void GroupFigures::tell(LogStatistics& statistics) const {
  std::lock_guard lock(mutex_);
  const auto count = std::min<std::uint64_t>(added_, newest_.size());
  if (count == 0) return;
  const auto sorted = [&](std::uint32_t Group::*figure) {
    std::vector<std::uint32_t> figures;
    for (std::uint64_t i = 0; i < count; ++i) figures.push_back(newest_[i].*figure);
    std::sort(figures.begin(), figures.end());
    return figures;
  };
  const auto times = sorted(&Group::microseconds), sizes = sorted(&Group::requests);
  statistics.sync_p50 = std::chrono::microseconds(times[count / 2]);
  statistics.sync_p99 = std::chrono::microseconds(times[count * 99 / 100]);
  statistics.group_p50 = sizes[count / 2];
  statistics.group_p99 = sizes[count * 99 / 100];
}

}  // namespace annal::sqlite
