// What a bus consists of.
#pragma once

#include "annal/bus/alarms.hpp"
#include "annal/bus/awaited_reports.hpp"
#include "annal/bus/backlog.hpp"
#include "annal/bus/bus.hpp"
#include "annal/bus/coalescer.hpp"
#include "annal/bus/dead_letters.hpp"
#include "annal/bus/errands.hpp"
#include "annal/bus/gate.hpp"
#include "annal/bus/observer_errors.hpp"
#include "annal/bus/observers_state.hpp"
#include "annal/bus/ready_event.hpp"
#include "annal/bus/rules_state.hpp"
#include "annal/bus/seat.hpp"
#include "annal/bus/subscriptions.hpp"
#include "annal/bus/turn.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <variant>
#include <vector>

namespace annal {

// What becomes of published events of some types, as long as it is in force.
struct Policy {
  explicit Policy(TopicPattern types) : interest(Query::of_types({std::move(types)})) {}
  const Interest interest;
  Rank rank;
  RecordingPolicy policy;
  std::atomic<bool> gone{false}, paused{false};
};

// Throws InvalidInput.
void require_topic(const std::string& type);

struct Bus::State {
  State(const Catalogue& known, const BusOptions& asked);
  ~State() { close(); }
  void close();
  bool flush(std::chrono::milliseconds timeout);
  std::size_t run_due();

  // What turns are known by.
  const void* key() const { return &subscriptions.audience(); }
  // Throws PublishRefused.
  unsigned next_depth(std::size_t events = 1) const;
  Subscriptions::Visit visit() const { return Subscriptions::Visit(subscriptions.audience()); }

  using Ready = ReadyEvent;
  // Throws InvalidInput for a type that is no topic.
  DispatchReport publish(Envelope&& event);
  DispatchReport publish(Envelope event, PublishOptions options);
  std::vector<DispatchReport> publish_batch(std::vector<Envelope> events);
  void publish_backlog(std::vector<Backlog::Waiting> waiting);
  // Through middleware and control.
  std::variant<Ready, DispatchReport> make_ready(Envelope&& event, unsigned depth,
                                                 PublishOptions options = {});
  // Whether the event is held back; if not, what waits before it went out.
  //   waits   as Coalescer's
  bool is_held_back(Ready& ready, bool waits);
  // Whether this thread runs a handler, an observer, or what a rule says.
  bool is_inside() const;
  //   type      the only one that what comes out may have; any when empty
  Admission admit(Envelope event, unsigned depth, PublishOptions known,
                  std::string_view type = {}) const;
  RecordingPolicy policy_of(const std::string& type) const;

  // Holds it back, records it or tells it.
  //   until   the dispatcher is waited for, if at all
  using Until = std::optional<std::chrono::steady_clock::time_point>;
  DispatchReport pass_on(Ready ready, bool waits, Until until);
  DispatchReport pass_on(Ready ready) {
    const bool is_recorded = ready.policy.recording != Recording::none;
    return pass_on(std::move(ready), !Turn::inside(key()), is_recorded ? patience_here() : Until());
  }
  // Records or tells.
  DispatchReport send(Ready ready, Until until);
  void send_held(ReadyEvent event);
  AppendOutcome record(Commit commit);
  // Those that are to be recorded, in one commit.
  std::vector<DispatchReport> record_together(std::vector<Ready> events, Until until);
  DispatchReport after_recording(AppendOutcome outcome, Ready ready, Until until);
  DispatchReport tell(Ready ready);
  Until patience_here() const;
  bool is_told_by(std::chrono::steady_clock::time_point until, Position position);

  void bury(const EventPointer& event, std::string what);

  void fill_in(Envelope& event, Desk& desk, Timestamp now) const;
  bool is_known(const Ulid& id) const;
  bool claim(Subscriptions::Visit& here, const Ulid& id);
  DispatchReport dispatch(Subscriptions::Visit& here, Turn::Waiting event, Timestamp now);

  bool publish_emission(Emission emission);
  // Lets observers read what they had no room for.
  void read_spilled_events();

  // What tells of something else.
  void publish_or_warn(Envelope event) noexcept;
  template <class Payload>
  void tell_own(std::string_view type, std::string_view stream, const Payload& payload,
                const Envelope& about) noexcept;
  void tell_decision(const ControlVerdict& verdict, const Envelope& event) noexcept;
  void warn(const std::string& subject, std::string message, const Envelope& event) noexcept;
  void warn_of_loss(const std::string& type, const std::string& what) noexcept;

  const Catalogue& types;
  const BusOptions options;
  const Clock& clock;
  Gate gate;
  DeadLetters dead_letters;
  ObserverErrors observer_errors;
  std::mutex claiming;
  Subscriptions subscriptions;
  const std::shared_ptr<Audience<Policy>> policies = std::make_shared<Audience<Policy>>(4096);
  std::atomic<std::int64_t> last_policy{0};
  std::shared_ptr<Recorder> recorder;  // set before anything is published
  AwaitedReports awaited;
  std::atomic<std::uint64_t> unrecorded{0};
  std::atomic<std::uint64_t> newest_told{0};  // the position of the newest recorded event begun
  // From here on threads of the bus are at work.
  Alarms alarms;
  Errands errands;
  const std::shared_ptr<Observers::State> observers_state;
  Observers observers;
  const std::shared_ptr<Rules::State> rules_state;
  Rules rules;
  Coalescer coalescer;
  Backlog backlog;
  std::mutex closing;
  bool is_closed = false;
};

}  // namespace annal
