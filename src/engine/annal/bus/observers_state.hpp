// What the observers of a bus consist of.
#pragma once

#include "annal/bus/observer_pool.hpp"
#include "annal/bus/observers.hpp"
#include "annal/bus/subscriptions.hpp"

#include <memory>

namespace annal {

struct Observers::State {
  State(Subscriptions& told, ObserverSurroundings surroundings)
      : subscriptions(told), pool(std::make_shared<ObserverPool>(std::move(surroundings))) {}
  ~State() { pool->close(); }

  Subscriptions& subscriptions;
  const std::shared_ptr<ObserverPool> pool;
};

}  // namespace annal
