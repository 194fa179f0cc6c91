#include "annal/interchange/stream_lines.hpp"

#include "annal/error.hpp"

#include <algorithm>
#include <cstring>

namespace annal::interchange {
namespace {

constexpr std::size_t block = 64 * 1024;

}  // namespace

StreamLines::StreamLines(std::istream& stream, std::size_t line_limit)
    : stream_(stream), line_limit_(line_limit), buffer_(block, '\0') {}

// Adds a block behind what is left; false at the end of the stream.
bool StreamLines::fill() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() - end_ < block) buffer_.resize(std::max(end_ + block, 2 * buffer_.size()));
  stream_.read(buffer_.data() + end_, static_cast<std::streamsize>(buffer_.size() - end_));
  const auto got = static_cast<std::size_t>(stream_.gcount());
  if (stream_.bad())
    throw StorageError("the stream cannot be read behind line " + std::to_string(line_));
  end_ += got;
  return got > 0;
}

void StreamLines::consume(std::size_t size) {
  const char* bytes = buffer_.data() + begin_;
  line_ += static_cast<std::uint64_t>(std::count(bytes, bytes + size, '\n'));
  begin_ += size;
  bytes_read_ += size;
}

std::optional<std::string_view> StreamLines::peek() {
  std::size_t searched = 0;
  for (;;) {
    const char* start = buffer_.data() + begin_;
    const std::size_t left = end_ - begin_;
    const void* found =
        left > searched ? std::memchr(start + searched, '\n', left - searched) : nullptr;
    const std::size_t length =
        found ? static_cast<std::size_t>(static_cast<const char*>(found) - start) : left;
    if (length > line_limit_)
      throw InvalidInput("line " + std::to_string(line_) + " is longer than " +
                         std::to_string(line_limit_) + " bytes");
    if (found) {
      terminated_ = true;
      peeked_ = length + 1;
      return std::string_view(start, length);
    }
    searched = left;
    if (fill()) continue;
    terminated_ = false;
    peeked_ = left;
    if (left == 0) return std::nullopt;
    return std::string_view(buffer_.data() + begin_, left);
  }
}

void StreamLines::skip_line() {
  consume(peeked_);
  peeked_ = 0;
}

std::string_view StreamLines::take(std::uint64_t size) {
  if (size == 0 || (begin_ == end_ && !fill())) return {};
  const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(size, end_ - begin_));
  const std::string_view bytes(buffer_.data() + begin_, taken);
  consume(taken);
  return bytes;
}

bool StreamLines::skip_line_feed() {
  const bool found = (begin_ < end_ || fill()) && buffer_[begin_] == '\n';
  if (found) consume(1);
  return found;
}

}  // namespace annal::interchange
