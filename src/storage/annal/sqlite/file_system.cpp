#include "annal/sqlite/file_system.hpp"

#include "annal/error.hpp"

#include <sys/statfs.h>

#include <cerrno>
#include <cstring>

namespace annal::sqlite {

namespace {

namespace fs = std::filesystem;

struct NetworkFileSystem {
  std::int64_t kind;
  const char* name;
};

// Numbers of the Linux kernel. What is mounted through FUSE has one number, be it near or far, and
// is taken for local.
constexpr NetworkFileSystem network_file_systems[] = {
    {0x6969, "NFS"},        {0x517b, "SMB"},      {0xff534d42, "CIFS"},   {0xfe534d42, "SMB"},
    {0x01021997, "9P"},     {0x5346414f, "AFS"},  {0x6b414653, "AFS"},    {0x00c36400, "Ceph"},
    {0x73757245, "Coda"},   {0x564c, "NCP"},      {0x0bd00bd0, "Lustre"}, {0x47504653, "GPFS"},
    {0x19830326, "BeeGFS"}, {0x01161970, "GFS2"}, {0x7461636f, "OCFS2"},
};

std::int64_t kind_of(const fs::path& folder) {
  struct statfs system {};
  while (::statfs(folder.c_str(), &system) != 0)
    if (errno != EINTR)
      throw CannotOpen("cannot tell which file system " + folder.string() +
                       " is on: " + std::strerror(errno));
  // Kernels differ in the sign of what has its highest bit set.
  return static_cast<std::uint32_t>(system.f_type);
}

}  // namespace

void require_local(const fs::path& store, const FileSystemOf& file_system_of) {
  const fs::path folder = store.parent_path();
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) return;  // refused for that by whoever opens the store
  const std::int64_t kind = file_system_of ? file_system_of(folder) : kind_of(folder);
  for (const NetworkFileSystem& known : network_file_systems)
    if (kind == known.kind)
      throw CannotOpen(
          store.string() + " is on a network file system (" + known.name +
          "), whose locks and shared memory do not keep processes apart: put the store "
          "on a local disk, or read a copy there");
}

std::filesystem::path resolved(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::path real =
      std::filesystem::weakly_canonical(std::filesystem::absolute(path), error);
  return error ? path : real;
}

}  // namespace annal::sqlite
