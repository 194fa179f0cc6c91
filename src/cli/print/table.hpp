// Rows for people on a terminal, tab-separated lines for programs elsewhere.
#pragma once

#include "print/output.hpp"

#include <string>
#include <vector>

namespace annal::cli {

// On a terminal: a heading, columns aligned and cut to half the terminal, lines cut where it ends. Elsewhere:
// no heading, one tab between cells, and control characters escaped so that a row is a line.
class Table {
 public:
  explicit Table(std::vector<std::string> heading) : heading_(std::move(heading)) {}
  // As many cells as the heading has.
  void add(std::vector<std::string> row);
  void print(Output& out) const;

 private:
  void print_aligned(Output& out) const;
  std::vector<std::string> heading_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace annal::cli
