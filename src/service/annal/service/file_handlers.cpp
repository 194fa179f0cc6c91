#include "annal/service/file_handlers.hpp"

#include "annal/effects/failure.hpp"
#include "annal/effects/kinds.hpp"
#include "annal/event/randomness.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <utility>

namespace annal {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, const char* what, int error) {
  const std::string message = path.string() + ": " + what + ": " + std::strerror(error);
  const auto passing = {ENOSPC, EDQUOT, EMFILE, ENFILE, EINTR, EAGAIN};
  if (std::find(passing.begin(), passing.end(), error) != passing.end())
    throw effects::Transient(message);
  throw StorageError(message);
}

class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags, const char* what)
      : number_(::open(path.c_str(), flags | O_CLOEXEC, 0666)), path_(path) {
    if (number_ < 0) fail(path_, what, errno);
  }
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  void write(std::string_view content) const {
    while (!content.empty()) {
      const auto written = ::write(number_, content.data(), content.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail(path_, "cannot be written", errno);
      content.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  std::string read() const {
    std::string content;
    char buffer[64 * 1024];
    for (;;) {
      const auto got = ::read(number_, buffer, sizeof buffer);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail(path_, "cannot be read", errno);
      if (got == 0) return content;
      content.append(buffer, static_cast<std::size_t>(got));
    }
  }
  void sync() const {
    if (::fsync(number_) != 0) fail(path_, "cannot be synced", errno);
  }
  void close() {
    if (::close(std::exchange(number_, -1)) != 0) fail(path_, "cannot be closed", errno);
  }

 private:
  int number_;
  const fs::path path_;
};

void sync_folder(const fs::path& folder) {
  Descriptor(folder, O_RDONLY | O_DIRECTORY, "cannot be opened to sync it").sync();
}

// A file that is nobody's yet, under a name that nobody else comes to think of.
class NewFile {
 public:
  explicit NewFile(const fs::path& folder) {
    for (int tries = 0; !file_; ++tries) try {
        std::array<std::uint8_t, 8> bytes;
        system_randomness().fill(bytes);
        std::string name = ".annal-";
        for (const auto byte : bytes)
          name += "0123456789abcdef"[byte >> 4], name += "0123456789abcdef"[byte & 15];
        path_ = folder / (name + ".part");
        file_.emplace(path_, O_WRONLY | O_CREAT | O_EXCL, "cannot be created");
      } catch (const StorageError&) {
        if (errno != EEXIST || tries == 10) throw;
      }
  }
  ~NewFile() {
    if (!is_placed_) ::unlink(path_.c_str());
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  void take_mode(::mode_t mode) const {
    if (::chmod(path_.c_str(), mode) != 0) fail(path_, "cannot have the mode it had", errno);
  }
  void fill(std::string_view content) {
    file_->write(content);
    file_->sync();
    file_->close();
  }
  void put_at(const fs::path& place) {
    if (::rename(path_.c_str(), place.c_str()) != 0) fail(place, "cannot be put in place", errno);
    is_placed_ = true;
  }

 private:
  fs::path path_;
  std::optional<Descriptor> file_;
  bool is_placed_ = false;
};

class Folder {
 public:
  // Wherever the process goes later.
  explicit Folder(const fs::path& root) : root_(fs::absolute(root).lexically_normal()) {
    std::error_code error;
    if (!fs::is_directory(root_, error))
      throw InvalidInput(root_.string() + ": is no folder, and files are to be kept in it");
  }

  void write(const effects::FileWrite& write) const {
    const fs::path place = place_of(write.path);
    make_folders(place.parent_path());
    NewFile file(place.parent_path());
    struct ::stat known {};
    if (::stat(place.c_str(), &known) == 0) file.take_mode(known.st_mode & 07777);
    file.fill(write.content);
    file.put_at(place);
    sync_folder(place.parent_path());
  }

  std::optional<std::string> read(const effects::FileRead& read) const {
    const fs::path place = place_of(read.path);
    struct ::stat known {};
    if (::stat(place.c_str(), &known) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
      fail(place, "cannot be looked at", errno);
    }
    return Descriptor(place, O_RDONLY, "cannot be opened").read();
  }

  // A link is a file here.
  bool is_there(const effects::FileRemoval& removal) const {
    struct ::stat known {};
    return ::lstat(place_of(removal.path).c_str(), &known) == 0 && !S_ISDIR(known.st_mode);
  }

  bool remove(const effects::FileRemoval& removal) const {
    const fs::path place = place_of(removal.path);
    if (::unlink(place.c_str()) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) return false;
      fail(place, "cannot be removed", errno);
    }
    sync_folder(place.parent_path());
    return true;
  }

 private:
  fs::path place_of(const std::string& path) const {
    const fs::path inside(path);
    const auto has = [&](const char* part) {
      return std::find(inside.begin(), inside.end(), part) != inside.end();
    };
    const bool has_end = path.find('\0') != path.npos;  // for the system, before the text's
    if (path.empty() || inside.is_absolute() || has("..") || has(".") || has_end ||
        !inside.has_filename())
      throw InvalidInput("\"" + path + "\" names no file within " + root_.string() +
                         ": give a path such as reports/today.txt, without ..");
    return root_ / inside;
  }

  // Each in the one before, on the disk.
  void make_folders(const fs::path& folder) const {
    std::error_code error;
    if (folder == root_ || fs::is_directory(folder, error)) return;
    make_folders(folder.parent_path());
    if (::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST)
      fail(folder, "cannot be made", errno);
    sync_folder(folder.parent_path());
  }

  const fs::path root_;
};

}  // namespace

void add_file_handlers(effects::Handlers& handlers, const fs::path& folder) {
  const auto files = std::make_shared<const Folder>(folder);
  const auto read = [files](const effects::FileRead& effect) { return files->read(effect); };
  handlers.on<effects::FileRead>(read);
  handlers.on_dry_run<effects::FileRead>(read);
  handlers.on<effects::FileWrite>(
      [files](const effects::FileWrite& effect) { files->write(effect); });
  handlers.on<effects::FileRemoval>(
      [files](const effects::FileRemoval& effect) { return files->remove(effect); });
  handlers.on_dry_run<effects::FileRemoval>(
      [files](const effects::FileRemoval& effect) { return files->is_there(effect); });
}

}  // namespace annal
