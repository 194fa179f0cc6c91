// The lock that keeps a second process from writing to a store.
#pragma once

#include <filesystem>

namespace annal::sqlite {

// Holds an open-file-description lock on `<store>.lock`, which names the holder's process id. The
// kernel lets go of it when the process ends, however it ends.
class StoreLock {
 public:
  //   throws    StoreBusy naming the holder, PermissionDenied, CannotOpen
  explicit StoreLock(const std::filesystem::path& store);
  ~StoreLock();
  StoreLock(const StoreLock&) = delete;
  StoreLock& operator=(const StoreLock&) = delete;

  // Takes the file away, for a place where no store will be written. The lock is held on, and
  // whoever waits for it finds out that the file is gone and makes another.
  void remove() noexcept;

 private:
  const std::filesystem::path file_;
  int descriptor_ = -1;
};

}  // namespace annal::sqlite
