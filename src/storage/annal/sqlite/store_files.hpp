// Notices that a file of an open store is not where it was: what is written to it from then on is
// written to something that nobody will find again.
#pragma once

#include <sys/types.h>

#include <array>
#include <filesystem>
#include <string>

namespace annal::sqlite {

// The database, its write-ahead log, the index of that, and the lock beside them.
//   threads   one at a time
// Source: docs/decisions/0013-the-store-defends-its-files.md
class StoreFiles {
 public:
  // While SQLite has the store open.
  explicit StoreFiles(const std::filesystem::path& store);
  ~StoreFiles();
  StoreFiles(const StoreFiles&) = delete;
  StoreFiles& operator=(const StoreFiles&) = delete;

  // False once a file has been deleted, moved or replaced.
  //   cost      one read that finds nothing, 0.4 µs; where the kernel cannot tell news, a look at
  //             every file, 4 µs
  bool all_there() noexcept;
  // Which file it is, and what has become of it.
  std::string what_happened() const;
  // The lock alone is gone, so that others can write to files that are all there.
  bool only_lock_is_gone() const noexcept;
  // Nobody who looks for the write-ahead log finds one that is not ours.
  bool log_is_ours_or_gone() const noexcept;

 private:
  enum Which { database, log, log_index, lock, count };
  enum class State { there, gone, replaced };
  struct File {
    std::filesystem::path path;
    dev_t device = 0;
    ino_t number = 0;
  };
  State state_of(Which which) const noexcept;
  bool look() const noexcept;
  void watch(const std::filesystem::path& folder) noexcept;

  std::array<File, count> files_;
  int news_ = -1;  // of the kernel, where it tells any
};

}  // namespace annal::sqlite
