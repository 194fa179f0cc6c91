#include "annal/sqlite/use_lock.hpp"

#include "annal/error.hpp"
#include "annal/owned_here.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <optional>
#include <utility>

namespace annal::sqlite {

namespace {

namespace fs = std::filesystem;

// Of SQLite's locking protocol.
constexpr off_t shared_first = 0x40000002, shared_bytes = 510;

bool set_lock(int descriptor, short type) noexcept {
  struct flock range {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  range.l_start = shared_first;
  range.l_len = shared_bytes;
  return ::fcntl(descriptor, F_OFD_SETLK, &range) == 0;
}

using Identity = std::pair<dev_t, ino_t>;

std::optional<Identity> identity_of(const fs::path& file) {
  struct stat found {};
  if (::stat(file.c_str(), &found) != 0) return std::nullopt;
  return Identity{found.st_dev, found.st_ino};
}

[[noreturn]] void refuse_use(const fs::path& store, int error) {
  throw CannotOpen(store.string() + ": cannot mark the store as used: " + std::strerror(error));
}

}  // namespace

struct UseLock::Held {
  explicit Held(int of) : descriptor(of) {}
  // Unlocked first: a child of this process may have the descriptor still.
  ~Held() {
    set_lock(descriptor, F_UNLCK);
    ::close(descriptor);
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  const int descriptor;
  const Birthplace birthplace;
};

// What this process has open and, in one that was forked off, what its parent had then.
struct UseLock::Register {
  std::mutex mutex;
  std::map<Identity, std::weak_ptr<Held>> held;
};

// Locked while the process forks, so that the child finds it whole. Never destroyed: a store may be
// closed when the program ends.
UseLock::Register& UseLock::all() {
  static Register& made = *new Register;
  static const int kept = ::pthread_atfork([] { all().mutex.lock(); }, [] { all().mutex.unlock(); },
                                           [] { all().mutex.unlock(); });
  if (kept != 0) throw std::bad_alloc();
  return made;
}

void UseLock::require_not_inherited(const fs::path& store) {
  const auto identity = identity_of(store);
  if (!identity) return;
  std::lock_guard guard(all().mutex);
  const auto found = all().held.find(*identity);
  const auto held = found == all().held.end() ? nullptr : found->second.lock();
  if (held && !held->birthplace.is_here())
    throw CannotOpen(store.string() +
                     " was open in the process that this one was forked from, whose locks would be "
                     "taken for its own: run a program of its own to use it");
}

UseLock::UseLock(const fs::path& store) {
  const auto identity = identity_of(store);
  if (!identity) refuse_use(store, errno);
  std::lock_guard guard(all().mutex);
  std::erase_if(all().held, [](const auto& entry) { return entry.second.expired(); });
  auto& known = all().held[*identity];
  held_ = known.lock();
  if (held_) return;
  const int descriptor = ::open(store.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) refuse_use(store, errno);
  held_ = std::make_shared<Held>(descriptor);
  if (!set_lock(descriptor, F_RDLCK)) refuse_use(store, errno);
  known = held_;
}

// Not while another log is being opened, which would find the lock just let go.
void UseLock::release() noexcept {
  std::lock_guard guard(all().mutex);
  held_.reset();
}

}  // namespace annal::sqlite
