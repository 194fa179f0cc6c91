#include "annal/sqlite/database.hpp"

#include "annal/error.hpp"
#include "annal/sqlite/index_scan.hpp"
#include "annal/sqlite/page_scan.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>

namespace annal::sqlite {

namespace {

namespace fs = std::filesystem;

constexpr const char* schema = R"sql(
CREATE TABLE store(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE names(id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE event_types(type INTEGER PRIMARY KEY);
CREATE TABLE type_descriptions(
  name TEXT NOT NULL, schema_version INTEGER NOT NULL, description BLOB NOT NULL,
  PRIMARY KEY(name, schema_version)) WITHOUT ROWID;
CREATE TABLE events(
  position INTEGER PRIMARY KEY,
  stream INTEGER NOT NULL, version INTEGER NOT NULL,
  type INTEGER NOT NULL, schema_version INTEGER NOT NULL,
  codec INTEGER NOT NULL, content_type INTEGER,
  id BLOB NOT NULL,
  occurred_at INTEGER, recorded_at INTEGER NOT NULL,
  source INTEGER, correlation_id TEXT, causation_id TEXT,
  tags BLOB, metadata BLOB,
  salt BLOB NOT NULL, hash BLOB NOT NULL,
  data BLOB NOT NULL,
  commit_events INTEGER, commit_hash BLOB, idempotency_key TEXT, request_hash BLOB);
)sql";

// Format 1 kept the index in a table of postings, and names in an index of their own.
constexpr const char* from_format_1 = R"sql(
DROP TABLE postings;
DELETE FROM store WHERE key='indexed_to';
ALTER TABLE names RENAME TO names_of_format_1;
CREATE TABLE names(id INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO names SELECT id,name FROM names_of_format_1 ORDER BY id;
DROP TABLE names_of_format_1;
)sql";

void set_up(SQLite::Database& database) {
  database.exec("PRAGMA synchronous=FULL");
  database.exec("PRAGMA trusted_schema=OFF");
  database.exec("PRAGMA cell_size_check=ON");
  database.exec("PRAGMA mmap_size=0");
  database.exec("PRAGMA wal_autocheckpoint=0");
  database.exec("PRAGMA journal_size_limit=67108864");
  database.exec("PRAGMA temp_store=MEMORY");
  // What is deleted is overwritten with zeros, as purging promises. Debian's SQLite does so unasked.
  database.exec("PRAGMA secure_delete=ON");
  sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
}

void require_wal(SQLite::Database& database, const fs::path& path, const char* pragma) {
  const std::string mode = database.execAndGet(pragma).getString();
  if (mode != "wal")
    throw CannotOpen(path.string() +
                     ": the file system does not support a write-ahead log (SQLite answers \"" +
                     mode + "\"): put the store on a local disk");
}

void require_format(const fs::path& path, int application, int version) {
  if (application != application_id)
    throw UnknownFormat(path.string() + " is no annal store: name another file");
  if (version < 1)
    throw UnknownFormat(path.string() + " has format " + std::to_string(version) +
                        ", which there never was: restore a backup");
  if (version > format_version)
    throw UnknownFormat(path.string() + " has format " + std::to_string(version) +
                        ", newer than the " + std::to_string(format_version) +
                        " this program knows: use a newer annal");
}

int checked_format(SQLite::Database& database, const fs::path& path) {
  const int application = database.execAndGet("PRAGMA application_id").getInt();
  const int version = database.execAndGet("PRAGMA user_version").getInt();
  require_format(path, application, version);
  return version;
}

void set_format(SQLite::Database& database) {
  database.exec("PRAGMA user_version=" + std::to_string(format_version));
}

// All or nothing, so that a crash leaves the store in the format it had.
void upgrade(SQLite::Database& database) {
  SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
  database.exec(from_format_1);
  create_index(database);
  rebuild_index(database);
  set_format(database);
  transaction.commit();
}

// A number in the header of a database, most significant byte first.
int number_at(const std::array<unsigned char, 100>& header, std::size_t at) {
  return header[at] << 24 | header[at + 1] << 16 | header[at + 2] << 8 | header[at + 3];
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

// SQLite's "unable to open database file" hides why; the file itself tells.
void refuse_unopenable(const fs::path& path, int mode) {
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT)
    throw CannotOpen("there is no store at " + path.string() +
                     ": name another path, or create one");
  std::error_code ignored;
  if (fs::is_directory(path, ignored))
    throw CannotOpen(path.string() + " is a directory: name a file");
  if (::access(path.c_str(), mode) != 0)
    throw PermissionDenied("no permission to open " + path.string() + ": " + std::strerror(errno));
  if (fs::file_size(path, ignored) == 0)
    throw UnknownFormat(path.string() +
                        " is an empty file and no annal store: remove it or name another");
}

// The whole path with everything but plain characters escaped, as URIs name files.
std::string escaped(const fs::path& path) {
  std::string uri;
  for (const char c : fs::absolute(path).string()) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || c == '/' || c == '.' || c == '-' || c == '_')
      uri += c;
    else
      uri.append({'%', digits[byte >> 4], digits[byte & 15]});
  }
  return uri;
}

SQLite::Database open_as_it_lies(const fs::path& path) {
  return SQLite::Database("file:" + escaped(path) + "?immutable=1",
                          SQLite::OPEN_READONLY | SQLite::OPEN_URI | SQLite::OPEN_NOMUTEX, 0,
                          page_vfs());
}

// True for a folder that a read-only file system or its permissions keep from changing.
bool nobody_writes(const fs::path& folder) {
  struct statvfs system {};
  if (::statvfs(folder.c_str(), &system) == 0 && (system.f_flag & ST_RDONLY) != 0) return true;
  struct stat permissions {};
  return ::stat(folder.c_str(), &permissions) == 0 &&
         (permissions.st_mode & (S_IWUSR | S_IWGRP | S_IWOTH)) == 0;
}

// A reader keeps its locks in a file beside the store. Where it can neither find nor make that
// file, and nobody can write, and the write-ahead log holds nothing, the store is read as it lies
// there; where somebody else may begin to write at any time it cannot be read safely.
SQLite::Database open_file_to_read(const fs::path& path) {
  const fs::path folder = folder_of(path);
  std::error_code ignored;
  const bool shared = fs::exists(path.string() + "-shm", ignored);
  if (shared || ::access(folder.c_str(), W_OK) == 0)
    return SQLite::Database(path.string(), SQLite::OPEN_READONLY | SQLite::OPEN_NOMUTEX, 0,
                            page_vfs());
  if (!nobody_writes(folder))
    throw PermissionDenied("no permission to write in " + folder.string() + ", where readers of " +
                           path.filename().string() +
                           " keep their locks: ask for it, or read a copy");
  if (fs::exists(path.string() + "-wal", ignored) && fs::file_size(path.string() + "-wal") > 0)
    throw PermissionDenied(path.string() +
                           "-wal holds commits, and the folder does not let them be "
                           "read: open the store once as a user who may write there");
  return open_as_it_lies(path);
}

// SQLite loses the extended code of some errors, and then tells of one that no file ever gives.
bool is_of_a_page(const SQLite::Exception& error) {
  const bool lost = error.getExtendedErrorCode() == SQLITE_IOERR && refused_page();
  return lost || error.getExtendedErrorCode() == SQLITE_IOERR_DATA ||
         error.getErrorCode() == SQLITE_IOERR_DATA;
}

}  // namespace

