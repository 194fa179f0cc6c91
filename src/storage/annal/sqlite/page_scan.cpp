#include "annal/sqlite/page_scan.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <set>

namespace annal::sqlite {

namespace {

// SQLite locks the bytes at the first gigabyte, and leaves the page that holds them alone.
constexpr std::uint32_t page_of_locks = 0x40000000 / page_bytes + 1;

std::uint32_t most_significant_first(const unsigned char* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
         std::uint32_t{bytes[2]} << 8 | bytes[3];
}

// The pages of which the write-ahead log holds a version.
std::set<std::uint32_t> pages_in(const std::filesystem::path& log) {
  std::ifstream in(log, std::ios::binary);
  std::array<unsigned char, 32> header{};
  std::array<unsigned char, 24> frame{};
  const auto read = [&](auto& bytes) {
    return static_cast<bool>(in.read(reinterpret_cast<char*>(bytes.data()), bytes.size()));
  };
  std::set<std::uint32_t> pages;
  if (!read(header)) return pages;
  // A frame of an earlier log has other salts: with it this one is at its end.
  while (read(frame) && std::memcmp(frame.data() + 8, header.data() + 16, 8) == 0) {
    pages.insert(most_significant_first(frame.data()));
    in.seekg(page_bytes, std::ios::cur);
  }
  return pages;
}

}  // namespace

PageScan::PageScan(const std::filesystem::path& store, sqlite3* database)
    : log_(store.string() + "-wal"), file_(database) {}

std::uint32_t PageScan::pages() const { return file_.is_sealed() ? file_.pages() : 0; }

std::vector<RefusedPage> PageScan::damaged(std::uint32_t first, std::uint32_t count) const {
  const std::uint32_t end = std::min(pages() + 1, first + count);
  std::vector<RefusedPage> found;
  for (std::uint32_t page = first; page < end; ++page) {
    if (page == page_of_locks) continue;
    const PageState state = file_.state(page);
    if (state != PageState::sound) found.push_back({page, state});
  }
  if (found.empty()) return found;
  const auto written_over = pages_in(log_);
  std::erase_if(found, [&](const RefusedPage& page) { return written_over.contains(page.number); });
  return found;
}

std::string description_of(const RefusedPage& page) {
  return "page " + std::to_string(page.number) + " of the file " +
         (page.state == PageState::unsealed
              ? "has no checksum: it was zeroed, or written by a program other than annal"
              : "is not what was written there");
}

std::uint32_t seal_pages(const std::filesystem::path& store, bool of_a_copy) {
  SQLite::Database database(store.string(), SQLite::OPEN_READWRITE, 0, page_vfs());
  PageFile file(database.getHandle());
  const auto lacks_seal = [&](std::uint32_t page) {
    const PageState state = file.state(page);
    return state == PageState::unsealed || (of_a_copy && page == 1 && state == PageState::damaged);
  };
  std::uint32_t sealed = 0;
  const std::uint32_t pages = file.is_sealed() ? file.pages() : 0;
  for (std::uint32_t page = 1; page <= pages; ++page)
    if (page != page_of_locks && lacks_seal(page)) {
      file.seal(page);
      ++sealed;
    }
  if (sealed > 0) file.sync();
  return sealed;
}

}  // namespace annal::sqlite
