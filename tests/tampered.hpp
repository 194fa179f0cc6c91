// Runs SQL on a store's file behind annal's back, the checksums of its pages kept right: what is
// changed so is found by what the log knows of itself, or not at all.
#pragma once

#include "annal/sqlite/page_vfs.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <string>

namespace annal::test {

//   vfs       of a database that is no store: null
//   returns   the values of the first column, one behind the other
inline std::string run_sql(const std::filesystem::path& file, const std::string& statement,
                           const char* vfs = sqlite::page_vfs()) {
  sqlite3* database = nullptr;
  sqlite3_open_v2(file.c_str(), &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs);
  std::string answer;
  char* error = nullptr;
  const auto collect = [](void* out, int, char** values, char**) {
    static_cast<std::string*>(out)->append(values[0] ? values[0] : "");
    return 0;
  };
  if (sqlite3_exec(database, statement.c_str(), collect, &answer, &error) != SQLITE_OK)
    ADD_FAILURE() << file << ": " << error;
  sqlite3_free(error);
  EXPECT_EQ(sqlite3_close(database), SQLITE_OK);
  return answer;
}

}  // namespace annal::test
