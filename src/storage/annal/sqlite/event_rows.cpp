#include "annal/sqlite/event_rows.hpp"

#include "annal/error.hpp"
#include "annal/sqlite/database.hpp"
#include "annal/sqlite/varint.hpp"

#include <algorithm>
#include <cstring>

namespace annal::sqlite {

namespace {

using std::chrono::microseconds;

constexpr std::size_t rows_at_once = 8;
// Beside the codec: of a stub, whose data is what is left; of data that is a zstd frame.
constexpr int purged_flag = 16, packed_flag = 32;

int stored_codec(const Envelope& event, bool packed) {
  return static_cast<int>(event.codec) | (event.purged ? purged_flag : 0) |
         (packed ? packed_flag : 0);
}

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
void copy(std::string_view bytes, std::array<std::uint8_t, size>& out) {
  if (bytes.size() == size) std::memcpy(out.data(), bytes.data(), size);
}

template <std::size_t size>
std::string_view view(const std::array<std::uint8_t, size>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), size};
}

constexpr int given_columns = 21;

// A row goes to the end of the table, where SQLite finds its position faster than it would check one.
std::string row_of_parameters() {
  std::string row = "(NULL";
  for (int i = 0; i < given_columns; ++i) row += ",?";
  return row + ")";
}

// A note is there only if there is one.
std::string packed(const Stub& stub, const Hash& event_hash) {
  std::string bytes{view(stub.data.bytes)};
  bytes.append(view(stub.metadata.bytes));
  if (stub.note == 0) return bytes;
  bytes.push_back(static_cast<char>(stub.note));
  return bytes + note_checksum(event_hash, stub.note);
}

// Bytes that are not as they were packed are a stub of no event, which its hash then tells.
Stub stub_in(std::string_view bytes, const Hash& event_hash) {
  Stub stub;
  constexpr std::size_t size = sizeof stub.data.bytes;
  if (bytes.size() > 2 * size) stub.note = static_cast<std::uint8_t>(bytes[2 * size]);
  if (bytes.size() < 2 * size) return {};
  std::memcpy(stub.data.bytes.data(), bytes.data(), size);
  std::memcpy(stub.metadata.bytes.data(), bytes.data() + size, size);
  return packed(stub, event_hash) == bytes ? stub : Stub{};
}

void bind_or_null(SQLite::Statement& statement, int index, const std::string& text) {
  if (text.empty())
    statement.bind(index);
  else
    statement.bindNoCopy(index, text);
}

void bind_or_null(SQLite::Statement& statement, int index, std::optional<std::int64_t> number) {
  if (number)
    statement.bind(index, *number);
  else
    statement.bind(index);
}

void bind_blob_or_null(SQLite::Statement& statement, int index, std::string_view bytes) {
  if (bytes.empty())
    statement.bind(index);
  else
    bind_blob(statement, index, bytes);
}

std::vector<std::string> tags_in(std::string_view packed, Names& names) {
  std::vector<std::string> texts;
  for (std::uint64_t tag = 0; take_varint(packed, tag);)
    texts.push_back(names.text(static_cast<std::int64_t>(tag)));
  return texts;
}

std::string name_or_empty(const Row& row, int column, Names& names) {
  return row.is_null(column) ? std::string() : names.text(row.number(column));
}

Position position_in(const Row& row, int column) {
  return Position{static_cast<std::uint64_t>(row.number(column))};
}
Version version_in(const Row& row, int column) {
  return Version{static_cast<std::uint64_t>(row.number(column))};
}

// Nothing if it cannot be decompressed.
std::optional<std::string> data_in(const Row& row, PayloadReader& payloads) {
  const bool packed = (row.number(5) & packed_flag) != 0;
  return packed ? payloads.read(row.bytes(17)) : std::string(row.bytes(17));
}

std::string with_which(std::string_view frame) {
  const std::uint32_t number = dictionary_of(frame);
  return number == 0 ? "" : ", for which dictionary " + std::to_string(number) + " is needed";
}

}  // namespace

