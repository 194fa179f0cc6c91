#include "annal/server/document_json.hpp"

namespace annal::server {

namespace {

std::string side_json(const Point& point, Position position, std::optional<Version> version) {
  JsonObject side;
  side.text("point", '@' + to_string(point)).number("position", position);
  if (version) return side.number("version", *version).str();
  return side.json("version", "null").str();
}

}  // namespace

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

JsonObject document_json(const Document& document) {
  return document_summary(document).json("content", document.state.content.text);
}

JsonObject diff_json(const DocumentKey& key, const Point& from, const Point& to,
                     const DocumentDiff& diff) {
  JsonObject json;
  json.text("collection", key.collection)
      .text("id", key.id)
      .json("from", side_json(from, diff.from, diff.from_version))
      .json("to", side_json(to, diff.to, diff.to_version))
      .json("patch", diff.patch);
  return json;
}

}  // namespace annal::server
