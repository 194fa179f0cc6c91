// Records: one table a space, with a column for each it declares.
#pragma once

#include "annal/log/event_log.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace annal::sqlite {

// Makes the tables that are not there yet.
//   throws    ConfigurationError for a declaration no log takes, or one unlike the table that is there
void create_record_tables(SQLite::Database& database, const std::vector<SpaceDeclaration>& spaces);

// A connection's access to one space; belongs to whoever holds the connection.
class RecordTable {
 public:
  RecordTable(SQLite::Database& database, const SpaceDeclaration& declaration);

  const SpaceDeclaration& declaration() const { return declaration_; }

  std::optional<Record> get(std::string_view key);
  // Where the record was derived; position 0 if there is none.
  Position derived_at(std::string_view key);
  RecordPage scan(const RecordRequest& request);

  // In the writer's transaction only.
  void put(const RecordChange& change, Position derived_at, Timestamp derived_time);
  void erase(const std::string& key);

 private:
  Record row(SQLite::Statement& statement) const;
  SQLite::Statement& prepared(const std::string& sql);
  // Returns how many rows it wrote.
  int write(SQLite::Statement& statement, const RecordChange& change, Position derived_at,
            Timestamp derived_time) const;

  SQLite::Database& database_;
  SpaceDeclaration declaration_;
  std::string table_, key_, columns_;  // as SQL names them
  std::string update_, upsert_;        // SQL
  SQLite::Statement get_;
  std::map<std::string, SQLite::Statement> statements_;
};

// A record of a space that may not be there, outside of any `RecordTables`.
std::optional<Record> record_in(SQLite::Database& database, const SpaceDeclaration& space,
                                std::string_view key);

// Every space of a log, for one connection: those it was opened with, and those that came later, of
// which the records `annal_spaces` tell.
class RecordTables {
 public:
  //   throws    ConfigurationError for a space the store does not have, or has with other columns
  RecordTables(SQLite::Database& database, const std::vector<SpaceDeclaration>& spaces);
  // One of those it was opened with, or nothing.
  RecordTable* permanent(std::string_view space);
  // Nothing if there is no such space. A table stays until the next `forget` or `change`.
  RecordTable* find(std::string_view space);
  // Throws InvalidInput if there is no such space.
  RecordTable& at(std::string_view space);
  // Spaces that came later are looked for again: to be called when a transaction begins.
  void forget() noexcept;

  // For the writer. Whether the table of a space so declared is there already, whosever it is.
  bool is_in_the_way_of(const SpaceDeclaration& space);
  // In its transaction, changes that were found possible; what `annal_spaces` says follows after.
  //   cost      that of dropping is the number of the table's pages
  void change(const std::vector<SpaceChange>& changes);

 private:
  struct Later {
    std::string layout;
    std::unique_ptr<RecordTable> table;
    bool current = false;  // in the transaction at hand
  };

  SQLite::Database& database_;
  std::vector<std::unique_ptr<RecordTable>> permanent_;
  std::map<std::string, Later, std::less<>> later_;
};

}  // namespace annal::sqlite
