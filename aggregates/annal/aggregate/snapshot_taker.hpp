// Takes snapshots beside the writing of events: makes and keeps them on a thread of its own, so that
// no command waits for one.
#pragma once

#include "annal/log/event_log.hpp"
#include "annal/owned_here.hpp"

#include <cstdint>
#include <functional>

namespace annal {

//   threads   every member: any number of callers
class SnapshotTaker {
 public:
  using Make = std::function<RecordChange()>;  // encodes the state

  //   log       must outlive this
  explicit SnapshotTaker(EventLog& log);
  // Lets the one at hand be kept, and gives up those that wait.
  ~SnapshotTaker();

  // Has the snapshot made and kept later, in a commit of its own, which the power may take away.
  //   returns   false if 16 wait already: it is not taken
  bool take(Make make);
  // Waits until none waits or is at hand.
  void settle();

  std::uint64_t taken() const;

 private:
  struct State;
  OwnedHere<State> state_;
};

}  // namespace annal
