// A document's state as bytes.
#include "annal/document/document.hpp"

#include <utility>

namespace annal::document {
namespace {

std::optional<std::int64_t> stored(Timestamp time, Timestamp stamp) {
  if (time == stamp) return std::nullopt;
  return time.time_since_epoch().count();
}

Timestamp restored(std::optional<std::int64_t> time, Timestamp stamp) {
  return time ? Timestamp{std::chrono::microseconds{*time}} : stamp;
}

// What is written: times in microseconds since the epoch, absent where they are the stamp's; the
// last editor absent where it is the author.
struct StoredState {
  std::uint64_t version = 0;
  std::string title;
  Json content;
  std::string author;
  std::optional<std::string> last_editor;
  std::optional<std::int64_t> created_at;
  std::optional<std::int64_t> modified_at;
  bool is_deleted = false;
  std::optional<std::int64_t> deleted_at;
  std::optional<std::string> deletion_reason;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(version), CEREAL_NVP(title), CEREAL_NVP(content), CEREAL_NVP(author),
            CEREAL_NVP(last_editor), CEREAL_NVP(created_at), CEREAL_NVP(modified_at),
            CEREAL_NVP(is_deleted), CEREAL_NVP(deleted_at), CEREAL_NVP(deletion_reason));
  }
};

}  // namespace

std::string encode_state(const State& state, Timestamp stamp) {
  StoredState bytes;
  bytes.version = state.version.value;
  bytes.title = state.title;
  bytes.content = state.content;
  bytes.author = state.author;
  if (state.last_editor != state.author) bytes.last_editor = state.last_editor;
  bytes.created_at = stored(state.created_at, stamp);
  bytes.modified_at = stored(state.modified_at, stamp);
  bytes.is_deleted = state.is_deleted;
  if (state.deleted_at) bytes.deleted_at = stored(*state.deleted_at, stamp);
  bytes.deletion_reason = state.deletion_reason;
  return annal::encode(bytes);
}

State decode_state(std::string_view bytes, Timestamp stamp) {
  auto read = annal::decode<StoredState>(bytes);
  State state;
  state.version = {read.version};
  state.title = std::move(read.title);
  state.content = std::move(read.content);
  state.last_editor = read.last_editor ? std::move(*read.last_editor) : read.author;
  state.author = std::move(read.author);
  state.created_at = restored(read.created_at, stamp);
  state.modified_at = restored(read.modified_at, stamp);
  state.is_deleted = read.is_deleted;
  if (read.is_deleted) state.deleted_at = restored(read.deleted_at, stamp);
  state.deletion_reason = std::move(read.deletion_reason);
  return state;
}

std::string Aggregate::encode_state(const State& state) { return document::encode_state(state); }

Aggregate::State Aggregate::decode_state(std::string_view bytes, Timestamp stamp) {
  return document::decode_state(bytes, stamp);
}

}  // namespace annal::document
