#include "annal/bus/rules.hpp"

#include "annal/bus/live_rule.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace annal {

namespace {

// What a Connection holds, and the subscription of the rule.
class RuleSeat final : public Attachment {
 public:
  RuleSeat(Connection subscription, const std::shared_ptr<Rules::State>& rules,
           const std::shared_ptr<LiveRule>& rule)
      : subscription_(std::move(subscription)), rules_(rules), rule_(rule) {}
  // Released: it stays for as long as the bus.
  ~RuleSeat() override { subscription_.release(); }

  // A dispatch may hold the rule for long; its name is free at once.
  void cut() noexcept override {
    watched_ = rule_.lock();
    if (watched_) watched_->cut();
    if (const auto rules = rules_.lock()) rules->forget(rule_);
    subscription_.disconnect();
  }
  void wait_until_idle() override {
    if (watched_) watched_->wait_until_idle();
  }
  void pause(bool paused) noexcept override {
    if (paused)
      subscription_.pause();
    else
      subscription_.resume();
  }

 private:
  Connection subscription_;
  const std::weak_ptr<Rules::State> rules_;
  const std::weak_ptr<LiveRule> rule_;
  std::shared_ptr<LiveRule> watched_;
};

}  // namespace

std::vector<std::shared_ptr<LiveRule>> Rules::State::members() {
  std::vector<std::shared_ptr<LiveRule>> result;
  std::lock_guard lock(mutex);
  for (const auto& each : rules)
    if (auto rule = each.lock()) result.push_back(std::move(rule));
  return result;
}

void Rules::State::join(const std::shared_ptr<LiveRule>& rule) {
  std::vector<std::shared_ptr<LiveRule>> known;  // what ends with a rule may cut another
  std::lock_guard lock(mutex);
  std::erase_if(rules, [](const auto& each) { return each.expired(); });
  for (const auto& each : rules) {
    known.push_back(each.lock());
    if (known.back() && known.back()->name() == rule->name())
      throw InvalidInput("there is a rule called \"" + rule->name() +
                         "\" already: each needs a name of its own");
  }
  rules.push_back(rule);
}

void Rules::State::forget(const std::weak_ptr<LiveRule>& rule) noexcept {
  std::lock_guard lock(mutex);
  std::erase_if(rules, [&](const auto& each) {
    return !each.owner_before(rule) && !rule.owner_before(each);
  });
}

// In this order: what is recorded after the head was read is later than what is settled.
Timestamp Rules::State::told_until(Timestamp settled) const {
  const EventLog* const recorded = log();
  if (!recorded || recorded->head().value <= told_through.load()) return settled;
  return std::min(settled, Timestamp(std::chrono::microseconds(told_at.load())));
}

Rules::Rules(std::shared_ptr<State> state) : state_(std::move(state)) {}
Rules::~Rules() = default;

Connection Rules::add(Rule rule) {
  const auto live = std::make_shared<LiveRule>(*state_, std::move(rule));
  state_->join(live);
  auto subscription = state_->subscriptions.add(
      live->interest(), EventTaker([live](const EventPointer& event) { live->take(event); }),
      {.name = rule_source(live->name())});
  Connection connection(std::make_shared<RuleSeat>(std::move(subscription), state_, live));
  live->begin(state_->log(), state_->begun());
  return connection;
}

std::vector<RuleStatus> Rules::status() const {
  std::vector<RuleStatus> result;
  for (const auto& rule : state_->members()) result.push_back(rule->status());
  return result;
}

}  // namespace annal
