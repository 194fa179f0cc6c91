// The checksums of a store's pages, and what lies between SQLite and the disk to write and check
// them.
#include "annal/error.hpp"
#include "annal/sqlite/page_scan.hpp"
#include "annal/sqlite/sqlite_log.hpp"
#include "contracts/event_log_contract.hpp"
#include "tampered.hpp"

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/SQLiteCpp.h>

#include <array>
#include <fstream>

namespace annal::test {
namespace {

using sqlite::PageState;

TEST(PageChecksum, is_xxh64_as_others_compute_it) {
  EXPECT_EQ(sqlite::xxh64("", 0), 0xef46db3751d8e999u);
  EXPECT_EQ(sqlite::xxh64("a", 0), 0xd24ec4f1a98c6e5bu);
  EXPECT_EQ(sqlite::xxh64("abc", 0), 0x44bc2cf5ad770999u);
  EXPECT_EQ(sqlite::xxh64("xxhash", 20141025), 0xb559b98d844e0635u);
  EXPECT_EQ(sqlite::xxh64("Nobody inspects the spammish repetition", 0), 0xfbcea83c8a378bf1u);
}

TEST(PageChecksum, belongs_to_one_page_in_one_place) {
  std::array<unsigned char, sqlite::page_bytes> page{};
  EXPECT_EQ(sqlite::state_of(page, 7), PageState::unsealed);
  page[100] = 1;
  sqlite::seal(page, 7);
  EXPECT_EQ(sqlite::state_of(page, 7), PageState::sound);
  EXPECT_EQ(sqlite::state_of(page, 8), PageState::damaged);
  for (std::size_t byte = 0; byte < page.size(); ++byte) {
    page[byte] ^= 0x10;
    ASSERT_EQ(sqlite::state_of(page, 7), PageState::damaged) << "byte " << byte;
    page[byte] ^= 0x10;
  }
}

class Pages : public testing::Test {
 protected:
  std::unique_ptr<EventLog> open(sqlite::Mode mode = sqlite::Mode::read_write) {
    sqlite::Options options;
    options.mode = mode;
    return sqlite::open(file, options);
  }

  void fill(int commits) {
    const auto log = open();
    for (int i = 0; i < commits; ++i) {
      const Envelope event = event_of("thing/" + std::to_string(i), "thing.happened",
                                      std::string(1000, static_cast<char>('a' + i % 26)));
      ASSERT_TRUE(std::holds_alternative<Appended>(log->append(commit_of(event))));
    }
  }

