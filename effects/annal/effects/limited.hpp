// Work that somebody waits for so long and no longer. For runs.
#pragma once

#include "annal/effects/run_time.hpp"
#include "annal/effects/workers.hpp"

#include <chrono>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

namespace annal::effects {

// Ends with whoever leaves it last: it keeps what it uses.
class Limited {
 public:
  virtual ~Limited() = default;
  virtual void work() = 0;

  std::stop_source stop;      // asked for when nobody waits any longer
  std::exception_ptr thrown;  // by the work, if it came in time
};

// Where a worker is free, and time passes by itself, it does the work, and is left behind when the time
// is up. Otherwise it is done here, and comes too late when it comes, unless it throws.
//   returns   whether it came in time
bool perform_within(std::chrono::nanoseconds limit, const std::shared_ptr<Limited>& limited,
                    Workers* workers, const RunTime& time);

// `it was not done within 20 ms`
std::string time_is_up(std::chrono::nanoseconds limit);

}  // namespace annal::effects
