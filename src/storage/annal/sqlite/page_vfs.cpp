#include "annal/sqlite/page_vfs.hpp"

#include "annal/sqlite/file_layer.hpp"

#include <SQLiteCpp/Exception.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace annal::sqlite {

namespace {

thread_local std::optional<RefusedPage> refused;

struct Sealing {
  bool sealed;  // the file's pages carry checksums
};
using Layer = FileLayer<Sealing>;

sqlite3_vfs* real(sqlite3_vfs* vfs) { return static_cast<sqlite3_vfs*>(vfs->pAppData); }

// SQLite reads pieces of the first page's header, too, before it knows where the newest one is:
// they may be older than the log beside the file and are held to no checksum, but the page is
// before anything is made of it.
constexpr int smallest_page = 512;

bool is_page(int size, sqlite3_int64 at) {
  return size == static_cast<int>(page_bytes) && at % static_cast<sqlite3_int64>(page_bytes) == 0;
}

std::uint32_t page_at(sqlite3_int64 offset) {
  return static_cast<std::uint32_t>(offset / static_cast<sqlite3_int64>(page_bytes)) + 1;
}

sqlite3_int64 offset_of(std::uint32_t page) {
  return (sqlite3_int64{page} - 1) * static_cast<sqlite3_int64>(page_bytes);
}

// --- the file ------------------------------------------------------------------------------------

namespace on_file {

int read(sqlite3_file* file, void* bytes, int size, sqlite3_int64 at) {
  const int code = Layer::read(file, bytes, size, at);
  if (!Layer::own(file).sealed || size < smallest_page) return code;
  if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ) return code;
  PageState state = PageState::damaged;  // unless all of it is there
  if (code == SQLITE_OK && is_page(size, at)) {
    const PageBytes page(static_cast<unsigned char*>(bytes), page_bytes);
    state = state_of(page, page_at(at));
    // Who gets the page writes it to the log with nothing there, and so does every other program.
    std::fill(page.end() - sealed_page_reserve, page.end(), std::uint8_t{0});
  }
  if (state == PageState::sound) return SQLITE_OK;
  refused = {page_at(at), state};
  return SQLITE_IOERR_DATA;
}

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
  if (!Layer::own(file).sealed) return Layer::write(file, bytes, size, at);
  if (!is_page(size, at)) return SQLITE_IOERR_WRITE;  // of a database that is no store
  std::array<unsigned char, page_bytes> page;
  std::copy_n(static_cast<const unsigned char*>(bytes), page_bytes, page.begin());
  seal(page, page_at(at));
  return Layer::write(file, page.data(), size, at);
}

constexpr sqlite3_io_methods methods = [] {
  sqlite3_io_methods layered = Layer::passing_on();
  layered.xRead = &read;
  layered.xWrite = &write;
  return layered;
}();

}  // namespace on_file

// --- the file system -----------------------------------------------------------------------------

namespace on_files {

// A new file will be a store whose pages are sealed; in any other the header tells.
int find_whether_sealed(sqlite3_file* file, bool& sealed) {
  constexpr std::size_t reserve_at = 20;
  std::array<unsigned char, 100> header{};
  sqlite3_int64 size = 0;
  int code = file->pMethods->xFileSize(file, &size);
  if (code == SQLITE_OK && size >= static_cast<sqlite3_int64>(header.size()))
    code = file->pMethods->xRead(file, header.data(), static_cast<int>(header.size()), 0);
  sealed = header[reserve_at] != unsealed_page_reserve;
  return code;
}

int open(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* file, int flags, int* opened) {
  sqlite3_vfs* const below = real(vfs);
  if ((flags & SQLITE_OPEN_MAIN_DB) == 0) return below->xOpen(below, name, file, flags, opened);
  file->pMethods = nullptr;
  sqlite3_file* const lower = Layer::below(file);
  int code = below->xOpen(below, name, lower, flags, opened);
  if (code != SQLITE_OK) return code;
  code = lower->pMethods->iVersion < 2 ? SQLITE_CANTOPEN  // no memory to share, so no log
                                       : find_whether_sealed(lower, Layer::own(file).sealed);
  if (code != SQLITE_OK) {
    lower->pMethods->xClose(lower);
    return code;
  }
  file->pMethods = &on_file::methods;
  return SQLITE_OK;
}

int remove(sqlite3_vfs* vfs, const char* name, int sync_folder) {
  return real(vfs)->xDelete(real(vfs), name, sync_folder);
}
int access(sqlite3_vfs* vfs, const char* name, int flags, int* answer) {
  return real(vfs)->xAccess(real(vfs), name, flags, answer);
}
int full_name(sqlite3_vfs* vfs, const char* name, int size, char* full) {
  return real(vfs)->xFullPathname(real(vfs), name, size, full);
}
int randomness(sqlite3_vfs* vfs, int size, char* bytes) {
  return real(vfs)->xRandomness(real(vfs), size, bytes);
}
int sleep(sqlite3_vfs* vfs, int microseconds) { return real(vfs)->xSleep(real(vfs), microseconds); }
int current_time(sqlite3_vfs* vfs, double* time) {
  return real(vfs)->xCurrentTime(real(vfs), time);
}
int current_time_64(sqlite3_vfs* vfs, sqlite3_int64* time) {
  return real(vfs)->xCurrentTimeInt64(real(vfs), time);
}
int last_error(sqlite3_vfs* vfs, int size, char* text) {
  return real(vfs)->xGetLastError(real(vfs), size, text);
}

}  // namespace on_files

