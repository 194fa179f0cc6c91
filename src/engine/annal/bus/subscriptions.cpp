#include "annal/bus/subscriptions.hpp"

// g++ 12 cannot see through the boost::optional of a slot without a group, and warns at -O1.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "annal/bus/turn.hpp"
#include "annal/failure_text.hpp"

#include <boost/signals2/dummy_mutex.hpp>
#include <boost/signals2/signal.hpp>
#include <boost/signals2/signal_type.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>

// A Signals2 slot per subscriber would cost its locks per subscriber and event. So each
// subscription is a slot of a signal that is never emitted: Signals2 keeps it, and drops it when
// its connection is cut, and the token inside it takes the subscription out. Events go through a
// signal per topic with a single slot, which walks an immutable table. Each publishing thread has
// signals of its own (one that two threads emit at once serves both of them worse than it would one),
// so these need no mutex.

namespace annal {

namespace signals = boost::signals2;

using Table = Subscriptions::Audience::Table;

// One event on its way to its subscribers.
struct Delivery {
  const EventPointer& event;
  DeadLetters& dead_letters;
  const MonotonicClock& clock;
  const Subscriptions::Part& part;
  Timestamp now;
  bool timed;
  DispatchReport& report;
  const Table* table;
};

namespace {

// Whether he may be called, and his owner, who must be kept meanwhile.
bool is_there(Subscriber& subscriber, std::uint8_t flags, std::shared_ptr<void>& owner) {
  if (flags & (Subscriber::gone | Subscriber::paused)) return false;
  if (!(flags & Subscriber::owned)) return true;
  owner = subscriber.options.owner->lock();
  if (!owner) subscriber.disconnect();
  return owner != nullptr;
}

void call(Subscriber& subscriber, const EventPointer& event, std::uint8_t flags) {
  if (flags & Subscriber::takes)
    subscriber.taker(event);
  else
    subscriber.handler(*event);
}

// A subscriber of whom there is more to do than to call him.
bool call_with_care(Subscriber& subscriber, Delivery& delivery, std::uint8_t flags) {
  const bool chooses = flags & Subscriber::chooses;
  std::shared_ptr<void> owner;
  if (!is_there(subscriber, flags, owner)) {
    if (!chooses) subscriber.miss_one(delivery.now);
    return false;
  }
  if (chooses) {
    if (!subscriber.interest.query().matches(*delivery.event)) return false;
    subscriber.count_one(delivery.now);
  }
  struct Parting {
    ~Parting() {
      if (owner && owner.use_count() == 1) part(std::move(owner));
    }
    std::shared_ptr<void>& owner;
    const Subscriptions::Part& part;
  } const parting{owner, delivery.part};
  call(subscriber, delivery.event, flags);
  return !(flags & Subscriber::takes);
}

// What a subscriber says to an event that he failed to take once. It is not counted again.
DeadLetters::Answer take_again(const std::weak_ptr<Subscriber>& subscriber,
                               const EventPointer& event) {
  const auto known = subscriber.lock();
  if (!known || known->flags & Subscriber::gone || known->is_orphan())
    return DeadLetters::Answer::gone("the subscriber is gone");
  try {
    const auto flags = known->flags.load();
    std::shared_ptr<void> owner;
    if (!is_there(*known, flags, owner))
      return DeadLetters::Answer::failed("the subscriber is paused, or its owner is gone");
    call(*known, event, flags);
    return {};
  } catch (...) {
    return DeadLetters::Answer::failed(text_of_current_exception());
  }
}

void bury(Subscriber& subscriber, Delivery& delivery, std::string what) {
  ++delivery.report.failed;
  ++subscriber.errors;
  delivery.dead_letters.add({subscriber.options.name, delivery.event, std::move(what), 1,
                             [weak = subscriber.weak_from_this()](const EventPointer& event) {
                               return take_again(weak, event);
                             }});
}

//   returns   whether a handler was called
bool tell_one(Subscriber& subscriber, Delivery& delivery) {
  const auto flags = subscriber.flags.load();
  if (flags != 0) [[unlikely]]
    return call_with_care(subscriber, delivery, flags);
  subscriber.handler(*delivery.event);
  return true;
}

// From one to the next that throws, and on behind him.
void tell_all(Delivery& delivery, Table::const_iterator at) {
  std::size_t delivered = 0;
  while (at != delivery.table->end()) try {
      for (; at != delivery.table->end(); ++at) delivered += tell_one(**at, delivery) ? 1 : 0;
    } catch (...) {
      bury(**at++, delivery, text_of_current_exception());
    }
  delivery.report.delivered += delivered;
}

void tell_all_timed(Delivery& delivery) {
  auto begun = delivery.clock.reading();
  for (const auto& subscriber : *delivery.table) {
    bool called = true;
    try {
      called = tell_one(*subscriber, delivery);
      delivery.report.delivered += called ? 1 : 0;
    } catch (...) {
      bury(*subscriber, delivery, text_of_current_exception());
    }
    const auto done = delivery.clock.reading();
    if (called) subscriber->latencies.add(done - begun);
    begun = done;
  }
}

constexpr std::size_t first_sweep = 64;   // subscriptions
constexpr std::uint64_t timed_first = 8;  // emissions of each topic
constexpr std::uint64_t timed_every = 128;

}  // namespace

struct Topic::Signal {
  Signal() {
    signal.connect([](Delivery& delivery) {
      if (delivery.timed)
        tell_all_timed(delivery);
      else
        tell_all(delivery, delivery.table->begin());
    });
  }
  signals::signal_type<void(Delivery&), signals::keywords::mutex_type<signals::dummy_mutex>>::type
      signal;
};

Subscriber::Subscriber(Query wanted, SubscribeOptions asked)
    : options(std::move(asked)), interest(std::move(wanted)) {
  if (options.owner) flags |= owned;
  if (interest.needs_matching()) flags |= chooses;
  if (options.name.empty()) options.name = interest.query().to_string();
}

Topic::Topic(std::vector<std::shared_ptr<Subscriber>> members) : table(std::move(members)) {}

Topic::~Topic() = default;

void Topic::retire() noexcept {
  for_each_counted([&](Subscriber& subscriber) { subscriber.count(page.count, page.recent); });
}

void Topic::emit(Delivery& delivery) {
  if (!signal_) signal_ = std::make_unique<Signal>();
  signal_->signal(delivery);
}

struct Subscriptions::State {
  // What every slot of `lives` holds: dies with it, when Signals2 lets go of the slot.
  struct Token {
    Token(std::weak_ptr<State> of, std::shared_ptr<Subscriber> held)
        : state(std::move(of)), subscriber(std::move(held)) {}
    Token(const Token&) = delete;
    Token& operator=(const Token&) = delete;
    ~Token() {
      subscriber->flags |= Subscriber::gone;
      if (const auto alive = state.lock()) alive->audience.leave(*subscriber);
    }

