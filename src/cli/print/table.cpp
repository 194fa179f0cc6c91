#include "print/table.hpp"

#include "print/escape.hpp"

#include <algorithm>

namespace annal::cli {

void Table::add(std::vector<std::string> row) {
  for (auto& cell : row) cell = escape_controls(cell, Lines::escaped);
  rows_.push_back(std::move(row));
}

void Table::print(Output& out) const {
  if (out.is_terminal()) return print_aligned(out);
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += (i > 0 ? "\t" : "") + row[i];
    out.line(line);
  }
}

void Table::print_aligned(Output& out) const {
  if (rows_.empty()) return;
  std::vector<std::size_t> widths;
  for (const auto& title : heading_) widths.push_back(display_width(title));
  // No column but the last takes more than half the terminal: the others are to be seen, too.
  const auto shown = [&](const std::string& cell, std::size_t column) {
    return column + 1 < heading_.size() ? cut_to_width(cell, out.width() / 2) : cell;
  };
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], display_width(shown(row[i], i)));

  const auto line_of = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string cell = shown(row[i], i);
      line += cell;
      if (i + 1 < row.size()) line.append(widths[i] - display_width(cell) + 2, ' ');
    }
    return cut_to_width(line, out.width());
  };
  out.line(out.styled(Style::bold, line_of(heading_)));
  for (const auto& row : rows_) out.line(line_of(row));
}

}  // namespace annal::cli
