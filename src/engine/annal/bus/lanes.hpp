// Room to work in for threads that do the same thing at once, so that none waits for another and
// nothing they write is shared.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>

namespace annal {

// As many lanes as threads were ever at work at one moment. Each is in the hands of one thread at a
// time, which finds the one it had before.
//   threads   every member: any number of callers; destroyed by one, when no lane is taken
template <class Lane>
class Lanes {
  struct Node {
    template <class... Arguments>
    explicit Node(Arguments&&... arguments) : lane(std::forward<Arguments>(arguments)...) {}
    void give_back() {
      // Whoever waits for the use to be over may look at either.
      uses.store(uses.load(std::memory_order_relaxed) + 1, std::memory_order_release);
      taken.store(false);
    }
    alignas(64) std::atomic<bool> taken{true};
    std::atomic<std::uint64_t> uses{0};       // that are over
    std::atomic<const void*> holder{&last_};  // its thread's; of the last use where nobody has it
    Node* next = nullptr;
    Lane lane;
  };

 public:
  // A lane in this thread's hands until this is destroyed.
  class Use {
   public:
    Use(Use&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
    Use& operator=(Use&&) = delete;
    ~Use() {
      if (node_) node_->give_back();
    }
    Lane& operator*() const { return node_->lane; }
    Lane* operator->() const { return &node_->lane; }

   private:
    friend class Lanes;
    explicit Use(Node* node) : node_(node) {}
    Node* node_;
  };

  Lanes() = default;
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;
  ~Lanes() {
    for (Node* node = first_.load(); node;) delete std::exchange(node, node->next);
  }

  //   arguments   what a new lane is made with, where all are taken
  //   cost        an atomic exchange, and another to give it back
  template <class... Arguments>
  Use take(Arguments&&... arguments) {
    auto* const own = last_.owner == id_ ? static_cast<Node*>(last_.node) : nullptr;
    if (own && try_take(*own)) return Use(own);
    Node* const node = take_any(std::forward<Arguments>(arguments)...);
    // A thread that has its lane in hand already goes back to it after this one.
    if (!own || own->holder.load(std::memory_order_relaxed) != &last_) last_ = {id_, node};
    return Use(node);
  }

  // Visits the lanes that nobody has, each while it is taken. What `visit` returns is destroyed when
  // the lane was given back.
  template <class Visit>
  void for_each_free(Visit visit) {
    for (Node* node = first_.load(); node; node = node->next) {
      if (!try_take(*node)) continue;
      const auto result = [&] {
        const Use use(node);
        return visit(node->lane);
      }();
    }
  }

  // Visits all of them, whoever has them: what `visit` reads must bear that.
  template <class Visit>
  void for_each(Visit visit) const {
    for (Node* node = first_.load(); node; node = node->next) visit(node->lane);
  }

  // Waits until each lane that is taken now was given back once. The caller must have none.
  void wait_for_those_taken() const {
    for (Node* node = first_.load(); node; node = node->next) {
      const auto over = node->uses.load();
      while (node->taken.load() && node->uses.load() == over) std::this_thread::sleep_for(pause);
    }
  }

 private:
  static constexpr std::chrono::microseconds pause{50};

  // What this thread took last, of whichever lanes.
  struct Last {
    std::uint64_t owner = 0;
    void* node = nullptr;
  };

  static bool try_take(Node& node) {
    if (node.taken.load() || node.taken.exchange(true)) return false;
    node.holder.store(&last_, std::memory_order_relaxed);
    return true;
  }

  template <class... Arguments>
  Node* take_any(Arguments&&... arguments) {
    for (Node* node = first_.load(); node; node = node->next)
      if (try_take(*node)) return node;
    auto* node = new Node(std::forward<Arguments>(arguments)...);
    node->next = first_.load();
    while (!first_.compare_exchange_weak(node->next, node)) continue;
    return node;
  }

  static std::uint64_t next_id() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
  }

  static inline constinit thread_local Last last_{};

  const std::uint64_t id_ = next_id();
  std::atomic<Node*> first_{nullptr};
};

}  // namespace annal
