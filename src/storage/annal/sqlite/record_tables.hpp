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
//   throws    ConfigurationError for a malformed declaration, or one unlike the table that is there
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
  std::string table_, columns_;
  std::string update_, upsert_;  // SQL
  SQLite::Statement get_;
  std::map<std::string, SQLite::Statement> statements_;
};

// Every space of a log, for one connection.
class RecordTables {
 public:
  //   throws    ConfigurationError for a space the store does not have, or has with other columns
  RecordTables(SQLite::Database& database, const std::vector<SpaceDeclaration>& spaces);
  // Nothing if there is no such space.
  RecordTable* find(std::string_view space);
  // Throws InvalidInput if there is no such space.
  RecordTable& at(std::string_view space);

 private:
  std::vector<std::unique_ptr<RecordTable>> tables_;
};

}  // namespace annal::sqlite
