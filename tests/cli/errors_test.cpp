// Bad input gets one line, the right exit code, and changes nothing.
#include "cli/process.hpp"
#include "tampered.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <fstream>

namespace annal::cli::test {
namespace {

using annal::test::run_sql;
using testing::HasSubstr;
using testing::StartsWith;

void expect_one_line(const Finished& answer) {
  EXPECT_THAT(answer.err, StartsWith("annal: "));
  EXPECT_EQ(std::count(answer.err.begin(), answer.err.end(), '\n'), 1) << answer.err;
  EXPECT_THAT(answer.err, testing::EndsWith("\n"));
  EXPECT_EQ(answer.out, "");
}

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(BadInput, a_file_that_is_no_store_is_told_and_left_alone) {
  const Shell shell;
  for (const char* bytes : {"this is no database at all, but it is long enough to look at", ""}) {
    shell.write("store.db", bytes);
    for (const auto& arguments : std::vector<std::vector<std::string>>{
             {"get", "orders/7"}, {"put", "orders/7", "--content", "1"}, {"verify"}}) {
      const auto answer = shell.annal(arguments);
      EXPECT_EQ(answer.code, 65) << arguments[0];
      expect_one_line(answer);
      EXPECT_THAT(answer.err, HasSubstr("store.db"));
    }
    EXPECT_EQ(shell.read("store.db"), bytes);
  }
}

TEST(BadInput, a_foreign_database_is_told_and_left_alone) {
  const Shell shell;
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(shell.store().c_str(), &database), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(database, "CREATE TABLE t(a)", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(database);
  const std::string before = bytes_of(shell.store());
  const auto answer = shell.annal({"put", "orders/7", "--content", "1"});
  EXPECT_EQ(answer.code, 65);
  expect_one_line(answer);
  EXPECT_EQ(bytes_of(shell.store()), before);
}

TEST(BadInput, a_store_of_a_newer_format_asks_for_a_newer_program) {
  const Shell shell;
  shell.ok({"put", "orders/7", "--content", "1"});
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(shell.store().c_str(), &database), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(database, "PRAGMA user_version=99", nullptr, nullptr, nullptr), SQLITE_OK);
  ASSERT_EQ(sqlite3_close(database), SQLITE_OK);
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"get", "orders/7"}, {"put", "orders/7", "--content", "2"}}) {
    const auto answer = shell.annal(arguments);
    EXPECT_EQ(answer.code, 65);
    expect_one_line(answer);
    EXPECT_THAT(answer.err, HasSubstr("99"));
  }
}

TEST(BadInput, a_folder_without_permission_is_a_permission_error) {
  const Shell shell;
  const auto folder = shell / "closed";
  std::filesystem::create_directory(folder);
  // Whoever gives up root's rights must still reach the folder itself.
  ASSERT_EQ(::chmod((shell / ".").c_str(), 0755), 0);
  ASSERT_EQ(::chmod(folder.c_str(), 0555), 0);
  Start start =
      shell.start_of({"put", "orders/7", "--content", "1", "--store", (folder / "a.db").string()});
  start.as_nobody = true;
  const auto answer = run(start);
  EXPECT_EQ(answer.code, 77);
  expect_one_line(answer);
  EXPECT_TRUE(std::filesystem::is_empty(folder));
}

TEST(BadInput, a_store_is_read_where_nobody_may_write_and_refused_where_only_others_may) {
  const Shell shell;
  const auto folder = shell / "closed";
  std::filesystem::create_directory(folder);
  const std::string store = (folder / "a.db").string();
  shell.ok({"put", "orders/7", "--content", "1", "--store", store});
  ASSERT_EQ(::chmod((shell / ".").c_str(), 0755), 0);
  ASSERT_EQ(::chmod(store.c_str(), 0644), 0);
  ASSERT_EQ(::chmod(folder.c_str(), 0555), 0);
  Start start = shell.start_of({"get", "orders/7", "--store", store});
  start.as_nobody = true;
  EXPECT_EQ(run(start).out, "1\n");
  ASSERT_EQ(::chmod(folder.c_str(), 0755), 0);
  if (::geteuid() != 0) return;  // whose folder it is may write in it
  const auto answer = run(start);
  EXPECT_EQ(answer.code, 77);
  expect_one_line(answer);
  EXPECT_THAT(answer.err, HasSubstr("no permission to write in " + folder.string()));
}

