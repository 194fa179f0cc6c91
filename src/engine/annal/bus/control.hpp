// Control: whether an event may be recorded or told. Handlers are asked one after another; the first
// that does not say PROCEED decides, and the bus carries out what it decided.
//
//   auto quiet = bus.control().add(
//       [](const annal::Envelope& event, annal::ControlContext&) {
//         return is_night() ? annal::ControlDecision::fail("at night nothing is deleted")
//                           : annal::ControlDecision::proceed();
//       },
//       {.name = "night", .priority = 10, .interest = deletions});
//
// Guide: docs/guides/bus.md
#pragma once

#include "annal/bus/connection.hpp"
#include "annal/event/envelope.hpp"
#include "annal/log/query.hpp"
#include "annal/time/monotonic.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace annal {

enum class ControlSignal : std::uint8_t {
  proceed,   // ask the next handler; once all say so, the event is recorded or told
  skip,      // it is neither recorded nor told, and that is no fault: Skipped
  retry,     // ask everybody again after a delay
  fallback,  // another event takes its place
  fail,      // Rejected, with the reason
  error      // Rejected, because control itself is at fault
};
// `proceed`, `skip`, …
std::string_view to_string(ControlSignal signal);

// What one handler answers. A value; to proceed costs nothing.
class ControlDecision {
 public:
  ControlDecision() = default;
  static ControlDecision proceed() { return {}; }
  static ControlDecision skip(std::string reason = {});
  //   delay     from now; a negative one is none
  static ControlDecision retry(std::chrono::milliseconds delay, std::string reason = {});
  //   instead   of the same stream; nobody is asked about it, not even those who would refuse it
  static ControlDecision fallback(Envelope instead, std::string reason = {});
  static ControlDecision fail(std::string reason);
  static ControlDecision error(std::string reason);

  ControlSignal signal() const { return details_ ? details_->signal : ControlSignal::proceed; }
  // Of a retry; otherwise zero.
  std::chrono::milliseconds delay() const;
  // Of a fallback; otherwise null.
  std::shared_ptr<const Envelope> instead() const;
  std::string_view reason() const;

 private:
  struct Details {
    ControlSignal signal;
    std::string reason;
    std::chrono::milliseconds delay{};
    std::shared_ptr<const Envelope> instead;
  };
  explicit ControlDecision(Details details)
      : details_(std::make_unique<const Details>(std::move(details))) {}

  std::unique_ptr<const Details> details_;
};

// What handlers know beside the event.
struct ControlContext {
  unsigned attempt = 1;                // how often it is asked about, this time included
  std::chrono::nanoseconds elapsed{};  // since it was asked about the first time
  // Until when it must be decided, counted as elapsed; a retry beyond it is Rejected.
  std::optional<std::chrono::nanoseconds> deadline = {};
  // What handlers, and whoever publishes, leave for the handlers after them and for later attempts.
  std::map<std::string, std::string> values = {};
};

//   threads   called by any number at once
using ControlHandler =
    std::function<ControlDecision(const Envelope& event, ControlContext& context)>;

struct ControlOptions {
  std::string name = {};  // in decisions and statistics; must not be empty
  int priority = 0;  // lower is asked first; those of one priority in the order they were added
  bool critical = false;  // what it throws is ERROR; otherwise it is counted, and passed over
  Query interest = {};    // which events it is asked about
  // When it is gone, the handler is; while it is asked, it is kept.
  std::optional<std::weak_ptr<void>> owner = std::nullopt;
};

// What was decided about an event, and by whom.
struct ControlVerdict {
  ControlSignal signal = ControlSignal::proceed;
  std::string by;  // the handler; empty if all said PROCEED
  int priority = 0;
  std::string reason;
  std::chrono::milliseconds delay{};        // of a retry
  std::shared_ptr<const Envelope> instead;  // of a fallback
  unsigned attempt = 1;
  std::chrono::nanoseconds took{};  // all of this asking; 0 where all said PROCEED
};

// A handler as it is registered, and what it has answered.
struct ControlStatus {
  std::string name;
  int priority = 0;
  bool critical = false;
  std::string interest;        // as text
  std::uint64_t decided = 0;   // answers other than PROCEED
  std::uint64_t failures = 0;  // times it threw
  std::string last_failure;    // what it threw then
};

// All control handlers of a bus.
//   threads   every member: any number of callers
class Control {
 public:
  // Told of what a handler threw that is not critical, and is passed over.
  using OnFailure = std::function<void(const std::string& handler, const std::string& what,
                                       const Envelope& event)>;

  //   monotonic   null: the machine's; must outlive this
  //   on_failure  may be empty; must not throw
  explicit Control(const MonotonicClock* monotonic = nullptr, OnFailure on_failure = {});
  ~Control();
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  // Throws InvalidInput for a handler that holds no function or has no name.
  Connection add(ControlHandler handler, ControlOptions options);

  // Asks those that are interested, once each, to the first that does not say PROCEED. Nothing is
  // carried out here.
  //   cost      a look-up by type, and by stream and tags where somebody named any; then each call
  ControlVerdict check(const Envelope& event, ControlContext& context) const;

  // In the order they are asked.
  std::vector<ControlStatus> status() const;
  // Whether nobody is registered: then nothing needs asking.
  //   cost      a load
  bool empty() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace annal
