// A look at a store's file page by page, as it lies on the disk.
#pragma once

#include "annal/sqlite/page_vfs.hpp"

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace annal::sqlite {

// Finds pages that are not what was written, those included that nothing reads now.
//   threads   those of the connection
class PageScan {
 public:
  // database  opened with page_vfs(); must outlive this
  PageScan(const std::filesystem::path& store, sqlite3* database);

  // 0 for a store made with format 1: its pages tell nothing about themselves.
  std::uint32_t pages() const;
  // Looks at pages from `first`, as many as `count` or the file has. To be called within a read
  // transaction: a page that a checkpoint is writing, or that a crash left half written, is still in
  // the write-ahead log then, and is not damaged.
  //   returns   the damaged ones, in order
  //   cost      a read of each page; of the log's frame headers where a page looks damaged
  std::vector<RefusedPage> damaged(std::uint32_t first, std::uint32_t count) const;

 private:
  std::filesystem::path log_;
  PageFile file_;
};

// What is wrong with the page: "page 7 of the file …".
std::string description_of(const RefusedPage& page);

// Gives the pages that have no checksum their own, as they are: another program, which does not know
// of checksums, wrote them from what annal had written to the write-ahead log, or copied them from
// there. Nobody may have the store open.
//   of_a_copy  the first page, too, where its checksum is wrong: SQLite counts in it that it copied
//   returns   how many there were
//   throws    SQLite::Exception
//   cost      one pass over the file
std::uint32_t seal_pages(const std::filesystem::path& store, bool of_a_copy = false);

}  // namespace annal::sqlite
