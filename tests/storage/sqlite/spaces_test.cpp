// Spaces that come and go, as the file holds them.
#include "annal/error.hpp"
#include "annal/sqlite/sqlite_log.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

namespace annal::test {
namespace {

SpaceDeclaration guests() {
  return {"guests",
          {{"city", ColumnKind::text}, {"order", ColumnKind::integer, false}},
          PlainTable{"guest", "said"}};
}

class SqliteSpaces : public testing::Test {
 protected:
  std::unique_ptr<EventLog> open(sqlite::Mode mode = sqlite::Mode::read_write,
                                 std::vector<SpaceDeclaration> spaces = {}) {
    sqlite::Options options;
    options.mode = mode;
    options.spaces = std::move(spaces);
    return sqlite::open(file, options);
  }

  static void append(EventLog& log, Commit commit) {
    const auto outcome = log.append(std::move(commit));
    const auto* refused = std::get_if<Rejected>(&outcome);
    ASSERT_TRUE(std::holds_alternative<Appended>(outcome)) << (refused ? refused->message() : "");
  }

  static void change(EventLog& log, std::vector<SpaceChange> spaces) {
    Commit commit;
    commit.spaces = std::move(spaces);
    append(log, std::move(commit));
  }

  static void put(EventLog& log, const std::string& guest, const std::string& city,
                  const std::string& space = "guests") {
    Commit commit;
    commit.records.emplace_back();
    commit.records.back().space = space;
    commit.records.back().key = guest;
    commit.records.back().value = "{\"glad\":true}";
    commit.records.back().columns = {{"city", city}, {"order", 3}};
    append(log, std::move(commit));
  }

  // What any program reads with SQL, rows joined by `;`, columns by `|`.
  std::string selected(const std::string& statement) const {
    sqlite3* database = nullptr;
    sqlite3_open_v2(file.c_str(), &database, SQLITE_OPEN_READONLY, nullptr);
    std::string rows;
    const auto collect = [](void* out, int count, char** values, char**) {
      auto& text = *static_cast<std::string*>(out);
      for (int i = 0; i < count; ++i) text += (i == 0 ? "" : "|") + std::string(values[i]);
      text += ';';
      return 0;
    };
    char* error = nullptr;
    if (sqlite3_exec(database, statement.c_str(), collect, &rows, &error) != SQLITE_OK)
      rows = error;
    sqlite3_free(error);
    sqlite3_close(database);
    return rows;
  }

  TemporaryFolder folder;
  const std::filesystem::path file = folder / "log.db";
};

TEST_F(SqliteSpaces, that_are_plain_are_tables_any_program_can_select_from) {
  const auto log = open();
  change(*log, {CreateSpace{guests()}});
  put(*log, "ann", "Oslo");
  put(*log, "bob", "Rom");
  EXPECT_EQ(selected("SELECT id,guest,said,city,\"order\" FROM guests"),
            "1|ann|{\"glad\":true}|Oslo|3;2|bob|{\"glad\":true}|Rom|3;");
  EXPECT_EQ(selected("SELECT guest,json_extract(said,'$.glad') FROM guests WHERE city='Rom'"),
            "bob|1;");
}

TEST_F(SqliteSpaces, are_there_after_reopening_and_for_who_only_reads) {
  {
    const auto log = open();
    change(*log, {CreateSpace{guests()}});
    put(*log, "ann", "Oslo");
  }
  const auto log = open();
  const auto reader = open(sqlite::Mode::read_only);
  EXPECT_EQ(log->record("guests", "ann")->columns, (Columns{{"city", "Oslo"}, {"order", 3}}));
  EXPECT_TRUE(reader->record("guests", "ann"));
  change(*log, {CreateSpace{{"guests__2", guests().columns, guests().plain}}});
  put(*log, "eve", "Bonn", "guests__2");
  change(*log, {DropSpace{"guests"}, RenameSpace{"guests__2", guests()}});
  EXPECT_FALSE(reader->record("guests", "ann"));
  EXPECT_TRUE(reader->record("guests", "eve"));
}

// Indexes keep the names they were made under.
TEST_F(SqliteSpaces, may_be_made_again_under_a_name_they_have_left) {
  const auto log = open();
  change(*log, {CreateSpace{guests()}});
  change(*log, {RenameSpace{"guests", {"visitors", guests().columns, guests().plain}}});
  change(*log, {CreateSpace{guests()}});
  put(*log, "ann", "Oslo");
  put(*log, "bob", "Rom", "visitors");
  EXPECT_EQ(log->records({.space = "guests", .where = {{"city", "Oslo"}}}).records.size(), 1u);
  EXPECT_EQ(log->records({.space = "visitors", .where = {{"city", "Rom"}}}).records.size(), 1u);
}

TEST_F(SqliteSpaces, do_not_take_the_place_of_the_stores_own_tables) {
  const auto log = open(sqlite::Mode::read_write, {{"known", {}}});
  for (const auto* name : {"events", "Names", "store"}) {
    Commit commit;
    commit.spaces = {CreateSpace{{name, {}, PlainTable{"k", "v"}}}};
    const auto outcome = log->append(std::move(commit));
    EXPECT_TRUE(std::holds_alternative<Malformed>(std::get<Rejected>(outcome).reason)) << name;
  }
  EXPECT_EQ(log->failure(), "");
  change(*log, {CreateSpace{guests()}});
}

}  // namespace
}  // namespace annal::test
