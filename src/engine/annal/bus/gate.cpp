#include "annal/bus/gate.hpp"

#include "annal/event/topic.hpp"

#include <thread>
#include <utility>

namespace annal {

namespace {

Bus::Admission refusal(const ControlVerdict& verdict, std::string why) {
  Bus::Admission admission;
  admission.by = verdict.by;
  admission.why = std::move(why);
  admission.by_control = true;
  return admission;
}

Bus::Admission fault(const ControlVerdict& verdict, const std::string& what) {
  auto admission = refusal(verdict, "control fault: " + what);
  admission.failed = true;
  return admission;
}

std::string with_reason(std::string what, const std::string& reason) {
  return reason.empty() ? what : what + ": " + reason;
}

std::string seconds(std::chrono::nanoseconds duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) +
         " ms";
}

}  // namespace

Gate::Gate(const BusOptions& options, OnDecision on_decision)
    : control(options.monotonic),
      attempts_(options.control_attempts),
      clock_(options.monotonic ? *options.monotonic : monotonic_clock()),
      sleep_(options.sleep),
      on_decision_(std::move(on_decision)) {}

Bus::Admission Gate::admit(Envelope event, ControlContext& context) const {
  auto admission = middleware.run(std::move(event));
  if (!admission.event || control.empty()) return admission;
  return ask(std::move(*admission.event), context);
}

Bus::Admission Gate::ask(Envelope event, ControlContext& context) const {
  const auto begun = clock_.reading();
  for (;; ++context.attempt) {
    ControlVerdict verdict = control.check(event, context);
    if (verdict.signal == ControlSignal::proceed) return {std::move(event), {}, {}};
    context.elapsed = clock_.reading() - begun;
    on_decision_(verdict, event);
    if (verdict.signal != ControlSignal::retry) return carry_out(std::move(verdict), event);
    if (auto why = no_more(verdict, context)) return refusal(verdict, *std::move(why));
    sleep_for(verdict.delay);
    context.elapsed = clock_.reading() - begun;
  }
}

Bus::Admission Gate::carry_out(ControlVerdict verdict, const Envelope& event) const {
  switch (verdict.signal) {
    case ControlSignal::skip: {
      auto admission = refusal(verdict, with_reason("skipped", verdict.reason));
      admission.skipped = true;
      return admission;
    }
    case ControlSignal::fallback:
      if (verdict.instead->stream != event.stream)
        return fault(verdict, "the event to fall back to is of the stream \"" +
                                  verdict.instead->stream + "\", and not of \"" + event.stream +
                                  '"');
      if (!is_topic(verdict.instead->type))
        return fault(verdict, "the event to fall back to is of the type \"" +
                                  verdict.instead->type + "\", which is no topic");
      return {*verdict.instead, {}, {}};
    case ControlSignal::error:
      return fault(verdict, verdict.reason);
    default:
      return refusal(verdict, with_reason("rejected", verdict.reason));
  }
}

std::optional<std::string> Gate::no_more(const ControlVerdict& verdict,
                                         const ControlContext& context) const {
  if (context.attempt >= attempts_)
    return with_reason("rejected: asked about " + std::to_string(context.attempt) +
                           " times, and no more are allowed",
                       verdict.reason);
  if (context.deadline && context.elapsed + verdict.delay > *context.deadline)
    return with_reason("rejected: it would have to wait for " + seconds(verdict.delay) +
                           ", beyond its deadline after " + seconds(*context.deadline),
                       verdict.reason);
  return std::nullopt;
}

void Gate::sleep_for(std::chrono::nanoseconds duration) const {
  if (sleep_)
    sleep_(duration);
  else
    std::this_thread::sleep_for(duration);
}

}  // namespace annal
