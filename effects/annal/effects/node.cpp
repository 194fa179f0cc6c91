#include "annal/effects/node.hpp"

namespace annal::effects {

NodePointer Node::resume(NodePointer, Machine&) const { return {}; }
NodePointer Node::recover(std::exception_ptr, Machine&) const { return {}; }

void Node::release(const Node* node) noexcept {
  // What a node holds is released while the node is: it waits here instead of on the stack.
  thread_local const Node* waiting = nullptr;
  thread_local bool releasing = false;
  node->next_released_ = std::exchange(waiting, node);
  if (releasing) return;
  releasing = true;
  while (waiting != nullptr) delete std::exchange(waiting, waiting->next_released_);
  releasing = false;
}

void Machine::execute(NodePointer program) {
  NodePointer next = std::move(program);
  std::exception_ptr failure;
  for (;;) {
    if (failure && !find_recovery()) std::rethrow_exception(failure);
    try {
      if (failure) next = take_newest()->recover(std::exchange(failure, nullptr), *this);
      for (;;) {
        while (next) {
          const Node* node = next.get();
          next = node->start(std::move(next), *this);
        }
        if (frames_.empty()) return;
        next = step_back();
      }
    } catch (const MissingHandler&) {
      throw;
    } catch (const DryRunStopped&) {
      throw;
    } catch (...) {
      failure = std::current_exception();
    }
  }
}

void Machine::keep_value(NodePointer node) {
  kept_.push_back(std::move(value));
  push({std::move(node), true});
}

NodePointer Machine::take_newest() {
  NodePointer node = std::move(frames_.back().node);
  frames_.pop_back();
  return node;
}

NodePointer Machine::step_back() {
  if (frames_.back().gives_back) {
    frames_.pop_back();
    value = std::move(kept_.back());
    kept_.pop_back();
    return {};
  }
  NodePointer newest = take_newest();
  const Node* node = newest.get();
  return node->resume(std::move(newest), *this);
}

bool Machine::find_recovery() {
  value.reset();
  for (; !frames_.empty(); frames_.pop_back()) {
    if (frames_.back().gives_back)
      kept_.pop_back();
    else if (frames_.back().node->recovers())
      return true;
  }
  return false;
}

}  // namespace annal::effects
