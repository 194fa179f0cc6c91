#include "annal/server/guard.hpp"

#include <gtest/gtest.h>

namespace annal::server {
namespace {

Request request_with(std::initializer_list<std::pair<std::string, std::string>> fields) {
  Request request{"GET", "/v1/collections", {}, {}};
  for (const auto& [name, value] : fields) request.headers.add(name, value);
  return request;
}

int status_for(const Guard& guard, const Request& request) {
  const auto refusal = guard.refusal(request);
  return refusal ? refusal->status : 0;
}

int status_of_host(const std::string& name) {
  return status_for(Guard("127.0.0.1", 8080, {}), request_with({{"Host", name}}));
}

TEST(Guard, answers_for_this_machine_at_its_port) {
  EXPECT_EQ(status_of_host("127.0.0.1:8080"), 0);
  EXPECT_EQ(status_of_host("localhost:8080"), 0);
  EXPECT_EQ(status_of_host("LocalHost:8080"), 0);
  EXPECT_EQ(status_of_host("[::1]:8080"), 0);
}

TEST(Guard, does_not_answer_for_other_names) {
  for (const auto* name :
       {"evil.com", "evil.com:8080", "127.0.0.1.evil.com:8080", "localhost.:8080", "127.0.0.1",
        "127.0.0.1:80", "127.0.0.2:8080", "localhost:8080@evil.com", "", "[::1]", "[::2]:8080"})
    EXPECT_EQ(status_of_host(name), 421) << name;
}

TEST(Guard, says_which_host_it_does_not_answer_for_and_how_it_would) {
  const auto refusal =
      Guard("127.0.0.1", 8080, {}).refusal(request_with({{"Host", "annal.lan:8080"}}));
  ASSERT_TRUE(refusal);
  EXPECT_NE(refusal->body.find("`annal.lan:8080`"), std::string::npos) << refusal->body;
  EXPECT_NE(refusal->body.find("--host-name"), std::string::npos) << refusal->body;
}

TEST(Guard, answers_without_a_port_on_port_80) {
  const Guard guard("127.0.0.1", 80, {});
  EXPECT_EQ(status_for(guard, request_with({{"Host", "localhost"}})), 0);
  EXPECT_EQ(status_for(guard, request_with({{"Host", "[::1]"}})), 0);
}

TEST(Guard, answers_for_the_names_it_was_given) {
  const Guard guard("::", 8080, {"annal.lan", "annal.example:443"});
  EXPECT_EQ(status_for(guard, request_with({{"Host", "annal.lan:8080"}})), 0);
  EXPECT_EQ(status_for(guard, request_with({{"Host", "annal.example:443"}})), 0);
  EXPECT_EQ(status_for(guard, request_with({{"Host", "annal.example:8080"}})), 421);
}

TEST(Guard, keeps_pages_of_other_origins_out) {
  const Guard guard("127.0.0.1", 8080, {});
  const auto with_origin = [&](const std::string& origin) {
    return status_for(guard, request_with({{"Host", "localhost:8080"}, {"Origin", origin}}));
  };
  EXPECT_EQ(with_origin("http://localhost:8080"), 0);
  EXPECT_EQ(with_origin("http://localhost:3000"), 403);
  EXPECT_EQ(with_origin("http://127.0.0.1:8080"), 403);
  EXPECT_EQ(with_origin("https://localhost:8080"), 403);
  EXPECT_EQ(with_origin("https://evil.com"), 403);
  EXPECT_EQ(with_origin("null"), 403);
}

TEST(Guard, keeps_pages_of_other_sites_out) {
  const Guard guard("127.0.0.1", 8080, {});
  EXPECT_EQ(status_for(guard, request_with(
                                  {{"Host", "localhost:8080"}, {"Sec-Fetch-Site", "cross-site"}})),
            403);
  EXPECT_EQ(status_for(guard, request_with(
                                  {{"Host", "localhost:8080"}, {"Sec-Fetch-Site", "same-origin"}})),
            0);
}

TEST(Guard, lets_a_link_lead_to_the_page_and_to_nothing_else) {
  const Guard guard("127.0.0.1", 8080, {});
  Request link = request_with({{"Host", "localhost:8080"},
                               {"Sec-Fetch-Site", "cross-site"},
                               {"Sec-Fetch-Mode", "navigate"},
                               {"Sec-Fetch-Dest", "document"}});
  EXPECT_EQ(status_for(guard, link), 403);
  link.target = "/";
  EXPECT_EQ(status_for(guard, link), 0);
  link.headers.set("Sec-Fetch-Dest", "iframe");
  EXPECT_EQ(status_for(guard, link), 403);
}

TEST(SecurityHeaders, are_added_to_every_answer) {
  Response response;
  add_security_headers(response);
  EXPECT_EQ(response.headers.find("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(response.headers.find("Cross-Origin-Resource-Policy"), "same-origin");
  EXPECT_EQ(response.headers.find("Cache-Control"), "no-store");
  const auto policy = response.headers.find("Content-Security-Policy").value_or("");
  EXPECT_NE(policy.find("default-src 'self'; frame-ancestors 'none'"), std::string_view::npos);
  EXPECT_EQ(response.headers.find("Server"), std::nullopt);
  EXPECT_EQ(response.headers.find("Access-Control-Allow-Origin"), std::nullopt);
}

}  // namespace
}  // namespace annal::server
