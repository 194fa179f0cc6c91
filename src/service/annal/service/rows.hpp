// Document rows: the current state of every document as a record,
// so that reading one is one look-up.
#pragma once

#include "annal/log/event_log.hpp"
#include "annal/service/documents.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace annal::rows {

inline constexpr std::string_view space = "documents";  // keys are DocumentKey::to_string

// Looked up by `deleted`, 0 or 1.
SpaceDeclaration declaration();

// The row of a state that follows from the commit it is put into; the state's times are the
// commit's where they are document::at_commit.
//   events_behind   how many events of the commit come after the document's newest
RecordChange with_commit(const DocumentKey& key, const document::State& state,
                         std::uint64_t events_behind);

// The row of a state recorded before, at that position.
RecordChange recorded(const DocumentKey& key, const document::State& state, Position position);

// The row of a document that nobody can tell any more: there is one, which read gives nothing of.
RecordChange unknown(const DocumentKey& key, bool is_deleted);

// The document a row holds.
//   returns   nothing if the row was made by other code, or does not decode
//   cost      its texts are copied once; nothing is parsed
std::optional<Document> read(DocumentKey key, const Record& row);

}  // namespace annal::rows
