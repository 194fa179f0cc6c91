#include "annal/bus/bus.hpp"

#include "annal/bus/dead_letters.hpp"
#include "annal/bus/gate.hpp"
#include "annal/bus/observers_state.hpp"
#include "annal/bus/subscriptions.hpp"
#include "annal/bus/turn.hpp"
#include "annal/bus/vocabulary.hpp"

#include <algorithm>
#include <mutex>

namespace annal {

namespace {

std::string too_deep() {
  return "refused: it would end a chain of more than " + std::to_string(Bus::causation_limit) +
         " events, each published by a handler of the one before; look for handlers that answer "
         "one another";
}

bool is_wanted(const Envelope& event, const HistoryRequest& request) {
  return (!request.type || request.type->matches(event.type)) &&
         (!request.source || *request.source == event.source) &&
         (!request.stream || *request.stream == event.stream) &&
         (!request.since || event.happened_at() >= *request.since) &&
         (!request.until || event.happened_at() < *request.until);
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

}  // namespace

struct Bus::State {
  State(const Catalogue& known, const BusOptions& asked)
      : types(known),
        options(asked),
        clock(asked.clock ? *asked.clock : system_clock()),
        gate(asked, [this](const ControlVerdict& verdict,
                           const Envelope& event) { tell_decision(verdict, event); }),
        dead_letters(asked.dead_letters, asked.kept_bytes),
        subscriptions(asked.topics,
                      {asked.randomness ? asked.randomness : &system_randomness(),
                       asked.history_events, asked.kept_bytes, asked.known_ids, asked.names},
                      dead_letters),
        alarms(asked.monotonic),
        observers(std::make_shared<Observers::State>(
            subscriptions,
            ObserverSurroundings{
                key(), asked.observer_threads, asked.patience, &dead_letters, &alarms,
                [this](const std::string& observer, std::string what, const Envelope& event) {
                  warn(observer, std::move(what), event);
                }})) {}

  // What turns are known by.
  const void* key() { return &subscriptions.audience(); }
  unsigned next_depth();
  Subscriptions::Visit visit() { return Subscriptions::Visit(subscriptions.audience()); }

  Admission admit(Envelope event, unsigned depth);
  DispatchReport publish(Envelope&& event);
  DispatchReport publish_guarded(Envelope event, bool came_with_id, unsigned depth);
  static void fill_in(Envelope& event, Desk& desk, Timestamp now);
  bool is_known(const Ulid& id);
  bool claim(Subscriptions::Visit& here, const Ulid& id);
  DispatchReport dispatch(Subscriptions::Visit& here, Turn::Waiting event, Timestamp now);
  void queue(Turn& turn, Turn::Waiting waiting) const;

  // Events of the bus itself.
  template <class Payload>
  void tell_own(std::string_view type, std::string_view stream, const Payload& payload,
                const Envelope& about) noexcept;
  void tell_decision(const ControlVerdict& verdict, const Envelope& event) noexcept;
  void warn(const std::string& subject, std::string message, const Envelope& event) noexcept;

