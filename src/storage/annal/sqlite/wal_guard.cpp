#include "annal/sqlite/wal_guard.hpp"

#include "annal/error.hpp"
#include "annal/event/hash.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cstring>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace annal::sqlite {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view magic = "annalwa2";
constexpr std::size_t header_bytes = 32, frame_header_bytes = 24;  // of SQLite's log
constexpr std::size_t frames_at_once = 64;                         // that are read
constexpr int attempts = 5;                                        // while another process writes

fs::path sidecar_of(const fs::path& store) { return store.string() + ".synced"; }
fs::path log_of(const fs::path& store) { return store.string() + "-wal"; }

// The file beside the store: magic, the numbers of a note, and a checksum of these.
constexpr std::size_t note_bytes = 48;

using NoteBytes = std::array<char, note_bytes>;

template <class Note>
NoteBytes encoded(const Note& note) {
  NoteBytes bytes;
  const std::uint64_t numbers[] = {note.salts, note.frames, note.head.value, note.eventless};
  std::memcpy(bytes.data(), magic.data(), 8);
  std::memcpy(bytes.data() + 8, numbers, 32);
  const Hash hash = sha256({std::string_view(bytes.data(), 40)});
  std::memcpy(bytes.data() + 40, hash.bytes.data(), 8);
  return bytes;
}

// Nothing if there is no such file, or one that cannot be relied on.
template <class Note>
std::optional<Note> noted(const fs::path& store) {
  std::ifstream in(sidecar_of(store), std::ios::binary);
  NoteBytes bytes{};
  if (!in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) return std::nullopt;
  Note note;
  std::memcpy(&note.salts, bytes.data() + 8, 8);
  std::memcpy(&note.frames, bytes.data() + 16, 8);
  std::memcpy(&note.head.value, bytes.data() + 24, 8);
  std::memcpy(&note.eventless, bytes.data() + 32, 8);
  if (encoded(note) != bytes) return std::nullopt;
  return note;
}

std::uint32_t big_endian(const unsigned char* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
         std::uint32_t{bytes[2]} << 8 | bytes[3];
}

std::uint32_t little_endian(const unsigned char* bytes) {
  return std::uint32_t{bytes[3]} << 24 | std::uint32_t{bytes[2]} << 16 |
         std::uint32_t{bytes[1]} << 8 | bytes[0];
}

// SQLite's running checksum over pairs of words, in the byte order the log's header names.
class Checksum {
 public:
  explicit Checksum(bool in_big_endian) : in_big_endian_(in_big_endian) {}

  void add(const unsigned char* bytes, std::size_t size) {
    if (in_big_endian_)
      add_words<big_endian>(bytes, size);
    else
      add_words<little_endian>(bytes, size);
  }
  // True if the two words there, always big-endian, are the checksum.
  bool is(const unsigned char* bytes) const {
    return big_endian(bytes) == first_ && big_endian(bytes + 4) == second_;
  }

 private:
  template <std::uint32_t (*word)(const unsigned char*)>
  void add_words(const unsigned char* bytes, std::size_t size) {
    for (std::size_t at = 0; at + 8 <= size; at += 8) {
      first_ += word(bytes + at) + second_;
      second_ += word(bytes + at + 4) + first_;
    }
  }

  bool in_big_endian_;
  std::uint32_t first_ = 0, second_ = 0;
};

// A write-ahead log, frame after frame.
class Log {
 public:
  explicit Log(const fs::path& file) : in_(file, std::ios::binary) {
    std::error_code error;
    const auto size = fs::file_size(file, error);
    is_empty_ = error || size == 0;
    std::array<unsigned char, header_bytes> header{};
    if (!read(header.data(), header.size())) return;
    const std::uint32_t kind = big_endian(header.data());
    if (kind != 0x377f0682 && kind != 0x377f0683) return;
    checksum_ = Checksum(kind == 0x377f0683);
    checksum_.add(header.data(), 24);
    if (!checksum_.is(header.data() + 24)) return;
    page_bytes_ = big_endian(header.data() + 8);
    if (page_bytes_ < 512 || page_bytes_ > 65536 || !std::has_single_bit(page_bytes_)) return;
    std::memcpy(&salts_, header.data() + 16, 8);
    sound_ = true;
  }

  bool is_empty() const { return is_empty_; }  // or not there
  bool sound() const { return sound_; }
  std::uint64_t salts() const { return salts_; }

  // False if the next frame is not there, or not as it was written.
  bool next_frame() {
    const std::size_t size = frame_header_bytes + page_bytes_;
    if (rest_.size() < size && !read_frames(size)) return false;
    const unsigned char* const frame = rest_.data();
    rest_ = rest_.subspan(size);
    if (std::memcmp(frame + 8, &salts_, 8) != 0) return false;
    checksum_.add(frame, 8);
    checksum_.add(frame + frame_header_bytes, page_bytes_);
    return checksum_.is(frame + 16);
  }

