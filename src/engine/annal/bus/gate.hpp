// What an event passes before it is recorded or told: middleware, then control, whose decisions are
// carried out here.
#pragma once

#include "annal/bus/bus.hpp"
#include "annal/bus/middleware.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string_view>

namespace annal {

//   threads   every member: any number of callers
class Gate {
 public:
  // Told of each decision but PROCEED as it is carried out, before it is: a RETRY that is one too many
  // as FAIL, a FALLBACK that cannot be as ERROR.
  using OnDecision = std::function<void(const ControlVerdict& verdict, const Envelope& event)>;

  Gate(const BusOptions& options, OnDecision on_decision, Control::OnFailure on_failure = {});

  bool is_open() const { return middleware.empty() && control.empty(); }
  //   context   of the first asking; what handlers leave in it is there afterwards
  //   type      the only one that what comes out may have; any when empty
  Bus::Admission admit(Envelope event, ControlContext& context, std::string_view type = {}) const;

  // Nobody waits any more: whoever wants to be asked again later is not, and the event is rejected.
  void close();

  MiddlewareChain middleware;
  Control control;

 private:
  Bus::Admission ask(Envelope event, ControlContext& context, std::string_view type) const;
  static Bus::Admission carry_out(const ControlVerdict& verdict);
  // Why it is not asked again.
  std::optional<std::string> no_more(const ControlVerdict& verdict,
                                     const ControlContext& context) const;
  //   returns   false if it was closed meanwhile
  bool sleep_for(std::chrono::nanoseconds duration) const;

  const unsigned attempts_;
  const MonotonicClock& clock_;
  const std::function<void(std::chrono::nanoseconds)> sleep_;
  const OnDecision on_decision_;
  mutable std::mutex mutex_;
  mutable std::condition_variable closing_;
  bool is_closed_ = false;
};

}  // namespace annal
