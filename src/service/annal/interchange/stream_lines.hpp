// A stream read line by line and byte by byte in turns, with its place known.
#pragma once

#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <string_view>

namespace annal::interchange {

//   threads   one
class StreamLines {
 public:
  StreamLines(std::istream& stream, std::size_t line_limit);

  // The line to come, without its line feed; nothing at the end of the stream. Valid until the next
  // call of any member.
  //   throws    InvalidInput for a line over the limit, StorageError if the stream cannot be read
  std::optional<std::string_view> peek();
  // False if the stream ended without a line feed behind the line last peeked at.
  bool is_terminated() const { return terminated_; }
  // Steps over the line last peeked at.
  void skip_line();

  // At most `size` bytes, as many as come conveniently; empty at the end of the stream. Valid until
  // the next call of any member.
  std::string_view take(std::uint64_t size);
  // Steps over a line feed; false if none comes next.
  bool skip_line_feed();

  // Of the line that peek() answers or would answer, from 1;
  // of a byte inside it where bytes were taken.
  std::uint64_t line() const { return line_; }
  std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  bool fill();
  void consume(std::size_t size);

  std::istream& stream_;
  const std::size_t line_limit_;
  std::string buffer_;
  std::size_t begin_ = 0, end_ = 0;  // what is left of the buffer
  std::size_t peeked_ = 0;           // bytes of the line last peeked at, its line feed included
  bool terminated_ = true;
  std::uint64_t line_ = 1;
  std::uint64_t bytes_read_ = 0;
};

}  // namespace annal::interchange
