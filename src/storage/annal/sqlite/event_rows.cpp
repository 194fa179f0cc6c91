#include "annal/sqlite/event_rows.hpp"

#include "annal/error.hpp"
#include "annal/sqlite/database.hpp"
#include "annal/sqlite/varint.hpp"

#include <algorithm>
#include <cstring>

namespace annal::sqlite {

namespace {

using std::chrono::microseconds;

std::int64_t to_number(Timestamp time) { return time.time_since_epoch().count(); }
Timestamp to_time(std::int64_t number) { return Timestamp{microseconds{number}}; }

void put_text(std::string& out, std::string_view text) {
  put_varint(out, text.size());
  out.append(text);
}

bool take_text(std::string_view& bytes, std::string& text) {
  std::uint64_t size = 0;
  if (!take_varint(bytes, size) || size > bytes.size()) return false;
  text = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return true;
}

std::string pack(const Metadata& metadata) {
  std::string bytes;
  for (const auto& [key, value] : metadata) put_text(bytes, key), put_text(bytes, value);
  return bytes;
}

// Damaged bytes give less than was packed, which the event's hash then tells.
Metadata unpack(std::string_view bytes) {
  Metadata metadata;
  std::string key, value;
  while (take_text(bytes, key) && take_text(bytes, value)) metadata.emplace_back(key, value);
  return metadata;
}

template <std::size_t size>
void copy(const SQLite::Column& column, std::array<std::uint8_t, size>& out) {
  const std::string_view bytes = blob_of(column);
  if (bytes.size() == size) std::memcpy(out.data(), bytes.data(), size);
}

template <std::size_t size>
std::string_view view(const std::array<std::uint8_t, size>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), size};
}

void bind_name(SQLite::Statement& statement, int index, const std::string& name, Names& names) {
  if (name.empty())
    statement.bind(index);
  else
    statement.bind(index, names.intern(name));
}

void bind_or_null(SQLite::Statement& statement, int index, const std::string& text) {
  if (text.empty())
    statement.bind(index);
  else
    statement.bindNoCopy(index, text);
}

std::vector<std::string> tags_in(const SQLite::Column& column, Names& names) {
  std::vector<std::string> texts;
  std::string_view packed = blob_of(column);
  for (std::uint64_t tag = 0; take_varint(packed, tag);)
    texts.push_back(names.text(static_cast<std::int64_t>(tag)));
  return texts;
}

std::string name_or_empty(const SQLite::Column& column, Names& names) {
  return column.isNull() ? std::string() : names.text(column.getInt64());
}

}  // namespace

Envelope read_row(SQLite::Statement& row, Names& names) {
  Envelope event;
  event.position = position_of(row.getColumn(0));
  event.stream = names.text(row.getColumn(1).getInt64());
  event.version.value = static_cast<std::uint64_t>(row.getColumn(2).getInt64());
  event.type = names.text(row.getColumn(3).getInt64());
  event.schema_version = row.getColumn(4).getUInt();
  event.codec = static_cast<Codec>(row.getColumn(5).getInt());
  event.content_type = name_or_empty(row.getColumn(6), names);
  copy(row.getColumn(7), event.id.bytes);
  if (const SQLite::Column occurred = row.getColumn(8); !occurred.isNull())
    event.occurred_at = to_time(occurred.getInt64());
  event.recorded_at = to_time(row.getColumn(9).getInt64());
  event.source = name_or_empty(row.getColumn(10), names);
  event.correlation_id = row.getColumn(11).getString();
  event.causation_id = row.getColumn(12).getString();
  event.tags = tags_in(row.getColumn(13), names);
  event.metadata = unpack(blob_of(row.getColumn(14)));
  copy(row.getColumn(15), event.salt);
  copy(row.getColumn(16), event.hash.bytes);
  event.data = blob_of(row.getColumn(17));
  return event;
}

CommitInfo commit_in(SQLite::Statement& row) {
  CommitInfo commit;
  commit.last = position_of(row.getColumn(0));
  commit.recorded_at = to_time(row.getColumn(2).getInt64());
  commit.first.value =
      commit.last.value - static_cast<std::uint64_t>(row.getColumn(3).getInt64()) + 1;
  commit.hash = hash_of(row.getColumn(4));
  if (const SQLite::Column key = row.getColumn(5); !key.isNull()) {
    commit.idempotency_key = key.getString();
    commit.request_hash = hash_of(row.getColumn(6));
  }
  return commit;
}

std::optional<KeyedCommit> keyed_commit_in(SQLite::Statement& row, std::string_view key) {
  const CommitInfo commit = commit_in(row);
  if (commit.idempotency_key != key) return std::nullopt;
  KeyedCommit found;
  found.outcome.first = commit.first;
  found.outcome.last = commit.last;
  found.outcome.version.value = static_cast<std::uint64_t>(row.getColumn(1).getInt64());
  found.outcome.recorded_at = commit.recorded_at;
  found.outcome.hash = commit.hash;
  found.request_hash = *commit.request_hash;
  return found;
}

