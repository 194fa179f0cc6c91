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
  // From here on the event's report is kept.
  void expect(const Ulid& id) {
    std::lock_guard lock(mutex_);
    reports_[id] = std::nullopt;
    size_ = reports_.size();
  }
  //   cost      a load where nobody waits
  void keep(const Ulid& id, const DispatchReport& report) {
    if (size_ == 0) return;
    std::lock_guard lock(mutex_);
    if (const auto found = reports_.find(id); found != reports_.end()) found->second = report;
  }
  // Nothing if it has not come. It is expected no more.
  std::optional<DispatchReport> take(const Ulid& id) {
    std::lock_guard lock(mutex_);
    const auto found = reports_.find(id);
    if (found == reports_.end()) return std::nullopt;
    auto report = std::move(found->second);
    reports_.erase(found);
    size_ = reports_.size();
    return report;
  }

 private:
  std::mutex mutex_;
  std::map<Ulid, std::optional<DispatchReport>> reports_;
  std::atomic<std::size_t> size_{0};
};

}  // namespace annal
