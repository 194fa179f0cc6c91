// Many threads on one store.
#include "store_fixture.hpp"

#include <atomic>
#include <thread>

namespace annal {
namespace {

class Together : public test::StoreTest {
 protected:
  // Runs the function on that many threads at once, with their numbers.
  template <class Function>
  static void on_threads(int count, Function function) {
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) threads.emplace_back(function, i);
    for (auto& thread : threads) thread.join();
  }
};

TEST_P(Together, patches_of_one_document_are_all_kept_or_rejected) {
  create("orders/7", "{}");
  std::atomic<int> kept = 0;
  on_threads(4, [&](int thread) {
    for (int i = 0; i < 25; ++i) {
      const auto member = std::to_string(thread) + '-' + std::to_string(i);
      const auto outcome =
          documents().patch(key(), {{"{\"content\":{\"" + member + "\":true}}"}, {}});
      if (std::holds_alternative<Changed>(outcome))
        ++kept;
      else
        EXPECT_NE(test::rejected_for<VersionConflict>(outcome), nullptr) << outcome.index();
    }
  });
  const auto state = found(documents().get(key()));
  EXPECT_EQ(state.version.value, 1u + static_cast<std::uint64_t>(kept.load()));
  EXPECT_EQ(std::count(state.content.text.begin(), state.content.text.end(), ':'), kept.load());
  EXPECT_TRUE(documents().verify_rows().empty());
}

TEST_P(Together, exactly_one_of_those_who_expect_the_same_version_wins) {
  create("orders/7", "0");
  for (std::uint64_t version = 1; version <= 10; ++version) {
    std::atomic<int> winners = 0, stale = 0;
    on_threads(4, [&](int thread) {
      ChangeOptions options;
      options.expected = ExpectedVersion::exactly({version});
      const auto outcome =
          documents().update(key(), {{}, Json{std::to_string(thread)}, {}}, options);
      winners += std::holds_alternative<Changed>(outcome) ? 1 : 0;
      stale += std::holds_alternative<StaleVersion>(outcome) ? 1 : 0;
    });
    EXPECT_EQ(winners, 1);
    EXPECT_EQ(stale, 3);
  }
}

TEST_P(Together, one_request_sent_by_many_at_once_is_made_once) {
  on_threads(4, [&](int) {
    ChangeOptions options;
    options.idempotency_key = "once";
    const auto outcome = documents().put(key(), {"T", {"1"}, "ann"}, options);
    EXPECT_TRUE(std::holds_alternative<Changed>(outcome)) << outcome.index();
  });
  EXPECT_EQ(head(), Position{1});
}

TEST_P(Together, readers_see_whole_documents_while_others_write) {
  create("orders/7", "[0,0]");
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 1; i <= 100; ++i) {
      const auto number = std::to_string(i);
      documents().update(key(), {number, Json{"[" + number + "," + number + "]"}, {}});
    }
    done = true;
  });
  on_threads(2, [&](int) {
    std::uint64_t newest = 0;
    while (!done) {
      const auto answer = documents().get(key());
      const auto& document = std::get<FoundDocument>(answer);
      const auto& state = document.document.state;
      EXPECT_GE(state.version.value, newest);
      newest = state.version.value;
      EXPECT_GE(document.at, document.document.position);
      if (newest > 1) {
        EXPECT_EQ(state.content.text, "[" + state.title + "," + state.title + "]");
      }
      const auto page = documents().list({.collection = "orders"});
      EXPECT_EQ(page.documents.size(), 1u);
    }
  });
  writer.join();
}

TEST_P(Together, rows_are_rebuilt_and_checked_while_others_write) {
  for (int i = 0; i < 8; ++i) create("orders/" + std::to_string(i), "0");
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 1; i <= 80; ++i)
      documents().update(key("orders/" + std::to_string(i % 8)), {{}, Json{std::to_string(i)}, {}});
    done = true;
  });
  while (!done) {
    EXPECT_EQ(documents().rebuild(), 8u);
    EXPECT_TRUE(documents().verify_rows().empty());
    EXPECT_TRUE(std::holds_alternative<FoundDocument>(documents().get(key("orders/3"))));
  }
  writer.join();
  EXPECT_TRUE(documents().verify_rows().empty());
}

ON_BOTH_LOGS(Together);

}  // namespace
}  // namespace annal
