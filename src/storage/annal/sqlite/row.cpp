#include "annal/sqlite/row.hpp"

#include <algorithm>

namespace annal::sqlite {

namespace {

std::vector<sqlite3_stmt*> statements_of(SQLite::Database& database) {
  std::vector<sqlite3_stmt*> statements;
  for (auto* each = sqlite3_next_stmt(database.getHandle(), nullptr); each;
       each = sqlite3_next_stmt(database.getHandle(), each))
    statements.push_back(each);
  return statements;
}

}  // namespace

RowStatement::RowStatement(SQLite::Database& database, const std::string& query)
    : RowStatement(database, query, statements_of(database)) {}

// SQLiteCpp keeps the handle for itself. The connection knows it, too: it is the one that came.
RowStatement::RowStatement(SQLite::Database& database, const std::string& query,
                           const std::vector<sqlite3_stmt*>& before)
    : SQLite::Statement(database, query) {
  for (sqlite3_stmt* const each : statements_of(database))
    if (std::find(before.begin(), before.end(), each) == before.end()) handle_ = each;
}

}  // namespace annal::sqlite
