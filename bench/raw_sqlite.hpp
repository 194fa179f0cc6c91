// The hand-written loops on SQLite's C API that annal is measured against: the same columns and
// bytes, the same pragmas and checkpoints, nothing else.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace annal::bench {

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using RawStatement = std::unique_ptr<sqlite3_stmt, Finalize>;

class RawDatabase {
 public:
  // Opens the file, or creates it.
  explicit RawDatabase(const std::filesystem::path& file);

  void run(const char* sql);
  RawStatement prepare(const char* sql);
  //   throws    std::runtime_error in SQLite's words if the result is another
  void check(int result, int wanted) const;
  sqlite3* handle() const { return database_.get(); }
  // Leaves the write-ahead log as it is when closed.
  void keep_write_ahead_log();

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close(database); }
  };
  std::unique_ptr<sqlite3, Close> database_;
};

class RawSqlite {
 public:
  explicit RawSqlite(const std::filesystem::path& file);

  // Events in one transaction, in a table with no index.
  void append(std::string_view data, int events = 1);
  // A row by its key.
  void put_document(const std::string& key, std::string_view value);
  std::size_t get_document(const std::string& key);

 private:
  void insert(std::string_view data, bool last, int of);
  void checkpoint_when_due();

  RawDatabase database_;
  RawStatement begin_, insert_, commit_, put_, get_;
  sqlite3_int64 position_ = 0;
  int frames_ = 0, checkpointed_ = 0;
};

// An event as whoever reads it by hand keeps it: every column.
struct RawEvent {
  sqlite3_int64 position = 0, stream = 0, version = 0, type = 0, schema_version = 0, codec = 0,
                content_type = 0, occurred_at = 0, recorded_at = 0, source = 0;
  bool has_occurred_at = false;
  std::string id, correlation_id, causation_id, tags, metadata, salt, hash, data;
};

// Reads a store's own tables.
class RawReader {
 public:
  explicit RawReader(const std::filesystem::path& file) : database_(file) {}

  using Each = std::function<void(const RawEvent&)>;
  // The whole log, each event's hash computed anew.
  //   throws    std::runtime_error where it is another
  void scan(const Each& each);
  // The stream from its first event on, by an index on stream and version: a copy_with_index.
  void read_stream(const std::string& stream, int limit, const Each& each);
  // The first events with the tag and the type, by an index on both: of a copy with index_tags.
  void read_tagged(int tag, int type, int limit, const Each& each);
  // The stream's newest event at or before the position, and its first, by an index on stream and
  // position: of a copy_with_index, too.
  RawEvent newest(const std::string& stream, sqlite3_int64 position);
  RawEvent first(const std::string& stream);

 private:
  // The events, from the tables and under the conditions given; prepared when first needed.
  sqlite3_stmt* selecting(RawStatement& statement, const char* from);
  void load_names();
  void check_hash(const RawEvent& event) const;
  sqlite3_int64 key_of(const std::string& stream);
  RawEvent only_row(sqlite3_stmt* select);

  RawDatabase database_;
  RawStatement scan_, stream_, key_, newest_, first_, tagged_;
  std::unordered_map<sqlite3_int64, std::string> names_;
};

// The events and names of a store that nobody has open, in a file of their own, with indexes on
// stream and version, and on stream and position.
void copy_with_index(const std::filesystem::path& store, const std::filesystem::path& file);

// Gives such a copy the tag and the type of each event, from the first on, and an index on both.
void index_tags(const std::filesystem::path& file, const std::vector<std::pair<int, int>>& marks);

// Decodes by hand what a payload consists of: numbers as they are, texts behind 64-bit lengths.
class RawDecoder {
 public:
  explicit RawDecoder(std::string_view payload) : rest_(payload.substr(1)) {}
  std::uint64_t number();
  std::string text();
  bool flag();

 private:
  void take(void* out, std::size_t bytes);
  std::string_view rest_;
};

}  // namespace annal::bench
