#include "commands/files.hpp"

#include "exit_code.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>

namespace annal::cli {
namespace {

namespace fs = std::filesystem;

bool is_of_store(const fs::path& file, const fs::path& store) {
  std::error_code ignored;
  for (const char* suffix : {"", "-wal", "-shm", "-journal", ".lock", ".synced"})
    if (fs::equivalent(file, store.string() + suffix, ignored)) return true;
  return fs::equivalent(file.string() + ".part", store, ignored);
}

// The file need not be there.
fs::path what_links_lead_to(fs::path file) {
  std::error_code error;
  for (int links = 0; links < 40 && fs::is_symlink(file, error); ++links)
    file = file.parent_path() / fs::read_symlink(file, error);
  return file;
}

bool is_denied(int error) { return error == EACCES || error == EPERM || error == EROFS; }

// Returns once the disk has what was written to the file, or the folder. False with errno set.
bool sync(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool done = ::fsync(descriptor) == 0;
  const int error = errno;
  ::close(descriptor);
  errno = error;
  return done;
}

}  // namespace

std::string name_of_input(const std::string& file) { return file == "-" ? "standard input" : file; }
std::string name_of_output(const std::string& file) {
  return file == "-" ? "standard output" : file;
}

InputFile::InputFile(const std::string& name) : standard_(name == "-") {
  if (standard_) return;
  std::error_code error;
  if (fs::is_directory(name, error))
    throw InputOutputError(name + ": is a folder; name the file to read");
  errno = 0;
  file_.open(name, std::ios::binary);
  if (!file_) {
    const int reason = errno;
    const std::string message = name + ": cannot be read: " + std::strerror(reason);
    if (is_denied(reason)) throw PermissionDenied(message);
    throw InputOutputError(message);
  }
  if (fs::is_regular_file(name, error)) size_ = fs::file_size(name, error);
}

std::istream& InputFile::stream() { return standard_ ? std::cin : file_; }

OutputFile::OutputFile(const std::string& name, const fs::path& store)
    : name_(name), standard_(name == "-") {
  if (standard_) return;
  std::error_code error;
  const auto there = fs::status(name, error);
  if (fs::is_directory(there)) throw InvalidInput(name + ": is a folder; name the file to write");
  if (is_of_store(name, store))
    throw InvalidInput(name + ": is a file of the store itself; name another");
  const bool is_device = fs::exists(there) && !fs::is_regular_file(there);
  target_ = is_device ? fs::path(name) : what_links_lead_to(name);
  part_ = target_;
  if (!is_device) part_ += ".part";
  errno = 0;
  file_.open(part_, part_ == target_ ? std::ios::binary : std::ios::binary | std::ios::trunc);
  if (file_) return;
  const int reason = errno;
  const std::string message = name + ": cannot be created: " + std::strerror(reason);
  if (is_denied(reason)) throw PermissionDenied(message);
  throw CannotOpen(message);
}

OutputFile::~OutputFile() {
  if (standard_ || finished_ || part_ == target_) return;
  std::error_code ignored;
  fs::remove(part_, ignored);
}

std::ostream& OutputFile::stream() { return standard_ ? std::cout : file_; }

void OutputFile::finish() {
  stream().flush();
  if (!standard_) file_.close();
  if (!stream()) fail();
  if (!standard_ && part_ != target_) put_in_place();
  finished_ = true;
}

// What was there before is replaced by a file that is on the disk, and not before.
void OutputFile::put_in_place() {
  if (!sync(part_)) fail();
  if (::rename(part_.c_str(), target_.c_str()) != 0) fail();
  const fs::path folder = target_.parent_path();
  sync(folder.empty() ? "." : folder);  // a folder nobody may read loses at worst the new name
}

void OutputFile::fail() const {
  throw InputOutputError(name_of_output(name_) + ": cannot be written: " + std::strerror(errno));
}

}  // namespace annal::cli
