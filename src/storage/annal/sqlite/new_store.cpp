#include "annal/sqlite/new_store.hpp"

#include "annal/error.hpp"
#include "annal/sqlite/database.hpp"
#include "annal/sqlite/file_system.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace annal::sqlite {

namespace {

namespace fs = std::filesystem;

fs::path beside(const fs::path& store, const char* suffix) { return store.string() + suffix; }

// False if it holds nothing, or is not there.
bool holds_something(const fs::path& file) {
  std::error_code absent;
  const auto size = fs::file_size(file, absent);
  return !absent && size > 0;
}

void remove_with_what_lies_beside(const fs::path& store) {
  std::error_code ignored;
  for (const char* suffix : {"", "-wal", "-shm", "-journal", ".synced", ".lock", ".creating"})
    fs::remove(beside(store, suffix), ignored);
}

// A write-ahead log at the place would be taken for that of the store that is put there.
void require_nothing_open(const fs::path& place) {
  for (const char* suffix : {"-wal", "-journal", ".synced"})
    if (holds_something(beside(place, suffix)))
      throw CannotOpen(beside(place, suffix).string() +
                       " belongs to a store that is open, or was not closed in order: close it, or "
                       "name another place");
}

// A link is followed to the store that is to be replaced, and otherwise in the way itself.
fs::path on_local_disk(const fs::path& place, NewStore::Existing existing) {
  const fs::path whole = fs::absolute(place);
  const fs::path named = existing == NewStore::Existing::replaced
                             ? resolved(whole)
                             : resolved(whole.parent_path()) / whole.filename();
  require_local(named, {});
  return named;
}

// What an earlier attempt left where the store is made, and nothing else.
void clear_away(const fs::path& part, const fs::path& source) {
  std::error_code absent;
  if (fs::equivalent(part, source, absent))
    throw CannotOpen(source.string() +
                     " is where the new store would be made before it is moved to its place: "
                     "rename it, or name another place");
  StoreLock nobody_writes(part);
  remove_with_what_lies_beside(part);
  nobody_writes.remove();
}

void require_place(const fs::path& place, NewStore::Existing existing) {
  std::error_code ignored;
  const bool there = fs::exists(fs::symlink_status(place, ignored));
  if (there && existing == NewStore::Existing::refused)
    throw CannotOpen(place.string() + " exists already: name another place");
  if (there) require_store(place);
  require_nothing_open(place);
}

void sync_file(const fs::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  const bool done = descriptor >= 0 && ::fsync(descriptor) == 0;
  const int error = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (!done) throw StorageError(file.string() + ": cannot be synced: " + std::strerror(error));
}

// True if it was moved; false with errno set. Never over a file unless that is asked for.
bool move(const fs::path& from, const fs::path& to, NewStore::Existing existing) {
  if (existing == NewStore::Existing::replaced) return ::rename(from.c_str(), to.c_str()) == 0;
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno != EINVAL && errno != ENOSYS) return false;
  // The file system cannot refuse by itself; the lock keeps other stores from coming into being.
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(to, ignored))) return errno = EEXIST, false;
  return ::rename(from.c_str(), to.c_str()) == 0;
}

}  // namespace

NewStore::NewStore(const fs::path& place, const fs::path& source, Existing existing)
    : place_(on_local_disk(place, existing)),
      part_(beside(place_, ".part")),
      existing_(existing),
      lock_(place_) {
  try {
    require_place(place_, existing_);
    clear_away(part_, source);
  } catch (...) {
    lock_.remove();
    throw;
  }
}

NewStore::~NewStore() {
  remove_with_what_lies_beside(part_);
  lock_.remove();
}

void NewStore::put_in_place() {
  require_nothing_open(part_);
  sync_file(part_);
  require_place(place_, existing_);
  // Empty, and of the store that is replaced: whoever still reads that one keeps them.
  std::error_code ignored;
  for (const char* suffix : {"-wal", "-shm"}) fs::remove(beside(place_, suffix), ignored);
  if (!move(part_, place_, existing_)) {
    const int error = errno;
    throw CannotOpen(place_.string() +
                     ": the new store cannot be moved there: " + std::strerror(error));
  }
  sync_folder(place_);
}

}  // namespace annal::sqlite
