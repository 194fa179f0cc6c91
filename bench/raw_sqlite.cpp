#include "raw_sqlite.hpp"

#include "annal/event/canonical_bytes.hpp"
#include "annal/event/hash.hpp"

#include <cstring>
#include <stdexcept>

namespace annal::bench {

namespace {

constexpr const char* schema =
    "CREATE TABLE events(position INTEGER PRIMARY KEY, stream INTEGER NOT NULL, version INTEGER "
    "NOT NULL, "
    "type INTEGER NOT NULL, schema_version INTEGER NOT NULL, codec INTEGER NOT NULL, content_type "
    "INTEGER, "
    "id BLOB NOT NULL, occurred_at INTEGER, recorded_at INTEGER NOT NULL, source INTEGER, "
    "correlation_id TEXT, causation_id TEXT, tags BLOB, metadata BLOB, salt BLOB NOT NULL, "
    "hash BLOB NOT NULL, data BLOB NOT NULL, commit_events INTEGER, commit_hash BLOB, "
    "idempotency_key TEXT, request_hash BLOB);"
    "CREATE TABLE documents(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, derived_at INTEGER "
    "NOT NULL, "
    "derived_time INTEGER NOT NULL, value BLOB NOT NULL, deleted INTEGER NOT NULL);";

constexpr const char* pragmas =
    "PRAGMA synchronous=FULL; PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; "
    "PRAGMA cache_size=-32000";

std::string select_events(const char* from) {
  return std::string(
             "SELECT e.position,e.stream,e.version,e.type,e.schema_version,e.codec,"
             "e.content_type,e.id,e.occurred_at,e.recorded_at,e.source,e.correlation_id,"
             "e.causation_id,e.tags,e.metadata,e.salt,e.hash,e.data FROM ") +
         from;
}

std::string bytes_in(sqlite3_stmt* row, int column) {
  const void* bytes = sqlite3_column_blob(row, column);
  return bytes ? std::string(static_cast<const char*>(bytes),
                             static_cast<std::size_t>(sqlite3_column_bytes(row, column)))
               : std::string();
}

RawEvent event_in(sqlite3_stmt* row) {
  RawEvent event;
  event.position = sqlite3_column_int64(row, 0);
  event.stream = sqlite3_column_int64(row, 1);
  event.version = sqlite3_column_int64(row, 2);
  event.type = sqlite3_column_int64(row, 3);
  event.schema_version = sqlite3_column_int64(row, 4);
  event.codec = sqlite3_column_int64(row, 5);
  event.content_type = sqlite3_column_int64(row, 6);
  event.id = bytes_in(row, 7);
  event.has_occurred_at = sqlite3_column_type(row, 8) != SQLITE_NULL;
  event.occurred_at = sqlite3_column_int64(row, 8);
  event.recorded_at = sqlite3_column_int64(row, 9);
  event.source = sqlite3_column_int64(row, 10);
  event.correlation_id = bytes_in(row, 11);
  event.causation_id = bytes_in(row, 12);
  event.tags = bytes_in(row, 13);
  event.metadata = bytes_in(row, 14);
  event.salt = bytes_in(row, 15);
  event.hash = bytes_in(row, 16);
  event.data = bytes_in(row, 17);
  return event;
}

void bind_text(sqlite3_stmt* statement, int index, std::string_view text) {
  sqlite3_bind_text(statement, index, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
}

void bind_blob(sqlite3_stmt* statement, int index, std::string_view bytes) {
  sqlite3_bind_blob(statement, index, bytes.data(), static_cast<int>(bytes.size()), SQLITE_STATIC);
}

}  // namespace

RawDatabase::RawDatabase(const std::filesystem::path& file) {
  sqlite3* opened = nullptr;
  // Without the lock around each call: nobody shares the connection.
  const int result =
      sqlite3_open_v2(file.c_str(), &opened,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  database_.reset(opened);
  check(result, SQLITE_OK);
}

void RawDatabase::check(int result, int wanted) const {
  if (result != wanted) throw std::runtime_error(sqlite3_errmsg(database_.get()));
}

void RawDatabase::run(const char* sql) {
  check(sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr), SQLITE_OK);
}

RawStatement RawDatabase::prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  check(sqlite3_prepare_v2(database_.get(), sql, -1, &statement, nullptr), SQLITE_OK);
  return RawStatement(statement);
}

void RawDatabase::keep_write_ahead_log() {
  sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

// --- writing -------------------------------------------------------------------------------------

RawSqlite::RawSqlite(const std::filesystem::path& file) : database_(file) {
  database_.run(pragmas);
  database_.run(schema);
  sqlite3_wal_hook(
      database_.handle(),
      [](void* frames, sqlite3*, const char*, int count) {
        *static_cast<int*>(frames) = count;
        return SQLITE_OK;
      },
      &frames_);
  begin_ = database_.prepare("BEGIN IMMEDIATE");
  commit_ = database_.prepare("COMMIT");
  insert_ = database_.prepare(
      "INSERT INTO events "
      "VALUES(?1,?2,?3,?4,?5,?6,NULL,?7,NULL,?8,NULL,NULL,NULL,NULL,NULL,?9,?10,?11,"
      "?12,?13,NULL,NULL)");
  put_ = database_.prepare(
      "INSERT INTO documents(key,derived_at,derived_time,value,deleted) VALUES(?1,1,1,?2,0)");
  get_ = database_.prepare(
      "SELECT key,value,derived_at,derived_time,deleted FROM documents WHERE key=?1");
}

void RawSqlite::append(std::string_view data, int events) {
  database_.check(sqlite3_step(begin_.get()), SQLITE_DONE);
  sqlite3_reset(begin_.get());
  for (int i = 1; i <= events; ++i) insert(data, i == events, events);
  database_.check(sqlite3_step(commit_.get()), SQLITE_DONE);
  sqlite3_reset(commit_.get());
  checkpoint_when_due();
}

void RawSqlite::insert(std::string_view data, bool last, int of) {
  static const unsigned char bytes[32] = {1, 2, 3, 4, 5, 6, 7, 8};
  sqlite3_stmt* const row = insert_.get();
  ++position_;
  sqlite3_bind_int64(row, 1, position_);
  sqlite3_bind_int64(row, 2, position_ % 100000);
  sqlite3_bind_int64(row, 3, position_);
  sqlite3_bind_int(row, 4, 2);
  sqlite3_bind_int(row, 5, 1);
  sqlite3_bind_int(row, 6, 0);
  sqlite3_bind_blob(row, 7, bytes, 16, SQLITE_STATIC);
  sqlite3_bind_int64(row, 8, 1767323045000000 + position_);
  sqlite3_bind_blob(row, 9, bytes, 16, SQLITE_STATIC);
  sqlite3_bind_blob(row, 10, bytes, 32, SQLITE_STATIC);
  bind_blob(row, 11, data);
  if (last) {
    sqlite3_bind_int(row, 12, of);
    sqlite3_bind_blob(row, 13, bytes, 32, SQLITE_STATIC);
  } else {
    sqlite3_bind_null(row, 12);
    sqlite3_bind_null(row, 13);
  }
  database_.check(sqlite3_step(row), SQLITE_DONE);
  sqlite3_reset(row);
}

void RawSqlite::checkpoint_when_due() {
  if (frames_ < checkpointed_) checkpointed_ = 0;
  if (frames_ - checkpointed_ < 1024) return;
  database_.check(sqlite3_wal_checkpoint_v2(database_.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE,
                                            nullptr, nullptr),
                  SQLITE_OK);
  checkpointed_ = frames_;
}

void RawSqlite::put_document(const std::string& key, std::string_view value) {
  bind_text(put_.get(), 1, key);
  bind_blob(put_.get(), 2, value);
  database_.check(sqlite3_step(put_.get()), SQLITE_DONE);
  sqlite3_reset(put_.get());
}

std::size_t RawSqlite::get_document(const std::string& key) {
  sqlite3_stmt* const row = get_.get();
  bind_text(row, 1, key);
  database_.check(sqlite3_step(row), SQLITE_ROW);
  // The caller keeps what it read, as any caller must once the statement is reset.
  const std::string row_key = bytes_in(row, 0);
  const std::string value = bytes_in(row, 1);
  const auto numbers =
      sqlite3_column_int64(row, 2) + sqlite3_column_int64(row, 3) + sqlite3_column_int64(row, 4);
  sqlite3_reset(row);
  return row_key.size() + value.size() + (numbers == 0 ? 1 : 0);
}

// --- reading -------------------------------------------------------------------------------------

sqlite3_stmt* RawReader::selecting(RawStatement& statement, const char* from) {
  if (!statement) statement = database_.prepare(select_events(from).c_str());
  return statement.get();
}

void RawReader::load_names() {
  const RawStatement select = database_.prepare("SELECT id,name FROM names");
  while (sqlite3_step(select.get()) == SQLITE_ROW)
    names_[sqlite3_column_int64(select.get(), 0)] = bytes_in(select.get(), 1);
}

void RawReader::scan(const Each& each) {
  load_names();
  sqlite3_stmt* const rows = selecting(scan_, "events e ORDER BY e.position");
  int result = 0;
  while ((result = sqlite3_step(rows)) == SQLITE_ROW) {
    const RawEvent event = event_in(rows);
    check_hash(event);
    each(event);
  }
  database_.check(result, SQLITE_DONE);
  sqlite3_reset(rows);
}

// Of events without tags, metadata, source and the like, which is all that is scanned here.
void RawReader::check_hash(const RawEvent& event) const {
  static const std::string no_metadata(4, '\0');
  const auto name = [this](sqlite3_int64 id) -> const std::string& { return names_.at(id); };
  const auto digest = [&](std::string_view bytes) { return sha256({event.salt, bytes}); };
  if (!event.tags.empty() || !event.metadata.empty() || event.content_type != 0 ||
      event.source != 0 || event.has_occurred_at || !event.correlation_id.empty() ||
      !event.causation_id.empty())
    throw std::runtime_error("the hand-written scan does not know such an event");
  CanonicalBytes bytes;
  bytes.reserve(256);
  bytes.raw(std::string_view("annal.event.1\0", 14));
  bytes.raw(event.id);
  bytes.text(name(event.type));
  bytes.u32(static_cast<std::size_t>(event.schema_version));
  bytes.u8(static_cast<std::uint8_t>(event.codec));
  bytes.text("");  // content type
  bytes.text(name(event.stream));
  bytes.u8(0);                                 // no occurred_at
  for (int i = 0; i < 3; ++i) bytes.text("");  // source, correlation id, causation id
  bytes.u32(0);                                // tags
  bytes.raw(view_of(digest(no_metadata).bytes));
  bytes.raw(view_of(digest(event.data).bytes));
  if (view_of(sha256({bytes.view()}).bytes) != event.hash)
    throw std::runtime_error("the hand-written scan finds another hash");
}

void RawReader::read_stream(const std::string& stream, int limit, const Each& each) {
  sqlite3_stmt* const rows =
      selecting(stream_,
                "names n JOIN events e ON e.stream=n.id WHERE n.name=?1 AND e.version>=1 "
                "ORDER BY e.version LIMIT ?2");
  bind_text(rows, 1, stream);
  sqlite3_bind_int(rows, 2, limit);
  int result = 0;
  while ((result = sqlite3_step(rows)) == SQLITE_ROW) each(event_in(rows));
  database_.check(result, SQLITE_DONE);
  sqlite3_reset(rows);
}

void RawReader::read_tagged(int tag, int type, int limit, const Each& each) {
  sqlite3_stmt* const rows = selecting(tagged_,
                                       "tagged t JOIN events e ON e.position=t.position WHERE "
                                       "t.tag=?1 AND t.type=?2 ORDER BY t.position LIMIT ?3");
  sqlite3_bind_int(rows, 1, tag);
  sqlite3_bind_int(rows, 2, type);
  sqlite3_bind_int(rows, 3, limit);
  int result = 0;
  while ((result = sqlite3_step(rows)) == SQLITE_ROW) each(event_in(rows));
  database_.check(result, SQLITE_DONE);
  sqlite3_reset(rows);
}

sqlite3_int64 RawReader::key_of(const std::string& stream) {
  if (!key_) key_ = database_.prepare("SELECT id FROM names WHERE name=?1");
  sqlite3_stmt* const select = key_.get();
  bind_text(select, 1, stream);
  database_.check(sqlite3_step(select), SQLITE_ROW);
  const sqlite3_int64 key = sqlite3_column_int64(select, 0);
  sqlite3_reset(select);
  return key;
}

RawEvent RawReader::only_row(sqlite3_stmt* select) {
  database_.check(sqlite3_step(select), SQLITE_ROW);
  RawEvent event = event_in(select);
  sqlite3_reset(select);
  return event;
}

RawEvent RawReader::newest(const std::string& stream, sqlite3_int64 position) {
  sqlite3_stmt* const select = selecting(
      newest_, "events e WHERE e.stream=?1 AND e.position<=?2 ORDER BY e.position DESC LIMIT 1");
  sqlite3_bind_int64(select, 1, key_of(stream));
  sqlite3_bind_int64(select, 2, position);
  return only_row(select);
}

RawEvent RawReader::first(const std::string& stream) {
  sqlite3_stmt* const select =
      selecting(first_, "events e WHERE e.stream=?1 ORDER BY e.position LIMIT 1");
  sqlite3_bind_int64(select, 1, key_of(stream));
  return only_row(select);
}

void copy_with_index(const std::filesystem::path& store, const std::filesystem::path& file) {
  RawDatabase database(file);
  database.run(pragmas);
  database.run(schema);
  const RawStatement attach = database.prepare("ATTACH ?1 AS store");
  bind_text(attach.get(), 1, store.native());
  database.check(sqlite3_step(attach.get()), SQLITE_DONE);
  database.run(
      "BEGIN; CREATE TABLE names(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
      "INSERT INTO main.names SELECT * FROM store.names;"
      "INSERT INTO main.events SELECT * FROM store.events ORDER BY position;"
      "CREATE INDEX events_by_stream ON events(stream,version);"
      "CREATE INDEX events_in_order ON events(stream); COMMIT");
}

void index_tags(const std::filesystem::path& file, const std::vector<std::pair<int, int>>& marks) {
  RawDatabase database(file);
  database.run(
      "BEGIN; CREATE TABLE tagged(position INTEGER PRIMARY KEY, tag INTEGER, type INTEGER)");
  const RawStatement insert = database.prepare("INSERT INTO tagged VALUES(NULL,?1,?2)");
  for (const auto& [tag, type] : marks) {
    sqlite3_bind_int(insert.get(), 1, tag);
    sqlite3_bind_int(insert.get(), 2, type);
    database.check(sqlite3_step(insert.get()), SQLITE_DONE);
    sqlite3_reset(insert.get());
  }
  database.run("CREATE INDEX tagged_by_both ON tagged(tag,type); COMMIT");
}

// --- payloads ------------------------------------------------------------------------------------

void RawDecoder::take(void* out, std::size_t bytes) {
  if (rest_.size() < bytes) throw std::runtime_error("the payload ends too early");
  std::memcpy(out, rest_.data(), bytes);
  rest_.remove_prefix(bytes);
}

std::uint64_t RawDecoder::number() {
  std::uint64_t number = 0;
  take(&number, sizeof number);
  return number;
}

std::string RawDecoder::text() {
  const std::uint64_t size = number();
  if (rest_.size() < size) throw std::runtime_error("the payload ends too early");
  std::string text(rest_.substr(0, size));
  rest_.remove_prefix(size);
  return text;
}

bool RawDecoder::flag() {
  char flag = 0;
  take(&flag, 1);
  return flag != 0;
}

}  // namespace annal::bench
