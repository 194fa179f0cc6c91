// Rows of many columns, read without SQLiteCpp's column objects: each of those counts a reference to
// its statement, which for the eighteen columns of an event costs as much as a look-up.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace annal::sqlite {

// The row a statement stands on; columns count from 0. What it gives is there until the next step.
class Row {
 public:
  explicit Row(sqlite3_stmt* statement) : statement_(statement) {}

  bool is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::int64_t number(int column) const { return sqlite3_column_int64(statement_, column); }
  std::string_view bytes(int column) const {  // of a text, too; empty for NULL
    const void* const bytes = sqlite3_column_blob(statement_, column);
    return {static_cast<const char*>(bytes),
            static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }

 private:
  sqlite3_stmt* statement_;
};

class RowStatement : public SQLite::Statement {
 public:
  RowStatement(SQLite::Database& database, const std::string& query);

  Row row() const { return Row(handle_); }

 private:
  RowStatement(SQLite::Database& database, const std::string& query,
               const std::vector<sqlite3_stmt*>& before);

  sqlite3_stmt* handle_ = nullptr;
};

}  // namespace annal::sqlite
