// Bits flip and files are cut while nobody looks: what was acknowledged is there, or missed aloud.
#include "annal/error.hpp"
#include "annal/sqlite/sqlite_log.hpp"
#include "fakes.hpp"
#include "faults/workload.hpp"
#include "faults/workload_process.hpp"
#include "seed.hpp"
#include "tampered.hpp"
#include "thoroughness.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <random>

namespace annal::test {
namespace {

constexpr int rotting_callers = 2;
constexpr std::size_t frame = 24 + 4096;

// So many frames of the log are said to have been synced.
std::uint64_t frames_said_in(const std::string& note) {
  std::uint64_t frames = 0;
  if (note.size() >= 24) std::memcpy(&frames, note.data() + 16, sizeof frames);
  return frames;
}

// A store as a killed process leaves it: the database, its write-ahead log, and what was synced.
struct Remains {
  Remains() {
    const TemporaryFolder folder{place_in_memory()};
    const auto store = folder / "store.db";
    WorkloadProcess process(store.string(), rotting_callers);
    process.kill_after(600, std::chrono::microseconds(0));
    for (int caller = 0; caller < rotting_callers; ++caller) acknowledged[caller] = 0;
    process.acknowledgements(acknowledged);
    for (const char* suffix : {"", "-wal", ".synced"})
      files[suffix] = content_of(store.string() + suffix);
    synced_bytes = 32 + frames_said_in(files[".synced"]) * frame;
  }
  Acknowledged acknowledged;
  std::map<std::string, std::string> files;
  std::size_t synced_bytes = 0;  // of the write-ahead log
};

enum class Found { intact, missed_aloud, wrong };

class Rot : public testing::Test {
 protected:
  Found open(const std::map<std::string, std::string>& files) const {
    const TemporaryFolder folder{place_in_memory()};
    for (const auto& [suffix, content] : files)
      std::ofstream((folder / "store.db").string() + suffix, std::ios::binary) << content;
    Acknowledged begun = remains.acknowledged;
    for (auto& [caller, newest] : begun) ++newest;
    try {
      const auto log = open_workload(folder / "store.db");
      const std::string broken = broken_promises(*log, remains.acknowledged, begun);
      if (!broken.empty()) std::cout << broken;
      return broken.empty() ? Found::intact : Found::wrong;
    } catch (const Error&) {
      return Found::missed_aloud;
    }
  }

  Found with_flip(const std::string& suffix, std::size_t byte, int bit) const {
    auto files = remains.files;
    files[suffix][byte] = static_cast<char>(files[suffix][byte] ^ (1 << bit));
    return open(files);
  }

