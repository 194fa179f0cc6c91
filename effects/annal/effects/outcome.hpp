// What came of a run, as a value.
//
//   const auto sold = sale.outcome(handlers);
//   if (!sold) log(sold.failure().to_string());
#pragma once

#include "annal/effects/failure.hpp"
#include "annal/effects/value.hpp"

#include <exception>
#include <utility>
#include <variant>

namespace annal::effects {

// The program's value, which for void is Nothing, or why there is none.
template <class T>
class [[nodiscard]] Outcome {
 public:
  Outcome(Held<T> value) : held_(std::in_place_index<0>, std::move(value)) {}
  Outcome(Failure failure) : held_(std::in_place_index<1>, std::move(failure)) {}

  bool ok() const { return held_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // Throws what the run threw, if there is no value.
  const Held<T>& value() const& {
    require();
    return std::get<0>(held_);
  }
  Held<T> value() && {
    require();
    return std::get<0>(std::move(held_));
  }
  // Throws std::bad_variant_access if there is none.
  const Failure& failure() const { return std::get<1>(held_); }

 private:
  void require() const {
    if (!ok()) std::rethrow_exception(failure().cause);
  }

  std::variant<Held<T>, Failure> held_;
};

}  // namespace annal::effects
