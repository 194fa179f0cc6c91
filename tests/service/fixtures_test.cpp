// Stores written by earlier code are read as they were.
#include "annal/interchange/cloud_events.hpp"
#include "annal/service/store.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace annal {
namespace {

namespace fs = std::filesystem;

std::string bytes_of(const fs::path& file) {
  std::ostringstream bytes;
  bytes << std::ifstream(file, std::ios::binary).rdbuf();
  return bytes.str();
}

// Opening a store for writing describes the types that the program has come to know since.
std::string without_types_of_today(const std::string& text) {
  std::istringstream lines(text);
  std::string kept;
  const auto is_of_today = [](const std::string& line) {
    for (const auto* type : {"control.decided/1", "control.decided/2", "document.purged/1",
                             "warning.raised/1", "warning.raised/2"})
      if (line.find("\"id\":\"" + std::string(type) + '"') != std::string::npos) return true;
    return false;
  };
  for (std::string line; std::getline(lines, line);)
    if (!is_of_today(line)) kept += line + '\n';
  return kept;
}

// The same log in each format.
class Format : public testing::TestWithParam<std::string> {
 public:
  Format() {
    fs::copy_file(fs::path(ANNAL_FIXTURES) / (GetParam() + ".db"), folder_ / "store.db");
    store = open(folder_ / "store.db");
  }

  std::string content(std::string_view name, std::string_view point) const {
    const auto answer =
        store->documents().get(DocumentKey::parse(name), *parse_point(point, store->clock().now()));
    const auto* found = std::get_if<FoundDocument>(&answer);
    return found ? found->document.state.content.text : "not there";
  }

 private:
  test::TemporaryFolder folder_;

 protected:
  std::unique_ptr<Store> store;
};

TEST(OlderFormat, is_refused_by_who_only_reads) {
  test::TemporaryFolder folder;
  fs::copy_file(fs::path(ANNAL_FIXTURES) / "format-1.db", folder / "store.db");
  try {
    open(folder / "store.db", {.mode = OpenOptions::Mode::read_only});
    ADD_FAILURE() << "it was opened";
  } catch (const UnknownFormat& refusal) {
    EXPECT_NE(std::string(refusal.what()).find("open it for writing once"), std::string::npos);
  }
  EXPECT_EQ(bytes_of(folder / "store.db"), bytes_of(fs::path(ANNAL_FIXTURES) / "format-1.db"));
}

TEST_P(Format, is_sound) {
  const auto found = store->log().verify([](Position) {});
  EXPECT_TRUE(found.faults.empty());
  EXPECT_TRUE(found.damaged.empty());
  EXPECT_EQ(found.head, Position{13});
  EXPECT_EQ(found.head_hash.to_hex(),
            "13a790dcc4d4944e82ad1472a6d6921d7819e94f0b3cdf4aa8bf55c7246b4aa5");
  EXPECT_TRUE(store->documents().verify_rows().empty());
}

TEST_P(Format, gives_every_version_of_its_documents) {
  const std::string first = R"({"total": 12.0,"note":"caf\u00e9"})";
  EXPECT_EQ(content("orders/7", "v1"), first);
  EXPECT_NE(content("orders/7", "v2").find("\"total\":15"), std::string::npos);
  EXPECT_EQ(content("orders/7", "v3"), "not there");
  EXPECT_EQ(content("orders/7", "head"), first);
  EXPECT_EQ(content("notes/äö/a b", "head"), R"("line 1\nline 2\n")");
  EXPECT_EQ(content("code/a.txt", "9"), R"("one\n")");
  EXPECT_EQ(content("code/link", "head"), R"({"symlink":"b.txt"})");
  EXPECT_EQ(content("code/bin", "head"), R"({"encoding":"base64","data":"AAE="})");
}

TEST_P(Format, is_exported_as_it_was) {
  std::ostringstream lines;
  interchange::export_jsonl(store->log(), lines, {});
  EXPECT_EQ(without_types_of_today(lines.str()),
            bytes_of(fs::path(ANNAL_FIXTURES) / "format-1.jsonl"));
}

TEST_P(Format, can_be_written_to) {
  const auto changed = store->documents().update(DocumentKey::parse("orders/7"),
                                                 {.content = Json{"1"}, .editor = "eve"});
  ASSERT_TRUE(std::holds_alternative<Changed>(changed));
  EXPECT_EQ(content("orders/7", "head"), "1");
  EXPECT_EQ(store->log().head(), Position{14});
  EXPECT_TRUE(store->log().verify([](Position) {}).faults.empty());
}

INSTANTIATE_TEST_SUITE_P(Stores, Format, testing::Values("format-1", "format-2"),
                         [](const auto& format) {
                           return format.param == "format-1" ? "of_format_1" : "of_format_2";
                         });

}  // namespace
}  // namespace annal