  const Catalogue& types;
  const BusOptions options;
  const Clock& clock;
  Gate gate;
  DeadLetters dead_letters;
  std::mutex claiming;
  Subscriptions subscriptions;
  // From here on threads of the bus are at work.
  Alarms alarms;
  Observers observers;
};

unsigned Bus::State::next_depth() {
  const unsigned depth = Turn::next_depth(key());
  if (depth > causation_limit) throw PublishRefused(too_deep());
  return depth;
}

Bus::Admission Bus::State::admit(Envelope event, unsigned depth) {
  const Turn turn(key(), Turn::Of::middleware, depth);
  ControlContext context;
  return gate.admit(std::move(event), context);
}

void Bus::State::fill_in(Envelope& event, Desk& desk, Timestamp now) {
  if (event.id.is_nil()) event.id = desk.ids.next(now);
  if (!event.occurred_at) event.occurred_at = now;
}

bool Bus::State::is_known(const Ulid& id) {
  bool known = false;
  subscriptions.audience().for_each_desk(
      [&](const Desk& desk) { known = known || desk.known_ids.contains(id); });
  return known;
}

// An id that comes with its event is looked for in all lanes, by one thread at a time.
bool Bus::State::claim(Subscriptions::Visit& here, const Ulid& id) {
  std::lock_guard one_at_a_time(claiming);
  if (is_known(id)) return false;
  std::lock_guard lock(here.mutex());
  here.desk().known_ids.add(id);
  return true;
}

DispatchReport Bus::State::publish(Envelope&& event) {
  const unsigned depth = next_depth();
  const Timestamp now = clock.now();
  const bool came_with_id = !event.id.is_nil();
  const bool is_open = gate.is_open();
  {
    auto here = visit();
    if (!here.known_topic(event.type) && !is_topic(event.type))
      throw InvalidInput("the event type \"" + event.type +
                         "\" is no topic such as document.updated");
    here.desk().published.add();
    fill_in(event, here.desk(), now);
    if (is_open) {
      if (came_with_id && !claim(here, event.id)) {
        here.desk().duplicates.add();
        return duplicate();
      }
      return dispatch(
          here, {std::make_shared<const Envelope>(std::move(event)), depth, !came_with_id}, now);
    }
  }
  return publish_guarded(std::move(event), came_with_id, depth);
}

// No lane is held while middleware and control look at an event: they may take their time.
DispatchReport Bus::State::publish_guarded(Envelope event, bool came_with_id, unsigned depth) {
  const bool is_repeated = came_with_id && is_known(event.id);
  Admission admission;
  if (!is_repeated) admission = admit(std::move(event), depth);
  const Timestamp now = clock.now();
  auto here = visit();
  if (is_repeated || (admission.event && came_with_id && !claim(here, admission.event->id))) {
    here.desk().duplicates.add();
    return duplicate();
  }
  if (!admission.event) {
    Desk& desk = here.desk();
    (!admission.by_control ? desk.dropped : admission.skipped ? desk.skipped : desk.rejected).add();
    return refused(std::move(admission));
  }
  fill_in(*admission.event, here.desk(), now);  // another may have taken its place
  return dispatch(
      here, {std::make_shared<const Envelope>(*std::move(admission.event)), depth, !came_with_id},
      now);
}

DispatchReport Bus::State::dispatch(Subscriptions::Visit& here, Turn::Waiting event,
                                    Timestamp now) {
  DispatchReport report;
  if (Turn* current = Turn::dispatching(key())) {
    queue(*current, std::move(event));
    report.queued = true;
    return report;
  }
  Turn turn(key(), Turn::Of::dispatch, event.depth);
  subscriptions.tell(here, event.event, event.is_new, now, report);
  while (const auto next = turn.take()) {
    DispatchReport ignored;
    subscriptions.tell(here, next->event, next->is_new, now, ignored);
  }
  return report;
}

void Bus::State::queue(Turn& turn, Turn::Waiting waiting) const {
  if (turn.waiting() >= options.queued_events)
    throw PublishRefused("refused: " + std::to_string(options.queued_events) +
                         " events published inside handlers are waiting already, and more may not");
  turn.queue(std::move(waiting));
}

// They pass neither middleware nor control, which might want to say something about them again.
template <class Payload>
void Bus::State::tell_own(std::string_view type, std::string_view stream, const Payload& payload,
                          const Envelope& about) noexcept {
  try {
    const unsigned depth = next_depth();
    const Timestamp now = clock.now();
    Envelope event;
    event.type = type;
    event.codec = Codec::cereal;
    event.data = encode(payload);
    event.stream = stream;  // its own: nothing is added to the history of what it is about
    event.source = "annal";
    event.correlation_id = about.correlation_id;
    if (!about.id.is_nil()) event.causation_id = about.id.to_string();
    auto here = visit();
    fill_in(event, here.desk(), now);
    dispatch(here, {std::make_shared<const Envelope>(std::move(event)), depth, true}, now);
  } catch (...) {
    // Too many of them wait, or there is no memory: what they tell of must not fail for it.
  }
}

void Bus::State::tell_decision(const ControlVerdict& verdict, const Envelope& event) noexcept {
  ControlDecided decided;
  decided.signal = to_string(verdict.signal);
  decided.by = verdict.by;
  decided.priority = verdict.priority;
  decided.reason = verdict.reason;
  decided.delay = static_cast<std::uint64_t>(verdict.delay.count());
  decided.attempt = verdict.attempt;
  decided.took = static_cast<std::uint64_t>(verdict.took.count());
  if (!event.id.is_nil()) decided.event_id = event.id.to_string();
  decided.event_type = event.type;
  tell_own(control_decided, "bus/decisions", decided, event);
}

void Bus::State::warn(const std::string& subject, std::string message,
                      const Envelope& event) noexcept {
  WarningRaised warning;
  warning.message = std::move(message);
  warning.subject = subject;
  if (!event.id.is_nil()) warning.event_id = event.id.to_string();
  warning.event_type = event.type;
  tell_own(warning_raised, "bus/warnings", warning, event);
}

Bus::Bus(const Catalogue& catalogue, BusOptions options)
    : state_(std::make_shared<State>(catalogue, options)) {}

Bus::~Bus() = default;

Connection Bus::subscribe(Query interest, EventHandler handler, SubscribeOptions options) {
  if (!handler)
    throw InvalidInput("the handler for " + interest.to_string() + " holds no function to call");
  return state_->subscriptions.add(std::move(interest), std::move(handler), std::move(options));
}

Connection Bus::subscribe(TopicPattern pattern, EventHandler handler, SubscribeOptions options) {
  if (options.name.empty()) options.name = pattern.text();
  return subscribe(Query::of_types({std::move(pattern)}), std::move(handler), std::move(options));
}

Connection Bus::subscribe_entity(std::string stream, EventHandler handler,
                                 SubscribeOptions options) {
  if (stream.empty())
    throw InvalidInput("an entity is subscribed to by its stream, and none was named");
  return subscribe(Query::of_stream(std::move(stream)), std::move(handler), std::move(options));
}

Connection Bus::use(std::string name, Middleware middleware) {
  return state_->gate.middleware.add(std::move(name), std::move(middleware));
}

Control& Bus::control() { return state_->gate.control; }
Observers& Bus::observers() { return state_->observers; }

Bus::Admission Bus::admit(Envelope event) const {
  const unsigned depth = Turn::next_depth(state_->key());
  if (depth > causation_limit) return {std::nullopt, "bus", too_deep()};
  const std::string type = event.type;
  auto admission = state_->admit(std::move(event), depth);
  if (admission.event && admission.event->type != type)
    return {std::nullopt, "bus",
            "refused: an event of type \"" + admission.event->type +
                "\" in the place of one of \"" + type + '"'};
  return admission;
}

DispatchReport Bus::dispatch(Envelope event) {
  const unsigned depth = state_->next_depth();
  auto here = state_->visit();
  return state_->dispatch(here, {std::make_shared<const Envelope>(std::move(event)), depth, false},
                          state_->clock.now());
}

DispatchReport Bus::publish(Envelope&& event) { return state_->publish(std::move(event)); }

std::vector<Envelope> Bus::history(const HistoryRequest& request) const {
  std::vector<Told> told;
  state_->subscriptions.audience().for_each_desk([&](const Desk& desk) {
    desk.history.for_each([&](const Told& each) { told.push_back(each); });
  });
  // Stable, so that what one thread told stays in its order where the clock stood still.
  std::reverse(told.begin(), told.end());
  std::stable_sort(told.begin(), told.end(),
                   [](const Told& a, const Told& b) { return a.at > b.at; });
  if (told.size() > state_->options.history_events) told.resize(state_->options.history_events);
  std::vector<Envelope> result;
  for (const auto& each : told) {
    if (result.size() == request.limit) break;
    if (is_wanted(*each.event, request)) result.push_back(*each.event);
  }
  return result;
}

std::vector<DeadLetter> Bus::dead_letters() const { return state_->dead_letters.newest_first(); }

std::size_t Bus::redrive(const std::string& subscriber) {
  if (Turn::inside(state_->key()))
    throw WouldDeadlock("dead letters are handed over again outside the handlers of their bus");
  return state_->dead_letters.redrive(subscriber);
}

BusStatistics Bus::statistics() const {
  const Timestamp now = state_->clock.now();
  BusStatistics statistics;
  std::map<std::string, Book::Page> types, entities;
  const auto& audience = state_->subscriptions.audience();
  audience.for_each_desk([&](const Desk& desk) {
    statistics.told += desk.told;
    statistics.published += desk.published.count();
    statistics.dropped += desk.dropped.count();
    statistics.skipped += desk.skipped.count();
    statistics.rejected += desk.rejected.count();
    statistics.duplicates += desk.duplicates.count();
    desk.types.add_to(types);
    desk.entities.add_to(entities);
  });
  audience.for_each_topic([&](const std::string* type, const Topic& topic) {
    if (type && topic.page.count > 0) merge(topic.page, types[*type]);
  });
  for (const auto& [name, page] : types) statistics.types[name] = figures_of(page, now);
  for (const auto& [name, page] : entities) statistics.entities[name] = figures_of(page, now);
  statistics.dead_letters = state_->dead_letters.size();
  statistics.dead_letters_lost = state_->dead_letters.lost();
  statistics.subscribers = state_->subscriptions.figures(now);
  return statistics;
}

std::size_t Bus::run_due() { return state_->alarms.run_due(); }

std::size_t Bus::subscriber_count() const { return state_->subscriptions.count(); }

bool Bus::has_subscriber(const std::string& type) const {
  return state_->subscriptions.has_subscriber(type);
}

const Catalogue& Bus::catalogue() const { return state_->types; }

}  // namespace annal
