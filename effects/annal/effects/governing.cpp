// The stages of a policy, each around the next.
#include "annal/effects/governed_call.hpp"
#include "annal/effects/limited.hpp"
#include "annal/event/randomness.hpp"
#include "annal/time/bounded_wait.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <random>

namespace annal::effects {

namespace {

using std::chrono::nanoseconds;

// What is worth another attempt, unless the policy says otherwise.
bool is_passing(const Failure& failure) {
  return failure.kind == FailureKind::transient || failure.kind == FailureKind::timeout;
}

// What was thrown says nothing about whoever performs the effect.
bool says_nothing(FailureKind kind) {
  return kind == FailureKind::cancelled || kind == FailureKind::overloaded ||
         kind == FailureKind::rate_limited || kind == FailureKind::vetoed;
}

std::mt19937_64 random_of(Randomness* randomness) {
  std::array<std::uint8_t, sizeof(std::uint64_t)> bytes;
  (randomness != nullptr ? *randomness : system_randomness()).fill(bytes);
  std::uint64_t seed = 0;
  std::memcpy(&seed, bytes.data(), bytes.size());
  return std::mt19937_64(seed);
}

// An attempt that may be left behind, and so works on copies.
struct LimitedAttempt final : Limited {
  LimitedAttempt(const GovernedCall& of, const std::vector<GovernedCall*>& others,
                 const EffectContext& given)
      : call(of.detached()),
        request_id(given.request_id),
        key(given.key),
        context(given),
        with_whole(given.stop, [this] { stop.request_stop(); }) {
    for (const GovernedCall* other : others) with.push_back(other->detached());
    context.stop = stop.get_token();
    context.request_id = request_id;
    context.key = key;
  }
  void work() override {
    std::vector<GovernedCall*> others;
    for (const auto& other : with) others.push_back(other.get());
    call->attempt(context, others);
  }
  void give_results(GovernedCall& to, const std::vector<GovernedCall*>& others) const {
    to.set_result(call->result());
    for (std::size_t i = 0; i < others.size(); ++i) others[i]->set_result(with[i]->result());
  }

  const std::shared_ptr<GovernedCall> call;
  std::vector<std::shared_ptr<GovernedCall>> with;
  const std::string request_id, key;
  EffectContext context;
  std::stop_callback<std::function<void()>> with_whole;
};

class Governing {
 public:
  Governing(GovernedCall& call, const Policy& policy, const Surroundings& around)
      : call_(call),
        policy_(policy),
        around_(around),
        stages_(policy.stages()),
        context_(around.context) {}

  void go(std::size_t stage) {
    if (stage == stages_.size()) return call_.attempt(context_, with_);
    switch (stages_[stage]) {
      case Stage::cache:
        return remember(*policy_.cache, call_.cache_key(), stage);
      case Stage::deduplicate:
        return remember(*policy_.deduplicate, call_.idempotency_key(), stage);
      case Stage::queue:
        return policy_.queue->pass(
            call_, policy_.priority, context_.stop,
            [&](const std::vector<GovernedCall*>& with) { perform_with(with, stage); });
      case Stage::circuit:
        return pass_circuit(stage);
      case Stage::rate:
        wait_for_token();
        return go(stage + 1);
      case Stage::retry:
        return retry(stage);
      case Stage::timeout:
        return limit();
    }
  }

 private:
  EffectFailed failed(FailureKind kind, std::string what) const {
    return EffectFailed({.kind = kind,
                         .effect = std::string(call_.name()),
                         .what = std::move(what),
                         .attempts = call_.attempts});
  }

  // What several runs share is finished once it is begun, whichever of them is asked to stop.
  void perform_with(const std::vector<GovernedCall*>& with, std::size_t stage) {
    if (with.empty()) return go(stage + 1);
    // What is around the queue goes on alone, with what was its own.
    struct Together {
      ~Together() {
        for (GovernedCall* other : of.with_) other->attempts = of.call_.attempts;
        of.with_.clear();
        of.context_ = alone;
      }
      Governing& of;
      const EffectContext alone;
    } const together{*this, context_};
    with_ = with;
    context_.stop = {};
    context_.deadline = {};
    context_.key = {};
    go(stage + 1);
  }

