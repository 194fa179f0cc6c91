// What lies between SQLite and a store's file: it seals every page on its way to the disk and holds
// every page that comes back to its seal.
#pragma once

#include "annal/sqlite/page_checksum.hpp"

#include <sqlite3.h>

#include <cstdint>
#include <optional>

namespace annal::sqlite {

// The name of a SQLite VFS on top of the one that is the process's default now. Databases opened
// with it have the checksums of their pages written and checked; their journals and logs, which
// SQLite checks itself, and stores made with format 1, which have none, pass through as they are.
// A page that is not as it was written is answered with SQLITE_IOERR_DATA and never handed out.
//   threads   any number of callers
//   cost      of a page read or written: see state_of and seal
// Source: docs/decisions/0012-page-checksums.md
const char* page_vfs();

// The page refused last on this thread: which one an exception is about.
struct RefusedPage {
  std::uint32_t number;
  PageState state;
};
std::optional<RefusedPage> refused_page() noexcept;

// A store's file as it lies on the disk, whatever SQLite may hold of it in its cache or its log.
class PageFile {
 public:
  //   database  opened with page_vfs(); must outlive this
  explicit PageFile(sqlite3* database);

  // False for a store made with format 1: its pages carry no checksums.
  bool is_sealed() const;
  // In the file, a last one that was cut short included.
  //   throws    SQLite::Exception, as do the others
  std::uint32_t pages() const;
  PageState state(std::uint32_t number) const;
  // Gives the page, as it is, the checksum that it should have.
  void seal(std::uint32_t number);
  void sync();

 private:
  sqlite3_file* file_;
};

}  // namespace annal::sqlite
