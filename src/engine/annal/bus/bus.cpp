#include "annal/bus/bus.hpp"

#include "annal/bus/bus_state.hpp"
#include "annal/bus/expectation_state.hpp"
#include "annal/time/bounded_wait.hpp"

#include <algorithm>
#include <future>

namespace annal {

namespace {

bool is_wanted(const Envelope& event, const HistoryRequest& request) {
  return (!request.type || request.type->matches(event.type)) &&
         (!request.source || *request.source == event.source) &&
         (!request.stream || *request.stream == event.stream) &&
         (!request.since || event.happened_at() >= *request.since) &&
         (!request.until || event.happened_at() < *request.until);
}

void check_policy(const TopicPattern& types, const RecordingPolicy& policy, bool has_log) {
  const std::string what = "the policy for " + types.text() + ' ';
  if (policy.recording != Recording::none && !has_log)
    throw ConfigurationError(what + "wants events to be recorded, and the bus has no log");
  if (!policy.coalesce_within) return;
  if (policy.recording == Recording::required)
    throw ConfigurationError(what +
                             "both requires that events are recorded and holds them back: publish "
                             "returns before it is known");
  if (policy.coalesce_within->count() <= 0)
    throw InvalidInput(what + "holds events back for no time: coalesce_within must be above 0");
}

}  // namespace

Bus::State::State(const Catalogue& known, const BusOptions& asked)
    : types(known),
      options(asked),
      clock(asked.clock ? *asked.clock : system_clock()),
      gate(
          asked,
          [this](const ControlVerdict& verdict, const Envelope& event) {
            tell_decision(verdict, event);
          },
          [this](const std::string& handler, const std::string& what, const Envelope& event) {
            warn(handler,
                 "the control handler \"" + handler + "\" failed and was passed over: " + what,
                 event);
          }),
      dead_letters(asked.dead_letters, asked.kept_bytes),
      observer_errors(asked.names),
      subscriptions(
          asked.topics,
          {asked.randomness ? asked.randomness : &system_randomness(), asked.history_events,
           asked.kept_bytes, asked.known_ids, asked.names},
          dead_letters,
          [this](std::shared_ptr<void> owner) {
            if (!options.monotonic) errands.add([owner = std::move(owner)] {});
          },
          asked.monotonic),
      alarms(asked.monotonic),
      errands(key(), asked.monotonic == nullptr, &alarms),
      observers_state(std::make_shared<Observers::State>(
          subscriptions,
          ObserverSurroundings{
              key(), asked.observer_threads, asked.patience, &dead_letters, &alarms,
              [this](const std::string& observer, std::string what, const Envelope& event) {
                errands.add([this, observer, what = std::move(what), event] {
                  warn(observer, what, event);
                });
              },
              [this](const Envelope& event) { observer_errors.note(event); }})),
      observers(observers_state),
      rules_state(new Rules::State{
          subscriptions,
          alarms,
          clock,
          [this](Emission emission) { return publish_emission(std::move(emission)); },
          [this] { return Position{newest_told}; },
          [this] { return recorder ? &recorder->log() : nullptr; },
          [this](std::function<void()> work) { return errands.add(std::move(work)); },
          {},
          {}}),
      rules(rules_state),
      coalescer(alarms, errands, asked.backlog_events,
                [this](ReadyEvent event) { send_held(std::move(event)); }),
      backlog(
          asked.backlog_events, limits::commit_events,
          [this](std::vector<Backlog::Waiting> waiting) { publish_backlog(std::move(waiting)); }) {}

// Observers and whoever sleeps at the gate first, so that no publisher waits for them; then, from one to
// the next, those who hand on what the one before still says.
void Bus::State::close() {
  std::lock_guard one_at_a_time(closing);
  if (std::exchange(is_closed, true)) return;
  const Unawaited unawaited(key());
  gate.close();
  alarms.stop();
  observers_state->pool->close();
  backlog.stop();
  coalescer.close();
  errands.stop();
}

bool Bus::State::flush(std::chrono::milliseconds timeout) {
  const auto until = std::chrono::steady_clock::now() + bounded_wait(timeout);
  if (!backlog.wait_until_done(timeout)) return false;
  const auto sent = std::make_shared<std::promise<void>>();
  const bool is_taken = errands.add([this, sent] {
    coalescer.let_go_all();
    sent->set_value();
  });
  if (!is_taken)
    return coalescer.empty();  // closed: nothing is held back, and nobody told, any more
  if (options.monotonic) errands.run_all();
  if (sent->get_future().wait_until(until) != std::future_status::ready) return false;
  return !recorder || is_told_by(until, recorder->log().head());
}

std::size_t Bus::State::run_due() {
  const std::size_t done = alarms.run_due();
  errands.run_all();
  return done;
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

Connection Bus::record(TopicPattern types, RecordingPolicy policy) {
  check_policy(types, policy, state_->recorder != nullptr);
  auto added = std::make_shared<Policy>(std::move(types));
  added->policy = policy;
  added->rank.sequence = -++state_->last_policy;  // the newest first
  Connection connection(std::make_shared<Seat<Audience<Policy>, Policy>>(state_->policies, added));
  state_->policies->join(std::move(added));
  return connection;
}

void Bus::record_with(std::shared_ptr<Recorder> recorder) {
  state_->newest_told = recorder ? recorder->log().head().value : 0;
  state_->rules_state->told_through = state_->newest_told.load();
  state_->recorder = std::move(recorder);
  state_->read_spilled_events();
}

Control& Bus::control() { return state_->gate.control; }
Observers& Bus::observers() { return state_->observers; }
Rules& Bus::rules() { return state_->rules; }

Bus::Admission Bus::admit(Envelope event) const {
  const std::string type = event.type;
  const unsigned depth = Turn::next_depth(state_->key());
  auto admission = state_->admit(std::move(event), depth, {}, type);
  if (!admission.event) return admission;
  note_depth(*admission.event, depth);
  state_->coalescer.let_go_before(*admission.event, !Turn::inside(state_->key()));
  return admission;
}

DispatchReport Bus::dispatch(Envelope event) {
  const unsigned depth = std::max(state_->next_depth(), recorded_depth(event));
  const Ulid id = event.id;
  const Position position = event.position;
  const Timestamp recorded_at = event.recorded_at;
  // Before those who are told are looked up: whoever subscribes and then reads this is told of all that
  // come later.
  if (position.value > 0) state_->newest_told = position.value;
  auto here = state_->visit();
  auto report =
      state_->dispatch(here, {std::make_shared<const Envelope>(std::move(event)), depth, false},
                       state_->clock.now());
  if (position.value > 0 && !report.queued) state_->rules_state->note_told(position, recorded_at);
  state_->awaited.keep(id, report);
  return report;
}

DispatchReport Bus::publish(Envelope&& event) { return state_->publish(std::move(event)); }

DispatchReport Bus::publish(Envelope event, PublishOptions options) {
  return state_->publish(std::move(event), std::move(options));
}

void Bus::publish_or_warn(Envelope event) noexcept { state_->publish_or_warn(std::move(event)); }
std::vector<DispatchReport> Bus::publish_batch(std::vector<Envelope> events) {
  return state_->publish_batch(std::move(events));
}

void Bus::publish_nowait(Envelope event) {
  require_topic(event.type);
  switch (state_->backlog.add({std::move(event), state_->next_depth()})) {
    case Backlog::Added::yes:
      return;
    case Backlog::Added::full:
      throw PublishRefused("refused: " + std::to_string(state_->options.backlog_events) +
                           " events published without waiting are waiting already");
    case Backlog::Added::stopped:
      throw PublishRefused(
          "refused: the bus is closed, and publishes nothing behind anybody's back");
    case Backlog::Added::no_thread:
      throw PublishRefused("refused: there is no memory for a thread that publishes");
  }
}

bool Bus::flush(std::chrono::milliseconds timeout) {
  if (state_->is_inside())
    throw WouldDeadlock("a handler, or a rule, waits for what is published behind it");
  return state_->flush(timeout);
}

void Bus::close() {
  if (state_->is_inside())
    throw WouldDeadlock("a handler, or a rule, closes its bus, which waits for it to return");
  state_->close();
}

Expectation Bus::expect(Query interest, std::function<bool(const Envelope&)> predicate) {
  auto expected = std::make_shared<Expectation::State>();
  expected->bus = state_->key();
  expected->predicate = std::move(predicate);
  SubscribeOptions options{.name = "expectation of " + interest.to_string()};
  auto connection = state_->subscriptions.add(
      std::move(interest),
      EventTaker([expected](const EventPointer& event) { expected->take(event); }),
      std::move(options));
  return Expectation(std::move(expected), std::move(connection));
}

std::optional<Envelope> Bus::wait_for(Query interest, std::chrono::milliseconds timeout,
                                      std::function<bool(const Envelope&)> predicate) {
  return expect(std::move(interest), std::move(predicate)).wait(timeout);
}

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
  // Whoever cuts the subscriber and waits, waits for this too.
  const auto here = state_->visit();
  const Turn turn(state_->key(), Turn::Of::middleware, 1);
  return state_->dead_letters.redrive(subscriber);
}

BusStatistics Bus::statistics() const {
  const Timestamp now = state_->clock.now();
  BusStatistics statistics;
  std::map<std::string, Book::Page> types, entities;
  const auto& audience = state_->subscriptions.audience();
  const auto members = audience.members();  // who leaves meanwhile ends with them
  const Subscriptions::Audience::Look look(audience);
  look.for_each_desk([&](const Desk& desk) {
    statistics.told += desk.told;
    statistics.published += desk.published.count();
    statistics.dropped += desk.dropped.count();
    statistics.skipped += desk.skipped.count();
    statistics.rejected += desk.rejected.count();
    statistics.duplicates += desk.duplicates.count();
    desk.types.add_to(types);
    desk.entities.add_to(entities);
  });
  look.for_each_topic([&](const std::string* type, const Topic& topic) {
    if (type && topic.page.count > 0) merge(topic.page, types[*type]);
  });
  state_->observer_errors.add_to(types, entities);
  for (const auto& [name, page] : types) statistics.types[name] = figures_of(page, now);
  for (const auto& [name, page] : entities) statistics.entities[name] = figures_of(page, now);
  statistics.coalesced = state_->coalescer.merged();
  statistics.unrecorded = state_->unrecorded;
  statistics.dead_letters = state_->dead_letters.size();
  statistics.dead_letters_lost = state_->dead_letters.lost();
  statistics.subscribers = state_->subscriptions.figures(members, look, now);
  return statistics;
}

std::size_t Bus::run_due() {
  if (state_->is_inside())
    throw WouldDeadlock("a handler, or a rule, does what is due, itself perhaps");
  return state_->run_due();
}

std::size_t Bus::subscriber_count() const { return state_->subscriptions.count(); }

bool Bus::has_subscriber(const std::string& type) const {
  return state_->subscriptions.has_subscriber(type);
}

bool Bus::wants(const std::string& type) const {
  return has_subscriber(type) || state_->policy_of(type).recording != Recording::none;
}

const Catalogue& Bus::catalogue() const { return state_->types; }

}  // namespace annal