  std::string content() const {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void replace(const std::string& bytes) const { std::ofstream(file, std::ios::binary) << bytes; }
  void erase_checksum(std::string& bytes, std::size_t page) const {
    bytes.replace(page * sqlite::page_bytes - sqlite::sealed_page_reserve,
                  sqlite::sealed_page_reserve, sqlite::sealed_page_reserve, '\0');
  }

  TemporaryFolder folder{place_in_memory()};
  std::filesystem::path file = folder / "store.db";
};

TEST_F(Pages, of_a_closed_store_all_carry_their_checksums) {
  fill(100);
  const std::string bytes = content();
  ASSERT_GT(bytes.size(), 20 * sqlite::page_bytes);
  ASSERT_EQ(bytes.size() % sqlite::page_bytes, 0u);
  for (std::uint32_t page = 1; page <= bytes.size() / sqlite::page_bytes; ++page) {
    const auto* first =
        reinterpret_cast<const unsigned char*>(bytes.data()) + (page - 1) * sqlite::page_bytes;
    EXPECT_EQ(sqlite::state_of(sqlite::ConstPageBytes(first, sqlite::page_bytes), page),
              PageState::sound)
        << "page " << page;
  }
}

TEST_F(Pages, that_are_damaged_are_named_and_hide_their_events_alone) {
  fill(100);
  std::string bytes = content();
  bytes[bytes.find(std::string(500, 'b'))] = 'c';  // in the second event
  const std::size_t page = bytes.find(std::string(400, 'b')) / sqlite::page_bytes + 1;
  replace(bytes);
  const auto log = open(sqlite::Mode::read_only);
  try {
    log->event_at(Position{2});
    ADD_FAILURE() << "a damaged page was served";
  } catch (const CorruptionError& error) {
    EXPECT_NE(std::string(error.what()).find("page " + std::to_string(page) + " of the file"),
              std::string::npos)
        << error.what();
  }
  EXPECT_EQ(log->event_at(Position{50})->stream, "thing/49");
  const Verification found = log->verify();
  EXPECT_EQ(found.damaged_pages, std::vector<std::uint32_t>{static_cast<std::uint32_t>(page)});
  ASSERT_FALSE(found.damaged.empty());
  EXPECT_LT(found.damaged.back(), Position{10}) << "a page holds a few events";
  std::string faults;
  for (const auto& fault : found.faults) faults += fault + '\n';
  EXPECT_NE(faults.find("cannot be read: page "), std::string::npos) << faults;
  EXPECT_EQ(faults.find("the chain"), std::string::npos) << faults;
  EXPECT_EQ(faults.find(" goes from "), std::string::npos) << faults;
}

TEST_F(Pages, of_the_newest_events_are_named_too) {
  fill(60);
  std::string bytes = content();
  const std::size_t at = bytes.find(std::string(500, static_cast<char>('a' + 59 % 26)));
  const std::size_t newest = bytes.rfind(std::string(500, bytes[at]));
  bytes[newest] = '?';
  replace(bytes);
  const auto log = open(sqlite::Mode::read_only);
  EXPECT_THROW(log->head(), CorruptionError);
  const Verification found = log->verify();
  EXPECT_EQ(found.damaged_pages, std::vector<std::uint32_t>{
                                     static_cast<std::uint32_t>(newest / sqlite::page_bytes) + 1});
  EXPECT_GT(found.head, Position{50});
  EXPECT_EQ(found.damaged, std::vector<Position>{found.head}) << "what follows nobody can count";
}

TEST_F(Pages, without_a_checksum_are_refused_until_they_are_sealed) {
  fill(100);
  std::string bytes = content();
  const std::string sound = bytes;
  for (std::size_t page = 1; page <= bytes.size() / sqlite::page_bytes; page += 3)
    erase_checksum(bytes, page);
  replace(bytes);
  try {
    open();
    ADD_FAILURE() << "zeros were taken for a checksum";
  } catch (const CorruptionError& error) {
    EXPECT_NE(std::string(error.what()).find("page 1 of the file has no checksum"),
              std::string::npos)
        << error.what();
  }
  EXPECT_GT(sqlite::seal_pages(file), 5u);
  EXPECT_EQ(sqlite::seal_pages(file), 0u);
  EXPECT_EQ(content(), sound);
  EXPECT_EQ(open()->verify().faults, std::vector<std::string>{});
}

TEST_F(Pages, of_a_copy_that_another_program_made_are_taken_when_asked) {
  fill(50);
  const auto log = open();
  ASSERT_TRUE(std::holds_alternative<Appended>(log->append(commit_of(event_of("thing/1")))));
  {
    SQLite::Database from(file.string(), SQLite::OPEN_READONLY);
    SQLite::Database to((folder / "copy.db").string(),
                        SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    SQLite::Backup(to, from).executeStep();
  }
  file = folder / "copy.db";
  EXPECT_THROW(open()->verify(), CorruptionError) << "pages that were in the log";
  EXPECT_GT(sqlite::seal(file), 0u);
  const Verification found = open()->verify();
  EXPECT_EQ(found.faults, std::vector<std::string>{});
  EXPECT_EQ(found.head, Position{51});
}

TEST_F(Pages, are_sealed_for_nobody_while_somebody_writes) {
  const auto log = open();
  EXPECT_THROW(sqlite::seal(file), StoreBusy);
  EXPECT_THROW(sqlite::seal(folder / "nowhere.db"), CannotOpen);
}

TEST_F(Pages, that_hold_the_locks_of_sqlite_are_no_damage) {
  fill(1);
  constexpr std::uint32_t page_of_locks = (std::uint32_t{1} << 30) / sqlite::page_bytes + 1;
  std::filesystem::resize_file(file, (page_of_locks + 1) * sqlite::page_bytes);
  SQLite::Database database(file.string(), SQLite::OPEN_READONLY, 0, sqlite::page_vfs());
  const sqlite::PageScan scan(file, database.getHandle());
  EXPECT_EQ(scan.damaged(page_of_locks, 1).size(), 0u);
  EXPECT_EQ(scan.damaged(page_of_locks - 1, 9).size(), 2u) << "those beside it";
}

TEST_F(Pages, of_a_store_made_with_format_1_are_left_as_they_are) {
  std::filesystem::copy_file(std::filesystem::path(ANNAL_FIXTURES) / "format-1.db", file);
  const auto before = content().substr(0, 100);
  {
    const auto log = open();
    ASSERT_TRUE(std::holds_alternative<Appended>(log->append(commit_of(event_of("thing/1")))));
    EXPECT_EQ(log->verify().faults, std::vector<std::string>{});
  }
  EXPECT_EQ(content()[20], before[20]);
  EXPECT_EQ(open()->verify().faults, std::vector<std::string>{});
  EXPECT_EQ(sqlite::seal_pages(file), 0u);
}

TEST_F(Pages, a_page_that_the_log_writes_over_is_no_damage) {
  fill(20);
  const auto log = open();  // its log holds what follows
  ASSERT_TRUE(std::holds_alternative<Appended>(log->append(commit_of(event_of("thing/1")))));
  std::string bytes = content();
  const std::string before = bytes;
  SQLite::Database database(file.string(), SQLite::OPEN_READONLY, 0, sqlite::page_vfs());
  const sqlite::PageScan scan(file, database.getHandle());
  const auto last = scan.pages();
  ASSERT_EQ(scan.damaged(1, last).size(), 0u);
  int hidden = 0;
  for (std::uint32_t page = 1; page <= last; ++page) {
    bytes = before;
    bytes[page * sqlite::page_bytes - 100] ^= 1;
    {
      std::fstream out(file, std::ios::binary | std::ios::in | std::ios::out);
      out << bytes;
    }
    hidden += scan.damaged(1, last).empty() ? 1 : 0;
  }
  std::fstream(file, std::ios::binary | std::ios::in | std::ios::out) << before;
  EXPECT_GT(hidden, 0) << "those in the log";
  EXPECT_LT(hidden, static_cast<int>(last)) << "all others are damage";
}

}  // namespace
}  // namespace annal::test
