// A disk that fails on demand: SQLite's default file system, wrapped.
#pragma once

#include <memory>
#include <string>

namespace annal::test {

enum class DiskOperation { read, write, sync, truncate };

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
  // How many operations have failed.
  int failed() const;
};

}  // namespace annal::test
