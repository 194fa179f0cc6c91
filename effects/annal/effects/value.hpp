// One value of whatever type the program has reached; what passes between the steps of a run.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace annal::effects {

// Stands for the value of a program that gives none.
struct Nothing {};

// A place for a T, or for Nothing where T is void.
template <class T>
using Held = std::conditional_t<std::is_void_v<T>, Nothing, T>;

// Holds a value of a type only the step before and the step after know; small ones in place.
class Value {
 public:
  Value() = default;
  Value(Value&& other) noexcept { take_over(other); }
  Value& operator=(Value&& other) noexcept {
    if (this != &other) {
      reset();
      take_over(other);
    }
    return *this;
  }
  ~Value() { reset(); }

  bool empty() const { return kind_ == nullptr; }

  void reset() noexcept {
    if (kind_ != nullptr) std::exchange(kind_, nullptr)->destroy(place_);
  }

  template <class T, class... Arguments>
  void emplace(Arguments&&... arguments) {
    reset();
    if constexpr (in_place<T>)
      ::new (static_cast<void*>(place_)) T(std::forward<Arguments>(arguments)...);
    else
      ::new (static_cast<void*>(place_)) T*(new T(std::forward<Arguments>(arguments)...));
    kind_ = &kind_of<T>;
  }

  // What is held, which must be a T; leaves the value empty.
  template <class T>
  T take() {
    T taken = std::move(stored<T>(place_));
    reset();
    return taken;
  }

 private:
  static constexpr std::size_t place_bytes = 64;

  struct Kind {
    void (*destroy)(std::byte* place) noexcept;
    void (*move)(std::byte* from, std::byte* to) noexcept;  // and destroys what was moved from
  };

  template <class T>
  static constexpr bool in_place =
      sizeof(T) <= place_bytes &&
      alignof(T) <= alignof(std::max_align_t) && std::is_nothrow_move_constructible_v<T>;

  template <class T>
  static T& stored(std::byte* place) {
    if constexpr (in_place<T>)
      return *std::launder(reinterpret_cast<T*>(place));
    else
      return **std::launder(reinterpret_cast<T**>(place));
  }

  template <class T>
  static void destroy(std::byte* place) noexcept {
    if constexpr (in_place<T>)
      std::destroy_at(&stored<T>(place));
    else
      delete &stored<T>(place);
  }

  template <class T>
  static void move(std::byte* from, std::byte* to) noexcept {
    if constexpr (in_place<T>) {
      ::new (static_cast<void*>(to)) T(std::move(stored<T>(from)));
      destroy<T>(from);
    } else {
      ::new (static_cast<void*>(to)) T*(&stored<T>(from));
    }
  }

  template <class T>
  static constexpr Kind kind_of{&destroy<T>, &move<T>};

  void take_over(Value& other) noexcept {
    kind_ = std::exchange(other.kind_, nullptr);
    if (kind_ != nullptr) kind_->move(other.place_, place_);
  }

  alignas(std::max_align_t) std::byte place_[place_bytes];
  const Kind* kind_ = nullptr;
};

}  // namespace annal::effects
