#include "annal/sqlite/store_lock.hpp"

#include "annal/error.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

namespace annal::sqlite {

namespace {

std::string holder_of(int descriptor) {
  std::array<char, 32> text{};
  const auto size = ::pread(descriptor, text.data(), text.size() - 1, 0);
  std::string pid(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  while (!pid.empty() && pid.back() == '\n') pid.pop_back();
  return pid.empty() ? "another process" : "process " + pid;
}

[[noreturn]] void refuse(const std::filesystem::path& file, int error) {
  if (error == ENOENT)
    throw CannotOpen("the folder " + file.parent_path().string() +
                     " does not exist: make it, or name another place for the store");
  const std::string what =
      "cannot lock the store with " + file.string() + ": " + std::strerror(error);
  if (error == EACCES || error == EPERM || error == EROFS)
    throw PermissionDenied(what +
                           ": ask for permission to write there, or open it for reading only");
  throw CannotOpen(what);
}

// False once the file was removed, as by StoreLock::remove: another one may be there by now.
bool lies_at(int descriptor, const std::filesystem::path& file) {
  struct stat held {
  }, there{};
  return ::fstat(descriptor, &held) == 0 && ::stat(file.c_str(), &there) == 0 &&
         held.st_dev == there.st_dev && held.st_ino == there.st_ino;
}

int open_lock(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) refuse(file, errno);
  return descriptor;
}

// Closes the descriptor and throws if the lock is not to be had.
void lock(int descriptor, const std::filesystem::path& store, const std::filesystem::path& file) {
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (::fcntl(descriptor, F_OFD_SETLK, &whole) == 0) return;
  const int error = errno;
  const std::string holder = holder_of(descriptor);
  ::close(descriptor);
  if (error == EAGAIN || error == EACCES)
    throw StoreBusy(store.string() + " is being written by " + holder +
                    ": stop it, or use a command that only reads");
  refuse(file, error);
}

}  // namespace

StoreLock::StoreLock(const std::filesystem::path& store) : file_(store.string() + ".lock") {
  for (;;) {
    descriptor_ = open_lock(file_);
    lock(descriptor_, store, file_);
    if (lies_at(descriptor_, file_)) break;
    ::close(descriptor_);
  }
  // The number is for people; the lock alone decides,
  // so a failure to write it is no failure to lock.
  const std::string pid = std::to_string(::getpid()) + '\n';
  if (::ftruncate(descriptor_, 0) == 0) (void)!::pwrite(descriptor_, pid.data(), pid.size(), 0);
}

void StoreLock::remove() noexcept { ::unlink(file_.c_str()); }

// Unlocked first: a child of this process may have the descriptor still.
StoreLock::~StoreLock() {
  struct flock whole {};
  whole.l_type = F_UNLCK;
  whole.l_whence = SEEK_SET;
  ::fcntl(descriptor_, F_OFD_SETLK, &whole);
  ::close(descriptor_);
}

}  // namespace annal::sqlite