Envelope described_in(SQLite::Statement& row, Names& names) {
  Envelope event;
  event.position = position_of(row.getColumn(0));
  event.stream = names.text(row.getColumn(1).getInt64());
  event.type = names.text(row.getColumn(3).getInt64());
  event.tags = tags_in(row.getColumn(4), names);
  return event;
}

void postings_of(SQLite::Statement& row, std::vector<Posting>& postings) {
  const Position position = position_of(row.getColumn(0));
  postings.push_back({row.getColumn(1).getInt64(), position,
                      Version{static_cast<std::uint64_t>(row.getColumn(2).getInt64())}});
  postings.push_back({row.getColumn(3).getInt64(), position, {}});
  const SQLite::Column tag_column = row.getColumn(4);
  std::string_view tags = blob_of(tag_column);
  for (std::uint64_t tag = 0; take_varint(tags, tag);)
    postings.push_back({static_cast<IndexKey>(tag), position, {}});
  if (const SQLite::Column key = row.getColumn(5); !key.isNull())
    postings.push_back({key_of_idempotency_key(key.getString()), position, {}});
}

std::int64_t greatest_name_in(SQLite::Statement& row) {
  std::int64_t greatest = std::max(row.getColumn(1).getInt64(), row.getColumn(3).getInt64());
  const SQLite::Column tag_column = row.getColumn(4);
  std::string_view tags = blob_of(tag_column);
  for (std::uint64_t tag = 0; take_varint(tags, tag);)
    greatest = std::max(greatest, static_cast<std::int64_t>(tag));
  return std::max({greatest, row.getColumn(6).getInt64(), row.getColumn(7).getInt64()});
}

void check_hash(const Envelope& event) {
  if (event_hash(event) == event.hash) return;
  throw CorruptionError("the event at position " + std::to_string(event.position.value) +
                            " is not what was recorded: run `annal verify` and restore a backup",
                        {event.position.value});
}

EventRows::EventRows(SQLite::Database& database, Names& names)
    : names_(names),
      insert_(database,
              "INSERT INTO events "
              "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,"
              "?19,?20,?21,?22)"),
      insert_type_(database, "INSERT OR IGNORE INTO event_types VALUES(?)") {}

void EventRows::insert(const Commit& commit, const Hash& commit_hash,
                       std::vector<Posting>& postings) {
  for (const Envelope& event : commit.events)
    insert_event(event, &event == &commit.events.back() ? &commit : nullptr, commit_hash, postings);
}

void EventRows::insert_event(const Envelope& event, const Commit* last_of, const Hash& commit_hash,
                             std::vector<Posting>& postings) {
  const std::int64_t stream = names_.intern(event.stream);
  const std::int64_t type = names_.intern(event.type);
  if (!known_types_.find(type)) {
    insert_type_.reset();
    insert_type_.bind(1, type);
    insert_type_.exec();
    known_types_.put(type, true);
  }
  postings.push_back({stream, event.position, event.version});
  postings.push_back({type, event.position, {}});

  std::string tags;
  for (const auto& tag : event.tags) {
    const std::int64_t id = names_.intern(tag);
    put_varint(tags, static_cast<std::uint64_t>(id));
    postings.push_back({id, event.position, {}});
  }
  const std::string metadata = pack(event.metadata);

  insert_.reset();
  insert_.clearBindings();
  insert_.bind(1, static_cast<std::int64_t>(event.position.value));
  insert_.bind(2, stream);
  insert_.bind(3, static_cast<std::int64_t>(event.version.value));
  insert_.bind(4, type);
  insert_.bind(5, event.schema_version);
  insert_.bind(6, static_cast<int>(event.codec));
  bind_name(insert_, 7, event.content_type, names_);
  bind_blob(insert_, 8, view(event.id.bytes));
  if (event.occurred_at) insert_.bind(9, to_number(*event.occurred_at));
  insert_.bind(10, to_number(event.recorded_at));
  bind_name(insert_, 11, event.source, names_);
  bind_or_null(insert_, 12, event.correlation_id);
  bind_or_null(insert_, 13, event.causation_id);
  if (!tags.empty()) bind_blob(insert_, 14, tags);
  if (!metadata.empty()) bind_blob(insert_, 15, metadata);
  bind_blob(insert_, 16, view(event.salt));
  bind_blob(insert_, 17, view(event.hash.bytes));
  bind_blob(insert_, 18, event.data);
  if (last_of) {
    insert_.bind(19, static_cast<std::int64_t>(last_of->events.size()));
    bind_blob(insert_, 20, view(commit_hash.bytes));
    if (last_of->idempotency_key) {
      insert_.bindNoCopy(21, *last_of->idempotency_key);
      bind_blob(insert_, 22, view(last_of->request_hash->bytes));
      postings.push_back({key_of_idempotency_key(*last_of->idempotency_key), event.position, {}});
    }
  }
  insert_.exec();
  insert_.reset();
  for (const auto& [key, id] : names_.take_new())
    postings.push_back({key, event.position, Version{static_cast<std::uint64_t>(id)}});
}

}  // namespace annal::sqlite
