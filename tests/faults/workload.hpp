// What the fault suites write and hold a store to: callers that each append to a stream of their
// own, one commit after the other, and say which were acknowledged.
#pragma once

#include "annal/log/event_log.hpp"
#include "annal/projection/projection.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

namespace annal::test {

// Whether dictionaries are made while the workload runs: by a thread that begins when it likes, so
// only where nobody counts what it does.
enum class Dictionaries { none, made };

// The store as every suite opens it. Larger data is compressed.
std::unique_ptr<EventLog> open_workload(const std::filesystem::path& file,
                                        Dictionaries dictionaries = Dictionaries::none);

// The caller's n-th commit, from 1: one to four events, now and then a large one, and a record that
// counts the commits. What it holds follows from caller and number alone.
Commit workload_commit(int caller, std::uint64_t number);

// The same, where every fifth commit purges the events of the one before it, which the log holds.
Commit purging_commit(const EventLog& log, int caller, std::uint64_t number);

// By caller, the newest commit that was acknowledged.
using Acknowledged = std::map<int, std::uint64_t>;

// Holds the store to the contract: sound as a whole; of every caller all commits up to the one that
// must be there, none beyond the newest that was begun, each as it was made and none twice, and the
// stubs of those that another has purged, and of no others; no record ahead of or behind its events.
//   returns   what is wrong, a line each; empty if nothing is
std::string broken_promises(const EventLog& log, const Acknowledged& must, const Acknowledged& may);

// By caller, the newest commit the log holds.
Acknowledged newest_commits(const EventLog& log, int callers);

// Counts the events of each caller and, in a space of its own, of each type: an event that is folded
// twice, or whose rows are kept in part, is seen. Version 2 counts by tens.
Projection workload_counts(std::uint32_t version);

std::string content_of(const std::filesystem::path& file);

}  // namespace annal::test
