#include "annal/sqlite/record_tables.hpp"

#include "annal/error.hpp"
#include "annal/sqlite/database.hpp"

#include <algorithm>
#include <cctype>

namespace annal::sqlite {

namespace {

std::string table_of(const std::string& space) { return "records_" + space; }

// Names go into SQL text, so they are words and nothing else.
void require_word(const std::string& name) {
  const bool word = !name.empty() && name.size() <= 64 &&
                    (std::isalpha(static_cast<unsigned char>(name[0])) != 0) &&
                    std::all_of(name.begin(), name.end(), [](char c) {
                      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
                    });
  if (!word)
    throw ConfigurationError(
        "\"" + name + "\" cannot name records or a column of theirs: use letters, digits and _");
}

std::vector<std::string> columns_of(SQLite::Database& database, const std::string& table) {
  std::vector<std::string> columns;
  SQLite::Statement info(database, "SELECT name FROM pragma_table_info(?) ORDER BY cid");
  info.bind(1, table);
  while (info.executeStep()) columns.push_back(info.getColumn(0).getString());
  return columns;
}

// True if the space's table is there.
//   throws    ConfigurationError for a malformed declaration, or one unlike the table
bool is_there(SQLite::Database& database, const SpaceDeclaration& space) {
  require_word(space.name);
  std::vector<std::string> expected{"id", "key", "derived_at", "derived_time", "value"};
  for (const auto& column : space.columns) {
    require_word(column);
    expected.push_back(column);
  }
  const auto there = columns_of(database, table_of(space.name));
  if (!there.empty() && there != expected)
    throw ConfigurationError("the store keeps the records \"" + space.name +
                             "\" with other columns than this program declares: use another name");
  return !there.empty();
}

void create(SQLite::Database& database, const SpaceDeclaration& space) {
  const std::string table = table_of(space.name);
  std::string columns;
  for (const auto& column : space.columns) columns += ", " + column + " INTEGER NOT NULL";
  database.exec("CREATE TABLE " + table +
                "(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, derived_at INTEGER NOT NULL, "
                "derived_time INTEGER NOT NULL, value BLOB NOT NULL" +
                columns + ")");
  for (const auto& column : space.columns)
    database.exec("CREATE INDEX " + table + "_by_" + column + " ON " + table + "(" + column +
                  ", key)");
}

// The first text after all that begin with the prefix; empty if there is none.
std::string after_prefix(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff) prefix.pop_back();
  if (!prefix.empty())
    prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

}  // namespace

void create_record_tables(SQLite::Database& database, const std::vector<SpaceDeclaration>& spaces) {
  for (const auto& space : spaces)
    if (!is_there(database, space)) create(database, space);
}

RecordTable::RecordTable(SQLite::Database& database, const SpaceDeclaration& declaration)
    : database_(database),
      declaration_(declaration),
      table_(table_of(declaration.name)),
      columns_([&] {
        std::string columns = "key,value,derived_at,derived_time";
        for (const auto& column : declaration.columns) columns += ',' + column;
        return columns;
      }()),
      get_(database, "SELECT " + columns_ + " FROM " + table_ + " WHERE key=?") {
  update_ = "UPDATE " + table_ + " SET value=?2,derived_at=?3,derived_time=?4 WHERE key=?1";
  std::string names, places, updates;
  int index = 5;
  for (const auto& column : declaration_.columns) {
    const std::string place = "?" + std::to_string(index++);
    update_ += " AND " + column + '=' + place;
    names += ',' + column;
    places += ',' + place;
    updates += ',' + column + "=excluded." + column;
  }
  upsert_ = "INSERT INTO " + table_ + "(key,value,derived_at,derived_time" + names +
            ") VALUES(?1,?2,?3,?4" + places +
            ") ON CONFLICT(key) DO UPDATE SET value=excluded.value,"
            "derived_at=excluded.derived_at,derived_time=excluded.derived_time" +
            updates;
}

Record RecordTable::row(SQLite::Statement& statement) const {
  Record record;
  record.key = statement.getColumn(0).getString();
  record.value = blob_of(statement.getColumn(1));
  record.derived_at.value = static_cast<std::uint64_t>(statement.getColumn(2).getInt64());
  record.derived_time = Timestamp{std::chrono::microseconds{statement.getColumn(3).getInt64()}};
  int index = 4;
  for (const auto& column : declaration_.columns)
    record.columns.emplace(column, statement.getColumn(index++).getInt64());
  return record;
}

SQLite::Statement& RecordTable::prepared(const std::string& sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end())
    found = statements_.emplace(sql, SQLite::Statement(database_, sql)).first;
  found->second.reset();
  return found->second;
}

