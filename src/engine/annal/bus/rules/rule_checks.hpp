// What every kind of rule demands of its options.
#pragma once

#include "annal/bus/rules/rule.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace annal::rules {

inline constexpr std::size_t longest_rule_name = 64;
inline constexpr std::size_t most_keys = 10'000'000;
inline constexpr std::size_t most_events_per_key = 10'000;
inline constexpr std::chrono::microseconds longest_span = std::chrono::hours(24 * 3653);

// Each throws InvalidInput naming the rule, the option, its value and what it may be.
class RuleChecks {
 public:
  // The name itself is checked here.
  explicit RuleChecks(const std::string& rule_name);

  void given(std::string_view option, bool is_given) const;
  void query(std::string_view option, const Query& query) const;
  // More than nothing, at most ten years; `may_be_zero` allows nothing, too.
  void span(std::string_view option, std::chrono::microseconds value,
            bool may_be_zero = false) const;
  void number(std::string_view option, std::size_t value, std::size_t least,
              std::size_t most) const;
  // Finite and, if `positive`, more than 0.
  void number(std::string_view option, double value, bool positive) const;

  [[noreturn]] void refuse(std::string_view option, const std::string& value,
                           const std::string& remedy) const;

 private:
  const std::string& rule_name_;
};

}  // namespace annal::rules
