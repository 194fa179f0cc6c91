#include "annal/bus/rules/rule_checks.hpp"

#include "annal/error.hpp"

#include <algorithm>
#include <cmath>

namespace annal::rules {
namespace {

bool is_rule_name(std::string_view name) {
  const auto fits = [](char c) { return c > 0x20 && c < 0x7f && c != '@'; };
  return !name.empty() && name.size() <= longest_rule_name &&
         std::all_of(name.begin(), name.end(), fits);
}

}  // namespace

RuleChecks::RuleChecks(const std::string& rule_name) : rule_name_(rule_name) {
  if (!is_rule_name(rule_name))
    throw InvalidInput("a rule cannot have the name \"" + rule_name + "\": give it one of 1–" +
                       std::to_string(longest_rule_name) + " visible ASCII characters, no @");
}

void RuleChecks::refuse(std::string_view option, const std::string& value,
                        const std::string& remedy) const {
  throw InvalidInput("the rule " + rule_name_ + " cannot have " + std::string(option) + " = " +
                     value + ": " + remedy);
}

void RuleChecks::given(std::string_view option, bool is_given) const {
  if (!is_given) refuse(option, "nothing", "give it a function");
}

void RuleChecks::query(std::string_view option, const Query& query) const {
  if (query.items.empty())
    refuse(option, "nothing", "say which events it means; for every event, those of type *");
}

void RuleChecks::span(std::string_view option, std::chrono::microseconds value,
                      bool may_be_zero) const {
  const auto least = std::chrono::microseconds(may_be_zero ? 0 : 1);
  if (value < least || value > longest_span)
    refuse(option, std::to_string(value.count()) + " µs",
           "give it " + std::to_string(least.count()) + " µs to 3653 days");
}

void RuleChecks::number(std::string_view option, std::size_t value, std::size_t least,
                        std::size_t most) const {
  if (value < least || value > most)
    refuse(option, std::to_string(value),
           "give it " + std::to_string(least) + "–" + std::to_string(most));
}

void RuleChecks::number(std::string_view option, double value, bool positive) const {
  if (!std::isfinite(value) || (positive && value <= 0))
    refuse(option, std::to_string(value),
           positive ? "give it a finite number above 0" : "give it a finite number");
}

}  // namespace annal::rules
