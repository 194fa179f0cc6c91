#include "annal/bus/bus.hpp"

#include "annal/bus/middleware.hpp"
#include "annal/bus/recent.hpp"
#include "annal/bus/subscriptions.hpp"
#include "annal/bus/turn.hpp"

namespace annal {

namespace {

struct Failed {
  std::string subscriber;
  std::shared_ptr<const Envelope> event;
  std::string what;
};

// About what an event takes in memory.
std::size_t footprint(const Envelope& event) {
  std::size_t bytes = sizeof(Envelope) + bytes_of(event);
  for (const auto& tag : event.tags) bytes += tag.size();
  return bytes;
}

std::string too_deep() {
  return "refused: it would end a chain of more than " + std::to_string(Bus::causation_limit) +
         " events, each published by a handler of the one before; look for handlers that answer "
         "one another";
}

bool wanted(const Envelope& event, const HistoryRequest& request) {
  return (!request.type || request.type->matches(event.type)) &&
         (!request.source || *request.source == event.source) &&
         (!request.stream || *request.stream == event.stream);
}

}  // namespace

struct Bus::State {
  State(const Catalogue& known, const BusOptions& options)
      : types(known),
        clock(options.clock ? *options.clock : system_clock()),
        ids(clock, options.randomness ? *options.randomness : system_randomness()),
        queued_events(options.queued_events),
        subscriptions(options.topics),
        history(options.history_events, options.kept_bytes),
        failures(options.failures, options.kept_bytes) {}

  void fill_in(Envelope& event);
  unsigned next_depth() const;
  Admission admit(Envelope event, unsigned depth) const;
  DispatchReport dispatch(Envelope event, unsigned depth);
  void queue(Turn& turn, Turn::Waiting waiting) const;
  DispatchReport tell(const std::shared_ptr<const Envelope>& event);

  const Catalogue& types;
  const Clock& clock;
  UlidGenerator ids;
  const std::size_t queued_events;
  Subscriptions subscriptions;
  MiddlewareChain middleware;
  Recent<std::shared_ptr<const Envelope>> history;
  Recent<Failed> failures;
};

void Bus::State::fill_in(Envelope& event) {
  if (event.id.is_nil()) event.id = ids.next();
  if (!event.occurred_at) event.occurred_at = clock.now();
}

unsigned Bus::State::next_depth() const {
  const unsigned depth = Turn::next_depth(this);
  if (depth > causation_limit) throw PublishRefused(too_deep());
  return depth;
}

Bus::Admission Bus::State::admit(Envelope event, unsigned depth) const {
  const Turn turn(this, Turn::Of::middleware, depth);
  return middleware.run(std::move(event));
}

DispatchReport Bus::State::dispatch(Envelope event, unsigned depth) {
  const auto shared = std::make_shared<const Envelope>(std::move(event));
  if (Turn* current = Turn::dispatching(this)) {
    queue(*current, {shared, depth});
    DispatchReport report;
    report.queued = true;
    return report;
  }
  Turn turn(this, Turn::Of::dispatch, depth);
  auto report = tell(shared);
  while (const auto next = turn.take()) tell(next->event);
  return report;
}

void Bus::State::queue(Turn& turn, Turn::Waiting waiting) const {
  if (turn.waiting() >= queued_events)
    throw PublishRefused("refused: " + std::to_string(queued_events) +
                         " events published inside handlers are waiting already, and more may not");
  turn.queue(std::move(waiting));
}

DispatchReport Bus::State::tell(const std::shared_ptr<const Envelope>& event) {
  history.add(event, footprint(*event));
  return subscriptions.tell(*event, [&](const std::string& subscriber, std::string what) {
    failures.add({subscriber, event, std::move(what)}, footprint(*event));
  });
}

Bus::Bus(const Catalogue& catalogue, BusOptions options)
    : state_(std::make_shared<State>(catalogue, options)) {}

Bus::~Bus() = default;

Connection Bus::subscribe(TopicPattern pattern, EventHandler handler, SubscribeOptions options) {
  if (!handler)
    throw InvalidInput("the handler for " + pattern.text() + " holds no function to call");
  return state_->subscriptions.add(std::move(pattern), std::move(handler), std::move(options));
}

Connection Bus::subscribe_entity(std::string stream, EventHandler handler,
                                 SubscribeOptions options) {
  if (stream.empty())
    throw InvalidInput("an entity is subscribed to by its stream, and none was named");
  if (!handler) throw InvalidInput("the handler for " + stream + " holds no function to call");
  return state_->subscriptions.add(EntityStream{std::move(stream)}, std::move(handler),
                                   std::move(options));
}

Connection Bus::use(std::string name, Middleware middleware) {
  return state_->middleware.add(std::move(name), std::move(middleware));
}

Bus::Admission Bus::admit(Envelope event) const {
  const unsigned depth = Turn::next_depth(state_.get());
  if (depth > causation_limit) return {std::nullopt, "bus", too_deep()};
  return state_->admit(std::move(event), depth);
}

DispatchReport Bus::dispatch(Envelope event) {
  return state_->dispatch(std::move(event), state_->next_depth());
}

DispatchReport Bus::publish(Envelope event) {
  if (!is_topic(event.type))
    throw InvalidInput("the event type \"" + event.type +
                       "\" is no topic such as document.updated");
  const unsigned depth = state_->next_depth();
  state_->fill_in(event);
  auto admission = state_->admit(std::move(event), depth);
  if (!admission.event) {
    DispatchReport report;
    report.dropped_by = std::move(admission.by);
    report.why = std::move(admission.why);
    return report;
  }
  state_->fill_in(*admission.event);  // middleware may have put another in its place
  return state_->dispatch(std::move(*admission.event), depth);
}

std::vector<Envelope> Bus::history(const HistoryRequest& request) const {
  std::vector<Envelope> result;
  for (const auto& event : state_->history.newest_first()) {
    if (result.size() == request.limit) break;
    if (wanted(*event, request)) result.push_back(*event);
  }
  return result;
}

std::vector<HandlerFailure> Bus::failures() const {
  std::vector<HandlerFailure> result;
  for (auto& failed : state_->failures.newest_first())
    result.push_back({std::move(failed.subscriber), *failed.event, std::move(failed.what)});
  return result;
}

std::size_t Bus::subscriber_count() const { return state_->subscriptions.count(); }

bool Bus::has_subscriber(const std::string& type) const {
  return state_->subscriptions.has_subscriber(type);
}

const Catalogue& Bus::catalogue() const { return state_->types; }

Connection& Connection::operator=(Connection&& other) noexcept {
  if (this != &other) {
    disconnect();
    cut_ = std::exchange(other.cut_, nullptr);
  }
  return *this;
}

void Connection::disconnect() {
  if (const auto cut = std::exchange(cut_, nullptr)) cut();
}

}  // namespace annal
