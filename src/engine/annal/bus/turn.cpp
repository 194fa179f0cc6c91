#include "annal/bus/turn.hpp"

#include <utility>

namespace annal {

namespace {
thread_local Turn* innermost = nullptr;
}  // namespace

Turn::Turn(const void* bus, Of of, unsigned depth)
    : bus_(bus), of_(of), depth_(depth), outer_(std::exchange(innermost, this)) {}

Turn::~Turn() { innermost = outer_; }

unsigned Turn::next_depth(const void* bus) {
  for (const Turn* turn = innermost; turn; turn = turn->outer_)
    if (turn->bus_ == bus) return turn->depth_ + 1;
  return 1;
}

Turn* Turn::dispatching(const void* bus) {
  for (Turn* turn = innermost; turn; turn = turn->outer_)
    if (turn->bus_ == bus && turn->of_ == Of::dispatch) return turn;
  return nullptr;
}

std::optional<Turn::Waiting> Turn::take() {
  if (waiting_.empty()) return std::nullopt;
  Waiting next = std::move(waiting_.front());
  waiting_.pop_front();
  depth_ = next.depth;
  return next;
}

}  // namespace annal