void create_store(const fs::path& path, std::string_view store_id, std::int64_t created_at) {
  // Made beside its place and moved there when complete, so that no crash leaves half a store.
  const fs::path unfinished = path.string() + ".creating";
  for (const char* suffix : {"", "-wal", "-shm", "-journal"})
    fs::remove(unfinished.string() + suffix);
  translating(path, "creating", [&] {
    SQLite::Database database(unfinished.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, 0,
                              page_vfs());
    set_up(database);
    database.exec("PRAGMA page_size=" + std::to_string(page_bytes));
    int reserved = sealed_page_reserve;
    sqlite3_file_control(database.getHandle(), "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
    require_wal(database, path, "PRAGMA journal_mode=WAL");
    database.exec("BEGIN");
    database.exec("PRAGMA application_id=" + std::to_string(application_id));
    set_format(database);
    database.exec(schema);
    create_index(database);
    SQLite::Statement insert(database, "INSERT INTO store VALUES(?,?)");
    insert.bind(1, "store_id");
    insert.bind(2, std::string(store_id));
    insert.exec();
    insert.reset();
    insert.bind(1, "created_at");
    insert.bind(2, created_at);
    insert.exec();
    database.exec("COMMIT");
    const int rc = sqlite3_wal_checkpoint_v2(database.getHandle(), nullptr,
                                             SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    if (rc != SQLITE_OK) throw SQLite::Exception(database.getHandle(), rc);
    // A fault while the mode changed can leave the mode as it was, and the answer as if it had not.
    require_wal(database, path, "PRAGMA journal_mode");
    return 0;
  });
  std::error_code error;
  fs::remove(path.string() + ".synced", error);  // of a store that was here before
  fs::rename(unfinished, path, error);
  if (error) throw CannotOpen(path.string() + ": cannot create the store: " + error.message());
  sync_folder(path);
}

// Looks at the first page's header alone: a checkpoint that a crash cut short leaves a database that
// makes sense only together with its write-ahead log. It is read through SQLite, because closing a
// descriptor of our own would drop the locks of everybody in this process.
void require_store(const fs::path& path) {
  refuse_unopenable(path, R_OK);
  translating(path, "opening", [&] {
    SQLite::Database database = open_as_it_lies(path);
    sqlite3_file* file = nullptr;
    sqlite3_file_control(database.getHandle(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
    std::array<unsigned char, 100> header{};
    const bool read = file && file->pMethods &&
                      file->pMethods->xRead(file, header.data(), header.size(), 0) == SQLITE_OK;
    const bool is_database = read && std::memcmp(header.data(), "SQLite format 3", 16) == 0;
    require_format(path, is_database ? number_at(header, 68) : 0, number_at(header, 60));
    return 0;
  });
}

SQLite::Database open_writer(const fs::path& path) {
  refuse_unopenable(path, R_OK | W_OK);
  return translating(path, "opening", [&] {
    SQLite::Database database(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX, 0,
                              page_vfs());
    database.setBusyTimeout(writer_waits_ms);
    const int format = checked_format(database, path);
    set_up(database);
    require_wal(database, path, "PRAGMA journal_mode");
    database.exec("PRAGMA cache_size=-32000");
    if (format < format_version) upgrade(database);
    return database;
  });
}

SQLite::Database open_reader(const fs::path& path, int oldest_format) {
  refuse_unopenable(path, R_OK);
  return translating(path, "opening", [&] {
    SQLite::Database database = open_file_to_read(path);
    database.setBusyTimeout(5000);  // while another process recovers the write-ahead log
    if (const int format = checked_format(database, path); format < oldest_format)
      throw UnknownFormat(path.string() + " has format " + std::to_string(format) +
                          ": open it for writing once, which brings it to format " +
                          std::to_string(format_version));
    set_up(database);
    database.exec("PRAGMA cache_size=-16000");
    database.exec("PRAGMA query_only=ON");
    sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    return database;
  });
}

std::uint64_t eventless_commits(SQLite::Database& database) {
  SQLite::Statement counted(database, "SELECT value FROM store WHERE key='eventless_commits'");
  return counted.executeStep() ? static_cast<std::uint64_t>(counted.getColumn(0).getInt64()) : 0;
}

SQLite::Database open_copy(const fs::path& path, const fs::path& of) {
  return translating(path, "creating", [&] {
    SQLite::Database database(
        "file:" + escaped(path) + "?modeof=" + escaped(of),
        SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_URI | SQLite::OPEN_NOMUTEX, 0,
        page_vfs());
    database.exec("PRAGMA synchronous=FULL");
    return database;
  });
}

void use_write_ahead_log(const fs::path& path) {
  translating(path, "finishing", [&] {
    SQLite::Database database(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX, 0,
                              page_vfs());
    database.exec("PRAGMA synchronous=FULL");
    require_wal(database, path, "PRAGMA journal_mode=WAL");
    return 0;
  });
}

void sync_folder(const fs::path& path) {
  const fs::path folder = folder_of(path);
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0 || ::fsync(descriptor) != 0) {
    const int error = errno;
    if (descriptor >= 0) ::close(descriptor);
    throw CannotOpen(folder.string() +
                     ": cannot make the new store durable: " + std::strerror(error));
  }
  ::close(descriptor);
}

// A copy of pages tells of the error by its extended code alone.
bool tells_of_damage(const SQLite::Exception& error) {
  return error.getErrorCode() == SQLITE_CORRUPT || is_of_a_page(error);
}

std::string reason_of(const SQLite::Exception& error) {
  const auto page = refused_page();
  return is_of_a_page(error) && page ? description_of(*page) : error.what();
}

void raise(const SQLite::Exception& error, const fs::path& path, std::string_view doing) {
  const std::string what = path.string() + ": " + std::string(doing) + ": " + reason_of(error);
  if (tells_of_damage(error))
    throw CorruptionError(what + "; `annal verify` names all the damage; restore a backup");
  switch (error.getErrorCode()) {
    case SQLITE_NOTADB:
      throw UnknownFormat(path.string() + " is no annal store: name another file");
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
      throw PermissionDenied(what);
    case SQLITE_CANTOPEN:
      throw CannotOpen(what);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw StoreBusy(what + ": another program holds the file");
    default:
      throw StorageError(what);
  }
}

std::string insertion(std::string_view into, std::string_view row, std::size_t rows) {
  std::string sql = "INSERT INTO ";
  sql.append(into).append(" VALUES").append(row);
  for (std::size_t i = 1; i < rows; ++i) sql.append(",").append(row);
  return sql;
}

void bind_text(SQLite::Statement& statement, int index, std::string_view text) {
  // SQLiteCpp takes text without a copy as a terminated string only, so it is bound as one.
  statement.bind(index, std::string(text));
}

void bind_blob(SQLite::Statement& statement, int index, std::string_view bytes) {
  // A null pointer would bind NULL; an empty blob is not NULL.
  statement.bindNoCopy(index, bytes.data() ? bytes.data() : "", static_cast<int>(bytes.size()));
}

std::string_view blob_of(const SQLite::Column& column) {
  const void* bytes = column.getBlob();
  return bytes ? std::string_view(static_cast<const char*>(bytes),
                                  static_cast<std::size_t>(column.getBytes()))
               : std::string_view();
}

Hash hash_of(const SQLite::Column& column) {
  Hash hash;
  const std::string_view bytes = blob_of(column);
  if (bytes.size() == hash.bytes.size()) std::memcpy(hash.bytes.data(), bytes.data(), bytes.size());
  return hash;
}

Position position_of(const SQLite::Column& column) {
  return Position{static_cast<std::uint64_t>(column.getInt64())};
}

std::int64_t signed_of(Position position) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(position.value, INT64_MAX));
}

}  // namespace annal::sqlite
