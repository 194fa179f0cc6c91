// What clients and the one who runs the server are told when the fault is ours.
#include "annal/effects/kinds.hpp"
#include "routes_fixture.hpp"

#include <SQLiteCpp/Database.h>

#include <fstream>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace annal::test {
namespace {

using effects::DatabaseWrite;

class OurFault : public RoutesTest {
 protected:
  void write_with(std::function<AppendOutcome(const DatabaseWrite&)> handler) {
    store_->handlers().on<DatabaseWrite>(std::move(handler));
  }
  server::Response put_one() {
    return ask("PUT", "/v1/documents/orders/7", {json_type, {"X-Request-Id", "r-1"}},
               R"({"content":1})");
  }
  server::Response put_rejected(Rejected why) {
    write_with([why = std::move(why)](const DatabaseWrite&) -> AppendOutcome { return why; });
    return put_one();
  }

  // What no client may read.
  const std::string secret_ = "SELECT * FROM /var/lib/annal.db";
};

using Lines = std::vector<std::string>;

TEST_F(OurFault, that_leaves_the_outcome_unknown_is_told_with_what_to_do) {
  write_with([&](const DatabaseWrite&) -> AppendOutcome { return Unknown{secret_}; });
  const auto response = put_one();
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(problem_of(response), "outcome-unknown");
  EXPECT_EQ(header_of(response, "Retry-After"), "1");
  EXPECT_EQ(header_of(response, "X-Request-Id"), "r-1");
  EXPECT_EQ(response.body.find("/var"), std::string::npos);
  EXPECT_EQ(reports_, Lines{"request r-1: outcome unknown: " + secret_});
}

TEST_F(OurFault, to_take_a_change_is_told_by_its_reason) {
  const auto busy = put_rejected({Busy{1024}});
  EXPECT_EQ(busy.status, 503);
  EXPECT_EQ(problem_of(busy), "busy");
  EXPECT_EQ(header_of(busy, "Retry-After"), "1");
  const auto full = put_rejected({DiskFull{secret_}});
  EXPECT_EQ(full.status, 507);
  EXPECT_EQ(problem_of(full), "disk-full");
  const auto closed = put_rejected({Closed{secret_}});
  EXPECT_EQ(closed.status, 503);
  EXPECT_EQ(problem_of(closed), "store-closed");
  for (const auto* response : {&busy, &full, &closed})
    EXPECT_EQ(response->body.find("/var"), std::string::npos);
  EXPECT_EQ(reports_, Lines{});
}

TEST_F(OurFault, that_is_thrown_is_reported_and_told_in_general_words) {
  const std::vector<std::pair<std::function<void()>, int>> faults = {
      {[&] { throw StorageError(secret_); }, 503},
      {[&] { throw std::runtime_error(secret_); }, 500},
      {[&] { throw secret_; }, 500}};
  for (const auto& [fault, status] : faults) {
    write_with([fault = fault](const DatabaseWrite&) -> AppendOutcome {
      fault();
      return Unknown{};
    });
    reports_.clear();
    const auto response = put_one();
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(header_of(response, "X-Request-Id"), "r-1");
    EXPECT_EQ(response.body.find("/var"), std::string::npos);
    ASSERT_EQ(reports_.size(), 1u);
    EXPECT_EQ(reports_.front().substr(0, 13), "request r-1: ");
  }
}

TEST_F(OurFault, in_middleware_is_no_refusal_of_what_the_client_sent) {
  const auto connection = store_->bus().use(
      "stamp", [&](Envelope) -> std::optional<Envelope> { throw std::runtime_error(secret_); });
  const auto response = put_one();
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(problem_of(response), "internal-error");
  EXPECT_EQ(response.body.find("/var"), std::string::npos);
  EXPECT_EQ(reports_, Lines{"request r-1: refused by stamp: failed: " + secret_});
  EXPECT_EQ(store_->log().head().value, 0u);
}

TEST_F(OurFault, is_answered_though_it_cannot_be_reported) {
  write_with([&](const DatabaseWrite&) -> AppendOutcome { throw std::runtime_error(secret_); });
  server::Routes routes(*store_, randomness_, [](std::string_view) { throw 7; });
  server::Request request{"PUT", "/v1/documents/orders/7", {}, R"({"content":1})"};
  request.headers.add("Content-Type", "application/json");
  EXPECT_EQ(routes.answer(request).status, 500);
}

TEST(Health, of_a_store_that_can_write_no_more_is_503) {
  const TemporaryFolder folder;
  const auto store = open(folder / "store.db", quiet());
  server::Routes routes(*store, system_randomness());
  const auto health = [&] { return routes.answer({"GET", "/healthz", {}, ""}); };
  EXPECT_EQ(health().status, 200);
  SQLite::Database(folder / "store.db", SQLite::OPEN_READWRITE)
      .exec("CREATE TRIGGER broken BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'no'); END");
  store->documents().create(DocumentKey::parse("orders/7"), {"", {"1"}, ""});
  const auto response = health();
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(problem_of(response), "storage-failed");
  EXPECT_EQ(response.body.find("store.db"), std::string::npos);
}

TEST(Health, of_a_store_that_is_damaged_somewhere_says_so) {
  const TemporaryFolder folder;
  const auto file = folder / "store.db";
  {
    const auto store = open(file, quiet());
    for (int i = 0; i < 1100; ++i)  // the first is not among the newest, which are checked at once
      store->documents().create(DocumentKey::parse("orders/" + std::to_string(i)),
                                {"", {'"' + std::string(200, 'x') + '"'}, "ann"});
  }
  {
    std::fstream bytes(file, std::ios::binary | std::ios::in | std::ios::out);
    const std::string content{std::istreambuf_iterator<char>(bytes), {}};
    bytes.seekp(static_cast<std::streamoff>(content.find(std::string(100, 'x'))));
    bytes.put('y');
  }
  OpenOptions options = quiet();
  options.scrub_begins_after = std::chrono::seconds(0);
  options.scrub_bytes_per_second = std::uint64_t{1} << 40;
  std::mutex mutex;
  std::string lines;
  options.log_lines = [&](Severity, std::string_view line) {
    std::lock_guard lock(mutex);
    lines += line;
  };
  const auto store = open(file, options);
  server::Routes routes(*store, system_randomness());
  for (int i = 0; i < 6000 && store->log().scrubbed().passes == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  const auto response = routes.answer({"GET", "/healthz", {}, ""});
  EXPECT_EQ(response.status, 200);
  EXPECT_NE(response.body.find(R"("status":"damaged")"), std::string::npos) << response.body;
  std::lock_guard lock(mutex);
  EXPECT_NE(lines.find("store.db: page "), std::string::npos) << lines;
}

}  // namespace
}  // namespace annal::test
