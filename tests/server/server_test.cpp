#include "annal/server/server.hpp"

#include "client.hpp"
#include "routes_fixture.hpp"

#include <atomic>
#include <future>
#include <thread>

namespace annal::test {
namespace {

// Middleware that holds events back until it is told to let them pass.
class Gate {
 public:
  explicit Gate(Store& store)
      : connection_(store.bus().use("gate", [this](Envelope event) {
          arrived_.set_value();
          opened_.wait();
          return std::optional<Envelope>(std::move(event));
        })) {}
  ~Gate() { open(); }
  void wait_for_arrival() { arrived_.get_future().wait(); }
  void open() {
    if (!std::exchange(is_open_, true)) open_.set_value();
  }

 private:
  std::promise<void> arrived_, open_;
  std::shared_future<void> opened_ = open_.get_future().share();
  bool is_open_ = false;
  Connection connection_;
};

TEST(Server, listens_on_a_port_of_its_choice_on_this_machine_only) {
  const auto store = open_ephemeral(quiet());
  Server server(*store);
  EXPECT_EQ(server.port(), 0);
  const auto port = server.start();
  EXPECT_NE(port, 0);
  EXPECT_EQ(server.port(), port);
  EXPECT_EQ(server.url(), "http://127.0.0.1:" + std::to_string(port) + "/");
  EXPECT_EQ(Client(port).exchange("GET", "/healthz").status, 200);
}

TEST(Server, refuses_addresses_that_others_could_reach) {
  const auto store = open_ephemeral(quiet());
  for (const auto* address :
       {"0.0.0.0", "::", "192.168.1.7", "127.0.0.1.evil.com", "localhost", ""})
    EXPECT_THROW(Server(*store, {.address = address}), ConfigurationError) << address;
  EXPECT_NO_THROW(Server(*store, {.address = "127.0.0.2"}));
  EXPECT_NO_THROW(Server(*store, {.address = "::1"}));
}

TEST(Server, listens_elsewhere_when_that_is_meant) {
  const auto store = open_ephemeral(quiet());
  Server server(*store, {.address = "0.0.0.0", .allow_remote = true, .host_names = {"annal.lan"}});
  const auto port = server.start();
  EXPECT_EQ(server.url(), "http://annal.lan:" + std::to_string(port) + "/");
  Client client(port);
  client.send("GET /healthz HTTP/1.1\r\nHost: annal.lan:" + std::to_string(port) + "\r\n\r\n");
  EXPECT_EQ(client.receive().status, 200);
}

TEST(Server, on_every_address_gives_one_that_can_be_called) {
  const auto store = open_ephemeral(quiet());
  const auto url = [&](const char* address) {
    return Server(*store, {.address = address, .allow_remote = true}).url();
  };
  EXPECT_EQ(url("0.0.0.0"), "http://127.0.0.1:0/");
  EXPECT_EQ(url("::"), "http://[::1]:0/");
  EXPECT_EQ(url("192.168.1.7"), "http://192.168.1.7:0/");
}

TEST(Server, says_when_its_port_is_taken) {
  const auto store = open_ephemeral(quiet());
  Server first(*store);
  const auto port = first.start();
  Server second(*store, {.port = port});
  EXPECT_THROW(second.start(), CannotListen);
  EXPECT_EQ(Client(port).exchange("GET", "/healthz").status, 200);
}

TEST(Server, starts_once) {
  const auto store = open_ephemeral(quiet());
  Server server(*store);
  server.start();
  EXPECT_THROW(server.start(), CannotListen);
  server.stop();
  EXPECT_THROW(server.start(), CannotListen);
}

TEST(Server, runs_until_it_is_stopped) {
  const auto store = open_ephemeral(quiet());
  Server server(*store);
  const auto port = server.start();
  std::thread runner([&] { server.run(); });
  EXPECT_EQ(Client(port).exchange("GET", "/healthz").status, 200);
  server.stop();
  runner.join();
  EXPECT_THROW(Client{port}, std::runtime_error);
}

TEST(Server, that_was_stopped_before_it_ran_returns_at_once) {
  const auto store = open_ephemeral(quiet());
  Server server(*store);
  server.stop();
  server.run();
  EXPECT_EQ(server.port(), 0);
}

TEST(Server, can_be_stopped_again_and_by_several_at_once) {
  const auto store = open_ephemeral(quiet());
  Server never_started(*store);
  never_started.stop();
  Server server(*store);
  server.start();
  std::thread other([&] { server.stop(); });
  server.stop();
  other.join();
  server.stop();
}

TEST(StoppingServer, ends_connections_that_are_idle) {
  const auto store = open_ephemeral(quiet());
  Server server(*store);
  const auto port = server.start();
  Client idle(port), used(port), begun(port);
  EXPECT_EQ(used.exchange("GET", "/healthz").status, 200);
  begun.send("GET /heal");
  server.stop();
  EXPECT_TRUE(idle.is_closed());
  EXPECT_TRUE(used.is_closed());
  EXPECT_TRUE(begun.is_closed());
}

TEST(StoppingServer, answers_the_request_under_way) {
  const auto store = open_ephemeral(quiet());
  Gate gate(*store);
  Server server(*store);
  Client client(server.start());
  client.send_request("PUT", "/v1/documents/a/b", R"({"content":1})");
  gate.wait_for_arrival();
  auto stopped = std::async(std::launch::async, [&] { server.stop(); });
  // The server stops listening first, and only then waits for the request.
  while (true) {
    try {
      Client late(server.port());
    } catch (const std::runtime_error&) {
      break;
    }
  }
  gate.open();
  const auto response = client.receive();
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(header_of(response, "Connection"), "close");
  EXPECT_TRUE(client.is_closed());
  stopped.get();
  EXPECT_EQ(store->log().head().value, 1u);
}

TEST(StoppingServer, waits_for_no_client_longer_than_it_was_told) {
  const auto store = open_ephemeral(quiet());
  Gate gate(*store);
  ServerOptions options;
  options.limits.stop_timeout = std::chrono::milliseconds(50);
  Server server(*store, options);
  Client client(server.start());
  client.send_request("PUT", "/v1/documents/a/b", R"({"content":1})");
  gate.wait_for_arrival();
  auto stopped = std::async(std::launch::async, [&] { server.stop(); });
  EXPECT_TRUE(client.is_closed());
  gate.open();
  stopped.get();
}

TEST(StoppingServer, leaves_everything_it_acknowledged_on_disk) {
  TemporaryFolder folder;
  {
    const auto store = open(folder / "store.db", quiet());
    Server server(*store);
    Client client(server.start());
    for (int i = 0; i < 5; ++i)
      ASSERT_EQ(
          client.exchange("PUT", "/v1/documents/a/" + std::to_string(i), R"({"content":1})").status,
          201);
    server.stop();
  }
  const auto store = open(folder / "store.db", quiet());
  ListRequest request;
  request.collection = "a";
  EXPECT_EQ(store->documents().list(request).documents.size(), 5u);
}

TEST(Server, answers_many_clients_at_the_same_time) {
  const auto store = open_ephemeral(quiet());
  Server server(*store);
  const auto port = server.start();
  constexpr int clients = 8, rounds = 25;
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int c = 0; c < clients; ++c)
    threads.emplace_back([&, c] {
      Client client(port);
      for (int i = 0; i < rounds; ++i) {
        const auto own = "/v1/documents/own/" + std::to_string(c) + "-" + std::to_string(i);
        if (client.exchange("PUT", own, R"({"content":1})").status != 201) ++wrong;
        if (client.exchange("GET", own).status != 200) ++wrong;
        const auto both = client.exchange("PUT", "/v1/documents/shared/1",
                                          "{\"content\":" + std::to_string(c * rounds + i) + "}");
        if (both.status != 200 && both.status != 201) ++wrong;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(store->log().head().value, 2u * clients * rounds);
}

TEST(Server, lets_exactly_one_of_several_conditional_writers_win) {
  const auto store = open_ephemeral(quiet());
  Server server(*store);
  const auto port = server.start();
  Client(port).exchange("PUT", "/v1/documents/a/b", R"({"content":0})");
  std::atomic<int> won{0}, lost{0};
  std::vector<std::thread> threads;
  for (int c = 1; c <= 6; ++c)
    threads.emplace_back([&, c] {
      const auto status =
          Client(port)
              .exchange("PUT", "/v1/documents/a/b", "{\"content\":" + std::to_string(c) + "}",
                        "If-Match: \"1\"\r\n")
              .status;
      if (status == 200) ++won;
      if (status == 412) ++lost;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(lost, 5);
}

TEST(Server, reports_its_own_faults_and_none_of_its_clients) {
  const auto store = open_ephemeral(quiet());
  std::vector<std::string> reports;
  Server server(*store, {.report = [&](std::string_view line) { reports.emplace_back(line); }});
  Client client(server.start());
  EXPECT_EQ(client.exchange("GET", "/v1/documents/a/%00").status, 400);
  EXPECT_EQ(client.exchange("GET", "/v1/documents/a/b?at=@99").status, 404);
  server.stop();
  EXPECT_TRUE(reports.empty());
}

}  // namespace
}  // namespace annal::test