TEST(BadInput, a_place_where_no_store_can_be_is_cannot_create) {
  const Shell shell;
  shell.write("file", "");
  const auto inside_a_file =
      shell.annal({"put", "orders/7", "--content", "1", "--store", (shell / "file/a.db").string()});
  EXPECT_EQ(inside_a_file.code, 73);
  expect_one_line(inside_a_file);
  const auto nowhere = shell.annal(
      {"put", "orders/7", "--content", "1", "--store", (shell / "nowhere/a.db").string()});
  EXPECT_EQ(nowhere.code, 73);
  expect_one_line(nowhere);
  EXPECT_THAT(nowhere.err,
              HasSubstr("the folder " + (shell / "nowhere").string() + " does not exist: make it"));
  const auto a_folder =
      shell.annal({"put", "orders/7", "--content", "1", "--store", (shell / ".").string()});
  EXPECT_EQ(a_folder.code, 73);
  expect_one_line(a_folder);
}

TEST(BadInput, a_store_that_is_not_there_is_not_made_by_reading_or_changing_it) {
  const Shell shell;
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"get", "orders/7"},
                                             {"list"},
                                             {"log"},
                                             {"stats"},
                                             {"verify"},
                                             {"diff", "orders/7@1..2"},
                                             {"export", "jsonl"},
                                             {"delete", "orders/7"},
                                             {"patch", "orders/7", "--title", "x"},
                                             {"undelete", "orders/7"},
                                             {"restore", "orders/7@v1"}}) {
    const auto answer = shell.annal(arguments);
    EXPECT_EQ(answer.code, 73) << arguments[0];
    expect_one_line(answer);
    EXPECT_THAT(answer.err, HasSubstr("annal put"));
  }
  EXPECT_FALSE(std::filesystem::exists(shell.store()));
}

TEST(BadInput, a_second_writer_is_told_who_is_the_first) {
  const Shell shell;
  shell.ok({"put", "orders/7", "--content", "1"});
  Running server(shell.start_of({"serve", "--port", "0"}));
  ASSERT_THAT(server.read_line(), StartsWith("http://127.0.0.1:"));
  const auto answer = shell.annal({"put", "orders/7", "--content", "2"});
  EXPECT_EQ(answer.code, 75);
  expect_one_line(answer);
  EXPECT_THAT(answer.err, HasSubstr(std::to_string(server.pid())));
  EXPECT_EQ(shell.ok({"get", "orders/7"}), "1\n");
  server.signal(SIGTERM);
  EXPECT_EQ(server.finish().code, 0);
  shell.ok({"put", "orders/7", "--content", "2"});
}

struct BadName {
  const char* what;
  std::string name;
};
void PrintTo(const BadName& bad, std::ostream* out) { *out << bad.what; }

class BadNames : public testing::TestWithParam<BadName> {};

TEST_P(BadNames, are_a_usage_error_and_change_nothing) {
  const Shell shell;
  shell.ok({"put", "orders/7", "--content", "1"});
  const std::string& name = GetParam().name;
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"put", name, "--content", "2"}, {"get", name}, {"delete", name}}) {
    const auto answer = shell.annal(arguments);
    EXPECT_EQ(answer.code, 2) << arguments[0];
    expect_one_line(answer);
  }
  EXPECT_EQ(shell.head(), 1u);
}

INSTANTIATE_TEST_SUITE_P(
    BadInput, BadNames,
    testing::Values(BadName{"parent", "orders/../7"}, BadName{"here", "orders/./7"},
                    BadName{"empty_segment", "orders//7"}, BadName{"empty_id", "orders/"},
                    BadName{"no_id", "orders"}, BadName{"no_collection", "/7"},
                    BadName{"too_long", "orders/" + std::string(260, 'x')},
                    BadName{"no_utf8", "orders/\xff"}, BadName{"newline", "orders/a\nb"}),
    [](const auto& test) { return std::string(test.param.what); });

