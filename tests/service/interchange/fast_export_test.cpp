#include "annal/interchange/fast_export.hpp"

#include <gtest/gtest.h>

#include <sstream>

using namespace std::string_literals;

namespace annal::interchange {
namespace {

constexpr const char* sha = "1234567890123456789012345678901234567890";

const std::string commit_head =
    "commit refs/heads/main\n"
    "mark :2\n"
    "original-oid 1234567890123456789012345678901234567890\n"
    "author A U Thor <author@example.com> 1767323045 +0200\n"
    "committer C O Mitter <committer@example.com> 1767323046 -0330\n"
    "data 8\nmessage\n";

std::vector<FastExportItem> read_all(const std::string& text, std::uint64_t blob_limit = 1000) {
  std::istringstream stream(text);
  FastExportReader reader(stream, blob_limit);
  std::vector<FastExportItem> items;
  while (auto item = reader.next()) items.push_back(std::move(*item));
  return items;
}

std::string fault_in(const std::string& text) {
  try {
    read_all(text);
    return "nothing";
  } catch (const InvalidInput& error) {
    return error.what();
  }
}

// The only item, or the first of several.
template <class Item>
Item first(const std::string& text, std::uint64_t blob_limit = 1000) {
  const auto items = read_all(text, blob_limit);
  if (items.empty() || !std::holds_alternative<Item>(items.front()))
    throw std::logic_error("another item comes first");
  return std::get<Item>(items.front());
}

// The only change of a commit that has one.
template <class Change>
Change only_change(const std::string& line) {
  const auto items = read_all(commit_head + line + "\n");
  if (items.size() != 3) throw std::logic_error("not one change");
  return std::get<Change>(items[1]);
}

TEST(FastExport, an_empty_stream_holds_nothing) { EXPECT_TRUE(read_all("").empty()); }

TEST(FastExport, reads_a_blob_by_its_bytes) {
  const auto blob =
      first<Blob>("blob\nmark :1\noriginal-oid " + std::string(sha) + "\ndata 6\na\nb\0c\n"s);
  EXPECT_EQ(blob.mark, 1u);
  EXPECT_EQ(blob.original_oid, sha);
  EXPECT_EQ(blob.content.bytes, "a\nb\0c\n"s);
  EXPECT_EQ(blob.content.size, 6u);
}

TEST(FastExport, data_may_end_with_or_without_a_line_feed_of_its_own) {
  for (const char* behind : {"", "\n"}) {
    const auto items =
        read_all("blob\ndata 1\nx" + std::string(behind) + "blob\ndata 0\n" + behind);
    ASSERT_EQ(items.size(), 2u);
    EXPECT_EQ(std::get<Blob>(items[0]).content.bytes, "x");
    EXPECT_EQ(std::get<Blob>(items[1]).content.bytes, "");
  }
}

TEST(FastExport, data_may_end_at_a_delimiter) {
  const auto blob = first<Blob>("blob\ndata <<END\nline\n#no comment\nENDE\nEND\n\n");
  EXPECT_EQ(blob.content.bytes, "line\n#no comment\nENDE\n");
}

TEST(FastExport, contents_over_the_limit_are_read_over) {
  const auto items =
      read_all("blob\ndata 11\n12345678901\nblob\ndata <<E\n1234567890\nE\nblob\ndata 2\nok\n", 10);
  ASSERT_EQ(items.size(), 3u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_TRUE(std::get<Blob>(items[i]).content.over_limit);
    EXPECT_EQ(std::get<Blob>(items[i]).content.size, 11u);
    EXPECT_TRUE(std::get<Blob>(items[i]).content.bytes.empty());
  }
  EXPECT_EQ(std::get<Blob>(items[2]).content.bytes, "ok");
}

TEST(FastExport, reads_a_commit_with_everything_it_may_have) {
  const auto commit =
      first<CommitStart>("commit refs/heads/main\nmark :7\noriginal-oid " + std::string(sha) +
                         "\nauthor J\xfcrgen <j@x> -5 +0000\ncommitter  <> 99999999999 +051800\n"
                         "gpgsig sha1 openpgp\ndata 4\nsig\n\nencoding ISO-8859-1\ndata "
                         "4\nh\xe9llfrom :6\nmerge :5\nmerge "
                         "refs/heads/x\n\n");
  EXPECT_EQ(commit.ref, "refs/heads/main");
  EXPECT_EQ(commit.mark, 7u);
  EXPECT_EQ(commit.original_oid, sha);
  EXPECT_EQ(commit.author, (GitPerson{"J\xfcrgen", "j@x", {-5, "+0000"}}));
  EXPECT_EQ(commit.committer, (GitPerson{"", "", {99999999999, "+051800"}}));
  EXPECT_EQ(commit.encoding, "ISO-8859-1");
  EXPECT_EQ(commit.message, "h\xe9ll");
  EXPECT_EQ(commit.from, ":6");
  EXPECT_EQ(commit.merges, (std::vector<std::string>{":5", "refs/heads/x"}));
  EXPECT_EQ(commit.line, 1u);
}

TEST(FastExport, names_may_hold_angle_brackets) {
  const auto commit =
      first<CommitStart>("commit x\ncommitter Ann <the first> <ann@x> 1 +0000\ndata 0\n\n");
  EXPECT_EQ(commit.committer.name, "Ann <the first>");
  EXPECT_EQ(commit.committer.email, "ann@x");
}

TEST(FastExport, reads_every_kind_of_change) {
  const auto items = read_all(
      commit_head + "deleteall\nM 100755 :3 bin/run\nM 120000 " + sha + " link\nM 160000 " + sha +
      " module\nM 100644 inline note\ndata 2\nhi\nD \"a\\tb\"\nR \"old one\" new one\nC "
      "from to\n\n");
  ASSERT_EQ(items.size(), 10u);
  EXPECT_TRUE(std::holds_alternative<DeleteAll>(items[1]));
  const auto& run = std::get<FileModify>(items[2]);
  EXPECT_EQ(run.mode, FileMode::executable);
  EXPECT_EQ(std::get<std::uint64_t>(std::get<BlobName>(run.content)), 3u);
  EXPECT_EQ(run.path, "bin/run");
  const auto& link = std::get<FileModify>(items[3]);
  EXPECT_EQ(link.mode, FileMode::symlink);
  EXPECT_EQ(std::get<std::string>(std::get<BlobName>(link.content)), sha);
  EXPECT_EQ(std::get<FileModify>(items[4]).mode, FileMode::submodule);
  EXPECT_EQ(std::get<FileContent>(std::get<FileModify>(items[5]).content).bytes, "hi");
  EXPECT_EQ(std::get<FileDelete>(items[6]).path, "a\tb");
  EXPECT_EQ(std::get<FileRename>(items[7]).from, "old one");
  EXPECT_EQ(std::get<FileRename>(items[7]).to, "new one");
  EXPECT_EQ(std::get<FileCopy>(items[8]).to, "to");
  EXPECT_TRUE(std::holds_alternative<CommitEnd>(items[9]));
}

TEST(FastExport, a_path_keeps_its_spaces_and_its_odd_bytes) {
  EXPECT_EQ(only_change<FileDelete>("D  two  spaces \n").path, " two  spaces ");
  EXPECT_EQ(only_change<FileDelete>("D \"\\377\"\n").path, "\xff");
}

TEST(FastExport, reads_over_notes_comments_and_what_changes_nothing) {
  const auto items =
      read_all("feature date-format=raw\noption git quiet\n# a comment\ncheckpoint\n\n" +
               commit_head + "N :1 :2\nN inline :2\ndata 2\nab\n# another\n\nprogress half\n");
  ASSERT_EQ(items.size(), 3u);
  EXPECT_TRUE(std::holds_alternative<CommitStart>(items[0]));
  EXPECT_TRUE(std::holds_alternative<CommitEnd>(items[1]));
  EXPECT_EQ(std::get<Progress>(items[2]).text, "half");
}

TEST(FastExport, reads_resets_tags_and_aliases) {
  const auto items = read_all(
      "reset refs/heads/main\nfrom :2\n\nreset refs/heads/new\ntag v1\nmark :9\nfrom "
      ":2\noriginal-oid " +
      std::string(sha) + "\ntagger T <t@x> 1 +0000\ndata 3\ntag\nalias\nmark :10\nto :2\n\n");
  ASSERT_EQ(items.size(), 4u);
  EXPECT_EQ(std::get<Reset>(items[0]).from, ":2");
  EXPECT_EQ(std::get<Reset>(items[1]).ref, "refs/heads/new");
  EXPECT_EQ(std::get<Reset>(items[1]).from, "");
  EXPECT_EQ(std::get<Tag>(items[2]).name, "v1");
  EXPECT_EQ(std::get<Alias>(items[3]).mark, 10u);
}

TEST(FastExport, a_commit_ends_where_the_next_command_begins) {
  const auto items = read_all(commit_head + "D x\nblob\ndata 0\n");
  ASSERT_EQ(items.size(), 4u);
  EXPECT_TRUE(std::holds_alternative<CommitEnd>(items[2]));
}

TEST(FastExport, a_root_commit_without_files_ends_behind_its_message) {
  const auto items = read_all("commit x\ncommitter C <c@x> 1 +0000\ndata 2\nm\n\n");
  ASSERT_EQ(items.size(), 2u);
}

TEST(FastExport, nothing_is_read_behind_done) {
  EXPECT_EQ(read_all("feature done\nprogress x\ndone\nrubbish\n").size(), 1u);
}

TEST(FastExport, tells_on_which_line_an_item_began) {
  std::istringstream stream("blob\ndata 4\na\nb\n\n" + commit_head + "D x\nD y\n\n");
  FastExportReader reader(stream);
  std::vector<std::uint64_t> lines;
  while (reader.next()) lines.push_back(reader.line());
  EXPECT_EQ(lines, (std::vector<std::uint64_t>{1, 6, 13, 14, 15}));
  EXPECT_EQ(reader.bytes_read(), stream.str().size());
}

TEST(FastExport, a_stream_that_was_cut_off_is_an_error_wherever_it_was_cut) {
  const std::string whole =
      "feature done\nblob\nmark :1\ndata 4\na\nb\n" + commit_head +
      "from :9\nM 100644 :1 x\nR \"a\" b\n\ntag v\nfrom :2\ntagger T <t> 1 +0000\n"
      "data 1\nx\nreset r\nfrom :2\n\ndone\n";
  ASSERT_EQ(fault_in(whole), "nothing");
  for (std::size_t size = 13; size + 1 < whole.size(); ++size)
    EXPECT_NE(fault_in(whole.substr(0, size)), "nothing") << "cut after " << whole.substr(0, size);
}

TEST(FastExport, a_stream_that_promises_no_end_must_not_end_inside_a_commit) {
  EXPECT_EQ(
      fault_in(commit_head + "D x\n"),
      "fast-export stream, line 9: the stream ends inside a commit: the export was cut off; export "
      "it again");
}

struct Malformed {
  const char* what;
  std::string text;
  const char* message;
};
void PrintTo(const Malformed& malformed, std::ostream* out) { *out << malformed.what; }

class FastExportFault : public testing::TestWithParam<Malformed> {};

TEST_P(FastExportFault, is_refused_naming_line_and_expectation) {
  EXPECT_EQ(fault_in(GetParam().text),
            std::string("fast-export stream, line ") + GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Stream, FastExportFault,
    testing::Values(
        Malformed{
            "an_unknown_command", "blob\ndata 0\n\nfrob \x01x\n",
            "4: \"frob \\x01x\" stands where blob, commit, reset, tag, alias, progress, feature or "
            "done is expected"},
        Malformed{"a_blob_without_data", "blob\nmark :1\nfrob\n",
                  "3: \"frob\" stands where data is expected"},
        Malformed{"a_size_that_is_no_number", "blob\ndata many\n",
                  "2: \"many\" stands where a number of bytes is expected"},
        Malformed{"a_size_beyond_the_stream", "blob\ndata 99999999999999\nabc",
                  "2: the stream ends after 3 of the 99999999999999 bytes announced here; export "
                  "it again"},
        Malformed{"a_delimiter_that_never_comes", "blob\ndata <<E\nabc\n",
                  "2: the stream ends before the delimiter \"E\" announced here"},
        Malformed{"no_delimiter", "blob\ndata <<\nabc\n", "2: data << needs a delimiter behind it"},
        Malformed{"a_mark_without_a_colon", "blob\nmark 1\ndata 0\n",
                  "2: \"1\" stands where a mark such as :12 is expected"},
        Malformed{"a_commit_without_a_committer", "commit x\ndata 0\n",
                  "2: \"data 0\" stands where committer is expected"},
        Malformed{"a_signature_without_a_time", "commit x\ncommitter C <c@x> now\n",
                  "2: \"C <c@x> now\" stands where a name, an <address>, seconds and a zone are "
                  "expected"},
        Malformed{"a_commit_that_names_no_object",
                  "commit x\noriginal-oid 12\ncommitter C <c> 1 +0000\n",
                  "2: \"12\" is not the name of an object"},
        Malformed{"a_mode_there_is_not", commit_head + "M 100664 :1 x\n",
                  "8: \"100664\" stands where a mode such as 100644 is expected"},
        Malformed{"a_blob_that_is_neither_mark_nor_object", commit_head + "M 100644 HEAD x\n",
                  "8: \"HEAD\" stands where a mark, an object's name or \"inline\" is expected"},
        Malformed{"a_change_without_a_path", commit_head + "M 100644 :1\n",
                  "8: \"\" stands where a path is expected"},
        Malformed{"a_quote_that_does_not_close", commit_head + "D \"abc\n",
                  "8: \"\"abc\" stands where a path is expected"},
        Malformed{"something_behind_a_quoted_path", commit_head + "D \"a\" b\n",
                  "8: \"\"a\" b\" stands where a path is expected"},
        Malformed{"a_rename_to_nowhere", commit_head + "R a\n",
                  "8: \"a\" stands where two paths are expected"},
        Malformed{
            "a_question", commit_head + "cat-blob :1\n\n",
            "8: \"cat-blob :1\" stands where blob, commit, reset, tag, alias, progress, feature or "
            "done is expected"},
        Malformed{"an_alias_without_its_target", "alias\nmark :1\nfrom :2\n",
                  "3: \"from :2\" stands where to is expected"},
        Malformed{"a_feature_nobody_has", "feature cat-blob\n",
                  "1: the stream needs the feature \"cat-blob\", which is not supported: export it "
                  "without"},
        Malformed{"an_end_that_was_promised", "feature done\nprogress x\n",
                  "3: the stream ends without the \"done\" it promised: the export was cut off; "
                  "export it "
                  "again"},
        Malformed{"a_line_without_an_end", "progress x\nprog",
                  "2: the stream ends inside this line: \"prog\"; export it again"}),
    [](const auto& tested) { return tested.param.what; });

}  // namespace
}  // namespace annal::interchange
