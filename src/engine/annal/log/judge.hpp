// What a log's writer decides about each commit before it writes anything.
// For adapters of the log port.
#pragma once

#include "annal/log/event_log.hpp"

#include <string_view>
#include <variant>

namespace annal {

// The log as the next commit finds it, earlier commits of the same group included.
class LogState {
 public:
  virtual ~LogState() = default;
  virtual Version stream_version(std::string_view stream) = 0;
  // What the stream's next event gets, which counts as there from now on.
  virtual Version next_version(std::string_view stream) = 0;
  virtual std::optional<KeyedCommit> keyed_commit(std::string_view idempotency_key) = 0;
  // The first positions beyond `after` of events that match, at most `limit` of them.
  virtual std::vector<Position> matching(const Query& query, Position after, std::size_t limit) = 0;
  // Where the record was derived; position 0 if there is none.
  virtual Position record_position(std::string_view space, std::string_view key) = 0;
  // How far the source has been tracked; 0 if it has not.
  virtual Position tracked(std::string_view source) = 0;
  // Nothing if there is no such space.
  virtual const SpaceDeclaration* space(std::string_view name) = 0;
  // Whether the space was declared when the log was opened, or is the log's own.
  virtual bool is_permanent(std::string_view space) = 0;
  // Whether something that is no space is in the way of one so declared.
  virtual bool is_in_the_way_of(const SpaceDeclaration&) { return false; }
};

// The newest commit of a log.
struct LogHead {
  Position position;
  Timestamp recorded_at{};
  Hash hash;
};

// Why the commit may not happen, or the first answer if its idempotency key has been used for the
// same request; nothing if it may be written.
//   head      of the log that `state` tells of
std::optional<AppendOutcome> judge(const Commit& commit, const LogHead& head, LogState& state);

// Gives the commit its place: positions, versions, recorded_at, and moves `head` past it.
//   returns   what the caller is told once the commit is durable
Appended seal(Commit& commit, LogState& state, LogHead& head, Timestamp now, Durability durability);

}  // namespace annal