 private:
  // False if not even one is there.
  bool read_frames(std::size_t frame_bytes) {
    frames_.resize(frames_at_once * frame_bytes);
    read(frames_.data(), frames_.size());
    rest_ = {frames_.data(), static_cast<std::size_t>(in_.gcount())};
    return rest_.size() >= frame_bytes;
  }

  bool read(unsigned char* bytes, std::size_t size) {
    return static_cast<bool>(
        in_.read(reinterpret_cast<char*>(bytes), static_cast<std::streamsize>(size)));
  }

  std::ifstream in_;
  Checksum checksum_{false};
  std::vector<unsigned char> frames_;
  std::span<const unsigned char> rest_;  // of them
  std::uint64_t salts_ = 0;
  std::size_t page_bytes_ = 0;
  bool sound_ = false, is_empty_ = true;
};

// When all of a log is in the database SQLite begins anew at its start, and counts the first salt up.
bool begun_anew(std::uint64_t noted, std::uint64_t found) {
  std::array<unsigned char, 8> before{}, after{};
  std::memcpy(before.data(), &noted, 8);
  std::memcpy(after.data(), &found, 8);
  return big_endian(after.data()) == big_endian(before.data()) + 1;
}

// The first frame of so many that is not as it was written; 0 if all are.
std::uint64_t first_damaged(Log& log, std::uint64_t frames) {
  for (std::uint64_t frame = 1; frame <= frames; ++frame)
    if (!log.next_frame()) return frame;
  return 0;
}

}  // namespace

// No frames: the log may hold anything, or be gone.
struct WalGuard::Note {
  std::uint64_t salts = 0, frames = 0;
  Position head;
  std::uint64_t eventless = 0;
  Synced synced() const { return {frames, head, eventless}; }
  friend bool operator==(const Note&, const Note&) = default;
};

std::optional<WalGuard::Synced> WalGuard::check(const fs::path& store) {
  for (int attempt = 1;; ++attempt) {
    const auto note = noted<Note>(store);
    if (!note || note->frames == 0) return std::nullopt;
    Log log(log_of(store));
    if (log.is_empty()) return note->synced();
    const bool same = log.sound() && log.salts() == note->salts;
    if (log.sound() && !same && !begun_anew(note->salts, log.salts())) return note->synced();
    if (log.sound() && !same) return std::nullopt;
    const std::uint64_t damaged = same ? first_damaged(log, note->frames) : 0;
    if (same && damaged == 0) return std::nullopt;
    // Another process may be writing: only what stands still is damage.
    const Log again(log_of(store));
    const bool still =
        noted<Note>(store) == note && again.sound() == log.sound() && again.salts() == log.salts();
    if (!still && attempt < attempts) continue;
    if (!still) return std::nullopt;
    throw CorruptionError(log_of(store).string() + " is damaged in " +
                          (same ? "frame " + std::to_string(damaged) : "its header") +
                          ", and holds acknowledged commits: restore a backup");
  }
}

void WalGuard::raise_lost(const fs::path& store, const Synced& missing) {
  throw CorruptionError(log_of(store).string() +
                        " is gone or damaged, and with it acknowledged commits up to position " +
                        std::to_string(missing.head.value) +
                        ": put it back, or restore a backup; or, if the store was put " +
                        "here from an older copy, remove " + sidecar_of(store).string());
}

WalGuard::WalGuard(const fs::path& store)
    : file_(sidecar_of(store)),
      log_(log_of(store)),
      descriptor_(::open(file_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644)) {}

WalGuard::~WalGuard() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (log_descriptor_ >= 0) ::close(log_descriptor_);
}

std::uint64_t WalGuard::salts() noexcept {
  if (log_descriptor_ < 0) log_descriptor_ = ::open(log_.c_str(), O_RDONLY | O_CLOEXEC);
  std::uint64_t salts = 0;
  return ::pread(log_descriptor_, &salts, 8, 16) == 8 ? salts : 0;
}

bool WalGuard::note(const Note& note) noexcept {
  const NoteBytes bytes = encoded(note);
  return ::pwrite(descriptor_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size());
}

void WalGuard::synced(const Synced& synced) noexcept {
  if (const std::uint64_t known = salts())
    note({known, synced.frames, synced.head, synced.eventless});
}

void WalGuard::finish() noexcept { ::unlink(file_.c_str()); }

bool WalGuard::emptied() noexcept { return note({}) && ::fdatasync(descriptor_) == 0; }

}  // namespace annal::sqlite
