#include "annal/bus/subscriptions.hpp"

// g++ 12 cannot see through the boost::optional of a slot without a group, and warns at -O1.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "annal/bus/roster.hpp"
#include "annal/failure_text.hpp"
#include "annal/log/recently_used.hpp"

#include <boost/signals2/signal.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <unordered_map>
#include <vector>

// A Signals2 slot per subscriber would cost its locks per subscriber and event. So each
// subscription is a slot of a signal that is never emitted: Signals2 keeps it, and drops it when
// its connection is cut, and the token inside it takes the subscription out. Events go through a
// signal per topic with a single slot, which walks an immutable table.

namespace annal {

namespace {

struct Subscriber {
  Interest interest;
  EventHandler handler;
  SubscribeOptions options;
  boost::signals2::connection connection;
  std::uint64_t sequence = 0;  // subscribers are told in this order
  std::atomic<bool> connected{true};

  bool is_orphan() const { return options.owner && options.owner->expired(); }
};

using Table = Roster<Subscriber>::Table;

// One event on its way to its subscribers.
struct Delivery {
  const Envelope& event;
  const Table& entity_table;  // those who subscribed to its stream
  const Subscriptions::OnFailure& on_failure;
  DispatchReport report;
};

void tell_one(const Subscriber& subscription, Delivery& delivery) {
  std::shared_ptr<void> owner;
  if (subscription.options.owner) {
    owner = subscription.options.owner->lock();
    if (!owner) return subscription.connection.disconnect();
  }
  if (!subscription.connected) return;
  try {
    subscription.handler(delivery.event);
    ++delivery.report.delivered;
  } catch (...) {
    ++delivery.report.failed;
    delivery.on_failure(subscription.options.name, text_of_current_exception());
  }
}

// Both tables are in the order of subscription, and so are those who are told.
void tell_all(const Table& topic_table, Delivery& delivery) {
  auto by_topic = topic_table.begin();
  auto by_entity = delivery.entity_table.begin();
  const auto topic_end = topic_table.end();
  const auto entity_end = delivery.entity_table.end();
  while (by_topic != topic_end || by_entity != entity_end) {
    const bool topic_first =
        by_entity == entity_end ||
        (by_topic != topic_end && (*by_topic)->sequence < (*by_entity)->sequence);
    tell_one(topic_first ? **by_topic++ : **by_entity++, delivery);
  }
}

// A topic as it is until somebody subscribes to it or leaves.
struct Topic {
  explicit Topic(Table table) : has_subscriber(!table.empty()) {
    signal.connect([table = std::move(table)](Delivery& delivery) { tell_all(table, delivery); });
  }
  const bool has_subscriber;
  boost::signals2::signal<void(Delivery&)> signal;
};

std::string name_of(const Interest& interest) {
  const auto* pattern = std::get_if<TopicPattern>(&interest);
  return pattern ? pattern->text() : std::get<EntityStream>(interest).name;
}

constexpr std::size_t first_sweep = 64;  // subscriptions

}  // namespace

struct Subscriptions::State {
  explicit State(std::size_t topic_limit) : topics(topic_limit) {}

  // What every slot of `lives` holds: dies with it, when Signals2 lets go of the slot.
  struct Token {
    Token(std::weak_ptr<State> bus, std::shared_ptr<Subscriber> held)
        : state(std::move(bus)), subscription(std::move(held)) {}
    Token(const Token&) = delete;
    Token& operator=(const Token&) = delete;
    ~Token() {
      subscription->connected = false;
      if (const auto alive = state.lock()) alive->leave(*subscription);
    }

    std::weak_ptr<State> state;
    std::shared_ptr<Subscriber> subscription;
  };

  void join(const std::shared_ptr<Subscriber>& subscription);
  void leave(const Subscriber& subscription) noexcept;
  void sweep_if_due();
  std::shared_ptr<Topic> topic(const std::string& type);
  std::shared_ptr<const Table> entity_table(const std::string& stream);
  template <class Visit>
  void for_each(Visit visit) const;