  // An effect that says it has no key is performed each time.
  void remember(RememberedResults& results, std::optional<std::string> key, std::size_t stage) {
    if (!key || key->empty()) return go(stage + 1);
    // One object may serve as both.
    const std::string full = std::string(to_string(stages_[stage])) + ' ' + *key;
    call_.set_result(results.get(call_.handler(), full, context_.stop, [&] {
      go(stage + 1);
      return call_.result();
    }));
  }

  void pass_circuit(std::size_t stage) {
    ControlContext trial;
    if (auto why = policy_.circuit->refusal(trial)) throw failed(FailureKind::circuit_open, *why);
    try {
      go(stage + 1);
    } catch (...) {
      if (says_nothing(failure_of(std::current_exception()).kind))
        policy_.circuit->withdrawn();
      else
        policy_.circuit->failed();
      throw;
    }
    policy_.circuit->succeeded();
  }

  void wait_for_token() {
    const std::string key = call_.rate_key();
    const nanoseconds patience =
        context_.deadline ? std::max(*context_.deadline - around_.time.reading(), nanoseconds(0))
                          : longest_wait;
    const auto wait = policy_.rate->reserve(key, patience);
    if (!wait)
      throw failed(FailureKind::rate_limited, "too many of " + key + " in too short a time");
    sleep(*wait);
  }

  void retry(std::size_t stage) {
    const RetryPolicy& policy = *policy_.retry;
    if (policy_.budget) policy_.budget->deposit();
    std::optional<std::mt19937_64> random;
    for (unsigned attempt = 1;; ++attempt) {
      call_.attempts = context_.attempt = attempt;
      try {
        return go(stage + 1);
      } catch (...) {
        if (!is_tried_again(attempt)) throw;
      }
      if (!random) random = random_of(around_.randomness);
      sleep(pause_after(static_cast<int>(attempt), policy, *random));
    }
  }

  // From inside a catch block.
  bool is_tried_again(unsigned attempt) const {
    if (static_cast<int>(attempt) >= policy_.retry->attempts || context_.stop.stop_requested())
      return false;
    Failure failure = failure_of(std::current_exception());
    failure.effect = call_.name();
    failure.attempts = attempt;
    if (!(policy_.retry_if ? policy_.retry_if(failure) : is_passing(failure))) return false;
    return !policy_.budget || policy_.budget->try_withdraw();
  }

  void limit() {
    const nanoseconds time = bounded_wait(*policy_.timeout);
    EffectContext context = context_;
    context.deadline = around_.time.reading() + time;
    if (context_.deadline) context.deadline = std::min(*context.deadline, *context_.deadline);
    const auto attempt = std::make_shared<LimitedAttempt>(call_, with_, context);
    if (!perform_within(time, attempt, around_.workers, around_.time))
      throw failed(FailureKind::timeout, time_is_up(time));
    if (attempt->thrown) std::rethrow_exception(attempt->thrown);
    attempt->give_results(call_, with_);
  }

  void sleep(nanoseconds pause) {
    if (pause <= nanoseconds(0)) return;
    around_.time.sleep(pause, context_.stop);
    if (context_.stop.stop_requested())
      throw failed(FailureKind::cancelled, "the run was asked to stop while it waited");
  }

  GovernedCall& call_;
  const Policy& policy_;
  const Surroundings& around_;
  const std::vector<Stage> stages_;
  EffectContext context_;
  std::vector<GovernedCall*> with_;  // performed together with it
};

}  // namespace

void govern(GovernedCall& call, const Policy& policy, const Surroundings& around) {
  Governing(call, policy, around).go(0);
}

}  // namespace annal::effects