    std::weak_ptr<State> state;
    std::shared_ptr<Subscriber> subscriber;
  };

  // What a Connection holds.
  struct Held final : Attachment {
    Held(std::weak_ptr<State> of, const std::shared_ptr<Subscriber>& held)
        : state(std::move(of)), disconnect(held->disconnect), subscriber(held) {}
    void cut() noexcept override { disconnect(); }
    void wait_until_idle() override {
      const auto alive = state.lock();
      if (!alive) return;
      if (Turn::inside(&alive->audience))
        throw WouldDeadlock(
            "a handler waits for handlers of its own bus to return: disconnect() does not wait");
      alive->audience.wait_for_visits();
    }
    void pause(bool paused) noexcept override {
      const auto known = subscriber.lock();
      if (!known) return;
      if (paused)
        known->flags |= Subscriber::paused;
      else
        known->flags &= static_cast<std::uint8_t>(~Subscriber::paused);
    }

    const std::weak_ptr<State> state;
    const std::function<void()> disconnect;
    const std::weak_ptr<Subscriber> subscriber;
  };

  State(std::size_t remembered, Desk::Options options, DeadLetters& of, Part with_owners,
        const MonotonicClock& with)
      : audience(remembered, options),
        dead_letters(of),
        part(std::move(with_owners)),
        clock(with) {}

  Rank next_rank(const SubscribeOptions& options);
  void sweep_if_due();