  // Destroying a subscription runs the user's code (the destructor of its handler), which may come
  // back to the bus. So nobody lets go of the last reference to one while holding the mutex: a
  // table or topic that is forgotten under it holds only such as are members still, or are held by
  // whoever is taking them out.
  mutable std::mutex mutex;
  std::uint64_t last_sequence = 0;
  std::size_t sweep_at = first_sweep;
  std::size_t size = 0;
  Roster<Subscriber> by_pattern;
  std::unordered_map<std::string, Roster<Subscriber>> by_stream;
  RecentlyUsed<std::string, std::shared_ptr<Topic>> topics;
  boost::signals2::signal<void()> lives;  // last: its slots die first
};

void Subscriptions::State::join(const std::shared_ptr<Subscriber>& subscription) {
  std::lock_guard lock(mutex);
  subscription->sequence = ++last_sequence;
  if (const auto* pattern = std::get_if<TopicPattern>(&subscription->interest)) {
    by_pattern.join(subscription->sequence, subscription);
    topics.forget_if([&](const std::string& type) { return pattern->matches(type); });
  } else {
    const auto& stream = std::get<EntityStream>(subscription->interest).name;
    by_stream[stream].join(subscription->sequence, subscription);
  }
  ++size;
}

void Subscriptions::State::leave(const Subscriber& subscription) noexcept {
  std::lock_guard lock(mutex);
  std::shared_ptr<Subscriber> member;
  if (const auto* pattern = std::get_if<TopicPattern>(&subscription.interest)) {
    member = by_pattern.leave(subscription.sequence);
    topics.forget_if([&](const std::string& type) { return pattern->matches(type); });
  } else {
    const auto found = by_stream.find(std::get<EntityStream>(subscription.interest).name);
    if (found == by_stream.end()) return;
    member = found->second.leave(subscription.sequence);
    if (found->second.empty()) by_stream.erase(found);
  }
  if (member) --size;
}

template <class Visit>
void Subscriptions::State::for_each(Visit visit) const {
  for (const auto& [sequence, subscription] : by_pattern.members()) visit(*subscription);
  for (const auto& [stream, roster] : by_stream)
    for (const auto& [sequence, subscription] : roster.members()) visit(*subscription);
}

// Subscriptions whose owners died are cut when an event comes for them. Where none comes, they are
// found here: each time there are twice as many as the last sweep left.
void Subscriptions::State::sweep_if_due() {
  std::vector<boost::signals2::connection> orphans;
  {
    std::lock_guard lock(mutex);
    if (size < sweep_at) return;
    for_each([&](const Subscriber& subscription) {
      if (subscription.is_orphan()) orphans.push_back(subscription.connection);
    });
    sweep_at = std::max(first_sweep, 2 * (size - orphans.size()));
  }
  for (const auto& orphan : orphans) orphan.disconnect();
}

std::shared_ptr<Topic> Subscriptions::State::topic(const std::string& type) {
  if (const auto* known = topics.find(type)) return *known;
  Table table;
  for (const auto& [sequence, subscription] : by_pattern.members())
    if (std::get<TopicPattern>(subscription->interest).matches(type)) table.push_back(subscription);
  auto made = std::make_shared<Topic>(std::move(table));
  topics.put(type, made);
  return made;
}

std::shared_ptr<const Table> Subscriptions::State::entity_table(const std::string& stream) {
  static const auto nobody = std::make_shared<const Table>();
  const auto found = by_stream.find(stream);
  return found == by_stream.end() ? nobody : found->second.table();
}

Subscriptions::Subscriptions(std::size_t topics) : state_(std::make_shared<State>(topics)) {}

Connection Subscriptions::add(Interest interest, EventHandler handler, SubscribeOptions options) {
  state_->sweep_if_due();
  auto subscription = std::make_shared<Subscriber>();
  subscription->interest = std::move(interest);
  subscription->handler = std::move(handler);
  subscription->options = std::move(options);
  if (subscription->options.name.empty())
    subscription->options.name = name_of(subscription->interest);
  subscription->connection =
      state_->lives.connect([token = std::make_shared<State::Token>(state_, subscription)] {});
  Connection connection([cut = subscription->connection] { cut.disconnect(); });
  state_->join(subscription);
  return connection;
}

DispatchReport Subscriptions::tell(const Envelope& event, const OnFailure& on_failure) {
  std::shared_ptr<Topic> topic;
  std::shared_ptr<const Table> entity_table;
  {
    std::lock_guard lock(state_->mutex);
    topic = state_->topic(event.type);
    entity_table = state_->entity_table(event.stream);
  }
  Delivery delivery{event, *entity_table, on_failure, {}};
  topic->signal(delivery);
  return std::move(delivery.report);
}

std::size_t Subscriptions::count() const {
  std::size_t result = 0;
  std::lock_guard lock(state_->mutex);
  state_->for_each(
      [&](const Subscriber& subscription) { result += subscription.is_orphan() ? 0 : 1; });
  return result;
}

std::size_t Subscriptions::remembered_topics() const {
  std::lock_guard lock(state_->mutex);
  return state_->topics.size();
}

bool Subscriptions::has_subscriber(const std::string& type) const {
  std::lock_guard lock(state_->mutex);
  return state_->topic(type)->has_subscriber;
}

}  // namespace annal
