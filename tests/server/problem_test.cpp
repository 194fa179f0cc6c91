#include "annal/server/problem.hpp"

#include "annal/log/point.hpp"
#include "annal/server/json_body.hpp"
#include "routes_fixture.hpp"

namespace annal::server {
namespace {

std::vector<std::string> reported;

Response translated(const std::exception& fault) {
  reported.clear();
  return problem_of(fault, [](std::string_view line) { reported.emplace_back(line); });
}

TEST(Problem, has_type_title_status_and_detail) {
  const auto response =
      problem(404, "unknown-route", "nothing here", JsonObject().flag("extra", true));
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.headers.find("Content-Type"), "application/problem+json");
  EXPECT_EQ(test::body_of(response), nlohmann::json({{"type", "urn:annal:problem:unknown-route"},
                                                     {"title", "Unknown route"},
                                                     {"status", 404},
                                                     {"detail", "nothing here"},
                                                     {"extra", true}}));
}

TEST(Problem, is_readable_json_whatever_the_detail_holds) {
  const auto response = problem(400, "invalid-input", "\"\\\n\x01 \xff\xfe caf\xc3");
  EXPECT_EQ(test::body_of(response).at("detail"), "\"\\\n\x01 \uFFFD\uFFFD caf\uFFFD");
}

TEST(Fault, of_the_client_is_told_to_the_client_alone) {
  EXPECT_EQ(translated(InvalidInput("no such thing")).status, 400);
  EXPECT_EQ(translated(UnknownPoint("beyond the head")).status, 404);
  const auto json = translated(InvalidJson("broken", 12));
  EXPECT_EQ(json.status, 400);
  EXPECT_EQ(test::body_of(json).at("offset"), 12);
  EXPECT_TRUE(reported.empty());
}

TEST(Fault, of_ours_is_reported_and_told_in_general_words) {
  const std::string secret = "SELECT * FROM /var/lib/annal.db";
  const StorageError storage(secret);
  const CannotOpen cannot_open(secret);
  const std::runtime_error other(secret);
  const std::vector<std::pair<const std::exception*, int>> faults = {
      {&storage, 503}, {&cannot_open, 503}, {&other, 500}};
  for (const auto& [fault, status] : faults) {
    const auto response = translated(*fault);
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(response.body.find("SELECT"), std::string::npos);
    EXPECT_EQ(response.body.find("/var"), std::string::npos);
    EXPECT_EQ(reported, std::vector<std::string>{secret});
  }
}

TEST(Fault, of_the_store_names_the_damaged_positions) {
  const auto response = translated(CorruptionError("page 7 of /var/lib/annal.db", {17, 18}));
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(test::body_of(response).at("positions"), nlohmann::json({17, 18}));
  EXPECT_EQ(response.body.find("/var"), std::string::npos);
}

}  // namespace
}  // namespace annal::server
