#include "annal/bus/observers.hpp"

#include "annal/bus/observers_state.hpp"
#include "annal/error.hpp"

#include <utility>

namespace annal {

namespace {

void check_options(const ObserverHandler& handler, const ObserverOptions& options) {
  if (options.name.empty())
    throw InvalidInput("an observer needs a name, by which its dead letters are known");
  const std::string who = "the observer \"" + options.name + "\" ";
  if (!handler) throw InvalidInput(who + "holds no function to call");
  if (options.concurrency == 0)
    throw InvalidInput(who + "would never be told: concurrency is 0; use 1 at least");
  if (options.queue_events == 0)
    throw InvalidInput(who + "has no room: queue_events is 0; use 1 at least");
  if (options.timeout.count() < 0)
    throw InvalidInput(who + "has a timeout of " + std::to_string(options.timeout.count()) +
                       " ms; use 0 for calls that are never overdue");
  check(options.retry, "the observer \"" + options.name + '"');
}

// What a Connection holds, and the subscription of the observer.
class ObserverSeat final : public Attachment {
 public:
  ObserverSeat(Connection subscription, const std::shared_ptr<ObserverPool>& pool,
               std::weak_ptr<Observer> observer)
      : subscription_(std::move(subscription)), pool_(pool), observer_(std::move(observer)) {}
  // Released: it stays for as long as the bus.
  ~ObserverSeat() override { subscription_.release(); }

  // The subscription alone does not do: whoever is telling others meanwhile holds it for longer.
  void cut() noexcept override {
    watched_ = observer_.lock();
    const auto pool = pool_.lock();
    if (pool && watched_) pool->remove(*watched_);
    subscription_.disconnect();
  }
  void wait_until_idle() override {
    const auto pool = pool_.lock();
    if (pool && watched_) pool->wait_until_idle(*watched_);
  }
  void pause(bool paused) noexcept override {
    if (paused)
      subscription_.pause();
    else
      subscription_.resume();
  }

 private:
  Connection subscription_;
  const std::weak_ptr<ObserverPool> pool_;
  const std::weak_ptr<Observer> observer_;
  std::shared_ptr<Observer> watched_;
};

// Held by the subscription: with it the observer goes.
struct Leash {
  Leash(std::shared_ptr<ObserverPool> of, std::shared_ptr<Observer> held)
      : pool(std::move(of)), observer(std::move(held)) {}
  ~Leash() { pool->remove(*observer); }
  Leash(const Leash&) = delete;
  Leash& operator=(const Leash&) = delete;
  const std::shared_ptr<ObserverPool> pool;
  const std::shared_ptr<Observer> observer;
};

}  // namespace

Observers::Observers(std::shared_ptr<State> state) : state_(std::move(state)) {}
Observers::~Observers() = default;

Connection Observers::add(Query interest, ObserverHandler handler, ObserverOptions options) {
  check_options(handler, options);
  auto observer = std::make_shared<Observer>(interest, std::move(handler), std::move(options));
  state_->pool->add(observer);
  SubscribeOptions subscribe{.name = observer->options.name, .owner = observer->options.owner};
  auto leash = std::make_shared<Leash>(state_->pool, observer);
  auto connection = state_->subscriptions.add(
      std::move(interest),
      EventTaker([leash](const EventPointer& event) { leash->pool->take(leash->observer, event); }),
      std::move(subscribe));
  return Connection(std::make_shared<ObserverSeat>(std::move(connection), state_->pool, observer));
}

std::vector<ObserverStatus> Observers::status() const { return state_->pool->status(); }

bool Observers::release(const std::string& name) { return state_->pool->release(name); }

bool Observers::wait_until_idle(std::chrono::milliseconds timeout) const {
  return state_->pool->wait_until_all_idle(timeout);
}

}  // namespace annal
