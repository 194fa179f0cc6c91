// Tells SQLite in other processes that a store is in use here.
#pragma once

#include <filesystem>
#include <memory>

namespace annal::sqlite {

// SQLite says so itself, with a POSIX lock on the database; but such locks are gone as soon as anybody
// in the process closes a descriptor of the file, and the next program to close the store then takes
// itself for the last, and the write-ahead log away. This lock is of the open file description, on
// the bytes that SQLite looks at, and all logs of a process that have one store open share it: its
// descriptor is closed when the last of them lets go, for closing it drops SQLite's locks, too.
//   threads   any number
// Source: docs/decisions/0013-the-store-defends-its-files.md
class UseLock {
 public:
  // Refuses a store that was open when this process was forked off: SQLite would take the parent's
  // locks for its own. Before SQLite opens it.
  //   throws    CannotOpen
  static void require_not_inherited(const std::filesystem::path& store);

  // When SQLite has opened the store.
  //   throws    CannotOpen
  explicit UseLock(const std::filesystem::path& store);
  // Lets go, if it is the last; before SQLite closes, which else would leave the log behind.
  void release() noexcept;

 private:
  struct Held;
  struct Register;
  static Register& all();
  std::shared_ptr<Held> held_;
};

}  // namespace annal::sqlite
