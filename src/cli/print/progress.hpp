// A line on a terminal that says how far a long command has come. Elsewhere it prints nothing:
// there the command's last line is enough.
#pragma once

#include "print/output.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace annal::cli {

class ProgressLine {
 public:
  explicit ProgressLine(Output& err);
  ~ProgressLine();  // leaves no trace of the line
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // At most ten times a second, however often it is called.
  //   total   what `done` will be in the end; a bar is drawn where it is known
  void show(std::uint64_t done, std::optional<std::uint64_t> total, std::string_view text);

 private:
  Output& err_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point last_{};
};

// Measures how long a command takes.
class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  // `12345/s`
  std::string rate(std::uint64_t count) const;
  // `1.25 s`
  std::string in_words() const;

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// `12 bytes`, `3.4 MiB`.
std::string size_in_words(std::uint64_t bytes);

}  // namespace annal::cli