TEST(BadInput, malformed_json_is_told_with_its_offset_and_changes_nothing) {
  const Shell shell;
  shell.ok({"put", "orders/7", "--content", "1"});
  shell.write("bad.json", R"({"content": {"a":1,"a":2}})");
  for (const auto& [text, part] :
       std::vector<std::pair<std::string, std::string>>{{R"([1,2,)", "byte"},
                                                        {"{\"a\":1,\"a\":2}", "byte"},
                                                        {"1e400", "byte"},
                                                        {"\"\xff\"", "byte"}}) {
    const auto answer = shell.annal({"put", "orders/7", "--content", text});
    EXPECT_EQ(answer.code, 2) << text;
    expect_one_line(answer);
    EXPECT_THAT(answer.err, HasSubstr(part));
  }
  const auto file = shell.annal({"put", "orders/7", "@bad.json"});
  EXPECT_EQ(file.code, 2);
  expect_one_line(file);
  EXPECT_THAT(file.err, StartsWith("annal: bad.json: "));
  const auto patch = shell.annal({"patch", "orders/7", "[1]"});
  EXPECT_EQ(patch.code, 2);
  expect_one_line(patch);
  EXPECT_EQ(shell.head(), 1u);
}

TEST(BadInput, a_document_that_is_too_large_is_refused) {
  const Shell shell;
  shell.write("large.txt", std::string(1024 * 1024, 'x'));
  shell.write("huge.txt", std::string(3 * 1024 * 1024, 'x'));
  for (const char* file : {"large.txt", "huge.txt"}) {
    const auto answer = shell.annal({"put", "notes/a", "--text-from", file});
    EXPECT_EQ(answer.code, 2) << file;
    expect_one_line(answer);
  }
}

TEST(BadInput, a_file_that_cannot_be_read_is_an_input_error) {
  const Shell shell;
  const auto put = shell.annal({"put", "notes/a", "@nosuch.json"});
  EXPECT_EQ(put.code, 74);
  expect_one_line(put);
  EXPECT_THAT(put.err, HasSubstr("nosuch.json"));
  EXPECT_EQ(shell.annal({"import", "jsonl", "nosuch.jsonl"}).code, 74);
  EXPECT_EQ(shell.annal({"import", "jsonl", "."}).code, 74);
  EXPECT_FALSE(std::filesystem::exists(shell.store()));
}

TEST(BadInput, wrong_arguments_are_a_usage_error_that_points_to_the_help) {
  const Shell shell;
  for (const auto& [arguments, help] :
       std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{}, "annal --help"},
           {{"frobnicate"}, "annal --help"},
           {{"get"}, "annal get --help"},
           {{"get", "orders/7", "--frobnicate"}, "annal get --help"},
           {{"get", "orders/7", "surplus"}, "annal get --help"},
           {{"get", "orders/7", "--raw", "--json"}, "annal get --help"},
           {{"put", "a/b", "--text", "x", "--content", "1"}, "annal put --help"},
           {{"log", "--limit", "many"}, "annal log --help"},
           {{"import"}, "annal import --help"},
           {{"import", "git", "-"}, "annal import git --help"},
           {{"serve", "--port", "99999"}, "annal serve --help"}}) {
    const auto answer = shell.annal(arguments);
    EXPECT_EQ(answer.code, 2);
    expect_one_line(answer);
    EXPECT_THAT(answer.err, HasSubstr("`" + help + "`"));
  }
  EXPECT_EQ(shell.annal({"patch", "a/b", "--title", "x", "--expect", "none"}).code, 2);
  EXPECT_EQ(shell.annal({"put", "a/b", "--content", "1", "--expect", "0"}).code, 2);
  EXPECT_EQ(shell.annal({"put", "a/b", "--content", "1", "--author", "x", "--editor", "y"}).code,
            2);
}

TEST(BadInput, a_command_that_is_not_there_is_named) {
  const Shell shell;
  EXPECT_THAT(shell.annal({"frobnicate"}).err, HasSubstr("there is no command frobnicate;"));
  EXPECT_THAT(shell.annal({"import", "svn"}).err, HasSubstr("import: there is no command svn;"));
  EXPECT_THAT(shell.annal({}).err, HasSubstr("no command was given;"));
}

TEST(BadInput, an_address_for_other_machines_needs_to_be_meant) {
  const Shell shell;
  const auto answer = shell.annal({"serve", "--port", "0", "--address", "0.0.0.0"});
  EXPECT_EQ(answer.code, 78);
  expect_one_line(answer);
}

TEST(BadInput, a_port_that_is_taken_is_an_input_output_error) {
  const Shell shell, other;
  Running server(shell.start_of({"serve", "--port", "0"}));
  const std::string url = server.read_line();
  const std::string port = url.substr(17, url.size() - 18);
  const auto answer = other.annal({"serve", "--port", port});
  EXPECT_EQ(answer.code, 74);
  expect_one_line(answer);
}

