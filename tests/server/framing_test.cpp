#include "annal/server/framing.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace annal::server {
namespace {

const std::string host = "Host: localhost:80\r\n";

// The status of the fault, or 0 for a head that is taken.
int status_of(const std::string& bytes) {
  const auto read = read_head(bytes);
  const auto* fault = std::get_if<FramingFault>(&read);
  return fault ? fault->status : 0;
}

int status_with(const std::string& fields) {
  return status_of("POST / HTTP/1.1\r\n" + host + fields + "\r\n");
}

Head head_with(const std::string& fields) {
  return std::get<Head>(read_head("POST / HTTP/1.1\r\n" + host + fields + "\r\n"));
}

TEST(RequestHead, gives_method_target_and_fields) {
  const auto read = read_head("PUT /v1/a?b=c HTTP/1.1\r\nHost: x\r\nIf-Match: \t\"1\" \r\n\r\n");
  const auto& head = std::get<Head>(read);
  EXPECT_EQ(head.request.method, "PUT");
  EXPECT_EQ(head.request.target, "/v1/a?b=c");
  EXPECT_EQ(head.request.headers.find("if-match"), "\"1\"");
  EXPECT_TRUE(head.keep_alive);
  EXPECT_FALSE(head.has_body());
}

TEST(RequestHead, ends_at_its_empty_line) {
  EXPECT_EQ(head_end("GET / HTTP/1.1\r\nHost: x\r\n"), std::string_view::npos);
  EXPECT_EQ(head_end("GET / HTTP/1.1\r\n\r\nmore"), 18u);
  EXPECT_EQ(head_end("GET / HTTP/1.1\n\nmore\r\n\r\n"), 16u);  // to be refused, but not waited for
}

TEST(RequestHead, says_how_its_body_is_framed) {
  EXPECT_EQ(head_with("Content-Length: 12\r\n").content_length, 12u);
  EXPECT_TRUE(head_with("Transfer-Encoding: Chunked\r\n").chunked);
  EXPECT_TRUE(head_with("Expect: 100-Continue\r\n").expects_continue);
}

TEST(RequestHead, says_whether_the_connection_stays) {
  EXPECT_FALSE(head_with("Connection: close\r\n").keep_alive);
  EXPECT_FALSE(head_with("Connection: keep-alive, Close\r\n").keep_alive);
  const auto old = read_head("GET / HTTP/1.0\r\nHost: x\r\n\r\n");
  EXPECT_FALSE(std::get<Head>(old).keep_alive);
  const auto old_kept = read_head("GET / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(std::get<Head>(old_kept).keep_alive);
}

TEST(RequestHead, cuts_an_absolute_target_down_to_its_path) {
  const auto read = read_head("GET http://localhost:80/a?b HTTP/1.1\r\n" + host + "\r\n");
  EXPECT_EQ(std::get<Head>(read).request.target, "/a?b");
  const auto bare = read_head("GET http://localhost:80 HTTP/1.1\r\n" + host + "\r\n");
  EXPECT_EQ(std::get<Head>(bare).request.target, "/");
}

TEST(RequestHead, may_name_one_server_only) {
  EXPECT_EQ(status_of("GET http://evil.com/ HTTP/1.1\r\n" + host + "\r\n"), 421);
}

TEST(RequestHead, takes_a_target_of_2_KiB_and_no_longer_one) {
  const auto with_target = [](std::size_t size) {
    return "GET /" + std::string(size - 1, 'a') + " HTTP/1.1\r\n" + host + "\r\n";
  };
  EXPECT_EQ(status_of(with_target(2048)), 0);
  EXPECT_EQ(status_of(with_target(2049)), 414);
}

TEST(RequestHead, takes_64_fields_and_no_more) {
  std::string fields;
  for (int i = 0; i < 63; ++i) fields += "X-" + std::to_string(i) + ": y\r\n";
  EXPECT_EQ(status_with(fields), 0);
  EXPECT_EQ(status_with(fields + "Y: z\r\n"), 431);
}

TEST(RequestHead, that_grows_too_long_is_told_what_was_too_long) {
  EXPECT_EQ(overlong_head("GET /" + std::string(head_limit, 'a')).status, 414);
  EXPECT_EQ(overlong_head("GET / HTTP/1.1\r\nX: " + std::string(head_limit, 'a')).status, 431);
}

struct Abuse {
  const char* name;
  std::string bytes;
  int status;
};
void PrintTo(const Abuse& abuse, std::ostream* out) { *out << abuse.name; }

class AbusiveHead : public testing::TestWithParam<Abuse> {};

TEST_P(AbusiveHead, is_refused) { EXPECT_EQ(status_of(GetParam().bytes), GetParam().status); }

std::string post(const std::string& fields) {
  return "POST / HTTP/1.1\r\n" + host + fields + "\r\n";
}

INSTANTIATE_TEST_SUITE_P(
    Framing, AbusiveHead,
    testing::Values(
        Abuse{"no_host", "GET / HTTP/1.1\r\n\r\n", 400},
        Abuse{"two_hosts", post("Host: localhost:80\r\n"), 400},
        Abuse{"two_lengths", post("Content-Length: 1\r\nContent-Length: 1\r\n"), 400},
        Abuse{"length_list", post("Content-Length: 1, 1\r\n"), 400},
        Abuse{"length_signed", post("Content-Length: +1\r\n"), 400},
        Abuse{"length_negative", post("Content-Length: -1\r\n"), 400},
        Abuse{"length_hexadecimal", post("Content-Length: 0x1\r\n"), 400},
        Abuse{"length_empty", post("Content-Length: \r\n"), 400},
        Abuse{"length_over_64_bits", post("Content-Length: 99999999999999999999\r\n"), 413},
        Abuse{"length_and_chunked", post("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"),
              400},
        Abuse{"chunked_and_length", post("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"),
              400},
        Abuse{"coding_gzip", post("Transfer-Encoding: gzip\r\n"), 501},
        Abuse{"coding_identity", post("Transfer-Encoding: identity\r\n"), 501},
        Abuse{"coding_xchunked", post("Transfer-Encoding: xchunked\r\n"), 501},
        Abuse{"coding_list", post("Transfer-Encoding: chunked, identity\r\n"), 501},
        Abuse{"coding_twice_in_one", post("Transfer-Encoding: chunked, chunked\r\n"), 501},
        Abuse{"coding_twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
              400},
        Abuse{"coding_in_1_0", "POST / HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n",
              400},
        Abuse{"folded_line", post("X: a\r\n b\r\n"), 400},
        Abuse{"folded_first_line", "POST / HTTP/1.1\r\n X: a\r\n" + host + "\r\n", 400},
        Abuse{"folded_coding", post("Transfer-Encoding:\r\n chunked\r\n"), 400},
        Abuse{"space_before_colon", post("Content-Length : 1\r\n"), 400},
        Abuse{"no_colon", post("Content-Length\r\n"), 400}, Abuse{"no_name", post(": x\r\n"), 400},
        Abuse{"bare_lf", "GET / HTTP/1.1\nHost: x\n\n", 400},
        Abuse{"bare_lf_in_a_field", "GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n", 400},
        Abuse{"bare_cr", post("X: a\rb\r\n"), 400},
        Abuse{"nul", post(std::string("X: a\0b\r\n", 8)), 400},
        Abuse{"escape", post("X: \x1b[31m\r\n"), 400},
        Abuse{"trailer", post("Transfer-Encoding: chunked\r\nTrailer: Host\r\n"), 400},
        Abuse{"gzip_body", post("Content-Encoding: gzip\r\n"), 415},
        Abuse{"expectation", post("Expect: something\r\n"), 417},
        Abuse{"two_idempotency_keys", post("Idempotency-Key: a\r\nIdempotency-Key: b\r\n"), 400},
        Abuse{"no_version", "GET /\r\n" + host + "\r\n", 400},
        Abuse{"version_2", "GET / HTTP/2.0\r\n" + host + "\r\n", 505},
        Abuse{"no_http", "GET / SPDY/1.1\r\n" + host + "\r\n", 400},
        Abuse{"empty_line_first", "\r\nGET / HTTP/1.1\r\n" + host + "\r\n", 400},
        Abuse{"method_no_token", "G(T / HTTP/1.1\r\n" + host + "\r\n", 400},
        Abuse{"two_spaces", "GET  / HTTP/1.1\r\n" + host + "\r\n", 400},
        Abuse{"space_in_target", "GET /a b HTTP/1.1\r\n" + host + "\r\n", 400},
        Abuse{"fragment", "GET /a#b HTTP/1.1\r\n" + host + "\r\n", 400},
        Abuse{"target_not_ascii", "GET /\xc3\xa9 HTTP/1.1\r\n" + host + "\r\n", 400},
        Abuse{"asterisk", "OPTIONS * HTTP/1.1\r\n" + host + "\r\n", 400},
        Abuse{"authority", "CONNECT evil.com:443 HTTP/1.1\r\n" + host + "\r\n", 400}),
    [](const auto& abuse) { return std::string(abuse.param.name); });

}  // namespace
}  // namespace annal::server