Envelope read_row(const Row& row, Names& names) {
  Envelope event;
  event.position = position_in(row, 0);
  event.stream = names.text(row.number(1));
  event.version = version_in(row, 2);
  event.type = names.text(row.number(3));
  event.schema_version = static_cast<std::uint32_t>(row.number(4));
  const std::int64_t codec = row.number(5);
  event.codec = static_cast<Codec>(codec & ~(purged_flag | packed_flag));
  event.content_type = name_or_empty(row, 6, names);
  copy(row.bytes(7), event.id.bytes);
  if (!row.is_null(8)) event.occurred_at = to_time(row.number(8));
  event.recorded_at = to_time(row.number(9));
  event.source = name_or_empty(row, 10, names);
  event.correlation_id = row.bytes(11);
  event.causation_id = row.bytes(12);
  event.tags = tags_in(row.bytes(13), names);
  event.metadata = unpack(row.bytes(14));
  copy(row.bytes(15), event.salt);
  copy(row.bytes(16), event.hash.bytes);
  if ((codec & purged_flag) != 0) event.purged = stub_in(row.bytes(17), event.hash);
  return event;
}

void read_data(const Row& row, PayloadReader& payloads, Envelope& event) {
  if (event.purged) return;
  auto data = data_in(row, payloads);
  if (!data)
    throw CorruptionError("the data of the event at position " +
                              std::to_string(event.position.value) + " cannot be decompressed" +
                              with_which(row.bytes(17)) +
                              ": run `annal verify` and restore a backup",
                          {event.position.value});
  event.data = std::move(*data);
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

Envelope described_in(const Row& row, Names& names) {
  Envelope event;
  event.position = position_in(row, 0);
  event.stream = names.text(row.number(1));
  event.type = names.text(row.number(3));
  event.tags = tags_in(row.bytes(4), names);
  return event;
}

void postings_of(const Row& row, std::vector<Posting>& postings) {
  const Position position = position_in(row, 0);
  postings.push_back({row.number(1), position, version_in(row, 2)});
  postings.push_back({row.number(3), position, {}});
  std::string_view tags = row.bytes(4);
  for (std::uint64_t tag = 0; take_varint(tags, tag);)
    postings.push_back({static_cast<IndexKey>(tag), position, {}});
  if (!row.is_null(5)) postings.push_back({key_of_idempotency_key(row.bytes(5)), position, {}});
}

std::int64_t greatest_name_in(const Row& row) {
  std::int64_t greatest = std::max(row.number(1), row.number(3));
  std::string_view tags = row.bytes(4);
  for (std::uint64_t tag = 0; take_varint(tags, tag);)
    greatest = std::max(greatest, static_cast<std::int64_t>(tag));
  return std::max({greatest, row.number(6), row.number(7)});
}

void check_hash(const Envelope& event) {
  if (event_hash(event) == event.hash) return;
  throw CorruptionError("the event at position " + std::to_string(event.position.value) +
                            " is not what was recorded: run `annal verify` and restore a backup",
                        {event.position.value});
}

EventRows::EventRows(SQLite::Database& database, Names& names, Streams& streams,
                     Dictionaries& dictionaries)
    : database_(database),
      names_(names),
      streams_(streams),
      payloads_(database, dictionaries),
      insert_one_(database, insertion("events", row_of_parameters(), 1)),
      insert_many_(database, insertion("events", row_of_parameters(), rows_at_once)),
      insert_type_(database, "INSERT OR IGNORE INTO event_types VALUES(?)"),
      whole_(database, std::string("SELECT ") + event_columns + " FROM events WHERE position=?1"),
      keep_stub_(database,
                 "UPDATE events SET codec=?2,metadata=NULL,salt=x'',data=?3 WHERE position=?1") {
  rows_.reserve(rows_at_once);
}

void EventRows::add(const Commit& commit, std::span<const std::string> packed,
                    const Hash& commit_hash, std::vector<Posting>& postings) {
  for (std::size_t i = 0; i < commit.events.size(); ++i) {
    const Envelope& event = commit.events[i];
    rows_.push_back(row_of(event, postings));
    if (!packed.empty()) rows_.back().frame = packed[i];
    if (&event == &commit.events.back()) {
      rows_.back().last_of = &commit;
      rows_.back().commit_hash = commit_hash;
      if (commit.idempotency_key)
        postings.push_back({key_of_idempotency_key(*commit.idempotency_key), event.position, {}});
    }
    names_.list_new(event.position, postings);
    if (rows_.size() < rows_at_once) continue;
    insert(insert_many_, rows_);
    rows_.clear();
  }
}

void EventRows::write() {
  for (const Row& row : rows_) insert(insert_one_, {&row, 1});
  rows_.clear();
  names_.write();
}

void EventRows::purge(std::span<const Purging> purges) {
  if (purges.empty()) return;
  write();
  for (const auto& [position, note] : purges) {
    whole_.reset();
    whole_.bind(1, signed_of(position));
    if (!whole_.executeStep())
      throw CorruptionError("there is no event to purge at position " +
                                std::to_string(position.value) + ": run `annal verify`",
                            {position.value});
    Envelope event = read_row(whole_.row(), names_);
    if (!event.purged) event.data = data_in(whole_.row(), payloads_).value_or("");
    whole_.reset();
    if (event.purged) continue;
    annal::purge(event, note);
    const std::string stub = packed(*event.purged, event.hash);
    keep_stub_.bind(1, signed_of(position));
    keep_stub_.bind(2, stored_codec(event, false));
    bind_blob(keep_stub_, 3, stub);
    keep_stub_.exec();
    keep_stub_.reset();
  }
}

void EventRows::forget() {
  rows_.clear();
  known_types_.clear();
}

EventRows::Row EventRows::row_of(const Envelope& event, std::vector<Posting>& postings) {
  Row row{&event, streams_.number(event.stream), streams_.number_of_name(event.type)};
  if (!known_types_.find(row.type)) {
    insert_type_.bind(1, row.type);
    insert_type_.exec();
    insert_type_.reset();
    known_types_.put(row.type, true);
  }
  postings.push_back({row.stream, event.position, event.version});
  postings.push_back({row.type, event.position, {}});
  for (const auto& tag : event.tags) {
    const std::int64_t id = streams_.number_of_name(tag);
    put_varint(row.tags, static_cast<std::uint64_t>(id));
    postings.push_back({id, event.position, {}});
  }
  row.metadata = pack(event.metadata);
  if (event.purged) row.stub = packed(*event.purged, event.hash);
  if (event.occurred_at) row.occurred_at = to_number(*event.occurred_at);
  if (!event.content_type.empty()) row.content_type = streams_.number_of_name(event.content_type);
  if (!event.source.empty()) row.source = streams_.number_of_name(event.source);
  return row;
}

// What the row has of the event's data.
std::string_view EventRows::data_of(const Row& row) {
  if (row.event->purged) return row.stub;
  return row.frame.empty() ? std::string_view(row.event->data) : row.frame;
}

//   before    how many parameters stand before the row's
void EventRows::bind(SQLite::Statement& statement, int before, const Row& row) {
  const Envelope& event = *row.event;
  int at = before;
  statement.bind(++at, row.stream);
  statement.bind(++at, static_cast<std::int64_t>(event.version.value));
  statement.bind(++at, row.type);
  statement.bind(++at, event.schema_version);
  statement.bind(++at, stored_codec(event, !row.frame.empty()));
  bind_or_null(statement, ++at, row.content_type);
  bind_blob(statement, ++at, view(event.id.bytes));
  bind_or_null(statement, ++at, row.occurred_at);
  statement.bind(++at, to_number(event.recorded_at));
  bind_or_null(statement, ++at, row.source);
  bind_or_null(statement, ++at, event.correlation_id);
  bind_or_null(statement, ++at, event.causation_id);
  bind_blob_or_null(statement, ++at, row.tags);
  bind_blob_or_null(statement, ++at, row.metadata);
  bind_blob(statement, ++at, event.purged ? std::string_view() : view(event.salt));
  bind_blob(statement, ++at, view(event.hash.bytes));
  bind_blob(statement, ++at, data_of(row));
  if (row.last_of) {
    statement.bind(++at, static_cast<std::int64_t>(row.last_of->events.size()));
    bind_blob(statement, ++at, view(row.commit_hash.bytes));
  } else {
    statement.bind(++at);
    statement.bind(++at);
  }
  if (row.last_of && row.last_of->idempotency_key) {
    statement.bindNoCopy(++at, *row.last_of->idempotency_key);
    bind_blob(statement, ++at, view(row.last_of->request_hash->bytes));
  } else {
    statement.bind(++at);
    statement.bind(++at);
  }
}

void EventRows::insert(SQLite::Statement& statement, std::span<const Row> rows) {
  for (std::size_t i = 0; i < rows.size(); ++i)
    bind(statement, static_cast<int>(i) * given_columns, rows[i]);
  statement.exec();
  statement.reset();
  const Position newest = rows.back().event->position;
  if (database_.getLastInsertRowid() != signed_of(newest))
    throw CorruptionError("position " + std::to_string(newest.value) +
                          " does not follow the newest event in the file: run `annal verify`");
}

}  // namespace annal::sqlite
