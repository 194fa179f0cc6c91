#include "routes_fixture.hpp"

namespace annal::test {
namespace {

using nlohmann::json;

class Versions : public RoutesTest {};
class Difference : public RoutesTest {};

const std::string seventh_order = "/v1/documents/orders/7";

TEST_F(Versions, come_newest_first_with_who_when_and_why) {
  write_history();
  const auto response = get(seventh_order + "/versions");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(header_of(response, "Annal-Position"), "3");
  const auto versions = body_of(response).at("versions");
  ASSERT_EQ(versions.size(), 3u);
  EXPECT_EQ(versions.at(0).at("type"), "document.deleted");
  EXPECT_EQ(versions.at(0).at("editor"), "cyd");
  EXPECT_EQ(versions.at(0).at("reason"), "too old");
  EXPECT_EQ(versions.at(0).at("recorded_at"), "2026-01-02T05:04:05Z");
  EXPECT_EQ(versions.at(1).at("type"), "document.updated");
  EXPECT_EQ(versions.at(1).at("editor"), "bob");
  EXPECT_EQ(versions.at(1).at("position"), 2);
  EXPECT_EQ(versions.at(2).at("type"), "document.created");
  EXPECT_EQ(versions.at(2).at("editor"), "ann");
  EXPECT_EQ(versions.at(2).at("version"), 1);
}

TEST_F(Versions, come_in_pages) {
  for (int i = 0; i < 5; ++i) put(seventh_order, "{\"content\":" + std::to_string(i) + "}");
  const auto first = get(seventh_order + "/versions?limit=2");
  EXPECT_EQ(body_of(first).at("versions").size(), 2u);
  EXPECT_EQ(body_of(first).at("more"), true);
  EXPECT_EQ(header_of(first, "Link"),
            "<" + seventh_order + "/versions?before=4&limit=2>; rel=\"next\"");
  const auto last = get(seventh_order + "/versions?before=2&limit=2");
  EXPECT_EQ(body_of(last).at("versions").size(), 1u);
  EXPECT_EQ(header_of(last, "Link"), "");
}

TEST_F(Versions, up_to_a_point_stay_up_to_it_on_every_page) {
  for (int i = 0; i < 5; ++i) put(seventh_order, "{\"content\":" + std::to_string(i) + "}");
  const auto response = get(seventh_order + "/versions?at=@v3&limit=2");
  EXPECT_EQ(body_of(response).at("versions").at(0).at("version"), 3);
  EXPECT_EQ(header_of(response, "Link"),
            "<" + seventh_order + "/versions?before=2&limit=2&at=%403>; rel=\"next\"");
}

TEST_F(Versions, tell_where_a_restored_one_came_from) {
  put(seventh_order, R"({"content":1})");
  put(seventh_order, R"({"content":2})");
  ask("POST", seventh_order + "/restore", {json_type}, R"({"at":"@v1"})");
  EXPECT_EQ(body_of(get(seventh_order + "/versions?limit=1")).at("versions").at(0).at("at_version"),
            1);
}

TEST_F(Versions, carry_what_an_import_noted) {
  DocumentKey key = DocumentKey::parse("files/a");
  ChangeOptions options;
  options.tags = {"commit:1f3a"};
  options.metadata = {{"message", "first commit"}};
  store_->documents().create(key, {"a", {"1"}, "ann"}, options);
  const auto version = body_of(get("/v1/documents/files/a/versions")).at("versions").at(0);
  EXPECT_EQ(version.at("tags"), json({"commit:1f3a"}));
  EXPECT_EQ(version.at("metadata").at("message"), "first commit");
}

TEST_F(Versions, of_a_document_that_never_was_are_404) {
  EXPECT_EQ(get(seventh_order + "/versions").status, 404);
  write_history();
  EXPECT_EQ(get(seventh_order + "/versions?before=1").status, 200);
  EXPECT_EQ(get(seventh_order + "/versions?before=0").status, 400);
  EXPECT_EQ(get(seventh_order + "/versions?limit=1001").status, 400);
}

TEST_F(Difference, is_a_json_patch_between_two_points_and_says_which) {
  write_history();
  const auto response = get(seventh_order + "/diff?from=@v1&to=@v2");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(header_of(response, "Content-Type"), "application/json");
  const auto body = body_of(response);
  EXPECT_EQ(body.at("from"), json({{"point", "@v1"}, {"position", 1}, {"version", 1}}));
  EXPECT_EQ(body.at("to"), json({{"point", "@v2"}, {"position", 2}, {"version", 2}}));
  EXPECT_EQ(body.at("patch"),
            json::parse(R"([{"op":"replace","path":"/content/total","value":13}])"));
}

TEST_F(Difference, goes_up_to_now_unless_told_otherwise) {
  write_history();
  const auto body = body_of(get(seventh_order + "/diff?from=@v2"));
  EXPECT_EQ(body.at("to").at("position"), 3);
  EXPECT_EQ(body.at("to").at("version"), nullptr);
  EXPECT_EQ(body.at("patch").at(0).at("value"), nullptr);
}

TEST_F(Difference, needs_points_and_a_document) {
  EXPECT_EQ(get(seventh_order + "/diff?from=@0").status, 404);
  write_history();
  EXPECT_EQ(get(seventh_order + "/diff").status, 400);
  EXPECT_EQ(get(seventh_order + "/diff?from=then").status, 400);
  const auto unknown = get(seventh_order + "/diff?from=@v1&to=@v9");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(problem_of(unknown), "unknown-point");
}

}  // namespace
}  // namespace annal::test
