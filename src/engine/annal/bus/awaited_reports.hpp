// Reports of recorded events, for those who publish them and wait until the dispatcher has told them.
#pragma once

#include "annal/bus/bus.hpp"

#include <atomic>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>

namespace annal {

//   threads   every member: any number of callers
class AwaitedReports {
 public:
  // From here on the event's report is kept, for one more who takes it.
  void expect(const Ulid& id) {
    std::lock_guard lock(mutex_);
    ++reports_[id].takers;
    size_ = reports_.size();
  }
  //   cost      a load where nobody waits
  void keep(const Ulid& id, const DispatchReport& report) {
    if (size_ == 0) return;
    std::lock_guard lock(mutex_);
    if (const auto found = reports_.find(id); found != reports_.end())
      found->second.report = report;
  }
  // Nothing if it has not come. One less expects it.
  std::optional<DispatchReport> take(const Ulid& id) {
    std::lock_guard lock(mutex_);
    const auto found = reports_.find(id);
    if (found == reports_.end()) return std::nullopt;
    auto report = found->second.report;
    if (--found->second.takers == 0) reports_.erase(found);
    size_ = reports_.size();
    return report;
  }

 private:
  struct Awaited {
    std::size_t takers = 0;  // several, where they publish events of one id at once
    std::optional<DispatchReport> report;
  };

  std::mutex mutex_;
  std::map<Ulid, Awaited> reports_;
  std::atomic<std::size_t> size_{0};
};

}  // namespace annal
