// What is watched of tasks: that they stay blocked.
#pragma once

#include "annal/bus/rules/rule.hpp"
#include "annal/task/task_events.hpp"

#include <chrono>

namespace annal::task {

// `pattern.detected` when a task was blocked and nothing has freed it for so long: no
// `blocker.resolved`, and no `task.progress` or `task.completed`, which are told of tasks that go on
// without anybody having said that the blocker is gone. A task blocked again while it is blocked is
// told of once.
// It is about the task whose stream `task/<id>` an event is in, or which its tag `task:<id>` names.
//   catalogue  knows the events of add_to; must outlive the rule and its runs
//   within     more than nothing, at most ten years
//   throws     InvalidInput
Rule stays_blocked(const Catalogue& catalogue, std::chrono::minutes within = std::chrono::hours(4));

}  // namespace annal::task
