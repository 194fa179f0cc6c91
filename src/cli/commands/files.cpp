#include "commands/files.hpp"

#include "exit_code.hpp"

#include <cerrno>
#include <cstring>
#include <iostream>

namespace annal::cli {
namespace {

bool is_denied(int error) { return error == EACCES || error == EPERM || error == EROFS; }

}  // namespace

std::string name_of_input(const std::string& file) { return file == "-" ? "standard input" : file; }

InputFile::InputFile(const std::string& name) : standard_(name == "-") {
  if (standard_) return;
  std::error_code error;
  if (std::filesystem::is_directory(name, error))
    throw InputOutputError(name + ": is a folder; name the file to read");
  errno = 0;
  file_.open(name, std::ios::binary);
  if (!file_) {
    const int reason = errno;
    const std::string message = name + ": cannot be read: " + std::strerror(reason);
    if (is_denied(reason)) throw PermissionDenied(message);
    throw InputOutputError(message);
  }
  if (std::filesystem::is_regular_file(name, error))
    size_ = std::filesystem::file_size(name, error);
}

std::istream& InputFile::stream() { return standard_ ? std::cin : file_; }

OutputFile::OutputFile(const std::string& name)
    : name_(name), part_(name + ".part"), standard_(name == "-") {
  if (standard_) return;
  errno = 0;
  file_.open(part_, std::ios::binary | std::ios::trunc);
  if (file_) return;
  const int reason = errno;
  const std::string message = name + ": cannot be created: " + std::strerror(reason);
  if (is_denied(reason)) throw PermissionDenied(message);
  throw CannotOpen(message);
}

OutputFile::~OutputFile() {
  if (standard_ || finished_) return;
  std::error_code ignored;
  std::filesystem::remove(part_, ignored);
}

std::ostream& OutputFile::stream() { return standard_ ? std::cout : file_; }

void OutputFile::finish() {
  stream().flush();
  if (!stream()) throw StorageError(name_ + ": cannot be written: " + std::strerror(errno));
  finished_ = true;
  if (standard_) return;
  file_.close();
  std::filesystem::rename(part_, name_);
}

}  // namespace annal::cli
