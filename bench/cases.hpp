// What is measured; one function a row of the table.
#pragma once

#include "annal/log/event_log.hpp"
#include "measure.hpp"

namespace annal::bench {

Result append_one(const Settings& settings);        // P1
Result put_one_document(const Settings& settings);  // P1d
// P8, with 1 and 100,000 versions behind, and the two beside each other.
std::vector<Result> get_one_document(const Settings& settings);

// Since the log was opened.
double commits_a_sync(const EventLog& log);

}  // namespace annal::bench
