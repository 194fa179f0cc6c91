// What an Effect is made of, and the loop that runs it. Nodes are immutable and shared; neither
// running nor releasing a program recurses, however long it is.
// For effect.hpp; programs use Effect.
#pragma once

#include "annal/effects/run.hpp"
#include "annal/effects/value.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory_resource>
#include <utility>
#include <vector>

namespace annal::effects {

class Node;
class Machine;

// Shares a node; the last one to let go releases it. Or borrows it, where something else is known
// to hold it for long enough: then nothing is counted.
//   threads   as std::shared_ptr
class NodePointer {
 public:
  NodePointer() = default;
  explicit NodePointer(const Node* owned) noexcept : node_(owned) {}  // takes the first reference
  NodePointer(const NodePointer& other) noexcept;
  NodePointer(NodePointer&& other) noexcept
      : node_(std::exchange(other.node_, nullptr)), borrowed_(other.borrowed_) {}
  NodePointer& operator=(NodePointer other) noexcept {
    std::swap(node_, other.node_);
    std::swap(borrowed_, other.borrowed_);
    return *this;
  }
  ~NodePointer();

  NodePointer borrow() const {
    NodePointer borrowed(node_);
    borrowed.borrowed_ = true;
    return borrowed;
  }

  const Node* get() const { return node_; }
  const Node* operator->() const { return node_; }
  explicit operator bool() const { return node_ != nullptr; }

 private:
  const Node* node_ = nullptr;
  bool borrowed_ = false;
};

class Node {
 public:
  Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  virtual ~Node() = default;

  // Gives the machine its value, or names what has to run first.
  //   self    shares this node
  virtual NodePointer start(NodePointer self, Machine& machine) const = 0;
  // Goes on with the value of what had to run first. Called on nodes that pushed a frame.
  virtual NodePointer resume(NodePointer self, Machine& machine) const;
  // Whether it goes on where what had to run first throws, and how.
  virtual bool recovers() const { return false; }
  virtual NodePointer recover(std::exception_ptr thrown, Machine& machine) const;

 private:
  friend class NodePointer;
  static void release(const Node* node) noexcept;

  mutable std::atomic<std::uint32_t> references_{1};
  mutable const Node* next_released_ = nullptr;
};

inline NodePointer::NodePointer(const NodePointer& other) noexcept
    : node_(other.node_), borrowed_(other.borrowed_) {
  if (node_ != nullptr && !borrowed_) node_->references_.fetch_add(1, std::memory_order_relaxed);
}

inline NodePointer::~NodePointer() {
  if (node_ == nullptr || borrowed_) return;
  // A single reference is this one: nobody else could add to it.
  if (node_->references_.load(std::memory_order_acquire) == 1 ||
      node_->references_.fetch_sub(1, std::memory_order_acq_rel) == 1)
    Node::release(node_);
}

template <class N, class... Arguments>
NodePointer make_node(Arguments&&... arguments) {
  return NodePointer(new N(std::forward<Arguments>(arguments)...));
}

// Runs one program, keeping what is still to do on a stack of its own.
class Machine {
 public:
  explicit Machine(Run& run) : run_(run) {}
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  // Leaves the program's value in `value`; in a dry run it may stay empty: unknown.
  //   throws    what the program throws
  void execute(NodePointer program);

  Run& run() { return run_; }

  // Resumes the node once what runs now has given its value.
  void push(NodePointer node) { push({std::move(node), false}); }
  // Puts the value aside until what runs now, and the node holds, is done; then gives it back.
  void keep_value(NodePointer node);

  Value value;

 private:
  struct Frame {
    NodePointer node;
    bool gives_back;  // gives the newest kept value back instead of resuming a node
  };

  void push(Frame frame) {
    if (frames_.capacity() == 0) frames_.reserve(first_frames);  // direct style needs none
    frames_.push_back(std::move(frame));
  }
  NodePointer step_back();    // takes the newest frame off, and goes on with it
  bool find_recovery();       // takes frames off until the newest one recovers; false if none does
  NodePointer take_newest();  // its node

  static constexpr std::size_t first_frames = 8;  // without allocating

  Run& run_;
  alignas(Frame) std::array<std::byte, first_frames * sizeof(Frame)> first_frames_;
  std::pmr::monotonic_buffer_resource memory_{first_frames_.data(), first_frames_.size()};
  std::pmr::vector<Frame> frames_{&memory_};
  std::vector<Value> kept_;
};

}  // namespace annal::effects