TEST(BadInput, output_that_cannot_be_written_is_an_input_output_error) {
  const Shell shell;
  shell.ok({"put", "orders/7", "--content", "1"});
  Start start = shell.start_of({});
  start.arguments = {"/bin/sh", "-c", "exec \"$0\" get orders/7 > /dev/full", program()};
  EXPECT_EQ(run(start).code, 74);
}

TEST(DamagedPages, are_named_and_those_without_a_checksum_taken_when_asked) {
  const Shell shell;
  shell.ok({"put", "orders/7", "--content", R"("spoilt")"});
  const std::string sound = shell.read("store.db");
  const auto write = [&](const std::string& bytes) {
    std::ofstream(shell.store(), std::ios::binary) << bytes;
  };
  std::string bytes = sound;
  const std::size_t at = bytes.find("spoilt"), page = at / 4096 + 1;
  bytes[at] = 'S';
  write(bytes);
  const auto damaged = shell.annal({"verify"});
  EXPECT_EQ(damaged.code, 65);
  EXPECT_THAT(damaged.out, StartsWith("damaged: "));
  EXPECT_THAT(damaged.err, HasSubstr("page " + std::to_string(page) +
                                     " of the file is not what was written there"));
  EXPECT_EQ(nlohmann::json::parse(shell.annal({"verify", "--json"}).out).at("damaged_pages"),
            nlohmann::json::array({page}));

  bytes = sound;
  bytes.replace(page * 4096 - 12, 12, 12, '\0');
  write(bytes);
  const auto unsealed = shell.annal({"verify"});
  EXPECT_EQ(unsealed.code, 65);
  EXPECT_THAT(unsealed.err, HasSubstr("has no checksum"));
  EXPECT_EQ(shell.annal({"verify", "--seal"}).code, 0);
  EXPECT_EQ(shell.read("store.db"), sound);
}

TEST(DamagedRows, are_named_with_the_remedy_which_makes_them_anew) {
  const Shell shell;
  shell.ok({"put", "orders/7", "--content", "1"});
  shell.ok({"put", "orders/8", "--content", "2"});
  run_sql(shell.store(), "UPDATE records_documents SET value=x'00' WHERE key='orders/7'");
  const auto damaged = shell.annal({"verify"});
  EXPECT_EQ(damaged.code, 65);
  EXPECT_THAT(damaged.err, StartsWith("annal: orders/7: its row is not what its events say"));
  EXPECT_THAT(damaged.err, HasSubstr("`annal verify --rebuild`"));

  EXPECT_THAT(shell.ok({"verify", "--rebuild"}), HasSubstr(", rows of 2 documents made anew ("));
  EXPECT_THAT(shell.ok({"verify"}), StartsWith("sound: 2 events"));
  EXPECT_EQ(nlohmann::json::parse(shell.ok({"verify", "--rebuild", "--json"})).at("rebuilt"), 2);
  EXPECT_EQ(shell.ok({"get", "orders/7"}), "1\n");
}

// Behind more events than are looked at when the store is opened for writing.
TEST(DamagedRows, are_left_as_they_are_where_events_are_damaged) {
  const Shell shell;
  shell.ok({"put", "orders/7", "--content", "1"});
  std::string history;
  for (int number = 1; number <= 1001; ++number)
    history += "commit refs/heads/main\noriginal-oid " + std::string(33, '0') +
               std::to_string(1'000'000 + number) +
               "\ncommitter A <a@example.com> 1000000000 +0000\ndata 0\n\n";
  shell.ok({"import", "git", "--collection", "repo", "-"}, history);
  run_sql(shell.store(),
          "UPDATE records_documents SET value=x'00'; "
          "UPDATE events SET data=x'00' WHERE position=1");
  const auto answer = shell.annal({"verify", "--rebuild"});
  EXPECT_EQ(answer.code, 65);
  EXPECT_THAT(answer.err, HasSubstr("no row was made anew, because the log itself is damaged"));
}

