// Where a store may lie: on a local disk, whose locks and shared memory keep processes apart.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

namespace annal::sqlite {

// The kind of the file system a folder is on: the `f_type` of statfs(2).
using FileSystemOf = std::function<std::int64_t(const std::filesystem::path& folder)>;

//   file_system_of  the machine's when empty
//   throws          CannotOpen for a store in a folder on a network file system
void require_local(const std::filesystem::path& store, const FileSystemOf& file_system_of);

// The one name of a file that may have several, so that its lock has one, too, and so that a change
// of the working folder later on means nothing. The file need not be there.
std::filesystem::path resolved(const std::filesystem::path& path);

}  // namespace annal::sqlite
