#include "annal/sqlite/identity.hpp"

#include "annal/log/event_log.hpp"
#include "annal/sqlite/database.hpp"

namespace annal::sqlite {

namespace {

constexpr std::string_view table_prefix = "records_";

std::string value_of(SQLite::Database& database, const char* key) {
  SQLite::Statement select(database, "SELECT value FROM store WHERE key=?");
  select.bind(1, key);
  return select.executeStep() ? select.getColumn(0).getString() : std::string();
}

void set(SQLite::Database& database, const char* key, const std::string& value) {
  SQLite::Statement put(database, "INSERT OR REPLACE INTO store VALUES(?,?)");
  put.bind(1, key);
  put.bind(2, value);
  put.exec();
}

}  // namespace

Identity identity_of(const std::filesystem::path& store) {
  return translating(store, "reading", [&] {
    SQLite::Database database = open_reader(store);
    return Identity{value_of(database, "store_id"), value_of(database, "restored_from")};
  });
}

std::vector<std::string> spaces_of(const std::filesystem::path& store) {
  return translating(store, "reading", [&] {
    SQLite::Database database = open_reader(store);
    std::vector<std::string> spaces;
    SQLite::Statement tables(
        database,
        "SELECT name FROM sqlite_schema WHERE type='table' AND name NOT GLOB 'sqlite_*' AND "
        "name NOT IN('store','names','event_types','type_descriptions','events','index_state',"
        "'index_runs','index_parts','index_blocks') ORDER BY name");
    while (tables.executeStep()) {
      std::string space = tables.getColumn(0).getString();
      if (space.starts_with(table_prefix)) space.erase(0, table_prefix.size());
      if (!space.starts_with(own_spaces_prefix)) spaces.push_back(std::move(space));
    }
    return spaces;
  });
}

void set_identity(const std::filesystem::path& store, const Identity& identity) {
  translating(store, "naming", [&] {
    SQLite::Database database = open_writer(store);
    SQLite::Transaction transaction(database);
    set(database, "store_id", identity.store_id);
    set(database, "restored_from", identity.restored_from);
    transaction.commit();
    return 0;
  });
}

}  // namespace annal::sqlite