TEST(BadInput, what_is_no_document_is_told_by_what_was_given) {
  const Shell shell;
  for (const auto& [given, what] : std::vector<std::pair<std::string, std::string>>{
           {"[1]", "annal: [1]: is no document"},
           {"{\"titel\": 1}", "has an unknown member `titel`"},
           {"{\"title\": 1}", "its title is no string"},
           {"{\"a\"", "is no JSON annal keeps, at byte"}}) {
    const auto answer = shell.annal({"put", "a/b", given});
    EXPECT_EQ(answer.code, 2) << given;
    expect_one_line(answer);
    EXPECT_THAT(answer.err, HasSubstr(what));
    EXPECT_THAT(answer.err, testing::Not(HasSubstr("body")));
  }
  EXPECT_FALSE(std::filesystem::exists(shell.store()));
}

TEST(BadInput, refusals_tell_what_to_do_instead) {
  const Shell shell;
  shell.ok({"put", "orders/7", "--content", "1"});
  const auto there = shell.annal({"put", "orders/7", "--content", "2", "--expect", "none"});
  EXPECT_EQ(there.code, 3);
  EXPECT_THAT(there.err,
              HasSubstr("already exists; `annal put` without --expect none replaces it"));
  const auto alive = shell.annal({"undelete", "orders/7"});
  EXPECT_EQ(alive.code, 3);
  EXPECT_THAT(alive.err, HasSubstr("is not deleted; `annal get orders/7` shows it"));
}

TEST(BadInput, arguments_that_would_silently_mean_something_else_are_refused) {
  const Shell shell;
  shell.ok({"put", "a/1", "--content", "1"});
  shell.ok({"put", "a/1", "--content", "2"});
  for (const auto& [arguments, what] :
       std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"log", "--limit", "-1"}, "--limit"},
           {{"log", "a/1", "v2..v1"}, "the range ends before it begins"},
           {{"log", "a/1@v2..v1"}, "the range ends before it begins"},
           {{"list", "--store", ""}, "--store: is empty: name the store's file"},
           {{"put", "a/1", ""}, "an empty argument: is no JSON"}}) {
    const auto answer = shell.annal(arguments);
    EXPECT_EQ(answer.code, 2) << arguments[0];
    expect_one_line(answer);
    EXPECT_THAT(answer.err, HasSubstr(what));
  }
  EXPECT_EQ(shell.head(), 2u);
}

TEST(BadInput, messages_that_cannot_be_written_change_neither_answer_nor_exit_code) {
  const Shell shell;
  shell.ok({"put", "orders/7", "--content", "1"});
  const auto without_errors = [&](const std::string& command) {
    Start start = shell.start_of({});
    start.arguments = {"/bin/sh", "-c", "exec \"$0\" " + command + " 2> /dev/full", program()};
    return run(start);
  };
  EXPECT_EQ(without_errors("get orders/8").code, 1);
  EXPECT_EQ(without_errors("--frobnicate").code, 2);
  const auto found = without_errors("get orders/7");
  EXPECT_EQ(found.code, 0);
  EXPECT_EQ(found.out, "1\n");
}

// Turns bits in the middle of each event's payload: hashes no longer hold.
TEST(BadInput, a_damaged_store_is_corrupt_and_tells_where) {
  const Shell shell;
  shell.ok({"put", "orders/7", "--text", "the needle that will be damaged"});
  shell.ok({"put", "orders/8", "--text", "another"});
  const std::string receipt = nlohmann::json::parse(shell.ok({"verify", "--json"})).at("receipt");
  run_sql(shell.store(), "UPDATE events SET data=CAST('changed' AS BLOB) WHERE position=1");
  const auto verified = shell.annal({"verify"});
  EXPECT_EQ(verified.code, 65);
  EXPECT_THAT(verified.out, HasSubstr("damaged: 2 events in 2 commits"));
  EXPECT_THAT(verified.err, HasSubstr("damaged at @1"));
  const auto held = shell.annal({"verify", "--json", "--receipt", receipt});
  EXPECT_EQ(nlohmann::json::parse(held.out).at("receipts").at(0).at("answer"), "holds");
  EXPECT_EQ(shell.annal({"put", "orders/9", "--text", "x"}).code, 65)
      << "nothing is built on damage";
  EXPECT_EQ(shell.ok({"get", "orders/8"}), "\"another\"\n") << "what is sound stays readable";
  EXPECT_EQ(shell.annal({"get", "orders/7@v1"}).code, 65);
}

}  // namespace
}  // namespace annal::cli::test
