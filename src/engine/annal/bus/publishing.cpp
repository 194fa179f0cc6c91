// The way of an event that is published: through the gate, into the log if it is to be recorded, to
// those who are told.
#include "annal/bus/bus_state.hpp"
#include "annal/bus/observer_telling.hpp"
#include "annal/bus/vocabulary.hpp"
#include "annal/failure_text.hpp"
#include "annal/time/bounded_wait.hpp"

#include <algorithm>
#include <utility>

namespace annal {

namespace {

std::string too_deep() {
  return "refused: it would end a chain of more than " + std::to_string(Bus::causation_limit) +
         " events, each published by a handler of the one before; look for handlers that answer "
         "one another";
}

DispatchReport refused(Bus::Admission admission) {
  DispatchReport report;
  (admission.by_control ? report.vetoed_by : report.dropped_by) = std::move(admission.by);
  report.skipped = admission.skipped;
  report.why = std::move(admission.why);
  return report;
}

DispatchReport duplicate() {
  DispatchReport report;
  report.duplicate = true;
  report.why = "an event of this id was published before";
  return report;
}

// Recording could not succeed at any other time either, which is not what best effort is for.
bool is_for_no_log(const AppendOutcome& outcome) {
  const auto* rejected = std::get_if<Rejected>(&outcome);
  return rejected && (std::holds_alternative<Malformed>(rejected->reason) ||
                      std::holds_alternative<TooLarge>(rejected->reason));
}

void note_replaced(DispatchReport& report, std::string by) {
  if (!by.empty()) report.replaced_by = std::move(by);
}

DispatchReport queued() {
  DispatchReport report;
  report.queued = true;
  return report;
}

// An event that came with an id is recorded once, however often it is published.
std::string key_of(const Ulid& id) { return "event/" + id.to_string(); }

std::string words_of(const AppendOutcome& outcome) {
  if (const auto* rejected = std::get_if<Rejected>(&outcome)) return rejected->message();
  if (const auto* unknown = std::get_if<Unknown>(&outcome)) return unknown->what;
  return "it was recorded";
}

}  // namespace

void require_topic(const std::string& type) {
  if (!is_topic(type))
    throw InvalidInput("the event type \"" + type + "\" is no topic such as document.updated");
}

bool Bus::State::is_inside() const {
  return Turn::inside(key()) || Unawaited::is_here(key()) ||
         ObserverTelling::inside(observers_state->pool.get());
}

unsigned Bus::State::next_depth(std::size_t events) const {
  const unsigned depth = Turn::next_depth(key());
  if (depth > causation_limit) throw PublishRefused(too_deep());
  if (const Turn* current = Turn::dispatching(key());
      current && current->waiting() + events > options.queued_events)
    throw PublishRefused("refused: of events published inside handlers " +
                         std::to_string(options.queued_events) + " may wait, " +
                         std::to_string(current->waiting()) + " do already, and " +
                         std::to_string(events) + (events == 1 ? " comes" : " come"));
  return depth;
}

Bus::Admission Bus::State::admit(Envelope event, unsigned depth, PublishOptions known,
                                 std::string_view type) const {
  if (depth > causation_limit) return {std::nullopt, "bus", too_deep()};
  const Turn turn(key(), Turn::Of::middleware, depth);
  ControlContext context;
  context.deadline = known.deadline;
  context.values = std::move(known.values);
  return gate.admit(std::move(event), context, type);
}

// The newest policy of the type counts.
RecordingPolicy Bus::State::policy_of(const std::string& type) const {
  if (policies->empty()) return {};
  Audience<Policy>::Visit looking(*policies);
  for (const auto& policy : looking.topic(type).table)
    if (!policy->gone && !policy->paused) return policy->policy;
  return {};
}

void Bus::State::fill_in(Envelope& event, Desk& desk, Timestamp now) const {
  if (event.id.is_nil()) {
    const Turn* current = Turn::dispatching(key());
    event.id = (current ? current->ids() : desk.ids).next(now);
  }
  if (!event.occurred_at) event.occurred_at = now;
}

bool Bus::State::is_known(const Ulid& id) const {
  bool known = false;
  subscriptions.audience().for_each_desk(
      [&](const Desk& desk) { known = known || desk.knows(id); });
  return known;
}

// An id that comes with its event is looked for in all lanes, by one thread at a time.
bool Bus::State::claim(Subscriptions::Visit& here, const Ulid& id) {
  std::lock_guard one_at_a_time(claiming);
  if (is_known(id)) return false;
  std::lock_guard lock(here.mutex());
  here.desk().remember_given(id);
  return true;
}

// Where nothing stands between the publisher and those who are told, everything happens in one visit.
DispatchReport Bus::State::publish(Envelope&& event) {
  const unsigned depth = next_depth();
  const bool came_with_id = !event.id.is_nil();
  if (gate.is_open() && policies->empty() && coalescer.empty() && !came_with_id) {
    const Timestamp now = clock.now();
    auto here = visit();
    if (here.known_topic(event.type)) {
      here.desk().published.add();
      fill_in(event, here.desk(), now);
      return dispatch(here, {std::make_shared<const Envelope>(std::move(event)), depth, true}, now);
    }
  }
  return publish(std::move(event), PublishOptions());
}

DispatchReport Bus::State::publish(Envelope event, PublishOptions known) {
  auto ready = make_ready(std::move(event), next_depth(), std::move(known));
  if (auto* report = std::get_if<DispatchReport>(&ready)) return std::move(*report);
  std::string replaced_by = std::move(std::get<Ready>(ready).replaced_by);
  auto report = pass_on(std::get<Ready>(std::move(ready)));
  if (report.not_recorded) throw NotRecorded(report.why, *report.not_recorded);
  note_replaced(report, std::move(replaced_by));
  return report;
}

// No lane is held while middleware and control look at an event: they may take their time.
std::variant<Bus::State::Ready, DispatchReport> Bus::State::make_ready(Envelope&& event,
                                                                       unsigned depth,
                                                                       PublishOptions known) {
  require_topic(event.type);
  const Ulid given = event.id;
  bool is_new = given.is_nil();
  std::string replaced_by;
  {
    auto here = visit();
    here.desk().published.add();
    fill_in(event, here.desk(), clock.now());
  }
  if (!is_new && is_known(given)) {
    visit().desk().duplicates.add();
    return duplicate();
  }
  if (!gate.is_open()) {
    const Ulid event_id = event.id;
    auto admission = admit(std::move(event), depth, std::move(known));
    auto here = visit();
    Desk& desk = here.desk();
    if (!admission.event) {
      (!admission.by_control ? desk.dropped
       : admission.skipped   ? desk.skipped
                             : desk.rejected)
          .add();
      return refused(std::move(admission));
    }
    const Ulid made = is_new ? event_id : Ulid{};
    event = *std::move(admission.event);
    replaced_by = std::move(admission.by);
    is_new = event.id.is_nil() || event.id == made;  // another may have taken its place
    fill_in(event, desk, clock.now());
  }
  auto policy = policy_of(event.type);
  return Ready{std::move(event), given, is_new, depth, policy, {}, std::move(replaced_by)};
}

// What might have been recorded before is no part of what is new.
bool Bus::State::is_held_back(Ready& ready, bool waits) {
  const bool may_be_known = !ready.given.is_nil() || !ready.idempotency_key.empty();
  if (ready.policy.coalesce_within && !may_be_known)
    return coalescer.hold(ready, *ready.policy.coalesce_within, waits);
  coalescer.let_go_before(ready.event, waits);
  return false;
}

DispatchReport Bus::State::pass_on(Ready ready, bool waits, Until until) {
  if (!is_held_back(ready, waits)) return send(std::move(ready), until);
  DispatchReport report;
  report.coalesced = true;
  return report;
}

DispatchReport Bus::State::send(Ready ready, Until until) {
  if (ready.policy.recording == Recording::none) return tell(std::move(ready));
  std::vector<Ready> alone;
  alone.push_back(std::move(ready));
  return record_together(std::move(alone), until).front();
}

DispatchReport Bus::State::tell(Ready ready) {
  const Timestamp now = clock.now();
  auto here = visit();
  // By the id it came with, and by that of another which took its place.
  const auto is_first = [&](const Ulid& id) { return id.is_nil() || claim(here, id); };
  const Ulid id = ready.event.id;
  if (!is_first(ready.given) || (!ready.is_new && id != ready.given && !is_first(id))) {
    here.desk().duplicates.add();
    return duplicate();
  }
  return dispatch(
      here, {std::make_shared<const Envelope>(std::move(ready.event)), ready.depth, ready.is_new},
      now);
}

// What recording throws is a failure of recording like any other.
AppendOutcome Bus::State::record(Commit commit) {
  try {
    return recorder->record(std::move(commit));
  } catch (...) {
    return Unknown{text_of_current_exception()};
  }
}

// One commit. Where no log takes it, each event has one of its own, so that none harms another.
std::vector<DispatchReport> Bus::State::record_together(std::vector<Ready> events, Until until) {
  Commit commit;
  Durability durability = Durability::ephemeral;
  for (auto& ready : events) {
    note_depth(ready.event, ready.depth);
    if (until) awaited.expect(ready.event.id);
    commit.events.push_back(ready.event);
    durability = std::max(durability, ready.policy.durability);
  }
  commit.durability = durability;
  const Ready& first = events.front();
  if (events.size() == 1 && (!first.given.is_nil() || !first.idempotency_key.empty())) {
    commit.idempotency_key =
        first.idempotency_key.empty() ? key_of(first.given) : first.idempotency_key;
    commit.request_hash =
        sha256({*commit.idempotency_key});  // an id is of one event, whatever else
  }
  AppendOutcome outcome = record(std::move(commit));
  std::vector<DispatchReport> reports;
  if (events.size() > 1 && std::holds_alternative<Rejected>(outcome)) {
    for (auto& ready : events) {
      if (until) awaited.take(ready.event.id);
      std::vector<Ready> alone;
      alone.push_back(std::move(ready));
      reports.push_back(record_together(std::move(alone), until).front());
    }
    return reports;
  }
  auto* appended = std::get_if<Appended>(&outcome);
  Position position = appended ? appended->first : Position{};
  for (auto& ready : events) {
    if (appended && !appended->replayed) appended->last = position;
    position = next(position);
    reports.push_back(after_recording(outcome, std::move(ready), until));
  }
  return reports;
}

DispatchReport Bus::State::after_recording(AppendOutcome outcome, Ready ready, Until until) {
  if (const auto* appended = std::get_if<Appended>(&outcome)) {
    const bool is_told = until && !appended->replayed && is_told_by(*until, appended->last);
    auto report = appended->replayed ? duplicate() : queued();
    if (appended->replayed) visit().desk().duplicates.add();
    if (until)
      if (auto told = awaited.take(ready.event.id); told && is_told) report = *std::move(told);
    report.position = appended->last;
    return report;
  }
  if (until) awaited.take(ready.event.id);
  const std::string what = ready.event.type + " could not be recorded: " + words_of(outcome);
  DispatchReport report;
  if (ready.policy.recording == Recording::required || is_for_no_log(outcome)) {
    visit().desk().rejected.add();
    report.not_recorded = std::make_shared<const AppendOutcome>(std::move(outcome));
  } else {
    ++unrecorded;
    if (ready.event.type != warning_raised)
      warn("recording", what + "; it goes out all the same", ready.event);
    report = tell(std::move(ready));
    report.unrecorded = true;
  }
  report.why = what;
  return report;
}

// Until when this thread may wait for the dispatcher; nothing where it must not.
Bus::State::Until Bus::State::patience_here() const {
  if (Turn::inside(key()) || Unawaited::is_here(key())) return std::nullopt;
  return std::chrono::steady_clock::now() + bounded_wait(options.patience);
}

bool Bus::State::is_told_by(std::chrono::steady_clock::time_point until, Position position) {
  using std::chrono::milliseconds;
  const auto left = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
  try {
    return recorder->wait_until_told(position, std::max(left, milliseconds(0)));
  } catch (const WouldDeadlock&) {
    return false;  // on the dispatcher's thread, where what a handler held ends, and publishes
  }
}

std::vector<DispatchReport> Bus::State::publish_batch(std::vector<Envelope> events) {
  for (const auto& event : events) require_topic(event.type);  // before anything is published
  const unsigned depth = next_depth(events.size());
  std::vector<DispatchReport> reports(events.size());
  std::vector<std::string> replaced_by(events.size());
  std::vector<Ready> together;
  std::vector<std::size_t> places;
  std::size_t bytes = 0;
  const auto until = patience_here();  // one for all
  const auto record_gathered = [&] {
    if (together.empty()) return;
    auto recorded = record_together(std::exchange(together, {}), until);
    for (std::size_t i = 0; i < places.size(); ++i) reports[places[i]] = std::move(recorded[i]);
    places.clear();
    bytes = 0;
  };
  for (std::size_t i = 0; i < events.size(); ++i) {
    auto ready = make_ready(std::move(events[i]), depth);
    if (auto* report = std::get_if<DispatchReport>(&ready)) {
      reports[i] = std::move(*report);
      continue;
    }
    auto& event = std::get<Ready>(ready);
    replaced_by[i] = std::move(event.replaced_by);
    const bool is_apart = event.policy.recording == Recording::none ||
                          event.policy.coalesce_within || !event.given.is_nil();
    const std::size_t more = bytes_of(event.event);
    if (is_apart || together.size() == limits::commit_events ||
        bytes + more > limits::commit_bytes || coalescer.holds_before(event.event))
      record_gathered();  // first, so that they stay in order
    if (is_apart) {
      reports[i] = pass_on(std::move(event), !Turn::inside(key()), until);
    } else if (!is_held_back(event, !Turn::inside(key()))) {
      bytes += more;
      places.push_back(i);
      together.push_back(std::move(event));
    }
  }
  record_gathered();
  for (std::size_t i = 0; i < reports.size(); ++i)
    note_replaced(reports[i], std::move(replaced_by[i]));
  return reports;
}

// On the backlog's thread, where nobody waits for a report, and for which nobody waits who sends what was
// held back.
void Bus::State::publish_backlog(std::vector<Backlog::Waiting> waiting) {
  const Unawaited unawaited(key());
  std::vector<Ready> together;
  std::vector<EventPointer> as_published;  // these, for whoever publishes them again
  const auto record_gathered = [&] {
    if (together.empty()) return;
    const auto kept = std::exchange(as_published, {});
    const auto reports = record_together(std::exchange(together, {}), std::nullopt);
    for (std::size_t i = 0; i < reports.size(); ++i)
      if (reports[i].not_recorded) bury(kept[i], reports[i].why);
  };
  for (auto& [event, depth] : waiting) {
    EventPointer kept;
    try {
      kept = std::make_shared<const Envelope>(event);
      const Turn turn(key(), Turn::Of::middleware, depth);
      auto ready = make_ready(std::move(event), depth);
      auto* passed = std::get_if<Ready>(&ready);
      if (!passed) continue;
      const bool joins = passed->policy.recording != Recording::none && passed->policy.batched &&
                         !passed->policy.coalesce_within && passed->given.is_nil();
      if (!joins || together.size() == limits::commit_events ||
          coalescer.holds_before(passed->event))
        record_gathered();
      if (!joins) {
        if (const auto report = pass_on(std::move(*passed), true, std::nullopt);
            report.not_recorded)
          bury(kept, report.why);
      } else if (!is_held_back(*passed, true)) {
        as_published.push_back(kept);
        together.push_back(std::move(*passed));
      }
    } catch (...) {
      if (kept) bury(kept, text_of_current_exception());
    }
  }
  try {
    record_gathered();
  } catch (...) {
    // There is no memory to say more.
  }
}

// Of an event that was held back nobody waits for a report.
void Bus::State::send_held(ReadyEvent event) {
  const auto kept = std::make_shared<const Envelope>(event.event);
  const auto report = send(std::move(event), patience_here());
  if (report.not_recorded) bury(kept, report.why);
}

// What was published without waiting, or held back, and came to nothing.
void Bus::State::bury(const EventPointer& event, std::string what) {
  dead_letters.add({"publish_nowait", event, std::move(what), 1,
                    [this](const EventPointer& again) -> DeadLetters::Answer {
                      try {
                        const auto report = publish(Envelope(*again));
                        if (report.accepted() || report.duplicate) return {};
                        return DeadLetters::Answer::failed(report.why);
                      } catch (...) {
                        return DeadLetters::Answer::failed(text_of_current_exception());
                      }
                    }});
}

DispatchReport Bus::State::dispatch(Subscriptions::Visit& here, Turn::Waiting event,
                                    Timestamp now) {
  DispatchReport report;
  if (Turn* current = Turn::dispatching(key())) {
    current->queue(std::move(event));
    report.queued = true;
    return report;
  }
  Turn turn(key(), Turn::Of::dispatch, event.depth, &here.desk().ids);
  subscriptions.tell(here, event.event, event.is_new, now, report);
  while (const auto next = turn.take()) {
    DispatchReport ignored;
    subscriptions.tell(here, next->event, next->is_new, clock.now(), ignored);
  }
  return report;
}

// What a rule emits passes what every event does, and is recorded once.
bool Bus::State::publish_emission(Emission emission) {
  auto ready = make_ready(std::move(emission.event), next_depth());
  auto* passed = std::get_if<Ready>(&ready);
  if (!passed) return std::get<DispatchReport>(ready).accepted();
  passed->idempotency_key = std::move(emission.idempotency_key);
  const auto report = pass_on(std::move(*passed));
  if (report.not_recorded) throw NotRecorded(report.why, *report.not_recorded);
  return report.accepted();
}

void Bus::State::read_spilled_events() {
  if (!recorder) return;
  observers_state->pool->read_from(
      [log = &recorder->log()](const Query& query, Position from, Position to, std::size_t limit) {
        ReadRequest request;
        request.query = query;
        request.from = from;
        request.to = to;
        request.limit = std::min<std::size_t>(limit, 4096);
        return log->read(request);
      });
}

}  // namespace annal
