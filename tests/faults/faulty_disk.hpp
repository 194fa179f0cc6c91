// A disk that fails on demand: SQLite's default file system, wrapped.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace annal::test {

enum class DiskOperation { read, write, sync, truncate, remove };

// An operation that is about to happen.
struct DiskCall {
  DiskOperation operation;
  std::string_view file;        // its whole name
  std::int64_t offset = 0;      // of reads and writes; the size of a truncation
  std::string_view bytes = {};  // of a write
};

// Databases opened while one of these lives are on it; it must outlive them, and be the only one.
//   threads   every member: any number of callers
class FaultyDisk {
 public:
  FaultyDisk();
  ~FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  // The next such operation on a file whose name ends so fails, or all of them until healed.
  //   code      what SQLite is answered: SQLITE_FULL, SQLITE_IOERR_FSYNC, …
  void fail_once(DiskOperation operation, std::string name_ends, int code);
  void fail_always(DiskOperation operation, std::string name_ends, int code);
  void heal();
  // Called for every operation, one at a time; what it returns other than SQLITE_OK is the
  // operation's result, and the operation does not happen.
  void on_call(std::function<int(const DiskCall&)> hook);
  // How many operations have failed.
  int failed() const;
  // How often files whose names end so have been synced.
  int synced(const std::string& name_ends) const;
};

}  // namespace annal::test
