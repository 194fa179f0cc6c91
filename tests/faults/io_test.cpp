// The n-th operation on the disk fails, once or for good, for every n: an answer is never wrong.
#include "annal/error.hpp"
#include "fakes.hpp"
#include "faults/faulty_disk.hpp"
#include "faults/workload.hpp"
#include "thoroughness.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

namespace annal::test {
namespace {

constexpr std::uint64_t io_commits = 6;

struct Campaign {
  const char* name;
  DiskOperation operation;
  int code;
  bool for_good;
};

void PrintTo(const Campaign& campaign, std::ostream* out) { *out << campaign.name; }

// Fails the n-th operation of a kind, or that and all after it.
class NthFault {
 public:
  NthFault(FaultyDisk& disk, const Campaign& campaign, std::uint64_t nth) : disk_(disk) {
    disk.on_call([this, campaign, nth](const DiskCall& call) {
      if (call.operation != campaign.operation || healed_) return SQLITE_OK;
      const bool fails = campaign.for_good ? ++seen_ >= nth : ++seen_ == nth;
      fired_ += fails ? 1 : 0;
      return fails ? campaign.code : SQLITE_OK;
    });
  }
  ~NthFault() { disk_.on_call({}); }
  NthFault(const NthFault&) = delete;
  NthFault& operator=(const NthFault&) = delete;

  // From here on the disk works.
  void heal() { healed_ = true; }
  int fired() const { return fired_; }

 private:
  FaultyDisk& disk_;
  std::uint64_t seen_ = 0;
  std::atomic<bool> healed_{false};
  std::atomic<int> fired_{0};
};

class FailingIo : public testing::TestWithParam<Campaign> {
 protected:
  // Opens the store, with a working disk if it cannot be done with the other.
  std::unique_ptr<EventLog> open(NthFault& fault) {
    try {
      return open_workload(store);
    } catch (const Error&) {
      surfaced = true;
      fault.heal();
      return open_workload(store);
    }
  }

  // What cannot be read keeps a commit from being made.
  static AppendOutcome append(EventLog& log, std::uint64_t number) {
    try {
      return log.append(purging_commit(log, 0, number));
    } catch (const Error& error) {
      return Rejected{Closed{error.what()}};
    }
  }

  // Makes every commit, one after the other; what was not acknowledged is asked for again under its
  // key, with the store opened anew and the disk healed where it has stopped.
  void run(NthFault& fault) {
    auto log = open(fault);
    for (std::uint64_t number = 1; number <= io_commits;) {
      const auto outcome = append(*log, number);
      if (std::holds_alternative<Appended>(outcome)) {
        ++number;
        continue;
      }
      surfaced = true;
      log.reset();
      fault.heal();
      log = open(fault);
      if (std::holds_alternative<Rejected>(outcome)) {
        ASSERT_EQ(newest_commits(*log, 1).at(0), number - 1) << "a refused commit is there";
      }
    }
  }

  FaultyDisk disk;
  TemporaryFolder folder{place_in_memory()};
  std::filesystem::path store;
  bool surfaced = false;
};

TEST_P(FailingIo, is_told_or_harmless) {
  int injected = 0, told = 0;
  for (std::uint64_t nth = 1;; nth += fault_stride) {
    store = folder / (std::to_string(nth) + ".db");
    surfaced = false;
    int fired = 0;
    {
      NthFault fault(disk, GetParam(), nth);
      run(fault);
      if (HasFatalFailure()) return;
      fired = fault.fired();
    }
    const auto log = open_workload(store);
    ASSERT_EQ(broken_promises(*log, {{0, io_commits}}, {{0, io_commits}}), "")
        << "operation " << nth << " failed";
    if (fired == 0) break;  // there are not so many
    ++injected;
    told += surfaced ? 1 : 0;
  }
  EXPECT_GT(injected, 0);
  std::cout << injected << " faults, " << told << " told, " << injected - told << " harmless\n";
}

INSTANTIATE_TEST_SUITE_P(
    Disk, FailingIo,
    testing::Values(Campaign{"a_write_once", DiskOperation::write, SQLITE_IOERR_WRITE, false},
                    Campaign{"writes_for_good", DiskOperation::write, SQLITE_IOERR_WRITE, true},
                    Campaign{"a_full_disk_once", DiskOperation::write, SQLITE_FULL, false},
                    Campaign{"a_full_disk_for_good", DiskOperation::write, SQLITE_FULL, true},
                    Campaign{"a_sync_once", DiskOperation::sync, SQLITE_IOERR_FSYNC, false},
                    Campaign{"syncs_for_good", DiskOperation::sync, SQLITE_IOERR_FSYNC, true},
                    Campaign{"a_read_once", DiskOperation::read, SQLITE_IOERR_READ, false},
                    Campaign{"reads_for_good", DiskOperation::read, SQLITE_IOERR_READ, true},
                    Campaign{"a_truncation_once", DiskOperation::truncate, SQLITE_IOERR_TRUNCATE,
                             false}),
    [](const auto& campaign) { return campaign.param.name; });

}  // namespace
}  // namespace annal::test
