#include "print/progress.hpp"

#include "print/escape.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace annal::cli {
namespace {

constexpr std::size_t bar_width = 24;

std::string bar(std::uint64_t done, std::uint64_t total) {
  const double share =
      total == 0 ? 1.0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const auto filled = static_cast<std::size_t>(share * bar_width);
  std::string text = "[" + std::string(filled, '=') + std::string(bar_width - filled, ' ') + "] ";
  return text + std::to_string(static_cast<int>(share * 100)) + "% ";
}

}  // namespace

ProgressLine::ProgressLine(Output& err) : err_(err) {}

ProgressLine::~ProgressLine() {
  if (shown_) std::fputs("\r\033[K", stderr);
}

void ProgressLine::show(std::uint64_t done, std::optional<std::uint64_t> total,
                        std::string_view text) {
  if (!err_.is_terminal()) return;
  const auto now = std::chrono::steady_clock::now();
  if (shown_ && now - last_ < std::chrono::milliseconds{100}) return;
  shown_ = true;
  last_ = now;
  std::string line = total ? bar(done, *total) : std::string();
  line += text;
  err_.write("\r" + cut_to_width(line, err_.width() - 1) + "\033[K");
  err_.flush();
}

std::string Stopwatch::rate(std::uint64_t count) const {
  const double rate = static_cast<double>(count) / std::max(seconds(), 0.001);
  return std::to_string(static_cast<std::uint64_t>(rate)) + "/s";
}

std::string Stopwatch::in_words() const {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f s", seconds());
  return text.data();
}

std::string size_in_words(std::uint64_t bytes) {
  constexpr std::array units = {"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return std::to_string(bytes) + " bytes";
  double size = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; size >= 1024 && unit + 1 < units.size(); ++unit) size /= 1024;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f %s", size, units[unit]);
  return text.data();
}

}  // namespace annal::cli