  Audience audience;
  DeadLetters& dead_letters;
  const Part part;
  const MonotonicClock& clock;
  std::atomic<std::int64_t> last_sequence{0};
  std::atomic<std::size_t> sweep_at{first_sweep};
  signals::signal<void()> lives;  // last: its slots die first
};

// As Signals2 has it: without a group and at the front; by groups; without a group and at the back.
Rank Subscriptions::State::next_rank(const SubscribeOptions& options) {
  const std::int64_t sequence = ++last_sequence;
  const int section = options.group ? 1 : options.at_front ? 0 : 2;
  return {section, options.group.value_or(0), options.at_front ? -sequence : sequence};
}

// Subscriptions whose owners died are cut when an event comes for them. Where none comes, they are
// found here: each time there are twice as many as the last sweep left.
void Subscriptions::State::sweep_if_due() {
  if (audience.size() < sweep_at) return;
  std::size_t orphans = 0;
  const auto members = audience.members();
  for (const auto& subscriber : members)
    if (subscriber->is_orphan()) {
      subscriber->disconnect();
      ++orphans;
    }
  sweep_at = std::max(first_sweep, 2 * (members.size() - orphans));
}

Subscriptions::Subscriptions(std::size_t remembered, Desk::Options options,
                             DeadLetters& dead_letters, Part part, const MonotonicClock* monotonic)
    : state_(std::make_shared<State>(remembered, options, dead_letters, std::move(part),
                                     monotonic ? *monotonic : monotonic_clock())) {}

Subscriptions::~Subscriptions() = default;

Subscriptions::Audience& Subscriptions::audience() const { return state_->audience; }

Connection Subscriptions::add(Query interest, EventHandler handler, SubscribeOptions options) {
  auto subscriber = std::make_shared<Subscriber>(std::move(interest), std::move(options));
  subscriber->handler = std::move(handler);
  return connect(std::move(subscriber));
}

Connection Subscriptions::add(Query interest, EventTaker taker, SubscribeOptions options) {
  auto subscriber = std::make_shared<Subscriber>(std::move(interest), std::move(options));
  subscriber->taker = std::move(taker);
  subscriber->flags |= Subscriber::takes;
  return connect(std::move(subscriber));
}

Connection Subscriptions::connect(std::shared_ptr<Subscriber> subscriber) {
  state_->sweep_if_due();
  subscriber->rank = state_->next_rank(subscriber->options);
  subscriber->disconnect = [connection = state_->lives.connect(
                                [token = std::make_shared<State::Token>(state_, subscriber)] {})] {
    connection.disconnect();
  };
  Connection connection(std::make_shared<State::Held>(state_, subscriber));
  state_->audience.join(subscriber);
  return connection;
}

void Subscriptions::tell(Visit& visit, const EventPointer& event, bool is_new, Timestamp now,
                         DispatchReport& report) {
  visit.refresh();
  Desk& desk = visit.desk();
  Topic& by_type = visit.topic(event->type);
  std::vector<Topic*> others;
  Table merged;
  const Table& table = visit.find(*event, by_type, others, merged);
  const std::int64_t second = second_of(now);
  Book::Page* entity = nullptr;
  std::unique_lock lock(visit.mutex());
  ++desk.told;
  by_type.page.add(now, second);
  for (auto* topic : others) topic->page.add(now, second);
  const bool timed = by_type.page.count <= timed_first || desk.told % timed_every == 0;
  desk.newest = std::max(desk.newest, now);
  desk.history.add({event, desk.newest, desk.told}, footprint(*event));
  if (is_new) desk.remember_new(event->id);
  if (!event->stream.empty()) {
    entity = &desk.entities.page(event->stream);
    entity->add(now, second);
  }
  lock.unlock();
  if (table.empty()) return;

  const MonotonicClock& clock = state_->clock;
  Delivery delivery{event, state_->dead_letters, clock, state_->part, now, timed, report, &table};
  const auto begun = timed ? clock.reading() : std::chrono::nanoseconds(0);
  by_type.emit(delivery);
  if (!timed && report.failed == 0) return;

  const auto took = timed ? clock.reading() - begun : std::chrono::nanoseconds(0);
  lock.lock();
  for (auto* page : {&by_type.page, entity}) {
    if (!page) continue;
    page->errors += report.failed;
    if (timed) page->measure(took);
  }
}

bool Subscriptions::has_subscriber(const std::string& type) {
  return !Visit(state_->audience).topic(type).table.empty();
}

std::size_t Subscriptions::count() const {
  const auto members = state_->audience.members();
  return static_cast<std::size_t>(
      std::count_if(members.begin(), members.end(),
                    [](const auto& subscriber) { return !subscriber->is_orphan(); }));
}

std::vector<SubscriberFigures> Subscriptions::figures(const Audience::Table& members,
                                                      const Audience::Look& look, Timestamp now) {
  struct Counted {
    std::uint64_t told = 0;
    SlidingCount recent, missed;
  };
  std::unordered_map<const Subscriber*, Counted> live;  // in tables that are in use
  look.for_each_topic([&](const std::string*, const Topic& topic) {
    topic.for_each_counted([&](const Subscriber& subscriber) {
      auto& counted = live[&subscriber];
      counted.told += topic.page.count;
      counted.recent.add(topic.page.recent);
    });
  });
  std::vector<SubscriberFigures> result;
  for (const auto& subscriber : members) {
    if (subscriber->flags & Subscriber::takes) continue;
    SubscriberFigures figures;
    figures.name = subscriber->options.name;
    figures.interest = subscriber->interest.query().to_string();
    figures.paused = subscriber->flags & Subscriber::paused;
    Counted all = live[subscriber.get()];
    {
      std::lock_guard lock(subscriber->mutex);
      all.told += subscriber->told - subscriber->missed;
      all.recent.add(subscriber->recent);
      all.missed = subscriber->recently_missed;
    }
    figures.figures.count = all.told;
    figures.figures.errors = subscriber->errors;
    figures.figures.per_minute =
        std::max(0.0, all.recent.per_minute(now) - all.missed.per_minute(now));
    figures.figures.latencies = subscriber->latencies.latencies();
    result.push_back(std::move(figures));
  }
  return result;
}

}  // namespace annal
