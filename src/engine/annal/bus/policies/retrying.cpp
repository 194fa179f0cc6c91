#include "annal/bus/policies/retrying.hpp"

#include "annal/error.hpp"

#include <array>
#include <bit>
#include <mutex>
#include <random>
#include <utility>

namespace annal {
namespace {

constexpr std::int64_t whole_token = 1'000'000;

std::int64_t checked_tokens(const char* what, double tokens, double least, double most) {
  if (!(tokens >= least && tokens <= most))
    throw InvalidInput("a retry budget's " + std::string(what) + " is " + std::to_string(tokens) +
                       ": use " + std::to_string(static_cast<int>(least)) + "–" +
                       std::to_string(static_cast<int>(most)));
  return static_cast<std::int64_t>(tokens * static_cast<double>(whole_token));
}

class Retrying {
 public:
  Retrying(NotYet not_yet, RetryingOptions options)
      : not_yet_(std::move(not_yet)), options_(std::move(options)) {
    check(options_.policy, "retrying until " + options_.waits_for);
    if (!not_yet_)
      throw InvalidInput("retrying until " + options_.waits_for +
                         ": the predicate holds no function to call");
    Randomness& randomness = options_.randomness ? *options_.randomness : system_randomness();
    std::array<std::uint8_t, sizeof(std::uint64_t)> seed;
    randomness.fill(seed);
    random_.seed(std::bit_cast<std::uint64_t>(seed));
  }

  ControlDecision ask(const Envelope& event, const ControlContext& context) {
    if (context.attempt <= 1 && options_.budget) options_.budget->deposit();
    if (!not_yet_(event, context)) return ControlDecision::proceed();
    const std::string waiting = "waiting for " + options_.waits_for;
    if (context.attempt >= static_cast<unsigned>(options_.policy.attempts))
      return ControlDecision::fail(waiting + ": given up after " + std::to_string(context.attempt) +
                                   (context.attempt == 1 ? " attempt" : " attempts"));
    if (options_.budget && !options_.budget->try_withdraw())
      return ControlDecision::fail(waiting + ": retry budget exhausted");
    return ControlDecision::retry(pause(context.attempt), waiting);
  }

 private:
  std::chrono::milliseconds pause(unsigned failed) {
    std::lock_guard lock(mutex_);
    return pause_after(static_cast<int>(failed), options_.policy, random_);
  }

  const NotYet not_yet_;
  const RetryingOptions options_;
  std::mutex mutex_;
  std::mt19937_64 random_;
};

}  // namespace

RetryBudget::RetryBudget(RetryBudgetOptions options)
    : share_(checked_tokens("share", options.share, 0, 1000)),
      most_(checked_tokens("most", options.most, 1, 1'000'000)),
      tokens_(most_) {}

void RetryBudget::deposit() noexcept {
  std::int64_t tokens = tokens_.load(std::memory_order_relaxed);
  while (tokens < most_ &&
         !tokens_.compare_exchange_weak(tokens, std::min(tokens + share_, most_))) {
  }
}

bool RetryBudget::try_withdraw() noexcept {
  std::int64_t tokens = tokens_.load(std::memory_order_relaxed);
  while (tokens >= whole_token)
    if (tokens_.compare_exchange_weak(tokens, tokens - whole_token)) return true;
  return false;
}

double RetryBudget::tokens() const noexcept {
  return static_cast<double>(tokens_.load()) / static_cast<double>(whole_token);
}

ControlHandler retrying(NotYet not_yet, RetryingOptions options) {
  auto state = std::make_shared<Retrying>(std::move(not_yet), std::move(options));
  return [state](const Envelope& event, ControlContext& context) {
    return state->ask(event, context);
  };
}

}  // namespace annal
