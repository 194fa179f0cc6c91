// Programs that one program runs side by side, or leaves behind: what all, race and timeout are made
// of. For effect.hpp; programs use those.
#pragma once

#include "annal/effects/node.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <source_location>
#include <utility>
#include <vector>

namespace annal::effects {

using Programs = std::vector<NodePointer>;

// Runs them all, side by side where the run has workers, otherwise one after another.
//   at_most   at a time; 0: as many as there are workers for
//   returns   their values in their order; in a dry run empty where one is not known
//   throws    what the first of them throws that failed; the others are asked to stop, those that did
//             not begin do not, and all that began are waited for
std::vector<Value> run_all(const Programs& programs, std::size_t at_most, Machine& machine);

// Runs them all at once, until one has a value.
//   returns   its value; the others are asked to stop, and waited for
//   throws    what the first of them throws where all fail; EffectFailed where there is no
//             worker for each but one
Value run_race(const Programs& programs, Machine& machine);

// Runs one, for so long. Where the run has a free worker, and time that passes by itself, it is asked to
// stop and left behind when the time is up; otherwise its value comes too late when it comes.
//   throws    EffectFailed when the time is up
Value run_within(const NodePointer& program, std::chrono::nanoseconds limit,
                 const std::source_location& where, Machine& machine);

// Takes the values of several programs for that of the whole.
using Collect = std::function<Value(std::vector<Value>)>;

class AllNode final : public Node {
 public:
  AllNode(Programs programs, std::size_t at_most, Collect collect)
      : programs_(std::move(programs)), at_most_(at_most), collect_(std::move(collect)) {}
  NodePointer start(NodePointer, Machine& machine) const override;

 private:
  Programs programs_;
  std::size_t at_most_;
  Collect collect_;
};

class RaceNode final : public Node {
 public:
  explicit RaceNode(Programs programs) : programs_(std::move(programs)) {}
  NodePointer start(NodePointer, Machine& machine) const override;

 private:
  Programs programs_;
};

class TimeoutNode final : public Node {
 public:
  TimeoutNode(NodePointer source, std::chrono::nanoseconds limit, const std::source_location& where)
      : source_(std::move(source)), limit_(limit), where_(where) {}
  NodePointer start(NodePointer, Machine& machine) const override;

 private:
  NodePointer source_;
  std::chrono::nanoseconds limit_;
  std::source_location where_;
};

}  // namespace annal::effects
