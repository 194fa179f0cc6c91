#include "annal/bus/control.hpp"

#include "annal/bus/audience.hpp"
#include "annal/bus/seat.hpp"
#include "annal/bus/turn.hpp"
#include "annal/error.hpp"
#include "annal/failure_text.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

namespace annal {

namespace {

struct Controller {
  Controller(ControlHandler asked, ControlOptions chosen)
      : handler(std::move(asked)), options(std::move(chosen)), interest(options.interest) {}

  bool is_asked_about(const Envelope& event) const {
    return !interest.needs_matching() || interest.query().matches(event);
  }

  const ControlHandler handler;
  const ControlOptions options;
  const Interest interest;
  Rank rank;
  std::atomic<bool> gone{false}, paused{false};

  std::atomic<std::uint64_t> decided{0}, failures{0};
  mutable std::mutex mutex;
  std::string last_failure;
};

using Controllers = Audience<Controller>;

constexpr std::size_t remembered = 4096;  // types, streams and tags, a thread
constexpr std::chrono::milliseconds longest_delay = std::chrono::hours(24 * 365);

// True where nothing is to be looked at before the handler is called.
bool is_plain(const Controller& controller) {
  return !controller.gone && !controller.paused && !controller.options.owner &&
         !controller.interest.needs_matching();
}

ControlVerdict verdict_of(const ControlDecision& decision, const Controller& controller,
                          const ControlContext& context, std::chrono::nanoseconds took) {
  ControlVerdict verdict;
  verdict.signal = decision.signal();
  verdict.by = controller.options.name;
  verdict.priority = controller.options.priority;
  verdict.reason = decision.reason();
  verdict.delay = decision.delay();
  verdict.instead = decision.instead();
  verdict.attempt = context.attempt;
  verdict.took = took;
  return verdict;
}

}  // namespace

std::string_view to_string(ControlSignal signal) {
  switch (signal) {
    case ControlSignal::proceed:
      return "proceed";
    case ControlSignal::skip:
      return "skip";
    case ControlSignal::retry:
      return "retry";
    case ControlSignal::fallback:
      return "fallback";
    case ControlSignal::fail:
      return "fail";
    case ControlSignal::error:
      break;
  }
  return "error";
}

ControlDecision ControlDecision::skip(std::string reason) {
  return ControlDecision(Details{ControlSignal::skip, std::move(reason), {}, {}});
}
ControlDecision ControlDecision::retry(std::chrono::milliseconds delay, std::string reason) {
  return ControlDecision(Details{ControlSignal::retry,
                                 std::move(reason),
                                 std::clamp(delay, std::chrono::milliseconds(0), longest_delay),
                                 {}});
}
ControlDecision ControlDecision::fallback(Envelope instead, std::string reason) {
  return ControlDecision(Details{ControlSignal::fallback,
                                 std::move(reason),
                                 {},
                                 std::make_shared<const Envelope>(std::move(instead))});
}
ControlDecision ControlDecision::fail(std::string reason) {
  return ControlDecision(Details{ControlSignal::fail, std::move(reason), {}, {}});
}
ControlDecision ControlDecision::error(std::string reason) {
  return ControlDecision(Details{ControlSignal::error, std::move(reason), {}, {}});
}

std::chrono::milliseconds ControlDecision::delay() const {
  return details_ ? details_->delay : std::chrono::milliseconds(0);
}
std::shared_ptr<const Envelope> ControlDecision::instead() const {
  return details_ ? details_->instead : nullptr;
}
std::string_view ControlDecision::reason() const {
  return details_ ? std::string_view(details_->reason) : std::string_view();
}

struct Control::State {
  State(const MonotonicClock& with, OnFailure told) : clock(with), on_failure(std::move(told)) {}

  ControlDecision decision_on_failure(Controller& controller, const Envelope& event);
  ControlDecision ask_with_care(Controller& controller, const Envelope& event,
                                ControlContext& context);
  ControlVerdict ask(const Controllers::Table& table, const Envelope& event,
                     ControlContext& context);

