#include "annal/aspects/metrics.hpp"

#include <algorithm>

namespace annal {

std::chrono::nanoseconds MethodMetrics::mean() const {
  if (count == 0) return {};
  return std::chrono::nanoseconds(total.count() / static_cast<std::int64_t>(count));
}

double MethodMetrics::error_rate() const {
  return count == 0 ? 0 : static_cast<double>(errors) / static_cast<double>(count);
}

void Metrics::around(const JoinPoint& point, const std::function<void()>& proceed) {
  const auto start = clock_->reading();
  try {
    proceed();
  } catch (...) {
    note(point.name, clock_->reading() - start, true);
    throw;
  }
  note(point.name, clock_->reading() - start, false);
}

void Metrics::note(std::string_view target, std::chrono::nanoseconds duration, bool failed) {
  std::lock_guard lock(mutex_);
  auto found = methods_.find(target);
  if (found == methods_.end()) {
    found = methods_.emplace(std::string(target), MethodMetrics{}).first;
    found->second.name = found->first;
    found->second.min = duration;
  }
  MethodMetrics& method = found->second;
  method.count += 1;
  method.errors += failed ? 1 : 0;
  method.min = std::min(method.min, duration);
  method.max = std::max(method.max, duration);
  method.total += duration;
}

std::vector<MethodMetrics> Metrics::snapshot() const {
  std::lock_guard lock(mutex_);
  std::vector<MethodMetrics> all;
  all.reserve(methods_.size());
  for (const auto& [name, method] : methods_) all.push_back(method);
  return all;
}

MethodMetrics Metrics::of(std::string_view target) const {
  std::lock_guard lock(mutex_);
  const auto found = methods_.find(target);
  if (found != methods_.end()) return found->second;
  MethodMetrics none;
  none.name = target;
  return none;
}

void Metrics::reset() {
  std::lock_guard lock(mutex_);
  methods_.clear();
}

}  // namespace annal
