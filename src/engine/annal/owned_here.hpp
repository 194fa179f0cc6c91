// What belongs to the process that made it. A fork copies a process's memory, but neither its threads
// nor its locks: a child can neither use nor take apart what relies on them.
#pragma once

#include "annal/error.hpp"

#include <memory>
#include <string>
#include <utility>

namespace annal {

// Remembers the process it was made in.
//   threads   any number of callers
//   cost      of is_here: a look at a number
class Birthplace {
 public:
  Birthplace();
  // False in a process that was forked off since.
  bool is_here() const noexcept;

 private:
  unsigned forks_;
};

// A value that a process forked off later is refused, and leaves alone when it destroys the owner.
//   threads   those of the value
template <class Value>
class OwnedHere {
 public:
  //   name      of the thing, for the refusal: "the store /srv/orders.db"
  OwnedHere(std::string name, std::unique_ptr<Value> value)
      : name_(std::move(name)), value_(std::move(value)) {}
  ~OwnedHere() {
    if (!is_here()) (void)value_.release();
  }
  OwnedHere(const OwnedHere&) = delete;
  OwnedHere& operator=(const OwnedHere&) = delete;

  bool is_here() const noexcept { return birthplace_.is_here(); }
  std::string refusal() const {
    return name_ +
           " was opened before this process was forked, and belongs to the parent: open it in the "
           "process that uses it, once that runs a program of its own";
  }

  //   throws    StorageError in a process that was forked off since
  Value& operator*() const {
    if (!is_here()) throw StorageError(refusal());
    return *value_;
  }
  Value* operator->() const { return &**this; }

 private:
  const std::string name_;
  const Birthplace birthplace_;
  std::unique_ptr<Value> value_;
};

}  // namespace annal
