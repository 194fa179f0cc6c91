// Bytes put aside in a file nobody else sees, so that a stream's contents need no memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace annal::interchange {

//   threads   one
class Spill {
 public:
  struct Place {
    std::uint64_t offset = 0, size = 0;
  };

  // Makes the file; it has no name and is gone with the object or the process.
  //   folder    the system's place for temporary files if empty
  //   throws    CannotOpen naming the folder
  explicit Spill(const std::filesystem::path& folder);
  ~Spill();
  Spill(const Spill&) = delete;
  Spill& operator=(const Spill&) = delete;

  //   throws    StorageError if the disk is full
  //   cost      the newest MiB stays in memory
  Place add(std::string_view bytes);
  // Throws StorageError.
  std::string read(Place place) const;

 private:
  void flush();

  std::filesystem::path folder_;
  int file_ = -1;
  std::string tail_;           // not yet written
  std::uint64_t written_ = 0;  // bytes in the file
};

}  // namespace annal::interchange
