#include "annal/server/framing.hpp"
#include "annal/server/server.hpp"
#include "client.hpp"
#include "routes_fixture.hpp"

#include <thread>

namespace annal::test {
namespace {

using std::chrono::milliseconds;

class Connections : public testing::Test {
 protected:
  // Starts the server the first time.
  std::uint16_t port() {
    if (!server_) {
      server_ = std::make_unique<Server>(*store_, options_);
      server_->start();
    }
    return server_->port();
  }
  std::string host() { return "Host: 127.0.0.1:" + std::to_string(port()) + "\r\n"; }

  ServerOptions options_;
  std::unique_ptr<Store> store_ = open_ephemeral(quiet());
  std::unique_ptr<Server> server_;
};

TEST_F(Connections, carry_one_request_after_another) {
  Client client(port());
  EXPECT_EQ(client.exchange("PUT", "/v1/documents/a/b", R"({"content":1})").status, 201);
  const auto response = client.exchange("GET", "/v1/documents/a/b");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(client.status_line(), "HTTP/1.1 200 OK");
  EXPECT_EQ(header_of(response, "Connection"), "keep-alive");
  EXPECT_EQ(body_of(response).at("content"), 1);
  EXPECT_NE(header_of(response, "Date"), "");
  EXPECT_EQ(header_of(response, "Server"), "");
}

TEST_F(Connections, answer_requests_sent_all_at_once_in_their_order) {
  Client client(port());
  std::string requests;
  for (int i = 0; i < 50; ++i)
    requests += "GET /v1/documents/a/" + std::to_string(i) + " HTTP/1.1\r\n" + host() + "\r\n";
  client.send(requests);
  for (int i = 0; i < 50; ++i) {
    const auto response = client.receive();
    ASSERT_EQ(response.status, 404);
    EXPECT_NE(response.body.find("a/" + std::to_string(i) + "\""), std::string::npos);
  }
}

TEST_F(Connections, take_a_request_byte_by_byte) {
  Client client(port());
  const std::string request =
      "PUT /v1/documents/a/b HTTP/1.1\r\n" + host() +
      "Content-Type: application/json\r\nContent-Length: 13\r\n\r\n{\"content\":1}";
  for (const char c : request) client.send(std::string_view(&c, 1));
  EXPECT_EQ(client.receive().status, 201);
}

TEST_F(Connections, end_when_the_client_asks_for_it) {
  Client client(port());
  const auto response = client.exchange("GET", "/healthz", {}, "Connection: close\r\n");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(header_of(response, "Connection"), "close");
  EXPECT_TRUE(client.is_closed());
}

TEST_F(Connections, of_http_1_0_end_after_the_answer) {
  Client client(port());
  client.send("GET /healthz HTTP/1.0\r\n" + host() + "\r\n");
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_TRUE(client.is_closed());
}

TEST_F(Connections, end_after_the_last_request_they_may_carry) {
  options_.limits.requests_per_connection = 2;
  Client client(port());
  EXPECT_EQ(header_of(client.exchange("GET", "/healthz"), "Connection"), "keep-alive");
  EXPECT_EQ(header_of(client.exchange("GET", "/healthz"), "Connection"), "close");
  EXPECT_TRUE(client.is_closed());
}

TEST_F(Connections, give_head_requests_the_length_and_no_body) {
  Client client(port());
  client.exchange("PUT", "/v1/documents/a/b", R"({"content":1})");
  const auto head = client.exchange("HEAD", "/v1/documents/a/b");
  const auto get = client.exchange("GET", "/v1/documents/a/b");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(header_of(head, "Content-Length"), header_of(get, "Content-Length"));
  EXPECT_EQ(header_of(head, "ETag"), header_of(get, "ETag"));
}

TEST_F(Connections, give_304_and_204_no_body_and_go_on) {
  Client client(port());
  client.exchange("PUT", "/v1/documents/a/b", R"({"content":1})");
  const auto response = client.exchange("GET", "/v1/documents/a/b", {}, "If-None-Match: \"1\"\r\n");
  EXPECT_EQ(response.status, 304);
  EXPECT_EQ(header_of(response, "Content-Length"), "");
  EXPECT_EQ(client.exchange("OPTIONS", "/v1/documents/a/b").status, 204);
  EXPECT_EQ(client.exchange("GET", "/v1/documents/a/b").status, 200);
}

TEST_F(Connections, take_a_body_in_chunks) {
  Client client(port());
  client.send("PUT /v1/documents/a/b HTTP/1.1\r\n" + host() +
              "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
              "4\r\n{\"co\r\n9\r\nntent\":1}\r\n0\r\n\r\n");
  EXPECT_EQ(client.receive().status, 201);
  EXPECT_EQ(client.exchange("GET", "/v1/documents/a/b").status, 200);
}

TEST_F(Connections, invite_a_body_that_waits_to_be_invited) {
  Client client(port());
  client.send(
      "PUT /v1/documents/a/b HTTP/1.1\r\n" + host() +
      "Content-Type: application/json\r\nContent-Length: 13\r\nExpect: 100-continue\r\n\r\n");
  client.receive();
  EXPECT_EQ(client.status_line(), "HTTP/1.1 100 Continue");
  client.send("{\"content\":1}");
  EXPECT_EQ(client.receive().status, 201);
}

class Abuse : public Connections {
 protected:
  // The status of the answer; the connection must end after it.
  int status_of(const std::string& bytes) {
    Client client(port());
    client.send(bytes);
    const int status = client.receive().status;
    EXPECT_TRUE(client.is_closed()) << bytes.substr(0, 200);
    return status;
  }
  int status_of_body(const std::string& fields, const std::string& body) {
    return status_of("PUT /v1/documents/a/b HTTP/1.1\r\n" + host() +
                     "Content-Type: application/json\r\n" + fields + "\r\n" + body);
  }
};

TEST_F(Abuse, of_framing_is_refused_and_ends_the_connection) {
  EXPECT_EQ(status_of("nonsense\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\nHost: x\n\n"), 400);
  EXPECT_EQ(status_of_body("Content-Length: 13\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
            400);
  EXPECT_EQ(status_of_body("Transfer-Encoding: gzip\r\n", ""), 501);
  EXPECT_EQ(status_of(std::string("\x16\x03\x01\x02\x00\x01\r\n\r\n", 10)), 400);  // TLS
  EXPECT_EQ(store_->log().head().value, 0u);
}

TEST_F(Abuse, of_chunks_is_refused) {
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  EXPECT_EQ(status_of_body(chunked, "d;name=value\r\n{\"content\":1}\r\n0\r\n\r\n"), 400);
  EXPECT_EQ(status_of_body(chunked, "d\r\n{\"content\":1}\r\n0;x\r\n\r\n"), 400);
  EXPECT_EQ(status_of_body(chunked, "d\r\n{\"content\":1}\r\n0\r\nHost: evil.com\r\n\r\n"), 400);
  EXPECT_EQ(status_of_body(chunked, "x\r\n{\"content\":1}\r\n0\r\n\r\n"), 400);
  EXPECT_EQ(status_of_body(chunked, "-1\r\n{\"content\":1}\r\n0\r\n\r\n"), 400);
  EXPECT_EQ(status_of_body(chunked, "c\r\n{\"content\":1}\r\n0\r\n\r\n"), 400);
  EXPECT_EQ(store_->log().head().value, 0u);
}

TEST_F(Abuse, by_foreign_pages_is_refused) {
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: evil.com\r\n\r\n"), 421);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n" + host() + "Origin: http://evil.com\r\n\r\n"), 403);
  EXPECT_EQ(
      status_of("GET /v1/events HTTP/1.1\r\n" + host() + "Sec-Fetch-Site: cross-site\r\n\r\n"),
      403);
}

TEST_F(Abuse, refusals_carry_the_security_headers) {
  Client client(port());
  client.send("GET / HTTP/1.1\r\nHost: evil.com\r\n\r\n");
  const auto response = client.receive();
  EXPECT_EQ(header_of(response, "X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(header_of(response, "Content-Type"), "application/problem+json");
  EXPECT_EQ(header_of(response, "Connection"), "close");
}

TEST_F(Abuse, a_head_of_8_KiB_is_taken_and_no_larger_one) {
  const auto with_head = [&](std::size_t size) {
    std::string head = "GET /healthz HTTP/1.1\r\n" + host() + "Connection: close\r\nX: ";
    return head + std::string(size - head.size() - 4, 'x') + "\r\n\r\n";
  };
  EXPECT_EQ(status_of(with_head(server::head_limit)), 200);
  EXPECT_EQ(status_of(with_head(server::head_limit + 1)), 431);
  EXPECT_EQ(status_of("GET /healthz HTTP/1.1\r\nX: " + std::string(100'000, 'x')), 431);
  EXPECT_EQ(status_of("GET /" + std::string(100'000, 'x')), 414);
}

TEST_F(Abuse, a_body_over_the_limit_is_refused_before_it_is_read) {
  options_.limits.body_bytes = 1000;
  EXPECT_EQ(status_of_body("Content-Length: 1001\r\n", ""), 413);
  EXPECT_EQ(status_of_body("Content-Length: 1001\r\nExpect: 100-continue\r\n", ""), 413);
  EXPECT_EQ(status_of_body("Content-Length: 99999999999999999999\r\n", ""), 413);
  std::string body = R"({"content":")";
  body += std::string(1000 - body.size() - 2, 'x') + "\"}";
  EXPECT_EQ(status_of_body("Connection: close\r\nContent-Length: 1000\r\n", body), 201);
}

TEST_F(Abuse, a_body_whose_chunks_add_up_to_more_than_the_limit_is_refused) {
  options_.limits.body_bytes = 1000;
  std::string chunks;
  for (int i = 0; i < 11; ++i) chunks += "64\r\n" + std::string(100, ' ') + "\r\n";
  EXPECT_EQ(status_of_body("Transfer-Encoding: chunked\r\n", chunks + "0\r\n\r\n"), 413);
}

TEST_F(Abuse, bodies_share_a_budget) {
  options_.limits.bodies_bytes = 1500;
  Client first(port());
  first.send(
      "PUT /v1/documents/a/b HTTP/1.1\r\n" + host() +
      "Content-Type: application/json\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n");
  first.receive();
  ASSERT_EQ(first.status_line(), "HTTP/1.1 100 Continue");
  Client second(port());
  second.send("PUT /v1/documents/a/c HTTP/1.1\r\n" + host() +
              "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n");
  const auto response = second.receive();
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(header_of(response, "Retry-After"), "1");

  first.send("{\"content\":1}" + std::string(987, ' '));
  EXPECT_EQ(first.receive().status, 201);
  Client third(port());
  third.send("PUT /v1/documents/a/c HTTP/1.1\r\n" + host() +
             "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"content\":1}" +
             std::string(987, ' '));
  EXPECT_EQ(third.receive().status, 201);
}

TEST_F(Abuse, a_head_that_takes_too_long_is_408) {
  options_.limits.head_timeout = milliseconds(60);
  Client client(port());
  client.send("GET /healthz HTTP/1.1\r\n");
  EXPECT_EQ(client.receive().status, 408);
  EXPECT_TRUE(client.is_closed());
}

TEST_F(Abuse, trickling_bytes_does_not_move_the_deadline) {
  options_.limits.head_timeout = milliseconds(150);
  Client client(port());
  client.send("GET /healthz HTTP/1.1\r\n" + host());
  // A byte every 10 ms: 8 KiB, the most a head may have, would take over a minute.
  for (int sent = 0; sent < 2000 && !client.is_answered_within(milliseconds(10)); ++sent)
    client.send("X");
  EXPECT_EQ(client.receive().status, 408);
}

TEST_F(Abuse, a_body_that_takes_too_long_is_408) {
  options_.limits.body_timeout = milliseconds(60);
  EXPECT_EQ(status_of_body("Content-Length: 100\r\n", "{"), 408);
  EXPECT_EQ(store_->log().head().value, 0u);
}

TEST_F(Connections, end_without_a_word_when_nothing_is_asked) {
  options_.limits.idle_timeout = milliseconds(60);
  options_.limits.head_timeout = milliseconds(60);
  Client silent(port());
  EXPECT_TRUE(silent.is_closed());
  Client client(port());
  EXPECT_EQ(client.exchange("GET", "/healthz").status, 200);
  EXPECT_TRUE(client.is_closed());
}

TEST_F(Connections, beyond_the_limit_are_told_so) {
  options_.limits.connections = 2;
  Client first(port()), second(port());
  EXPECT_EQ(first.exchange("GET", "/healthz").status, 200);
  EXPECT_EQ(second.exchange("GET", "/healthz").status, 200);
  Client third(port());
  const auto response = third.receive();
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(problem_of(response), "too-many-connections");
  third.finish_sending();
  EXPECT_TRUE(third.is_closed());
  EXPECT_EQ(first.exchange("GET", "/healthz").status, 200);
}

TEST_F(Connections, that_break_off_harm_nobody) {
  for (int i = 0; i < 20; ++i) {
    Client client(port());
    client.send("PUT /v1/documents/a/b HTTP/1.1\r\n" + host() +
                "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"con");
  }
  Client client(port());
  EXPECT_EQ(client.exchange("GET", "/healthz").status, 200);
  EXPECT_EQ(store_->log().head().value, 0u);
}

TEST_F(Connections, carry_documents_of_any_size_there_may_be) {
  Client client(port());
  const std::string content = '"' + std::string(document::content_limit - 1000, 'x') + '"';
  EXPECT_EQ(client.exchange("PUT", "/v1/documents/a/b", "{\"content\":" + content + "}").status,
            201);
  EXPECT_NE(client.exchange("GET", "/v1/documents/a/b").body.find(content), std::string::npos);
}

}  // namespace
}  // namespace annal::test
