// What this thread is in the middle of, bus by bus: so that an event published inside a handler
// waits for its turn, and knows how deep the chain of causes behind it is.
#pragma once

#include "annal/event/envelope.hpp"
#include "annal/event/ulid.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace annal {

// Lives on the stack of the thread that dispatches, or that runs middleware, control or observers.
class Turn {
 public:
  enum class Of { dispatch, middleware };
  struct Waiting {
    std::shared_ptr<const Envelope> event;
    unsigned depth;
    bool is_new;  // nobody knows its id yet
  };

  //   bus       whatever stands for it
  //   depth     of the event that is dispatched or admitted, from 1
  //   ids       of a dispatch: what is published inside it has ids from here, so that they rise
  Turn(const void* bus, Of of, unsigned depth, UlidSequence* ids = nullptr)
      : bus_(bus), of_(of), depth_(depth), ids_(ids), outer_(std::exchange(innermost_, this)) {}
  ~Turn() { innermost_ = outer_; }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  // The depth of an event that is published now on this thread.
  static unsigned next_depth(const void* bus) {
    for (const Turn* turn = innermost_; turn; turn = turn->outer_)
      if (turn->bus_ == bus) return turn->depth_ + 1;
    return 1;
  }
  // The turn that this thread's dispatches on the bus wait for; null if there is none.
  static Turn* dispatching(const void* bus) {
    for (Turn* turn = innermost_; turn; turn = turn->outer_)
      if (turn->bus_ == bus && turn->of_ == Of::dispatch) return turn;
    return nullptr;
  }
  UlidSequence& ids() const { return *ids_; }
  // Whether this thread runs anything for the bus.
  static bool inside(const void* bus) { return next_depth(bus) > 1; }

  std::size_t waiting() const { return waiting_.size() - taken_; }
  void queue(Waiting event) { waiting_.push_back(std::move(event)); }
  // The event whose turn it is now; what is published from here on is one deeper.
  std::optional<Waiting> take() {
    if (taken_ == waiting_.size()) return std::nullopt;
    Waiting next = std::move(waiting_[taken_++]);
    if (taken_ == waiting_.size()) {
      waiting_.clear();
      taken_ = 0;
    }
    depth_ = next.depth;
    return next;
  }

 private:
  static inline constinit thread_local Turn* innermost_ = nullptr;

  const void* const bus_;
  const Of of_;
  unsigned depth_;
  UlidSequence* const ids_;
  std::vector<Waiting> waiting_;
  std::size_t taken_ = 0;  // of those, at the front
  Turn* const outer_;
};

}  // namespace annal
