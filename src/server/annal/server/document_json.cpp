#include "annal/server/document_json.hpp"

namespace annal::server {

JsonObject document_summary(const Document& document) {
  const document::State& state = document.state;
  JsonObject summary;
  summary.text("collection", document.key.collection)
      .text("id", document.key.id)
      .text("title", state.title)
      .text("author", state.author)
      .time("created_at", state.created_at)
      .time("modified_at", state.modified_at)
      .number("version", state.version)
      .text("last_editor", state.last_editor)
      .flag("is_deleted", state.is_deleted);
  if (state.deleted_at) summary.time("deleted_at", *state.deleted_at);
  summary.text_if_any("reason", state.deletion_reason).number("position", document.position);
  return summary;
}

JsonObject document_json(const FoundDocument& found) {
  return document_summary(found.document)
      .number("at", found.at)
      .json("content", found.document.state.content.text);
}

}  // namespace annal::server
