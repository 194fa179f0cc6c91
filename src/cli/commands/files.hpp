// Files that are read and written as streams; `-` is standard input or standard output.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <istream>
#include <optional>
#include <ostream>
#include <string>

namespace annal::cli {

// How errors name it.
std::string name_of_input(const std::string& file);
std::string name_of_output(const std::string& file);

class InputFile {
 public:
  // Throws InputOutputError or PermissionDenied if it cannot be read.
  explicit InputFile(const std::string& name);
  std::istream& stream();
  // In bytes; nothing for standard input and pipes.
  std::optional<std::uint64_t> size() const { return size_; }

 private:
  std::ifstream file_;
  bool standard_ = false;
  std::optional<std::uint64_t> size_;
};

// A regular file appears under its name once it is whole and on the disk: until then it is
// `NAME.part`, which is removed if it never is. Into a pipe or a device it is written as it comes.
class OutputFile {
 public:
  //   store     the store whose files are never written over
  //   throws    InvalidInput for a folder and for the store; CannotOpen or PermissionDenied if it
  //             cannot be created
  OutputFile(const std::string& name, const std::filesystem::path& store);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  std::ostream& stream();
  // Throws InputOutputError if it could not be written whole.
  void finish();

 private:
  void put_in_place();
  [[noreturn]] void fail() const;

  std::string name_;
  std::filesystem::path target_;  // what links lead to
  std::filesystem::path part_;    // what is written to: the target itself if it is no regular file
  std::ofstream file_;
  bool standard_ = false, finished_ = false;
};

}  // namespace annal::cli
