#include "annal/service/rows.hpp"

#include <bit>
#include <cstring>
#include <utility>

namespace annal::rows {
namespace {

// What stands in front of the state's bytes.
struct Prefix {
  std::uint16_t state_schema = document::Aggregate::state_schema;
  std::uint16_t reducer = document::Aggregate::reducer;
  std::uint32_t events_behind = 0;  // between the document's newest event and the row's derived_at
};
static_assert(sizeof(Prefix) == 8 && std::endian::native == std::endian::little);

RecordChange row(const DocumentKey& key, const document::State& state, std::uint64_t events_behind,
                 Timestamp stamp) {
  Prefix prefix;
  prefix.events_behind = static_cast<std::uint32_t>(events_behind);
  RecordChange change;
  change.space = space;
  change.key = key.to_string();
  change.value.emplace(reinterpret_cast<const char*>(&prefix), sizeof prefix);
  *change.value += document::encode_state(state, stamp);
  change.columns["deleted"] = state.is_deleted ? 1 : 0;
  return change;
}

}  // namespace

SpaceDeclaration declaration() { return {std::string(space), {"deleted"}}; }

RecordChange with_commit(const DocumentKey& key, const document::State& state,
                         std::uint64_t events_behind) {
  return row(key, state, events_behind, document::at_commit);
}

RecordChange recorded(const DocumentKey& key, const document::State& state, Position position) {
  auto change = row(key, state, 0, state.modified_at);
  change.derived_at = position;
  return change;
}

RecordChange unknown(const DocumentKey& key, bool is_deleted) {
  RecordChange change;
  change.space = space;
  change.key = key.to_string();
  change.value.emplace();
  change.columns["deleted"] = is_deleted ? 1 : 0;
  return change;
}

std::optional<Document> read(DocumentKey key, const Record& row) {
  Prefix prefix;
  if (row.value.size() < sizeof prefix) return std::nullopt;
  std::memcpy(&prefix, row.value.data(), sizeof prefix);
  if (prefix.state_schema != document::Aggregate::state_schema ||
      prefix.reducer != document::Aggregate::reducer ||
      prefix.events_behind >= row.derived_at.value)
    return std::nullopt;
  try {
    const auto bytes = std::string_view(row.value).substr(sizeof prefix);
    return Document{std::move(key), document::decode_state(bytes, row.derived_time),
                    Position{row.derived_at.value - prefix.events_behind}};
  } catch (const DecodeError&) {
    return std::nullopt;
  }
}

}  // namespace annal::rows
