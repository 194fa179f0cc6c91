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
  void write(Severity severity, std::string_view line) const {
    if (takes(severity)) sink_(severity, line);
  }

 private:
  LogSink sink_;
  Severity lowest_;
};

}  // namespace annal