  const MonotonicClock& clock;
  const OnFailure on_failure;
  std::atomic<std::int64_t> last_sequence{0};
  const std::shared_ptr<Controllers> controllers = std::make_shared<Controllers>(remembered);
};

Control::Control(const MonotonicClock* monotonic, OnFailure on_failure)
    : state_(std::make_shared<State>(monotonic ? *monotonic : monotonic_clock(),
                                     std::move(on_failure))) {}

Control::~Control() = default;

Connection Control::add(ControlHandler handler, ControlOptions options) {
  if (options.name.empty())
    throw InvalidInput("a control handler needs a name, by which its decisions are known");
  if (!handler)
    throw InvalidInput("the control handler \"" + options.name + "\" holds no function to call");
  auto controller = std::make_shared<Controller>(std::move(handler), std::move(options));
  controller->rank = {0, controller->options.priority, ++state_->last_sequence};
  Connection connection(
      std::make_shared<Seat<Controllers, Controller>>(state_->controllers, controller));
  state_->controllers->join(std::move(controller));
  return connection;
}

// One whose owner is gone leaves when it would be asked.
ControlDecision Control::State::ask_with_care(Controller& controller, const Envelope& event,
                                              ControlContext& context) {
  if (controller.gone || controller.paused || !controller.is_asked_about(event)) return {};
  std::shared_ptr<void> owner;
  if (controller.options.owner) {
    owner = controller.options.owner->lock();
    if (!owner) {
      controllers->leave(controller);
      return {};
    }
  }
  return controller.handler(event, context);
}

// What an exception of a handler means.
ControlDecision Control::State::decision_on_failure(Controller& controller, const Envelope& event) {
  auto what = text_of_current_exception();
  ++controller.failures;
  {
    std::lock_guard lock(controller.mutex);
    controller.last_failure = what;
  }
  if (controller.options.critical) return ControlDecision::error(std::move(what));
  if (on_failure) on_failure(controller.options.name, what, event);
  return ControlDecision::proceed();
}

ControlVerdict Control::State::ask(const Controllers::Table& table, const Envelope& event,
                                   ControlContext& context) {
  const auto begun = clock.reading();
  for (const auto& controller : table) {
    ControlDecision decision;
    try {
      decision = is_plain(*controller) ? controller->handler(event, context)
                                       : ask_with_care(*controller, event, context);
    } catch (...) {
      decision = decision_on_failure(*controller, event);
    }
    if (decision.signal() == ControlSignal::proceed) [[likely]]
      continue;
    ++controller->decided;
    return verdict_of(decision, *controller, context, clock.reading() - begun);
  }
  ControlVerdict verdict;
  verdict.attempt = context.attempt;
  return verdict;
}

ControlVerdict Control::check(const Envelope& event, ControlContext& context) const {
  Controllers::Visit visit(*state_->controllers);
  const Turn turn(state_->controllers.get(), Turn::Of::middleware, 1);
  std::vector<TableAlone<Controller>*> others;
  Controllers::Table merged;
  const auto& by_type = visit.topic(event.type);
  return state_->ask(visit.find(event, by_type, others, merged), event, context);
}

std::vector<ControlStatus> Control::status() const {
  std::vector<ControlStatus> result;
  for (const auto& controller : state_->controllers->members()) {
    ControlStatus status;
    status.name = controller->options.name;
    status.priority = controller->options.priority;
    status.critical = controller->options.critical;
    status.interest = controller->interest.query().to_string();
    status.decided = controller->decided;
    status.failures = controller->failures;
    std::lock_guard lock(controller->mutex);
    status.last_failure = controller->last_failure;
    result.push_back(std::move(status));
  }
  return result;
}

bool Control::empty() const { return state_->controllers->empty(); }

}  // namespace annal