std::optional<Record> RecordTable::get(std::string_view key) {
  get_.reset();
  bind_text(get_, 1, key);
  std::optional<Record> record;
  if (get_.executeStep()) record = row(get_);
  get_.reset();
  return record;
}

Position RecordTable::derived_at(std::string_view key) {
  auto& select = prepared("SELECT derived_at FROM " + table_ + " WHERE key=?");
  bind_text(select, 1, key);
  Position position;
  if (select.executeStep())
    position.value = static_cast<std::uint64_t>(select.getColumn(0).getInt64());
  select.reset();
  return position;
}

RecordPage RecordTable::scan(const RecordRequest& request) {
  check(request, declaration_);
  const bool forwards = request.direction == Direction::forwards;
  const std::string beyond_prefix = after_prefix(request.prefix);
  std::string sql = "SELECT " + columns_ + " FROM " + table_ + " WHERE key>=?1";
  if (!beyond_prefix.empty()) sql += " AND key<?2";
  if (request.after) sql += forwards ? " AND key>?3" : " AND key<?3";
  if (request.to) sql += forwards ? " AND key<=?4" : " AND key>=?4";
  int index = 6;
  for (const auto& [column, value] : request.where)
    sql += " AND " + column + "=?" + std::to_string(index++);
  sql += forwards ? " ORDER BY key LIMIT ?5" : " ORDER BY key DESC LIMIT ?5";

  auto& select = prepared(sql);
  bind_text(select, 1, request.prefix);
  if (!beyond_prefix.empty()) bind_text(select, 2, beyond_prefix);
  if (request.after) bind_text(select, 3, *request.after);
  if (request.to) bind_text(select, 4, *request.to);
  select.bind(5, static_cast<std::int64_t>(request.limit) + 1);
  index = 6;
  for (const auto& [column, value] : request.where) select.bind(index++, value);

  RecordPage page;
  std::size_t bytes = 0;
  while (select.executeStep()) {
    if (page.records.size() == request.limit || bytes >= limits::page_bytes) {
      page.more = true;
      break;
    }
    page.records.push_back(row(select));
    bytes += page.records.back().value.size();
  }
  select.reset();
  return page;
}

// What a record is looked up by seldom changes, and a statement that does not name those columns
// leaves their indexes alone.
void RecordTable::put(const RecordChange& change, Position derived_at, Timestamp derived_time) {
  if (write(prepared(update_), change, derived_at, derived_time) == 0)
    write(prepared(upsert_), change, derived_at, derived_time);
}

int RecordTable::write(SQLite::Statement& statement, const RecordChange& change,
                       Position derived_at, Timestamp derived_time) const {
  statement.bindNoCopy(1, change.key);
  bind_blob(statement, 2, *change.value);
  statement.bind(3, static_cast<std::int64_t>(derived_at.value));
  statement.bind(4, static_cast<std::int64_t>(derived_time.time_since_epoch().count()));
  int index = 5;
  for (const auto& column : declaration_.columns)
    statement.bind(index++, change.columns.at(column));
  const int rows = statement.exec();
  statement.reset();
  return rows;
}

void RecordTable::erase(const std::string& key) {
  auto& remove = prepared("DELETE FROM " + table_ + " WHERE key=?");
  remove.bindNoCopy(1, key);
  remove.exec();
  remove.reset();
}

RecordTables::RecordTables(SQLite::Database& database,
                           const std::vector<SpaceDeclaration>& spaces) {
  for (const auto& space : spaces) {
    if (!is_there(database, space) && space.name.starts_with(own_spaces_prefix)) continue;
    if (!is_there(database, space))
      throw ConfigurationError("the store has no records \"" + space.name +
                               "\" yet: open it once for writing with this program");
    tables_.push_back(std::make_unique<RecordTable>(database, space));
  }
}

RecordTable* RecordTables::find(std::string_view space) {
  for (const auto& table : tables_)
    if (table->declaration().name == space) return table.get();
  return nullptr;
}

RecordTable& RecordTables::at(std::string_view space) {
  if (RecordTable* table = find(space)) return *table;
  throw InvalidInput("the log has no space of records named \"" + std::string(space) +
                     "\": declare it when opening");
}

}  // namespace annal::sqlite
