#include "annal/effects/faults.hpp"

namespace annal::effects {

Handlers Faults::over(const Handlers& handlers) const {
  Handlers faulty = handlers.overlay();
  faulty.surround({plan_});
  return faulty;
}

void Faults::Plan::around(const JoinPoint& point, const std::function<void()>& proceed) {
  std::function<void()> before, after;
  {
    std::lock_guard lock(mutex_);
    Of& of = points_[std::string(point.name)];
    ++of.count;
    for (const Fault& fault : of.faults)
      if (fault.nth == 0 || fault.nth == of.count)
        (fault.is_performed ? after : before) = fault.raise;
  }
  if (before) before();
  proceed();
  if (after) after();
}

void Faults::Plan::add(const std::string& point, Fault fault) {
  std::lock_guard lock(mutex_);
  points_[point].faults.push_back(std::move(fault));
}

std::uint64_t Faults::Plan::count(const std::string& point) const {
  std::lock_guard lock(mutex_);
  const auto found = points_.find(point);
  return found == points_.end() ? 0 : found->second.count;
}

}  // namespace annal::effects
