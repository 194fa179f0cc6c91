#include "annal/bus/gate.hpp"

#include "annal/event/topic.hpp"

#include <utility>

namespace annal {

namespace {

std::string fault_in_fallback(const ControlVerdict& verdict, const Envelope& event,
                              std::string_view type) {
  const Envelope& instead = *verdict.instead;
  if (instead.stream != event.stream)
    return "the event to fall back to is of the stream \"" + instead.stream + "\", and not of \"" +
           event.stream + '"';
  if (!is_topic(instead.type))
    return "the event to fall back to is of the type \"" + instead.type + "\", which is no topic";
  if (!type.empty() && instead.type != type)
    return "the event to fall back to is of the type \"" + instead.type + "\", and not of \"" +
           std::string(type) + '"';
  return {};
}

std::string with_reason(std::string what, const std::string& reason) {
  return reason.empty() ? what : what + ": " + reason;
}

std::string seconds(std::chrono::nanoseconds duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) +
         " ms";
}

}  // namespace

Gate::Gate(const BusOptions& options, OnDecision on_decision, Control::OnFailure on_failure)
    : control(options.monotonic, std::move(on_failure)),
      attempts_(options.control_attempts),
      clock_(options.monotonic ? *options.monotonic : monotonic_clock()),
      sleep_(options.sleep),
      on_decision_(std::move(on_decision)) {}

Bus::Admission Gate::admit(Envelope event, ControlContext& context, std::string_view type) const {
  auto admission = middleware.run(std::move(event));
  if (!admission.event || control.empty()) return admission;
  return ask(std::move(*admission.event), context, type);
}

Bus::Admission Gate::ask(Envelope event, ControlContext& context, std::string_view type) const {
  const auto begun = clock_.reading();
  for (;; ++context.attempt) {
    ControlVerdict verdict = control.check(event, context);
    if (verdict.signal == ControlSignal::proceed) return {std::move(event), {}, {}};
    context.elapsed = clock_.reading() - begun;
    if (verdict.signal == ControlSignal::fallback)
      if (auto fault = fault_in_fallback(verdict, event, type); !fault.empty()) {
        verdict.signal = ControlSignal::error;
        verdict.reason = std::move(fault);
      }
    if (verdict.signal == ControlSignal::retry)
      if (auto why = no_more(verdict, context)) {
        verdict.signal = ControlSignal::fail;
        verdict.reason = *std::move(why);
      }
    on_decision_(verdict, event);
    if (verdict.signal != ControlSignal::retry) return carry_out(verdict);
    if (!sleep_for(verdict.delay)) {
      verdict.signal = ControlSignal::fail;
      verdict.reason = "the bus is closed, and nobody is asked again";
      on_decision_(verdict, event);
      return carry_out(verdict);
    }
    context.elapsed = clock_.reading() - begun;
  }
}

Bus::Admission Gate::carry_out(const ControlVerdict& verdict) {
  if (verdict.signal == ControlSignal::fallback) return {*verdict.instead, verdict.by, {}};
  Bus::Admission admission;
  admission.by = verdict.by;
  admission.by_control = true;
  admission.skipped = verdict.signal == ControlSignal::skip;
  admission.failed = verdict.signal == ControlSignal::error;
  admission.why = admission.failed    ? "control fault: " + verdict.reason
                  : admission.skipped ? with_reason("skipped", verdict.reason)
                                      : with_reason("rejected", verdict.reason);
  return admission;
}

std::optional<std::string> Gate::no_more(const ControlVerdict& verdict,
                                         const ControlContext& context) const {
  if (context.attempt >= attempts_)
    return with_reason(
        "asked about " + std::to_string(context.attempt) + " times, and no more are allowed",
        verdict.reason);
  if (context.deadline && context.elapsed + verdict.delay > *context.deadline)
    return with_reason("it would have to wait for " + seconds(verdict.delay) +
                           ", beyond its deadline after " + seconds(*context.deadline),
                       verdict.reason);
  return std::nullopt;
}

bool Gate::sleep_for(std::chrono::nanoseconds duration) const {
  if (sleep_) sleep_(duration);
  std::unique_lock lock(mutex_);
  if (sleep_) return !is_closed_;
  return !closing_.wait_for(lock, duration, [&] { return is_closed_; });
}

void Gate::close() {
  {
    std::lock_guard lock(mutex_);
    is_closed_ = true;
  }
  closing_.notify_all();
}

}  // namespace annal
