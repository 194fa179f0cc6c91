// A backup during which the n-th operation on the disk fails, for every n: it is whole or not there,
// and the store is as it was.
#include "annal/error.hpp"
#include "annal/sqlite/backup.hpp"
#include "fakes.hpp"
#include "faults/faulty_disk.hpp"
#include "faults/workload.hpp"
#include "thoroughness.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

namespace annal::test {
namespace {

constexpr std::uint64_t backed_up_commits = 8;

struct CopyFault {
  const char* name;
  DiskOperation operation;
  int code;
};

void PrintTo(const CopyFault& fault, std::ostream* out) { *out << fault.name; }

class FailingBackup : public testing::TestWithParam<CopyFault> {};

TEST_P(FailingBackup, is_whole_or_not_there) {
  const TemporaryFolder folder{place_in_memory()};
  FaultyDisk disk;
  const auto store = folder / "store.db", copy = folder / "copy.db";
  const auto log = open_workload(store);
  for (std::uint64_t number = 1; number <= backed_up_commits; ++number)
    ASSERT_TRUE(std::holds_alternative<Appended>(log->append(workload_commit(0, number))));

  int injected = 0, told = 0;
  for (std::uint64_t nth = 1;; nth += fault_stride) {
    std::uint64_t seen = 0;
    disk.on_call([&](const DiskCall& call) {
      const bool fails = call.operation == GetParam().operation && ++seen == nth;
      return fails ? GetParam().code : SQLITE_OK;
    });
    bool surfaced = false;
    try {
      sqlite::back_up(store, copy);
    } catch (const Error&) {
      surfaced = true;
    }
    disk.on_call({});
    ASSERT_EQ(std::filesystem::exists(copy), !surfaced) << "operation " << nth;
    const Acknowledged all{{0, backed_up_commits}};
    if (!surfaced) {
      ASSERT_EQ(broken_promises(*open_workload(copy), all, all), "");
    }
    for (const char* suffix : {"", "-wal", "-shm", ".lock"})
      std::filesystem::remove(copy.string() + suffix);
    if (seen < nth) break;
    ++injected;
    told += surfaced ? 1 : 0;
  }
  EXPECT_EQ(broken_promises(*log, {{0, backed_up_commits}}, {{0, backed_up_commits}}), "");
  EXPECT_GT(injected, 0);
  std::cout << injected << " faults, " << told << " told\n";
}

INSTANTIATE_TEST_SUITE_P(
    Disk, FailingBackup,
    testing::Values(CopyFault{"a_write", DiskOperation::write, SQLITE_IOERR_WRITE},
                    CopyFault{"a_full_disk", DiskOperation::write, SQLITE_FULL},
                    CopyFault{"a_sync", DiskOperation::sync, SQLITE_IOERR_FSYNC},
                    CopyFault{"a_read", DiskOperation::read, SQLITE_IOERR_READ}),
    [](const auto& fault) { return fault.param.name; });

}  // namespace
}  // namespace annal::test
