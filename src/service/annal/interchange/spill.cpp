#include "annal/interchange/spill.hpp"

#include "annal/error.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace annal::interchange {
namespace {

constexpr std::size_t tail_bytes = 1024 * 1024;

std::string reason() { return std::strerror(errno); }

// A file without a name; where the file system has none, one whose name is taken away at once.
int open_unnamed(const std::filesystem::path& folder) {
  const int file = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0) return file;
  std::string name = (folder / "annal-import-XXXXXX").string();
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(name.c_str());
  return named;
}

}  // namespace

Spill::Spill(const std::filesystem::path& folder)
    : folder_(folder.empty() ? std::filesystem::temp_directory_path() : folder),
      file_(open_unnamed(folder_)) {
  if (file_ < 0)
    throw CannotOpen("no temporary file can be made in " + folder_.string() + ": " + reason());
}

Spill::~Spill() { ::close(file_); }

Spill::Place Spill::add(std::string_view bytes) {
  const Place place{written_ + tail_.size(), bytes.size()};
  tail_ += bytes;
  if (tail_.size() >= tail_bytes) flush();
  return place;
}

void Spill::flush() {
  std::string_view left = tail_;
  while (!left.empty()) {
    const auto wrote = ::pwrite(file_, left.data(), left.size(), static_cast<off_t>(written_));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0)
      throw StorageError("the temporary file in " + folder_.string() + " cannot be written: " +
                         reason() + "; make room there or choose another folder with TMPDIR");
    written_ += static_cast<std::uint64_t>(wrote);
    left.remove_prefix(static_cast<std::size_t>(wrote));
  }
  tail_.clear();
}

std::string Spill::read(Place place) const {
  if (place.offset >= written_) return tail_.substr(place.offset - written_, place.size);
  std::string bytes(place.size, '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto got = ::pread(file_, bytes.data() + done, bytes.size() - done,
                             static_cast<off_t>(place.offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0)
      throw StorageError("the temporary file in " + folder_.string() +
                         " cannot be read: " + (got < 0 ? reason() : "it ends early"));
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

}  // namespace annal::interchange
