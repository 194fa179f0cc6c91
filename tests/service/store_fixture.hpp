// A store under test: in memory, or in a SQLite file.
#pragma once

#include "annal/service/store.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace annal::test {

enum class Backend { memory, sqlite };

inline void PrintTo(Backend backend, std::ostream* out) {
  *out << (backend == Backend::memory ? "memory" : "sqlite");
}

class StoreTest : public testing::TestWithParam<Backend> {
 protected:
  StoreTest() { open(); }

  void open(OpenOptions options = {}) {
    options.clock = &clock;
    options.randomness = &randomness;
    store.reset();
    store = GetParam() == Backend::memory ? open_ephemeral(std::move(options))
                                          : annal::open(folder / "test.db", std::move(options));
  }

  DocumentService& documents() { return store->documents(); }
  static DocumentKey key(const std::string& name = "orders/7") { return DocumentKey::parse(name); }

  // Each a second after the one before.
  Changed must(ChangeOutcome outcome) {
    clock.advance(std::chrono::seconds{1});
    const auto* changed = std::get_if<Changed>(&outcome);
    EXPECT_NE(changed, nullptr) << "the change was not made: alternative " << outcome.index();
    return changed ? *changed : Changed{};
  }
  Changed create(const std::string& name = "orders/7",
                 const std::string& content = "{\"total\":12}",
                 const std::string& title = "Order 7") {
    return must(documents().create(key(name), {title, {content}, "ann"}));
  }
  Changed update(const std::string& content, const std::string& name = "orders/7") {
    return must(documents().update(key(name), {{}, Json{content}, "bob"}));
  }
  Changed remove(const std::string& name = "orders/7") {
    return must(documents().remove(key(name), {"old", "carl"}));
  }

  static document::State found(const DocumentAnswer& answer) {
    const auto* document = std::get_if<FoundDocument>(&answer);
    EXPECT_NE(document, nullptr) << "not found: alternative " << answer.index();
    return document ? document->document.state : document::State{};
  }
  std::string content(const std::string& name = "orders/7") {
    return found(documents().get(key(name))).content.text;
  }
  std::string content_at(const Point& at, const std::string& name = "orders/7") {
    return found(documents().get(key(name), at)).content.text;
  }

  Position head() { return store->log().head(); }

  std::vector<Record> records(const std::string& space, const std::string& prefix = "") {
    RecordRequest request;
    request.space = space;
    request.prefix = prefix;
    request.limit = 4096;
    return store->log().records(request).records;
  }

  ManualClock clock;
  SeededRandomness randomness;
  TemporaryFolder folder;
  std::unique_ptr<Store> store;
};

// Makes the tests of a fixture run on both.
#define ON_BOTH_LOGS(fixture)                                                                   \
  INSTANTIATE_TEST_SUITE_P(                                                                     \
      On, fixture, testing::Values(annal::test::Backend::memory, annal::test::Backend::sqlite), \
      [](const testing::TestParamInfo<annal::test::Backend>& parameter) {                       \
        return testing::PrintToString(parameter.param);                                         \
      })

// A commit of one event that has nothing to do with documents.
inline Commit unrelated_commit() {
  Commit commit;
  commit.events.emplace_back();
  commit.events.back().type = "wall.painted";
  commit.events.back().stream = "wall/1";
  return commit;
}

template <class Reason>
const Reason* rejected_for(const ChangeOutcome& outcome) {
  const auto* rejected = std::get_if<Rejected>(&outcome);
  return rejected ? std::get_if<Reason>(&rejected->reason) : nullptr;
}

template <class Reason>
const Reason* rejected_for(const AppendOutcome& outcome) {
  const auto* rejected = std::get_if<Rejected>(&outcome);
  return rejected ? std::get_if<Reason>(&rejected->reason) : nullptr;
}

template <class Refusal>
bool refused_for(const ChangeOutcome& outcome) {
  const auto* refused = std::get_if<Refused>(&outcome);
  return refused && std::holds_alternative<Refusal>(refused->reason);
}

}  // namespace annal::test