  const Remains remains;
  std::mt19937_64 random{seed()};
};

TEST_F(Rot, nothing_is_missed_where_nothing_is_damaged) {
  EXPECT_EQ(open(remains.files), Found::intact);
}

TEST_F(Rot, a_flipped_bit_in_the_write_ahead_log_is_never_taken_for_its_end) {
  const std::size_t size = remains.synced_bytes;
  ASSERT_GT(size, 10 * frame);
  int flips = 0;
  for (std::size_t byte = 0; byte < 32; ++byte, ++flips)
    ASSERT_EQ(with_flip("-wal", byte, static_cast<int>(random() % 8)), Found::missed_aloud)
        << "header, byte " << byte;
  for (std::size_t i = 0; i < 400; i += fault_stride, ++flips) {
    const std::size_t byte = 32 + random() % (size - 32);
    ASSERT_EQ(with_flip("-wal", byte, static_cast<int>(random() % 8)), Found::missed_aloud)
        << "byte " << byte << " of " << size;
  }
  std::cout << flips << " flips, 0 served\n";
}

// What an opening that was killed before it wrote anything leaves is guarded as what it found was.
TEST_F(Rot, a_flipped_bit_is_not_taken_for_the_end_by_the_opening_after_the_next) {
  auto found = remains.files;
  do {  // until it is not the idle checkpoint that came first
    const TemporaryFolder folder{place_in_memory()};
    const auto store = folder / "store.db";
    for (const auto& [suffix, content] : remains.files)
      std::ofstream(store.string() + suffix, std::ios::binary) << content;
    const auto log = open_workload(store);
    for (auto& [suffix, content] : found) content = content_of(store.string() + suffix);
  } while (frames_said_in(found.at(".synced")) == 0);
  for (int i = 0; i < 20; ++i) {
    auto files = found;
    const std::size_t byte = 32 + random() % (remains.synced_bytes - 32);
    files["-wal"][byte] = static_cast<char>(files["-wal"][byte] ^ (1 << random() % 8));
    ASSERT_EQ(open(files), Found::missed_aloud) << "byte " << byte;
  }
}

TEST_F(Rot, a_write_ahead_log_that_is_cut_or_gone_is_missed) {
  auto files = remains.files;
  for (std::size_t cut = 0; cut < remains.synced_bytes; cut += fault_stride * frame) {
    files["-wal"] = remains.files.at("-wal").substr(0, cut);
    ASSERT_EQ(open(files), Found::missed_aloud) << "cut at " << cut;
  }
  files.erase("-wal");
  EXPECT_EQ(open(files), Found::missed_aloud);
}

// No event tells of what such commits changed.
TEST_F(Rot, a_write_ahead_log_that_is_gone_is_missed_though_it_held_no_event) {
  const auto without_log = [this](auto&& commit) {
    const TemporaryFolder folder{place_in_memory()};
    const auto store = folder / "store.db";
    const auto copied = folder / "copied.db";
    auto log = open_workload(store);
    do {
      commit(*log);
      for (const char* suffix : {"", ".synced"})
        std::ofstream(copied.string() + suffix, std::ios::binary)
            << content_of(store.string() + suffix);
      // Until it is not the log's own idle checkpoint that came first.
    } while (frames_said_in(content_of(copied.string() + ".synced")) == 0);
    log.reset();
    EXPECT_THROW(open_workload(copied), CorruptionError);
    std::filesystem::remove(copied.string() + ".synced");
    EXPECT_NO_THROW(open_workload(copied)) << "nothing else is wrong with it";
  };
  without_log([](EventLog& log) {
    Commit records;
    records.records.emplace_back();
    records.records.back().space = "counts";
    records.records.back().key = "some";
    records.records.back().value = "1";
    ASSERT_TRUE(std::holds_alternative<Appended>(log.append(std::move(records))));
  });
  std::uint32_t version = 0;  // a description that is there already is no commit
  without_log([&version](EventLog& log) {
    log.declare_types({{"thing.happened", ++version, {}}});
  });
}

TEST_F(Rot, what_says_how_much_was_synced_may_rot_itself) {
  for (std::size_t byte = 0; byte < remains.files.at(".synced").size(); ++byte)
    ASSERT_EQ(with_flip(".synced", byte, static_cast<int>(random() % 8)), Found::intact);
  auto files = remains.files;
  files.erase(".synced");
  EXPECT_EQ(open(files), Found::intact);
}

TEST_F(Rot, a_log_that_another_program_took_into_the_database_is_not_missed) {
  const TemporaryFolder folder{place_in_memory()};
  const auto store = folder / "store.db";
  for (const auto& [suffix, content] : remains.files)
    std::ofstream(store.string() + suffix, std::ios::binary) << content;
  { open_workload(store); }  // takes it into the database
  std::ofstream(store.string() + ".synced", std::ios::binary) << remains.files.at(".synced");
  const auto log = open_workload(store);
  EXPECT_GE(newest_commits(*log, rotting_callers).at(0), remains.acknowledged.at(0));
}

// It knows of no checksums, so the pages it writes have none until annal opens the store.
TEST_F(Rot, a_log_that_the_sqlite_shell_took_into_the_database_is_taken_as_it_is) {
  const TemporaryFolder folder{place_in_memory()};
  const auto store = folder / "store.db";
  for (const auto& [suffix, content] : remains.files)
    std::ofstream(store.string() + suffix, std::ios::binary) << content;
  EXPECT_NE(run_sql(store, "SELECT count(*) FROM events", nullptr), "0");
  ASSERT_FALSE(std::filesystem::exists(store.string() + "-wal")) << "its closing takes the log";
  EXPECT_EQ(open({{"", content_of(store)}, {".synced", remains.files.at(".synced")}}),
            Found::intact);
}

// The newest frames may be a commit that nobody was told of.
TEST_F(Rot, what_power_loss_leaves_behind_the_synced_part_is_no_damage) {
  auto files = remains.files;
  files["-wal"].resize(remains.synced_bytes);
  files["-wal"] += std::string(3 * frame, 'x');
  EXPECT_EQ(open(files), Found::intact);
}

}  // namespace
}  // namespace annal::test
