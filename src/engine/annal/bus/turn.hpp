// What this thread is in the middle of, bus by bus: so that an event published inside a handler
// waits for its turn, and knows how deep the chain of causes behind it is.
#pragma once

#include "annal/event/envelope.hpp"

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>

namespace annal {

// Lives on the stack of the thread that dispatches, or that runs middleware.
class Turn {
 public:
  enum class Of { dispatch, middleware };
  struct Waiting {
    std::shared_ptr<const Envelope> event;
    unsigned depth;
  };

  //   depth     of the event that is dispatched or admitted, from 1
  Turn(const void* bus, Of of, unsigned depth);
  ~Turn();
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  // The depth of an event that is published now on this thread.
  static unsigned next_depth(const void* bus);
  // The turn that this thread's dispatches on the bus wait for; null if there is none.
  static Turn* dispatching(const void* bus);

  std::size_t waiting() const { return waiting_.size(); }
  void queue(Waiting event) { waiting_.push_back(std::move(event)); }
  // The event whose turn it is now; what is published from here on is one deeper.
  std::optional<Waiting> take();

 private:
  const void* const bus_;
  const Of of_;
  unsigned depth_;
  std::deque<Waiting> waiting_;
  Turn* const outer_;
};

}  // namespace annal
