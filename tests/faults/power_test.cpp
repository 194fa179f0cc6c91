// The power fails at any moment: whatever was not synced is gone, or there in part, in any order.
// Every operation on the disk is recorded once; then the disk is made up as it may have been after
// each of them, and the real store opened on it.
#include "annal/sqlite/sqlite_log.hpp"
#include "fakes.hpp"
#include "faults/faulty_disk.hpp"
#include "faults/workload.hpp"
#include "seed.hpp"
#include "thoroughness.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>
#include <mutex>
#include <random>

namespace annal::test {
namespace {

constexpr std::size_t sector = 512;  // what a disk writes whole or not at all

struct Recorded {
  DiskOperation operation;
  std::string file;
  std::int64_t offset;
  std::string bytes;
};

// What was done to the disk, and after how many operations which commits were acknowledged.
struct History {
  std::vector<Recorded> operations;
  struct Answer {
    std::size_t after;
    int caller;
    std::uint64_t number;
    Durability durability;
  };
  std::vector<Answer> answers;
  std::map<std::string, std::string> before;  // the files when it began
};

void write_into(std::string& file, std::int64_t offset, std::string_view bytes) {
  const auto end = static_cast<std::size_t>(offset) + bytes.size();
  if (file.size() < end) file.resize(end);
  std::copy(bytes.begin(), bytes.end(), file.begin() + static_cast<std::ptrdiff_t>(offset));
}

void apply(std::string& file, const Recorded& operation) {
  if (operation.operation == DiskOperation::truncate)
    file.resize(static_cast<std::size_t>(operation.offset));
  else
    write_into(file, operation.offset, operation.bytes);
}

// How much of what was not synced has reached the disk.
enum class Luck { none, all, some_in_any_order, torn };

// A file as it may be after the first `count` operations.
class CrashedFile {
 public:
  CrashedFile(std::string content, bool exists) : content_(std::move(content)), exists_(exists) {}

  void happened(const Recorded& operation) {
    if (operation.operation == DiskOperation::sync)
      settle();
    else
      unsynced_.push_back(&operation);
  }

  // Nothing if the file is not there.
  std::optional<std::string> as_found(Luck luck, std::mt19937_64& random) const {
    std::string found = content_;
    bool exists = exists_;
    for (const Recorded* operation : unsynced_) {
      const bool reached = luck == Luck::all || (luck != Luck::none && random() % 2 == 0);
      if (!reached) continue;
      exists = true;
      if (luck == Luck::torn && operation->operation == DiskOperation::write)
        tear(found, *operation, random);
      else
        apply(found, *operation);
    }
    return exists ? std::optional(found) : std::nullopt;
  }

 private:
  void settle() {
    for (const Recorded* operation : unsynced_) apply(content_, *operation);
    unsynced_.clear();
    exists_ = true;
  }

  static void tear(std::string& file, const Recorded& write, std::mt19937_64& random) {
    for (std::size_t at = 0; at < write.bytes.size(); at += sector)
      if (random() % 2 == 0)
        write_into(file, write.offset + static_cast<std::int64_t>(at),
                   std::string_view(write.bytes).substr(at, sector));
  }

  std::string content_;
  bool exists_;
  std::vector<const Recorded*> unsynced_;
};

// Gives the one at hand the time it takes. Where what is there will not do (too much of it was purged),
// only more commits bring one about.
bool has_dictionary(const EventLog& log) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
  while (log.statistics().dictionaries == 0 && std::chrono::steady_clock::now() < limit)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return log.statistics().dictionaries > 0;
}

// Runs the workload once on a disk that remembers.
History recorded(int callers, std::uint64_t commits) {
  History history;
  const TemporaryFolder folder{place_in_memory()};
  const auto store = folder / "store.db";
  { open_workload(store); }
  history.before["store.db"] = content_of(store);
  std::mutex mutex;
  FaultyDisk disk;
  disk.on_call([&](const DiskCall& call) {
    if (call.operation == DiskOperation::read || call.operation == DiskOperation::remove)
      return SQLITE_OK;
    std::lock_guard lock(mutex);
    history.operations.push_back({call.operation,
                                  std::filesystem::path(call.file).filename().string(), call.offset,
                                  std::string(call.bytes)});
    return SQLITE_OK;
  });
  auto log = open_workload(store, Dictionaries::made);
  // Half of them are made once there is a dictionary.
  std::uint64_t last = commits;
  for (std::uint64_t number = 1; number <= last; ++number) {
    const bool is_time = number >= commits / 2 && number + commits / 2 >= last;
    if (is_time && number < 10 * commits && !has_dictionary(*log)) last = number + commits / 2 + 1;
    for (int caller = 0; caller < callers; ++caller) {
      Commit commit = purging_commit(*log, caller, number);
      if (number % 3 == 0) commit.durability = Durability::process;
      const auto appended = std::get<Appended>(log->append(std::move(commit)));
      std::lock_guard lock(mutex);
      history.answers.push_back({history.operations.size(), caller, number, appended.durability});
    }
  }
  EXPECT_GT(log->statistics().dictionaries, 0u);
  disk.on_call({});
  return history;
}

struct Tally {
  int states = 0;
  std::uint64_t power_lost = 0, process_lost = 0;
};

class PowerFailure : public testing::Test {
 protected:
  // Opens the store as the crash may have left it, and holds it to its contract.
  void examine(std::map<std::string, CrashedFile>& files, std::size_t count, Luck luck) {
    const TemporaryFolder folder{place_in_memory()};
    for (const auto& [name, file] : files)
      if (const auto found = file.as_found(luck, random))
        std::ofstream(folder / name, std::ios::binary) << *found;
    Acknowledged must, may;
    for (int caller = 0; caller < callers; ++caller) must[caller] = may[caller] = 0;
    for (const auto& answer : history.answers) {
      if (answer.after <= count) {
        if (answer.durability == Durability::power) must[answer.caller] = answer.number;
        may[answer.caller] = answer.number;
      }
    }
    for (auto& [caller, newest] : may) ++newest;
    ++tally.states;
    const auto log = open_workload(folder / "store.db");
    ASSERT_EQ(broken_promises(*log, must, may), "")
        << "after " << count << " operations, luck " << static_cast<int>(luck);
    for (const auto& [caller, newest] : newest_commits(*log, callers))
      tally.process_lost += newest + 1 < may[caller] ? may[caller] - 1 - newest : 0;
  }

  static constexpr int callers = 3;
  History history = recorded(callers, 40);
  std::mt19937_64 random{seed()};
  Tally tally;
};

TEST_F(PowerFailure, after_any_operation_leaves_every_commit_that_was_answered_as_safe) {
  std::map<std::string, CrashedFile> files;
  files.emplace("store.db", CrashedFile(history.before["store.db"], true));
  files.emplace("store.db-wal", CrashedFile("", false));
  const std::size_t stride = 7 * fault_stride;
  for (std::size_t count = 0; count <= history.operations.size(); ++count) {
    if (count % stride == 0 || count == history.operations.size())
      for (const Luck luck : {Luck::none, Luck::all, Luck::some_in_any_order, Luck::torn}) {
        examine(files, count, luck);
        if (HasFatalFailure()) return;
      }
    if (count == history.operations.size()) break;
    const Recorded& operation = history.operations[count];
    if (const auto file = files.find(operation.file); file != files.end())
      file->second.happened(operation);
  }
  std::cout << history.operations.size() << " operations, " << tally.states << " states, "
            << tally.process_lost << " commits lost that were answered before a sync\n";
}

}  // namespace
}  // namespace annal::test
