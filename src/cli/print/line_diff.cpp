#include "print/line_diff.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace annal::cli {
namespace {

using TextLines = std::vector<std::string_view>;  // newlines included

constexpr std::ptrdiff_t most_differences = 2048;

TextLines lines_of(std::string_view text) {
  TextLines lines;
  while (!text.empty()) {
    const auto newline = text.find('\n');
    const auto length = newline == std::string_view::npos ? text.size() : newline + 1;
    lines.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return lines;
}

// One line's fate: kept, removed or added.
struct Step {
  char sign;
  std::string_view line;
};

// Finds the shortest edit from one list of lines to another.
class ShortestEdit {
 public:
  ShortestEdit(const TextLines& before, const TextLines& after)
      : before_(before),
        after_(after),
        n_(static_cast<std::ptrdiff_t>(before.size())),
        m_(static_cast<std::ptrdiff_t>(after.size())) {}

  std::vector<Step> steps() {
    if (!search()) return replaced();
    return walk_back();
  }

 private:
  // furthest_[d][k + d] is how far into `before_` d differences reach on diagonal k = x - y.
  bool search() {
    for (std::ptrdiff_t d = 0; d <= std::min(n_ + m_, most_differences); ++d) {
      std::vector<std::ptrdiff_t> reached(static_cast<std::size_t>(2 * d + 1));
      for (std::ptrdiff_t k = -d; k <= d; k += 2) {
        std::ptrdiff_t x = d == 0 ? 0 : start(d, k);
        while (x < n_ && x - k < m_ && x - k >= 0 && before(x) == after(x - k)) ++x;
        reached[static_cast<std::size_t>(k + d)] = x;
        if (x >= n_ && x - k >= m_) {
          furthest_.push_back(std::move(reached));
          return true;
        }
      }
      furthest_.push_back(std::move(reached));
    }
    return false;
  }

  std::ptrdiff_t reached(std::ptrdiff_t d, std::ptrdiff_t k) const {
    return furthest_[static_cast<std::size_t>(d)][static_cast<std::size_t>(k + d)];
  }

  // True if the best way to diagonal k with d differences comes from k + 1: an added line.
  bool comes_from_above(std::ptrdiff_t d, std::ptrdiff_t k) const {
    return k == -d || (k != d && reached(d - 1, k - 1) < reached(d - 1, k + 1));
  }

  std::ptrdiff_t start(std::ptrdiff_t d, std::ptrdiff_t k) const {
    return comes_from_above(d, k) ? reached(d - 1, k + 1) : reached(d - 1, k - 1) + 1;
  }

  std::vector<Step> walk_back() const {
    std::vector<Step> steps;
    std::ptrdiff_t x = n_, y = m_;
    for (auto d = static_cast<std::ptrdiff_t>(furthest_.size()) - 1; d > 0; --d) {
      const std::ptrdiff_t k = x - y;
      const bool added = comes_from_above(d, k);
      const std::ptrdiff_t from = start(d, k);
      while (x > from) {
        steps.push_back({' ', before(--x)});
        --y;
      }
      if (added) {
        steps.push_back({'+', after(--y)});
      } else {
        steps.push_back({'-', before(--x)});
      }
    }
    while (x > 0) steps.push_back({' ', before(--x)});
    std::reverse(steps.begin(), steps.end());
    return steps;
  }

  std::vector<Step> replaced() const {
    std::vector<Step> steps;
    for (auto line : before_) steps.push_back({'-', line});
    for (auto line : after_) steps.push_back({'+', line});
    return steps;
  }

  std::string_view before(std::ptrdiff_t i) const { return before_[static_cast<std::size_t>(i)]; }
  std::string_view after(std::ptrdiff_t i) const { return after_[static_cast<std::size_t>(i)]; }

  const TextLines& before_;
  const TextLines& after_;
  std::ptrdiff_t n_, m_;
  std::vector<std::vector<std::ptrdiff_t>> furthest_;
};

std::vector<Step> steps_between(TextLines before, TextLines after) {
  std::vector<Step> head, tail;
  std::size_t common = 0;
  while (common < before.size() && common < after.size() && before[common] == after[common])
    head.push_back({' ', before[common++]});
  while (before.size() > common && after.size() > common && before.back() == after.back()) {
    tail.push_back({' ', before.back()});
    before.pop_back();
    after.pop_back();
  }
  const auto offset = static_cast<std::ptrdiff_t>(common);
  before.erase(before.begin(), before.begin() + offset);
  after.erase(after.begin(), after.begin() + offset);
  auto middle = ShortestEdit(before, after).steps();
  head.insert(head.end(), middle.begin(), middle.end());
  head.insert(head.end(), tail.rbegin(), tail.rend());
  return head;
}

std::string range_of(std::size_t first, std::size_t count) {
  const std::size_t shown = count == 0 ? first : first + 1;
  return std::to_string(shown) + (count == 1 ? "" : "," + std::to_string(count));
}

// A stretch of steps around changes, [begin, end).
struct Hunk {
  std::size_t begin, end;
};

std::vector<Hunk> hunks_of(const std::vector<Step>& steps, std::size_t context) {
  std::vector<Hunk> hunks;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].sign == ' ') continue;
    const std::size_t begin = i > context ? i - context : 0;
    const std::size_t end = std::min(i + context + 1, steps.size());
    if (!hunks.empty() && begin <= hunks.back().end)
      hunks.back().end = end;
    else
      hunks.push_back({begin, end});
  }
  return hunks;
}

void print_step(const Step& step, std::vector<std::string>& out) {
  const bool complete = step.line.ends_with('\n');
  out.push_back(step.sign +
                std::string(step.line.substr(0, step.line.size() - (complete ? 1 : 0))));
  if (!complete) out.push_back("\\ No newline at end of text");
}

}  // namespace

std::vector<std::string> unified_diff(std::string_view before, std::string_view after,
                                      std::size_t context) {
  const auto steps = steps_between(lines_of(before), lines_of(after));
  std::vector<std::string> out;
  std::size_t old_line = 0, new_line = 0, reached = 0;
  const auto advance = [&](const Step& step) {
    if (step.sign != '+') ++old_line;
    if (step.sign != '-') ++new_line;
  };
  for (const auto& hunk : hunks_of(steps, context)) {
    for (; reached < hunk.begin; ++reached) advance(steps[reached]);
    const std::size_t old_first = old_line, new_first = new_line;
    const std::size_t head = out.size();
    out.emplace_back();
    for (; reached < hunk.end; ++reached) {
      advance(steps[reached]);
      print_step(steps[reached], out);
    }
    out[head] = "@@ -" + range_of(old_first, old_line - old_first) + " +" +
                range_of(new_first, new_line - new_first) + " @@";
  }
  return out;
}

}  // namespace annal::cli
