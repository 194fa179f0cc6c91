// A SQLite file over another one: what it does not do itself it passes on.
#pragma once

#include <sqlite3.h>

namespace annal::sqlite {

// Own: what the layer keeps of each file. The file below lies behind it in the same memory, so
// the VFS asks SQLite for sizeof(File) and what the one below needs.
template <class Own>
struct FileLayer {
  struct File {
    sqlite3_file base;
    Own own;
  };

  static Own& own(sqlite3_file* file) { return reinterpret_cast<File*>(file)->own; }
  static sqlite3_file* below(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(reinterpret_cast<File*>(file) + 1);
  }

  // Version 2: pages are not mapped into memory, where no layer would see them.
  static constexpr sqlite3_io_methods passing_on() {
    return {2,
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
  }

  static int close(sqlite3_file* file) { return methods(file).xClose(below(file)); }
  static int read(sqlite3_file* file, void* bytes, int size, sqlite3_int64 at) {
    return methods(file).xRead(below(file), bytes, size, at);
  }
  static int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
    return methods(file).xWrite(below(file), bytes, size, at);
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    return methods(file).xTruncate(below(file), size);
  }
  static int sync(sqlite3_file* file, int flags) { return methods(file).xSync(below(file), flags); }
  static int file_size(sqlite3_file* file, sqlite3_int64* size) {
    return methods(file).xFileSize(below(file), size);
  }
  static int lock(sqlite3_file* file, int level) { return methods(file).xLock(below(file), level); }
  static int unlock(sqlite3_file* file, int level) {
    return methods(file).xUnlock(below(file), level);
  }
  static int check_reserved_lock(sqlite3_file* file, int* answer) {
    return methods(file).xCheckReservedLock(below(file), answer);
  }
  static int file_control(sqlite3_file* file, int what, void* argument) {
    return methods(file).xFileControl(below(file), what, argument);
  }
  static int sector_size(sqlite3_file* file) { return methods(file).xSectorSize(below(file)); }
  static int characteristics(sqlite3_file* file) {
    return methods(file).xDeviceCharacteristics(below(file));
  }
  static int shm_map(sqlite3_file* file, int region, int size, int extend, void volatile** memory) {
    return methods(file).xShmMap(below(file), region, size, extend, memory);
  }
  static int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
    return methods(file).xShmLock(below(file), offset, count, flags);
  }
  static void shm_barrier(sqlite3_file* file) { methods(file).xShmBarrier(below(file)); }
  static int shm_unmap(sqlite3_file* file, int remove) {
    return methods(file).xShmUnmap(below(file), remove);
  }

 private:
  static const sqlite3_io_methods& methods(sqlite3_file* file) { return *below(file)->pMethods; }
};

}  // namespace annal::sqlite
