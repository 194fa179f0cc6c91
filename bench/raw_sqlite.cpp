#include "raw_sqlite.hpp"

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

}  // namespace

RawSqlite::RawSqlite(const std::filesystem::path& file) {
  check(sqlite3_open(file.c_str(), &database_), SQLITE_OK);
  const auto run = [&](const char* sql) {
    check(sqlite3_exec(database_, sql, nullptr, nullptr, nullptr), SQLITE_OK);
  };
  run("PRAGMA synchronous=FULL; PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; "
      "PRAGMA cache_size=-32000");
  run(schema);
  sqlite3_wal_hook(
      database_,
      [](void* frames, sqlite3*, const char*, int count) {
        *static_cast<int*>(frames) = count;
        return SQLITE_OK;
      },
      &frames_);
  const auto prepare = [&](const char* sql, sqlite3_stmt*& statement) {
    check(sqlite3_prepare_v2(database_, sql, -1, &statement, nullptr), SQLITE_OK);
  };
  prepare("BEGIN IMMEDIATE", begin_);
  prepare("COMMIT", commit_);
  prepare(
      "INSERT INTO events "
      "VALUES(?1,?2,?3,?4,?5,?6,NULL,?7,NULL,?8,NULL,NULL,NULL,NULL,NULL,?9,?10,?11,"
      "?12,?13,NULL,NULL)",
      insert_);
  prepare("INSERT INTO documents(key,derived_at,derived_time,value,deleted) VALUES(?1,1,1,?2,0)",
          put_);
  prepare("SELECT key,value,derived_at,derived_time,deleted FROM documents WHERE key=?1", get_);
}

RawSqlite::~RawSqlite() {
  for (auto* statement : {begin_, insert_, commit_, put_, get_}) sqlite3_finalize(statement);
  sqlite3_close(database_);
}

void RawSqlite::check(int result, int wanted) const {
  if (result != wanted) throw std::runtime_error(sqlite3_errmsg(database_));
}

void RawSqlite::append(std::string_view data) {
  static const unsigned char bytes[32] = {1, 2, 3, 4, 5, 6, 7, 8};
  check(sqlite3_step(begin_), SQLITE_DONE);
  sqlite3_reset(begin_);
  ++position_;
  sqlite3_bind_int64(insert_, 1, position_);
  sqlite3_bind_int64(insert_, 2, position_ % 100000);
  sqlite3_bind_int64(insert_, 3, position_);
  sqlite3_bind_int(insert_, 4, 2);
  sqlite3_bind_int(insert_, 5, 1);
  sqlite3_bind_int(insert_, 6, 0);
  sqlite3_bind_blob(insert_, 7, bytes, 16, SQLITE_STATIC);
  sqlite3_bind_int64(insert_, 8, 1767323045000000 + position_);
  sqlite3_bind_blob(insert_, 9, bytes, 16, SQLITE_STATIC);
  sqlite3_bind_blob(insert_, 10, bytes, 32, SQLITE_STATIC);
  sqlite3_bind_blob(insert_, 11, data.data(), static_cast<int>(data.size()), SQLITE_STATIC);
  sqlite3_bind_int(insert_, 12, 1);
  sqlite3_bind_blob(insert_, 13, bytes, 32, SQLITE_STATIC);
  check(sqlite3_step(insert_), SQLITE_DONE);
  sqlite3_reset(insert_);
  check(sqlite3_step(commit_), SQLITE_DONE);
  sqlite3_reset(commit_);
  if (frames_ < checkpointed_) checkpointed_ = 0;
  if (frames_ - checkpointed_ >= 1024) {
    check(
        sqlite3_wal_checkpoint_v2(database_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr),
        SQLITE_OK);
    checkpointed_ = frames_;
  }
}

void RawSqlite::put_document(const std::string& key, std::string_view value) {
  sqlite3_bind_text(put_, 1, key.data(), static_cast<int>(key.size()), SQLITE_STATIC);
  sqlite3_bind_blob(put_, 2, value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
  check(sqlite3_step(put_), SQLITE_DONE);
  sqlite3_reset(put_);
}

std::size_t RawSqlite::get_document(const std::string& key) {
  sqlite3_bind_text(get_, 1, key.data(), static_cast<int>(key.size()), SQLITE_STATIC);
  check(sqlite3_step(get_), SQLITE_ROW);
  // The caller keeps what it read, as any caller must once the statement is reset.
  const std::string row_key(reinterpret_cast<const char*>(sqlite3_column_text(get_, 0)),
                            static_cast<std::size_t>(sqlite3_column_bytes(get_, 0)));
  const std::string value(static_cast<const char*>(sqlite3_column_blob(get_, 1)),
                          static_cast<std::size_t>(sqlite3_column_bytes(get_, 1)));
  const auto numbers =
      sqlite3_column_int64(get_, 2) + sqlite3_column_int64(get_, 3) + sqlite3_column_int64(get_, 4);
  sqlite3_reset(get_);
  return row_key.size() + value.size() + (numbers == 0 ? 1 : 0);
}

}  // namespace annal::bench
