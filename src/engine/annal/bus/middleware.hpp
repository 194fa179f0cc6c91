// The chain of middleware that an event passes before it is recorded or dispatched.
#pragma once

#include "annal/bus/bus.hpp"

#include <memory>
#include <string>

namespace annal {

//   threads   any number of callers
class MiddlewareChain {
 public:
  MiddlewareChain();
  ~MiddlewareChain();
  MiddlewareChain(const MiddlewareChain&) = delete;
  MiddlewareChain& operator=(const MiddlewareChain&) = delete;

  Connection add(std::string name, Middleware middleware);
  // Through every middleware in the order they were added, or to the first that drops or spoils it.
  Bus::Admission run(Envelope event) const;
  //   cost      a load
  bool empty() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace annal
