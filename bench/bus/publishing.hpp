// What the rows of the bus share: events ready to be published, handlers that do next to nothing, and
// the two references that each run measures beside ours.
#pragma once

#include "annal/bus/bus.hpp"
#include "measure.hpp"

#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

namespace annal::bench {

// Signals2 and malloc take short cuts in a process that never had a second thread. None that has a
// store is such a process.
void be_a_process_with_threads();

// `task.progress` of one of a hundred tasks, with 64 bytes of data; everything else as a publisher
// leaves it.
Envelope ready_event(int number);

// Rounds of blocks of `block` operations; `prepare` readies a block outside of what is measured.
Round time_prepared(int blocks, int block, const std::function<void()>& prepare,
                    const std::function<void(int)>& operation);

// A round of which the median block counts: of the time of so short work, others take too much.
Round middling(Samples samples);

// A loop over functions, and a bare signal with as many slots.
Round call_functions(int functions, const Settings& settings);
Round emit_signal(int slots, const Settings& settings);

// What each handler of the references and of ours does.
inline void note(const Envelope& event, std::size_t& noted) { noted += event.data.size(); }

}  // namespace annal::bench
