// What promises to be used from any number of threads.
#include "annal/event/catalogue.hpp"
#include "annal/event/hash.hpp"
#include "annal/event/json.hpp"
#include "annal/event/ulid.hpp"
#include "fakes.hpp"
#include "payloads.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace annal {
namespace {

constexpr int threads = 4;

template <class Function>
void in_parallel(Function function) {
  std::vector<std::jthread> running;
  for (int i = 0; i < threads; ++i) running.emplace_back([&function, i] { function(i); });
}

TEST(UlidGenerator, gives_no_id_twice_and_each_thread_rising_ones) {
  const test::ManualClock clock;
  test::SeededRandomness randomness;
  UlidGenerator generator(clock, randomness);
  std::array<std::vector<Ulid>, threads> given;
  in_parallel([&](int thread) {
    for (int i = 0; i < 1000; ++i)
      given[static_cast<std::size_t>(thread)].push_back(generator.next());
  });
  std::vector<Ulid> all;
  for (const auto& ids : given) {
    EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
    all.insert(all.end(), ids.begin(), ids.end());
  }
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::unique(all.begin(), all.end()), all.end());
  EXPECT_EQ(all.size(), 4000U);
}

TEST(Sha256, is_computed_by_many_threads_at_once) {
  const std::string text(1000, 'a');
  const Hash expected = sha256({text});
  std::atomic<int> wrong = 0;
  in_parallel([&](int) {
    for (int i = 0; i < 200; ++i) wrong += sha256({text}) != expected;
  });
  EXPECT_EQ(wrong, 0);
}

TEST(Catalogue, is_read_by_many_threads_at_once) {
  Catalogue catalogue;
  catalogue.add<test::Everything>("everything.happened");
  const Envelope event = catalogue.wrap(test::example());
  std::atomic<int> wrong = 0;
  in_parallel([&](int) {
    for (int i = 0; i < 50; ++i) {
      wrong += catalogue.unwrap<test::Everything>(event) != test::example();
      wrong += check_json(payload_to_json(*catalogue.fields(event), event.data)).has_value();
    }
  });
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace annal
