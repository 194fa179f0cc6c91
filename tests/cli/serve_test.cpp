// `annal serve` as a process: it answers, others read meanwhile, and it stops cleanly.
#include "cli/process.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

namespace annal::cli::test {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

std::uint16_t port_of(const std::string& url) {
  return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
}

// One request on a connection of its own; the whole answer.
std::string ask(std::uint16_t port, const std::string& method, const std::string& target,
                const std::string& body = "") {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  const std::string request =
      method + " " + target + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
      "\r\nConnection: close\r\n" +
      "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
      "\r\n\r\n" + body;
  EXPECT_EQ(::send(descriptor, request.data(), request.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(request.size()));
  std::string answer(65536, '\0');
  std::size_t size = 0;
  for (ssize_t count = 0; size < answer.size(); size += static_cast<std::size_t>(count)) {
    count = ::recv(descriptor, answer.data() + size, answer.size() - size, 0);
    if (count <= 0) break;
  }
  ::close(descriptor);
  answer.resize(size);
  return answer;
}

class Serve : public testing::TestWithParam<int> {};

TEST(ServeCompressing, keeps_less_than_it_is_given) {
  const Shell shell;
  Running server(shell.start_of({"serve", "--port", "0", "--compress"}));
  const auto port = port_of(server.read_line());
  const std::string content = R"({"title":"Seven","content":")" + std::string(30'000, 'b') + "\"}";
  EXPECT_THAT(ask(port, "PUT", "/v1/documents/orders/7", content), StartsWith("HTTP/1.1 201"));
  const std::string answer = ask(port, "GET", "/v1/stats");
  const auto stats = nlohmann::json::parse(answer.substr(answer.find("\r\n\r\n")));
  EXPECT_GT(stats.at("payload_bytes"), 30'000);
  EXPECT_LT(stats.at("packed_bytes"), 1000);
  server.signal(SIGTERM);
  EXPECT_EQ(server.finish().code, 0);
  EXPECT_EQ(shell.ok({"get", "orders/7"}), '"' + std::string(30'000, 'b') + "\"\n");
}

TEST_P(Serve, prints_its_address_answers_and_stops_on_a_signal) {
  const Shell shell;
  Running server(shell.start_of({"serve", "--port", "0"}));
  const std::string url = server.read_line();
  ASSERT_THAT(url, MatchesRegex("http://127.0.0.1:[0-9]+/"));
  const auto port = port_of(url);
  EXPECT_THAT(ask(port, "GET", "/healthz"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(
      ask(port, "PUT", "/v1/documents/orders/7", R"({"title":"Seven","content":{"total":12}})"),
      StartsWith("HTTP/1.1 201"));
  server.signal(GetParam());
  const auto finished = server.finish();
  EXPECT_EQ(finished.code, 0);
  EXPECT_EQ(finished.err, "stopped at @1\n");
  EXPECT_EQ(shell.ok({"get", "orders/7"}), "{\"total\":12}\n");
}

INSTANTIATE_TEST_SUITE_P(Signals, Serve, testing::Values(SIGTERM, SIGINT), [](const auto& test) {
  return test.param == SIGTERM ? "term" : "interrupt";
});

TEST(WhileServing, other_processes_read_what_was_just_written) {
  const Shell shell;
  Running server(shell.start_of({"serve", "--port", "0"}));
  const auto port = port_of(server.read_line());
  for (int version = 1; version <= 5; ++version) {
    ask(port, "PUT", "/v1/documents/orders/7", "{\"content\":" + std::to_string(version) + "}");
    EXPECT_EQ(shell.ok({"get", "orders/7"}), std::to_string(version) + "\n");
  }
  EXPECT_EQ(shell.ok({"get", "orders/7@v2"}), "2\n");
  EXPECT_EQ(shell.ok({"list"}), "orders\n");
  EXPECT_THAT(shell.ok({"verify"}), HasSubstr("5 events in 5 commits"));
}

TEST(WhileServing, a_killed_server_leaves_everything_it_acknowledged) {
  const Shell shell;
  Running server(shell.start_of({"serve", "--port", "0"}));
  const auto port = port_of(server.read_line());
  EXPECT_THAT(ask(port, "PUT", "/v1/documents/orders/7", R"({"content":1})"),
              StartsWith("HTTP/1.1 201"));
  server.signal(SIGKILL);
  EXPECT_EQ(server.finish().code, 128 + SIGKILL);
  EXPECT_EQ(shell.ok({"get", "orders/7"}), "1\n");
  shell.ok({"put", "orders/7", "--content", "2"});
  EXPECT_THAT(shell.ok({"verify"}), StartsWith("sound: 2 events"));
}

}  // namespace
}  // namespace annal::cli::test
