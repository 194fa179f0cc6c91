// A log commit by commit, in its order.
#pragma once

#include "annal/log/event_log.hpp"

#include <functional>
#include <vector>

namespace annal::interchange {

// Calls `each` with every commit of the log within [from, to], which are bounds of commits. Goes on
// while it returns true.
//   cost      a page of events and one commit in memory; one look-up for each commit
void for_each_commit(const EventLog& log, Position from, Position to,
                     const std::function<bool(const CommitInfo&, std::vector<Envelope>)>& each);

}  // namespace annal::interchange
