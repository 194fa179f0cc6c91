// Snapshots: states kept beside the log so that a long history need not be folded from its start.
// A cache and nothing else: one that is missing, damaged or of other code is passed over
// and the events are read.
#pragma once

#include "annal/aggregate/contract.hpp"
#include "annal/log/event_log.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace annal::snapshots {

inline constexpr std::string_view space = "snapshots";
inline constexpr std::uint64_t every =
    100;  // versions between two snapshots, unless told otherwise

// What a log must be opened with to keep snapshots.
inline SpaceDeclaration declaration() { return {std::string(space), {}}; }

// The code that made a snapshot: another kind, schema or reducer cannot use it.
struct Maker {
  std::string kind;
  std::uint32_t state_schema = 1;
  std::uint32_t reducer = 1;
  friend bool operator==(const Maker&, const Maker&) = default;
};

// A state a stream had.
struct Snapshot {
  Version version;
  std::string state;
  Position position;  // of the version's event
  Timestamp stamp{};  // its recorded_at
};

// The record that keeps a state recorded before: key `<stream>@<version, 20 digits>`, value sealed
// with its maker and a checksum.
RecordChange keep(const std::string& stream, const Maker& maker, const Snapshot& snapshot);

// The same for a state that follows from the commit the record is put into.
// Position and time are the commit's.
//   events_behind   how many events of the commit come after the version's own
RecordChange keep_with_commit(const std::string& stream, const Maker& maker, Version version,
                              std::string_view state, std::uint64_t events_behind);

// Whether a log takes the record at all: its key must not be too long, nor its state too large.
bool fits(const RecordChange& snapshot);

// Adds to a commit that is otherwise complete those of its snapshots that fit and that it has room
// for. They are a cache: the commit is made without them rather than not made.
void add_what_fits(Commit& commit, std::vector<RecordChange> snapshots);

// The newest snapshot of a stream at or before a version that the maker can use.
//   ignored   called for each one passed over, with the reason
//   cost      one look-up, and one more for each one passed over
std::optional<Snapshot> newest(const EventLog& log, std::string_view stream, Version up_to,
                               const Maker& maker,
                               const std::function<void(const std::string& why)>& ignored = {});

// What erases a stream's snapshots up to a version, whoever made them.
std::vector<RecordChange> erasures(const EventLog& log, std::string_view stream, Version up_to);

}  // namespace annal::snapshots
