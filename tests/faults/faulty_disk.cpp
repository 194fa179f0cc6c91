#include "faults/faulty_disk.hpp"

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

// What SQLite takes for its file; the real one lies behind it in the same memory.
struct File {
  sqlite3_file base;
  std::string name;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

File& of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
sqlite3_file* real(sqlite3_file* file) { return of(file).real(); }

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
  if (const int code = fault_in({DiskOperation::read, of(file).name, at})) return code;
  return real(file)->pMethods->xRead(real(file), bytes, size, at);
}
int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
  const std::string_view written(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
  if (const int code = fault_in({DiskOperation::write, of(file).name, at, written})) return code;
  return real(file)->pMethods->xWrite(real(file), bytes, size, at);
}
int truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (const int code = fault_in({DiskOperation::truncate, of(file).name, size})) return code;
  return real(file)->pMethods->xTruncate(real(file), size);
}
int sync(sqlite3_file* file, int flags) {
  if (const int code = fault_in({DiskOperation::sync, of(file).name})) return code;
  {
    std::lock_guard lock(plan().mutex);
    plan().synced.push_back(of(file).name);
  }
  return real(file)->pMethods->xSync(real(file), flags);
}

int close(sqlite3_file* file) {
  const int code = real(file)->pMethods->xClose(real(file));
  of(file).name.~basic_string();
  return code;
}
int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return real(file)->pMethods->xFileSize(real(file), size);
}
int lock(sqlite3_file* file, int level) { return real(file)->pMethods->xLock(real(file), level); }
int unlock(sqlite3_file* file, int level) {
  return real(file)->pMethods->xUnlock(real(file), level);
}
int check_reserved_lock(sqlite3_file* file, int* answer) {
  return real(file)->pMethods->xCheckReservedLock(real(file), answer);
}
int file_control(sqlite3_file* file, int what, void* argument) {
  return real(file)->pMethods->xFileControl(real(file), what, argument);
}
int sector_size(sqlite3_file* file) { return real(file)->pMethods->xSectorSize(real(file)); }
int characteristics(sqlite3_file* file) {
  return real(file)->pMethods->xDeviceCharacteristics(real(file));
}
int shm_map(sqlite3_file* file, int region, int size, int extend, void volatile** memory) {
  return real(file)->pMethods->xShmMap(real(file), region, size, extend, memory);
}
int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
  return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}
void shm_barrier(sqlite3_file* file) { real(file)->pMethods->xShmBarrier(real(file)); }
int shm_unmap(sqlite3_file* file, int remove) {
  return real(file)->pMethods->xShmUnmap(real(file), remove);
}

constexpr sqlite3_io_methods methods{2,
                                     &close,
                                     &read,
                                     &write,
                                     &truncate,
                                     &sync,
                                     &file_size,
                                     &lock,
                                     &unlock,
                                     &check_reserved_lock,
                                     &file_control,
                                     &sector_size,
                                     &characteristics,
                                     &shm_map,
                                     &shm_lock,
                                     &shm_barrier,
                                     &shm_unmap,
                                     nullptr,
                                     nullptr};

int open(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* opened) {
  new (&of(file).name) std::string(name ? name : "");
  const int code = real_disk->xOpen(real_disk, name, real(file), flags, opened);
  file->pMethods = code == SQLITE_OK ? &methods : nullptr;
  if (code != SQLITE_OK) of(file).name.~basic_string();
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
  wrapper.szOsFile = static_cast<int>(sizeof(File)) + real_disk->szOsFile;
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