// One for each file system it lies upon. SQLite keeps pointers to both.
struct Vfs {
  explicit Vfs(sqlite3_vfs* below) : name(std::string("annal-") + below->zName) {
    vfs.iVersion = std::min(below->iVersion, 2);
    vfs.szOsFile = static_cast<int>(sizeof(Layer::File)) + below->szOsFile;
    vfs.mxPathname = below->mxPathname;
    vfs.zName = name.c_str();
    vfs.pAppData = below;
    vfs.xOpen = &on_files::open;
    vfs.xDelete = &on_files::remove;
    vfs.xAccess = &on_files::access;
    vfs.xFullPathname = &on_files::full_name;
    vfs.xRandomness = &on_files::randomness;
    vfs.xSleep = &on_files::sleep;
    vfs.xCurrentTime = &on_files::current_time;
    vfs.xGetLastError = &on_files::last_error;
    vfs.xCurrentTimeInt64 = &on_files::current_time_64;
  }
  const std::string name;
  sqlite3_vfs vfs{};
};

void require_ok(int code, const char* doing) {
  if (code != SQLITE_OK) throw SQLite::Exception(doing, code);
}

}  // namespace

const char* page_vfs() {
  static std::mutex mutex;
  static std::map<sqlite3_vfs*, std::unique_ptr<Vfs>>& made =
      *new std::map<sqlite3_vfs*, std::unique_ptr<Vfs>>;  // outlives every store
  std::lock_guard lock(mutex);
  sqlite3_vfs* const below = sqlite3_vfs_find(nullptr);
  auto& vfs = made[below];
  if (!vfs) {
    vfs = std::make_unique<Vfs>(below);
    sqlite3_vfs_register(&vfs->vfs, 0);
  }
  return vfs->name.c_str();
}

std::optional<RefusedPage> refused_page() noexcept { return refused; }

// --- looking at the file -------------------------------------------------------------------------

PageFile::PageFile(sqlite3* database) : file_(nullptr) {
  require_ok(sqlite3_file_control(database, "main", SQLITE_FCNTL_FILE_POINTER, &file_),
             "the file's pages");
  if (!file_ || file_->pMethods != &on_file::methods)
    throw SQLite::Exception("the database was not opened as a store is", SQLITE_MISUSE);
}

bool PageFile::is_sealed() const { return Layer::own(file_).sealed; }

std::uint32_t PageFile::pages() const {
  sqlite3_int64 size = 0;
  require_ok(Layer::file_size(file_, &size), "the size of the file");
  return page_at(size + static_cast<sqlite3_int64>(page_bytes) - 1) - 1;
}

PageState PageFile::state(std::uint32_t number) const {
  std::array<unsigned char, page_bytes> page;
  const int code =
      Layer::read(file_, page.data(), static_cast<int>(page.size()), offset_of(number));
  if (code == SQLITE_IOERR_SHORT_READ) return PageState::damaged;
  require_ok(code, "reading a page");
  return state_of(page, number);
}

void PageFile::seal(std::uint32_t number) {
  std::array<unsigned char, page_bytes> page;
  const auto size = static_cast<int>(page.size());
  require_ok(Layer::read(file_, page.data(), size, offset_of(number)), "reading a page");
  require_ok(on_file::write(file_, page.data(), size, offset_of(number)), "writing a page");
}

void PageFile::sync() { require_ok(Layer::sync(file_, SQLITE_SYNC_NORMAL), "syncing the file"); }

}  // namespace annal::sqlite
