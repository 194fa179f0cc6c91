// Who follows a log under which name in this process; only one process can write to a log.
#pragma once

#include "annal/log/event_log.hpp"

#include <string>
#include <string_view>

namespace annal {

// 1–256 visible ASCII characters, no `@`, which stands behind the name in keys of records.
bool is_follower_name(std::string_view name);

//   threads   any number of callers
class NameClaim {
 public:
  //   what      `subscription`, `projection`: names of different kinds do not meet
  //   throws    ConfigurationError if another one in this process has the name
  NameClaim(const EventLog& log, std::string what, std::string name);
  ~NameClaim();
  NameClaim(const NameClaim&) = delete;
  NameClaim& operator=(const NameClaim&) = delete;

  // Before its time.
  void release();

 private:
  const EventLog* const log_;
  const std::string name_;
  bool held_ = true;
};

}  // namespace annal
