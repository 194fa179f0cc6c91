// The hand-written loops on SQLite's C API that annal is measured against: the same columns and
// bytes, the same pragmas and checkpoints, nothing else.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace annal::bench {

class RawSqlite {
 public:
  explicit RawSqlite(const std::filesystem::path& file);
  ~RawSqlite();
  RawSqlite(const RawSqlite&) = delete;
  RawSqlite& operator=(const RawSqlite&) = delete;

  // One event in a transaction of its own, in a table with no index.
  void append(std::string_view data);
  // A row by its key.
  void put_document(const std::string& key, std::string_view value);
  std::size_t get_document(const std::string& key);

 private:
  void check(int result, int wanted) const;

  sqlite3* database_ = nullptr;
  sqlite3_stmt *begin_ = nullptr, *insert_ = nullptr, *commit_ = nullptr, *put_ = nullptr,
               *get_ = nullptr;
  sqlite3_int64 position_ = 0;
  int frames_ = 0, checkpointed_ = 0;
};

}  // namespace annal::bench
