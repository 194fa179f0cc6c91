#include "annal/sqlite/record_tables.hpp"

#include "annal/error.hpp"
#include "annal/sqlite/database.hpp"

#include <algorithm>
#include <cctype>

namespace annal::sqlite {

namespace {

std::string quoted(const std::string& name) { return '"' + name + '"'; }

// How a space lies in the file. All of it are names, checked by fault_in.
struct Layout {
  explicit Layout(const SpaceDeclaration& space)
      : table(space.plain ? space.name : "records_" + space.name),
        key(space.plain ? space.plain->key : "key"),
        value(space.plain ? space.plain->value : "value") {}
  std::string table, key, value;
};

std::vector<std::string> columns_of(SQLite::Database& database, const std::string& table) {
  std::vector<std::string> columns;
  SQLite::Statement info(database, "SELECT name FROM pragma_table_info(?) ORDER BY cid");
  info.bind(1, table);
  while (info.executeStep()) columns.push_back(info.getColumn(0).getString());
  return columns;
}

bool is_there(SQLite::Database& database, const std::string& table) {
  return !columns_of(database, table).empty();
}

// True if the space's table is there.
//   throws    ConfigurationError for a declaration unlike the table
bool is_there(SQLite::Database& database, const SpaceDeclaration& space) {
  const Layout layout(space);
  std::vector<std::string> expected{"id", layout.key, "derived_at", "derived_time", layout.value};
  for (const auto& column : space.columns) expected.push_back(column.name);
  const auto there = columns_of(database, layout.table);
  if (!there.empty() && there != expected)
    throw ConfigurationError("the store keeps the records \"" + space.name +
                             "\" with other columns than this program declares: use another name");
  return !there.empty();
}

// An index keeps its name when its table is renamed, so the one wanted may be taken.
std::string free_name(SQLite::Database& database, std::string wanted) {
  SQLite::Statement taken(database, "SELECT 1 FROM sqlite_schema WHERE name=? COLLATE NOCASE");
  for (;; wanted += '_') {
    taken.reset();
    taken.bind(1, wanted);
    if (!taken.executeStep()) return wanted;
  }
}

void create(SQLite::Database& database, const SpaceDeclaration& space) {
  const Layout layout(space);
  std::string columns;
  for (const auto& column : space.columns)
    columns += ", " + quoted(column.name) +
               (column.kind == ColumnKind::text ? " TEXT NOT NULL" : " INTEGER NOT NULL");
  database.exec("CREATE TABLE " + quoted(layout.table) + "(id INTEGER PRIMARY KEY, " +
                quoted(layout.key) + " TEXT NOT NULL UNIQUE, derived_at INTEGER NOT NULL, " +
                "derived_time INTEGER NOT NULL, " + quoted(layout.value) +
                (space.plain ? " TEXT NOT NULL" : " BLOB NOT NULL") + columns + ")");
  for (const auto& column : space.columns)
    if (column.indexed)
      database.exec("CREATE INDEX " +
                    quoted(free_name(database, layout.table + "_by_" + column.name)) + " ON " +
                    quoted(layout.table) + "(" + quoted(column.name) + ", " + quoted(layout.key) +
                    ")");
}

ColumnValue value_of(const SQLite::Column& column, ColumnKind kind) {
  if (kind == ColumnKind::text) return std::string(blob_of(column));
  return std::int64_t{column.getInt64()};
}

// A text is bound without a copy: it must live until the statement is reset.
void bind(SQLite::Statement& statement, int index, const ColumnValue& value) {
  if (const auto* text = std::get_if<std::string>(&value))
    bind_text(statement, index, *text);
  else
    statement.bind(index, std::get<std::int64_t>(value));
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
  for (const auto& space : spaces) {
    if (const auto fault = fault_in(space); !fault.empty()) throw ConfigurationError(fault);
    if (!is_there(database, space)) create(database, space);
  }
}

RecordTable::RecordTable(SQLite::Database& database, const SpaceDeclaration& declaration)
    : database_(database),
      declaration_(declaration),
      table_(quoted(Layout(declaration).table)),
      key_(quoted(Layout(declaration).key)),
      columns_([&] {
        std::string columns =
            key_ + ',' + quoted(Layout(declaration).value) + ",derived_at,derived_time";
        for (const auto& column : declaration.columns) columns += ',' + quoted(column.name);
        return columns;
      }()),
      get_(database, "SELECT " + columns_ + " FROM " + table_ + " WHERE " + key_ + "=?") {
  const std::string value = quoted(Layout(declaration).value);
  update_ = "UPDATE " + table_ + " SET " + value + "=?2,derived_at=?3,derived_time=?4 WHERE " +
            key_ + "=?1";
  std::string places, updates;
  int index = 5;
  for (const auto& column : declaration_.columns) {
    const std::string name = quoted(column.name), place = "?" + std::to_string(index++);
    update_ += " AND " + name + '=' + place;
    places += ',' + place;
    updates += ',' + name + "=excluded." + name;
  }
  upsert_ = "INSERT INTO " + table_ + '(' + columns_ + ") VALUES(?1,?2,?3,?4" + places +
            ") ON CONFLICT(" + key_ + ") DO UPDATE SET " + value + "=excluded." + value +
            ",derived_at=excluded.derived_at,derived_time=excluded.derived_time" + updates;
}

Record RecordTable::row(SQLite::Statement& statement) const {
  Record record;
  record.key = statement.getColumn(0).getString();
  record.value = blob_of(statement.getColumn(1));
  record.derived_at.value = static_cast<std::uint64_t>(statement.getColumn(2).getInt64());
  record.derived_time = Timestamp{std::chrono::microseconds{statement.getColumn(3).getInt64()}};
  int index = 4;
  for (const auto& column : declaration_.columns)
    record.columns.emplace(column.name, value_of(statement.getColumn(index++), column.kind));
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
  auto& select = prepared("SELECT derived_at FROM " + table_ + " WHERE " + key_ + "=?");
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
  std::string sql = "SELECT " + columns_ + " FROM " + table_ + " WHERE " + key_ + ">=?1";
  if (!beyond_prefix.empty()) sql += " AND " + key_ + "<?2";
  if (request.after) sql += " AND " + key_ + (forwards ? ">?3" : "<?3");
  if (request.to) sql += " AND " + key_ + (forwards ? "<=?4" : ">=?4");
  int index = 6;
  for (const auto& [column, value] : request.where)
    sql += " AND " + quoted(column) + "=?" + std::to_string(index++);
  sql += " ORDER BY " + key_ + (forwards ? " LIMIT ?5" : " DESC LIMIT ?5");

  auto& select = prepared(sql);
  bind_text(select, 1, request.prefix);
  if (!beyond_prefix.empty()) bind_text(select, 2, beyond_prefix);
  if (request.after) bind_text(select, 3, *request.after);
  if (request.to) bind_text(select, 4, *request.to);
  select.bind(5, static_cast<std::int64_t>(request.limit) + 1);
  index = 6;
  for (const auto& [column, value] : request.where) bind(select, index++, value);

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
  if (declaration_.plain)
    bind_text(statement, 2, *change.value);
  else
    bind_blob(statement, 2, *change.value);
  statement.bind(3, static_cast<std::int64_t>(derived_at.value));
  statement.bind(4, static_cast<std::int64_t>(derived_time.time_since_epoch().count()));
  int index = 5;
  for (const auto& column : declaration_.columns)
    bind(statement, index++, change.columns.at(column.name));
  const int rows = statement.exec();
  statement.reset();
  return rows;
}

void RecordTable::erase(const std::string& key) {
  auto& remove = prepared("DELETE FROM " + table_ + " WHERE " + key_ + "=?");
  remove.bindNoCopy(1, key);
  remove.exec();
  remove.reset();
}

std::optional<Record> record_in(SQLite::Database& database, const SpaceDeclaration& space,
                                std::string_view key) {
  if (!is_there(database, space)) return std::nullopt;
  return RecordTable(database, space).get(key);
}

RecordTables::RecordTables(SQLite::Database& database, const std::vector<SpaceDeclaration>& spaces)
    : database_(database) {
  for (const auto& space : spaces) {
    if (!is_there(database, space) && space.name.starts_with(own_spaces_prefix)) continue;
    if (!is_there(database, space))
      throw ConfigurationError("the store has no records \"" + space.name +
                               "\" yet: open it once for writing with this program");
    permanent_.push_back(std::make_unique<RecordTable>(database, space));
  }
}

RecordTable* RecordTables::permanent(std::string_view space) {
  for (const auto& table : permanent_)
    if (table->declaration().name == space) return table.get();
  return nullptr;
}

RecordTable* RecordTables::find(std::string_view space) {
  if (RecordTable* const table = permanent(space)) return table;
  const auto known = later_.find(space);
  if (known != later_.end() && known->second.current) return known->second.table.get();
  RecordTable* const layouts = permanent(space_space().name);
  const auto layout = layouts ? layouts->get(space) : std::nullopt;
  if (!layout) {
    if (known != later_.end()) later_.erase(known);
    return nullptr;
  }
  Later& later = later_[std::string(space)];
  if (!later.table || later.layout != layout->value) {
    later.table = std::make_unique<RecordTable>(
        database_, space_from_layout(std::string(space), layout->value));
    later.layout = layout->value;
  }
  later.current = true;
  return later.table.get();
}

RecordTable& RecordTables::at(std::string_view space) {
  if (RecordTable* table = find(space)) return *table;
  throw InvalidInput("the log has no space of records named \"" + std::string(space) +
                     "\": declare it when opening");
}

void RecordTables::forget() noexcept {
  for (auto& [name, later] : later_) later.current = false;
}

bool RecordTables::is_in_the_way_of(const SpaceDeclaration& space) {
  return is_there(database_, Layout(space).table);
}

void RecordTables::change(const std::vector<SpaceChange>& changes) {
  std::map<std::string, SpaceDeclaration>
      came;  // the layouts kept in the file do not know them yet
  const auto table_of = [&](const std::string& name) {
    const auto found = came.find(name);
    const Layout layout(found == came.end() ? at(name).declaration() : found->second);
    later_.clear();  // no statement may look at a table that goes
    return quoted(layout.table);
  };
  for (const SpaceChange& change : changes) {
    if (const auto* created = std::get_if<CreateSpace>(&change)) {
      create(database_, created->space);
      came.insert_or_assign(created->space.name, created->space);
    } else if (const auto* dropped = std::get_if<DropSpace>(&change)) {
      database_.exec("DROP TABLE " + table_of(dropped->name));
    } else {
      const auto& [from, to] = std::get<RenameSpace>(change);
      database_.exec("ALTER TABLE " + table_of(from) + " RENAME TO " + quoted(Layout(to).table));
      came.insert_or_assign(to.name, to);
    }
  }
}

}  // namespace annal::sqlite
