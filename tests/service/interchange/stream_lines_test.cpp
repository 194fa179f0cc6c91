#include "annal/interchange/stream_lines.hpp"

#include "annal/error.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace annal::interchange {
namespace {

TEST(StreamLines, gives_lines_and_their_numbers) {
  std::istringstream stream("one\n\nthree");
  StreamLines lines(stream, 100);
  EXPECT_EQ(lines.peek(), "one");
  EXPECT_EQ(lines.line(), 1u);
  lines.skip_line();
  EXPECT_EQ(lines.peek(), "");
  lines.skip_line();
  EXPECT_EQ(lines.peek(), "three");
  EXPECT_FALSE(lines.is_terminated());
  EXPECT_EQ(lines.line(), 3u);
  lines.skip_line();
  EXPECT_EQ(lines.peek(), std::nullopt);
  EXPECT_EQ(lines.bytes_read(), 10u);
}

TEST(StreamLines, gives_bytes_between_lines_and_counts_the_lines_in_them) {
  std::istringstream stream("data 4\na\nb\n\nnext\n");
  StreamLines lines(stream, 100);
  lines.peek();
  lines.skip_line();
  EXPECT_EQ(lines.take(4), "a\nb\n");
  EXPECT_TRUE(lines.skip_line_feed());
  EXPECT_FALSE(lines.skip_line_feed());
  EXPECT_EQ(lines.peek(), "next");
  EXPECT_EQ(lines.line(), 5u);
}

TEST(StreamLines, reads_over_what_is_longer_than_its_buffer) {
  const std::string bytes(300'000, 'x');
  std::istringstream stream("head\n" + bytes + "\n" + bytes + "tail\n");
  StreamLines lines(stream, 400'000);
  lines.peek();
  lines.skip_line();
  std::uint64_t left = bytes.size();
  while (left > 0) left -= lines.take(left).size();
  EXPECT_TRUE(lines.skip_line_feed());
  EXPECT_EQ(lines.peek(), bytes + "tail");
  EXPECT_EQ(lines.line(), 3u);
}

TEST(StreamLines, refuses_a_line_over_the_limit_naming_it) {
  std::istringstream stream("short\n" + std::string(101, 'x') + "\n");
  StreamLines lines(stream, 100);
  lines.peek();
  lines.skip_line();
  try {
    lines.peek();
    FAIL() << "a line of 101 bytes was accepted";
  } catch (const InvalidInput& error) {
    EXPECT_STREQ(error.what(), "line 2 is longer than 100 bytes");
  }
}

}  // namespace
}  // namespace annal::interchange
