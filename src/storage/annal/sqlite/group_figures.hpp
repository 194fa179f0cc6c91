// How the newest groups of requests fared.
#pragma once

#include "annal/log/event_log.hpp"

#include <array>
#include <chrono>
#include <mutex>

namespace annal::sqlite {

//   threads   any number of callers
class GroupFigures {
 public:
  void add(std::chrono::nanoseconds took, std::size_t requests);
  void tell(LogStatistics& statistics) const;

 private:
  struct Group {
    std::uint32_t microseconds, requests;
  };

  mutable std::mutex mutex_;
  std::array<Group, 1024> newest_{};
  std::uint64_t added_ = 0;
};

}  // namespace annal::sqlite
