#include "faults/faulty_disk.hpp"

#include "annal/sqlite/file_layer.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace annal::test {

namespace {

struct Fault {
  DiskOperation operation;
  std::string name_ends;
  int code;
  bool once;
};

struct Plan {
  std::mutex mutex;
  std::optional<Fault> fault;
  std::function<int(const DiskCall&)> hook;
  int failed = 0;
  std::vector<std::string> synced;  // names of files, as often as they were
};

Plan& plan() {
  static Plan made;
  return made;
}

sqlite3_vfs* real_disk = nullptr;
sqlite3_vfs wrapper;

using Layer = sqlite::FileLayer<std::string>;  // its name

// The code the operation fails with, or 0.
int fault_in(const DiskCall& call) {
  std::lock_guard lock(plan().mutex);
  if (plan().hook)
    if (const int code = plan().hook(call)) return code;
  const auto& fault = plan().fault;
  if (!fault || fault->operation != call.operation || !call.file.ends_with(fault->name_ends))
    return SQLITE_OK;
  const int code = fault->code;
  if (fault->once) plan().fault.reset();
  ++plan().failed;
  return code;
}

int read(sqlite3_file* file, void* bytes, int size, sqlite3_int64 at) {
  if (const int code = fault_in({DiskOperation::read, Layer::own(file), at})) return code;
  return Layer::read(file, bytes, size, at);
}
int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
  const std::string_view written(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
  if (const int code = fault_in({DiskOperation::write, Layer::own(file), at, written})) return code;
  return Layer::write(file, bytes, size, at);
}
int truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (const int code = fault_in({DiskOperation::truncate, Layer::own(file), size})) return code;
  return Layer::truncate(file, size);
}
int sync(sqlite3_file* file, int flags) {
  if (const int code = fault_in({DiskOperation::sync, Layer::own(file)})) return code;
  {
    std::lock_guard lock(plan().mutex);
    plan().synced.push_back(Layer::own(file));
  }
  return Layer::sync(file, flags);
}

int close(sqlite3_file* file) {
  const int code = Layer::close(file);
  Layer::own(file).~basic_string();
  return code;
}

constexpr sqlite3_io_methods methods = [] {
  sqlite3_io_methods layered = Layer::passing_on();
  layered.xClose = &close;
  layered.xRead = &read;
  layered.xWrite = &write;
  layered.xTruncate = &truncate;
  layered.xSync = &sync;
  return layered;
}();

int open(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* opened) {
  new (&Layer::own(file)) std::string(name ? name : "");
  const int code = real_disk->xOpen(real_disk, name, Layer::below(file), flags, opened);
  file->pMethods = code == SQLITE_OK ? &methods : nullptr;
  if (code != SQLITE_OK) Layer::own(file).~basic_string();
  return code;
}

int remove(sqlite3_vfs*, const char* name, int sync_folder) {
  if (const int code = fault_in({DiskOperation::remove, name})) return code;
  return real_disk->xDelete(real_disk, name, sync_folder);
}

void set(Fault fault) {
  std::lock_guard lock(plan().mutex);
  plan().fault = std::move(fault);
}

}  // namespace

FaultyDisk::FaultyDisk() {
  if (real_disk) throw std::logic_error("one faulty disk at a time");
  real_disk = sqlite3_vfs_find(nullptr);
  plan().failed = 0;
  wrapper = *real_disk;
  wrapper.zName = "annal-faulty";
  wrapper.szOsFile = static_cast<int>(sizeof(Layer::File)) + real_disk->szOsFile;
  wrapper.xOpen = &open;
  wrapper.xDelete = &remove;
  sqlite3_vfs_register(&wrapper, 1);
}

FaultyDisk::~FaultyDisk() {
  heal();
  on_call({});
  sqlite3_vfs_unregister(&wrapper);
  sqlite3_vfs_register(real_disk, 1);
  real_disk = nullptr;
}

void FaultyDisk::fail_once(DiskOperation operation, std::string name_ends, int code) {
  set({operation, std::move(name_ends), code, true});
}

void FaultyDisk::fail_always(DiskOperation operation, std::string name_ends, int code) {
  set({operation, std::move(name_ends), code, false});
}

void FaultyDisk::heal() {
  std::lock_guard lock(plan().mutex);
  plan().fault.reset();
}

void FaultyDisk::on_call(std::function<int(const DiskCall&)> hook) {
  std::lock_guard lock(plan().mutex);
  plan().hook = std::move(hook);
}

int FaultyDisk::failed() const {
  std::lock_guard lock(plan().mutex);
  return plan().failed;
}

int FaultyDisk::synced(const std::string& name_ends) const {
  std::lock_guard lock(plan().mutex);
  return static_cast<int>(
      std::count_if(plan().synced.begin(), plan().synced.end(),
                    [&](const std::string& name) { return name.ends_with(name_ends); }));
}

}  // namespace annal::test
