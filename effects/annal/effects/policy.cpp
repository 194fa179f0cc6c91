#include "annal/effects/policy.hpp"

#include "annal/error.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>

namespace annal::effects {

namespace {

constexpr std::array<std::string_view, 7> stage_names = {"cache",   "deduplicate", "queue",  "rate",
                                                         "circuit", "retry",       "timeout"};

bool says(const Policy& policy, Stage stage) {
  switch (stage) {
    case Stage::cache:
      return policy.cache != nullptr;
    case Stage::deduplicate:
      return policy.deduplicate != nullptr;
    case Stage::queue:
      return policy.queue != nullptr;
    case Stage::circuit:
      return policy.circuit != nullptr;
    case Stage::rate:
      return policy.rate != nullptr;
    case Stage::retry:
      return policy.retry.has_value();
    case Stage::timeout:
      return policy.timeout.has_value();
  }
  return false;
}

std::string milliseconds(std::chrono::nanoseconds time) {
  return std::to_string(std::chrono::ceil<std::chrono::milliseconds>(time).count()) + " ms";
}

std::string text_of(const Policy& policy, Stage stage) {
  std::string text(to_string(stage));
  if (stage == Stage::queue)
    text += ' ' + policy.queue->options().name + " at priority " + std::to_string(policy.priority);
  else if (stage == Stage::retry)
    text += ' ' + std::to_string(policy.retry->attempts - 1) + " times from " +
            milliseconds(policy.retry->first) + (policy.budget ? " within a budget" : "");
  else if (stage == Stage::timeout)
    text += ' ' + milliseconds(*policy.timeout);
  else if (stage == Stage::circuit)
    text += ' ' + policy.circuit->name();
  else if (stage == Stage::rate)
    text += ' ' + policy.rate->name();
  return text;
}

}  // namespace

std::string_view to_string(Stage stage) { return stage_names.at(static_cast<std::size_t>(stage)); }

const std::vector<Stage>& usual_order() {
  static const std::vector<Stage> order = {Stage::cache,  Stage::deduplicate, Stage::queue,
                                           Stage::rate,   Stage::circuit,     Stage::retry,
                                           Stage::timeout};
  return order;
}

std::vector<Stage> Policy::stages() const {
  std::vector<Stage> stages = order.empty() ? usual_order() : order;
  std::erase_if(stages, [&](Stage stage) { return !says(*this, stage); });
  return stages;
}

bool Policy::agrees_with(const Policy& other) const {
  const auto tries = [](const Policy& policy) {
    const RetryPolicy none{.attempts = 1};
    const RetryPolicy& of = policy.retry ? *policy.retry : none;
    return std::tuple(of.attempts, of.first, of.factor, of.longest, of.jitter);
  };
  return circuit == other.circuit && rate == other.rate && budget == other.budget &&
         timeout == other.timeout && tries(*this) == tries(other) && !retry_if && !other.retry_if &&
         stages() == other.stages();
}

std::string Policy::to_string() const {
  std::string text;
  for (const Stage stage : stages()) text += (text.empty() ? "" : " → ") + text_of(*this, stage);
  return text;
}

void check(const Policy& policy, std::string_view who) {
  const std::string of = "the policy of " + std::string(who);
  if (policy.retry) check(*policy.retry, of);
  if (!policy.retry && (policy.retry_if || policy.budget))
    throw InvalidInput(of + " says what is tried again, and not how often: give it `retry`");
  if (policy.timeout && policy.timeout->count() <= 0)
    throw InvalidInput(of + " leaves no time: its timeout must be above 0");
  if (policy.priority != 0 && !policy.queue)
    throw InvalidInput(of + " has a priority, and no queue in which it would count");
  const auto stages = policy.stages();
  const auto at = [&](Stage stage) { return std::find(stages.begin(), stages.end(), stage); };
  if (policy.timeout && !stages.empty() && stages.back() != Stage::timeout)
    throw InvalidInput(of +
                       " has stages within its timeout, which is of one attempt: name it last");
  for (const Stage remembering : {Stage::cache, Stage::deduplicate})
    if (says(policy, remembering) && policy.queue && at(Stage::queue) < at(remembering))
      throw InvalidInput(of + " waits in a queue for results that are remembered: name the stage " +
                         std::string(effects::to_string(remembering)) + " before queue");
  if (policy.order.empty()) return;
  for (const Stage stage : usual_order()) {
    const auto times = std::count(policy.order.begin(), policy.order.end(), stage);
    if (times > 1 || (times == 0 && says(policy, stage)))
      throw InvalidInput(of + " names the stage " + std::string(effects::to_string(stage)) + ' ' +
                         std::to_string(times) + " times in its order: name each it uses once");
  }
}

}  // namespace annal::effects
