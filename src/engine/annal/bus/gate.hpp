// What an event passes before it is recorded or told: middleware, then control, whose decisions are
// carried out here.
#pragma once

#include "annal/bus/bus.hpp"
#include "annal/bus/middleware.hpp"

#include <chrono>
#include <functional>

namespace annal {

//   threads   every member: any number of callers
class Gate {
 public:
  // Told of each decision but PROCEED, before it is carried out or waited for.
  using OnDecision = std::function<void(const ControlVerdict& verdict, const Envelope& event)>;

  Gate(const BusOptions& options, OnDecision on_decision);

  bool is_open() const { return middleware.empty() && control.empty(); }
  //   context   of the first asking; what handlers leave in it is there afterwards
  Bus::Admission admit(Envelope event, ControlContext& context) const;

  MiddlewareChain middleware;
  Control control;

 private:
  Bus::Admission ask(Envelope event, ControlContext& context) const;
  Bus::Admission carry_out(ControlVerdict verdict, const Envelope& event) const;
  // Why it is not asked again.
  std::optional<std::string> no_more(const ControlVerdict& verdict,
                                     const ControlContext& context) const;
  void sleep_for(std::chrono::nanoseconds duration) const;

  const unsigned attempts_;
  const MonotonicClock& clock_;
  const std::function<void(std::chrono::nanoseconds)> sleep_;
  const OnDecision on_decision_;
};

}  // namespace annal
