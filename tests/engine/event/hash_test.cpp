#include "annal/event/hash.hpp"

#include "annal/event/randomness.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <set>
#include <vector>

namespace annal {
namespace {

// Source: FIPS 180-4, examples
TEST(Sha256, gives_the_standard_s_own_results) {
  EXPECT_EQ(sha256({}).to_hex(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256({"abc"}).to_hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256({std::string(1000000, 'a')}).to_hex(),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, of_parts_is_that_of_their_concatenation) {
  EXPECT_EQ(sha256({"a", "", "bc"}), sha256({"abc"}));
  EXPECT_NE(sha256({"abc"}), sha256({"abd"}));
}

TEST(Hash, reads_back_its_hexadecimal_text_in_either_case) {
  const Hash hash = sha256({"abc"});
  EXPECT_EQ(Hash::from_hex(hash.to_hex()), hash);
  EXPECT_EQ(Hash::from_hex("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"),
            hash);
}

TEST(Hash, refuses_what_is_not_64_hexadecimal_digits) {
  const std::string good(64, 'a');
  ASSERT_TRUE(Hash::from_hex(good));
  EXPECT_FALSE(Hash::from_hex(""));
  EXPECT_FALSE(Hash::from_hex(good.substr(1)));
  EXPECT_FALSE(Hash::from_hex(good + "aa"));
  for (const char bad : {'g', 'G', '/', ':', '@', '`', ' '}) {
    EXPECT_FALSE(Hash::from_hex(good.substr(1) + bad)) << bad;
    EXPECT_FALSE(Hash::from_hex(bad + good.substr(1))) << bad;
  }
}

TEST(SystemRandomness, does_not_repeat_itself) {
  std::array<std::uint8_t, 32> first{}, second{};
  system_randomness().fill(first);
  system_randomness().fill(second);
  EXPECT_NE(first, second);
}

TEST(SystemRandomness, fills_nothing_when_asked_for_nothing) {
  std::array<std::uint8_t, 1> byte{7};
  system_randomness().fill(std::span(byte).first(0));
  EXPECT_EQ(byte[0], 7);
}

TEST(SystemRandomness, never_gives_the_same_bytes_in_any_length) {
  std::set<std::vector<std::uint8_t>> seen;
  for (int round = 0; round < 300; ++round) {
    for (const std::size_t size : {8, 10, 16, 64, 65, 2000}) {
      std::vector<std::uint8_t> bytes(size);
      system_randomness().fill(bytes);
      EXPECT_TRUE(seen.insert({bytes.begin(), bytes.begin() + 8}).second);
    }
  }
}

TEST(SystemRandomness, of_a_forked_process_is_its_own) {
  std::array<std::uint8_t, 16> before{}, of_child{}, of_parent{};
  system_randomness().fill(before);
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    system_randomness().fill(of_child);
    ::_exit(::write(ends[1], of_child.data(), of_child.size()) == 16 ? 0 : 1);
  }
  system_randomness().fill(of_parent);
  EXPECT_EQ(::read(ends[0], of_child.data(), of_child.size()), 16);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_NE(of_child, of_parent);
  for (const int end : ends) ::close(end);
}

}  // namespace
}  // namespace annal
