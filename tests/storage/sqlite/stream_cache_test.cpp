#include "annal/sqlite/stream_cache.hpp"

#include <gtest/gtest.h>

namespace annal::sqlite {

namespace {

std::string name_of(int stream) { return "thing/" + std::to_string(stream); }

void put(StreamCache& cache, int stream) {
  cache.put(name_of(stream), {stream, Version{static_cast<std::uint64_t>(stream) * 2}});
}

testing::AssertionResult knows(StreamCache& cache, int stream) {
  const auto* known = cache.find(name_of(stream));
  if (known == nullptr) return testing::AssertionFailure() << "unknown";
  if (known->key != stream || known->version.value != static_cast<std::uint64_t>(stream) * 2)
    return testing::AssertionFailure() << "confused with " << known->key;
  return testing::AssertionSuccess();
}

}  // namespace

TEST(StreamCache, remembers_streams_by_their_whole_names) {
  StreamCache cache(1024 * 1024);
  EXPECT_EQ(cache.find("thing/1"), nullptr);
  for (int stream = 0; stream < 5000; ++stream) put(cache, stream);
  for (int stream = 0; stream < 5000; ++stream) EXPECT_TRUE(knows(cache, stream)) << stream;
  EXPECT_EQ(cache.find("thing/5000"), nullptr);
  EXPECT_EQ(cache.find("thing"), nullptr);
  EXPECT_EQ(cache.find(""), nullptr);
}

TEST(StreamCache, takes_names_as_long_as_there_are) {
  StreamCache cache(1024);
  const std::string longest(1024, 'x');
  cache.put(longest, {1, Version{7}});
  EXPECT_EQ(cache.find(longest)->version, Version{7});
  EXPECT_EQ(cache.find(longest.substr(1)), nullptr);
}

TEST(StreamCache, forgets_nothing_until_it_ages) {
  StreamCache cache(1024);
  for (int stream = 0; stream < 5000; ++stream) put(cache, stream);
  for (int stream = 0; stream < 5000; ++stream) EXPECT_TRUE(knows(cache, stream)) << stream;
}

TEST(StreamCache, keeps_what_is_used_and_forgets_the_rest_as_it_ages) {
  StreamCache cache(128 * 1024);
  for (int stream = 0; stream < 20000; ++stream) {
    put(cache, stream);
    EXPECT_TRUE(knows(cache, 0));
    cache.age();
  }
  EXPECT_TRUE(knows(cache, 19999));
  EXPECT_EQ(cache.find(name_of(1)), nullptr);
}

TEST(StreamCache, what_was_changed_after_it_aged_stays_changed) {
  StreamCache cache(2);
  put(cache, 1);
  cache.age();
  cache.find(name_of(1))->version = Version{99};
  put(cache, 2);
  EXPECT_EQ(cache.find(name_of(1))->version, Version{99});
  cache.clear();
  EXPECT_EQ(cache.find(name_of(1)), nullptr);
}

}  // namespace annal::sqlite
