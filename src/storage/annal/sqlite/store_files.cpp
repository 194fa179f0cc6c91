#include "annal/sqlite/store_files.hpp"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace annal::sqlite {

namespace {

namespace fs = std::filesystem;

// Whether there is a next one is all that matters of an event.
bool drain(int news) noexcept {
  alignas(inotify_event) char events[4096];
  bool any = false;
  for (;;) {
    const ssize_t size = ::read(news, events, sizeof events);
    if (size > 0)
      any = true;
    else if (size == 0 || errno != EINTR)
      return any || size == 0 || errno != EAGAIN;
  }
}

}  // namespace

StoreFiles::StoreFiles(const fs::path& store) {
  constexpr const char* suffixes[count] = {"", "-wal", "-shm", ".lock"};
  for (std::size_t i = 0; i < count; ++i) files_[i].path = store.string() + suffixes[i];
  watch(store.parent_path());
  for (File& file : files_) {
    struct stat found {};
    if (::stat(file.path.c_str(), &found) != 0) continue;
    file.device = found.st_dev;
    file.number = found.st_ino;
  }
}

StoreFiles::~StoreFiles() {
  if (news_ >= 0) ::close(news_);
}

// A folder further up can be moved without news; the files stay together then.
void StoreFiles::watch(const fs::path& folder) noexcept {
  news_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (news_ < 0) return;
  constexpr std::uint32_t departures = IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF;
  bool watched = ::inotify_add_watch(news_, folder.c_str(), departures) >= 0;
  for (const File& file : files_)
    watched = watched && ::inotify_add_watch(news_, file.path.c_str(), departures) >= 0;
  if (watched) return;
  ::close(news_);
  news_ = -1;
}

bool StoreFiles::all_there() noexcept { return (news_ >= 0 && !drain(news_)) || look(); }

bool StoreFiles::look() const noexcept {
  for (const Which which : {database, log, log_index, lock})
    if (state_of(which) != State::there) return false;
  return true;
}

StoreFiles::State StoreFiles::state_of(Which which) const noexcept {
  const File& file = files_[which];
  struct stat found {};
  if (::stat(file.path.c_str(), &found) != 0) return State::gone;
  const bool same = found.st_dev == file.device && found.st_ino == file.number;
  return same ? State::there : State::replaced;
}

std::string StoreFiles::what_happened() const {
  for (const Which which : {database, log, log_index, lock}) {
    const State state = state_of(which);
    if (state == State::there) continue;
    return files_[which].path.string() +
           (state == State::gone ? " was deleted or moved" : " was replaced by another file") +
           " while the store was open";
  }
  return "a file of the store was not where it belongs for a moment";
}

bool StoreFiles::only_lock_is_gone() const noexcept {
  return state_of(database) == State::there && state_of(log) == State::there &&
         state_of(log_index) == State::there;
}

bool StoreFiles::log_is_ours_or_gone() const noexcept {
  return state_of(log) != State::replaced && state_of(log_index) != State::replaced;
}

}  // namespace annal::sqlite
