// Lines for whoever runs the program.
#pragma once

#include "annal/severity.hpp"

#include <functional>
#include <string_view>

namespace annal {

using LogSink = std::function<void(Severity severity, std::string_view line)>;

// A sink and what is worth giving to it.
//   threads   any number of callers, as far as the sink allows it
class LogLines {
 public:
  //   sink      standard error when empty
  LogLines(LogSink sink, Severity lowest);

  bool takes(Severity severity) const { return severity >= lowest_; }

  // Gives the sink one line, control characters escaped, and ` request=…` behind it if there is a
  // request. Never fails: what a line tells of has happened, whether or not it can be told.
  void write(Severity severity, std::string_view line,
             std::string_view request_id = {}) const noexcept;

 private:
  LogSink sink_;
  Severity lowest_;
};

}  // namespace annal
