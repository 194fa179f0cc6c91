#include "annal/server/ui/assets.hpp"
#include "routes_fixture.hpp"

namespace annal::test {
namespace {

using nlohmann::json;

class Reading : public RoutesTest {};
class Listing : public RoutesTest {};
class Routing : public RoutesTest {};
class Page : public RoutesTest {
 protected:
  static std::vector<std::string> scripts() {
    std::vector<std::string> targets;
    for (const auto& asset : server::ui::assets())
      if (asset.name.ends_with(".js")) targets.push_back("/ui/" + std::string(asset.name));
    return targets;
  }
};

TEST_F(Reading, a_document_gives_everything_about_it) {
  put("/v1/documents/orders/7", R"({"title":"Seven","content":{"total":12},"author":"ann"})");
  const auto response = get("/v1/documents/orders/7");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(header_of(response, "ETag"), "\"1\"");
  EXPECT_EQ(header_of(response, "Annal-Position"), "1");
  EXPECT_EQ(header_of(response, "Content-Type"), "application/json");
  EXPECT_EQ(body_of(response), json({{"collection", "orders"},
                                     {"id", "7"},
                                     {"title", "Seven"},
                                     {"content", {{"total", 12}}},
                                     {"author", "ann"},
                                     {"created_at", "2026-01-02T03:04:05Z"},
                                     {"modified_at", "2026-01-02T03:04:05Z"},
                                     {"version", 1},
                                     {"last_editor", "ann"},
                                     {"is_deleted", false},
                                     {"position", 1}}));
}

TEST_F(Reading, a_document_gives_its_content_byte_for_byte) {
  const std::string content =
      "{\"b\" : 1.0,\t\"a\":[ 12345678901234567890 , 1e2,\"\\u00e9\"],\"\":{}}";
  put("/v1/documents/orders/7", "{\"content\": " + content + " }");
  EXPECT_NE(get("/v1/documents/orders/7").body.find("\"content\":" + content + "}"),
            std::string::npos);
}

TEST_F(Reading, a_purged_document_is_410_at_every_point_and_links_to_nothing) {
  write_history();
  const auto key = DocumentKey::parse("orders/7");
  ASSERT_TRUE(std::holds_alternative<Changed>(store_->documents().purge(key, {"asked for", {}})));
  for (const char* target : {"/v1/documents/orders/7", "/v1/documents/orders/7?at=@v1"}) {
    const auto response = get(target);
    EXPECT_EQ(response.status, 410) << target;
    EXPECT_EQ(problem_of(response), "document-purged") << target;
    EXPECT_FALSE(response.headers.find("Link")) << target;
    EXPECT_FALSE(body_of(response).contains("last_version")) << target;
  }
  EXPECT_EQ(problem_of(get("/v1/documents/orders/7/diff?from=@v1&to=@v2")), "data-purged");
  EXPECT_EQ(body_of(get("/v1/documents/orders?at=@1")).at("purged"), json::array({"7"}));
  const auto versions = body_of(get("/v1/documents/orders/7/versions")).at("versions");
  EXPECT_EQ(versions.front().at("reason"), "asked for");
  EXPECT_EQ(versions.back().at("purged"), true);
  EXPECT_EQ(body_of(get("/v1/events?limit=1")).at("events").at(0).at("purged"), true);
}

TEST_F(Reading, a_document_that_never_was_is_404) {
  const auto response = get("/v1/documents/orders/7");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(problem_of(response), "document-not-found");
}

TEST_F(Reading, a_deleted_document_is_410_and_links_to_what_it_was) {
  write_history();
  const auto response = get("/v1/documents/orders/7");
  EXPECT_EQ(response.status, 410);
  EXPECT_EQ(problem_of(response), "document-deleted");
  const auto body = body_of(response);
  EXPECT_EQ(body.at("reason"), "too old");
  EXPECT_EQ(body.at("deleted_at"), "2026-01-02T05:04:05Z");
  EXPECT_EQ(body.at("version"), 3);
  EXPECT_EQ(body.at("last_version"), 2);
  EXPECT_EQ(header_of(response, "Link"),
            "</v1/documents/orders/7?at=@v2>; rel=\"predecessor-version\"");
  const auto last = get("/v1/documents/orders/7?at=@v2");
  EXPECT_EQ(last.status, 200);
  EXPECT_EQ(body_of(last).at("content").at("total"), 13);
}

TEST_F(Reading, at_a_point_gives_the_document_as_it_was) {
  write_history();
  const auto total_at = [&](const std::string& point) {
    const auto body = body_of(get("/v1/documents/orders/7?at=" + point));
    return body.contains("content") ? body.at("content").at("total").get<int>() : 0;
  };
  EXPECT_EQ(total_at("@1"), 12);
  EXPECT_EQ(total_at("1"), 12);
  EXPECT_EQ(total_at("@v1"), 12);
  EXPECT_EQ(total_at("@head~1"), 13);
  EXPECT_EQ(total_at("@2026-01-02T03:30:00Z"), 12);
  EXPECT_EQ(total_at("90+minutes+ago"), 12);
  EXPECT_EQ(total_at("%2290%20minutes%20ago%22"), 12);
  EXPECT_EQ(total_at("@2026-01-02T04:04:05Z"), 13);
}

TEST_F(Reading, at_a_point_says_which_position_that_was) {
  write_history();
  const auto response = get("/v1/documents/orders/7?at=@2026-01-02T04:30:00Z");
  EXPECT_EQ(header_of(response, "Annal-Position"), "2");
  EXPECT_EQ(header_of(response, "ETag"), "\"2\"");
}

TEST_F(Reading, gives_the_same_bytes_under_the_same_tag_whatever_happens_to_other_documents) {
  put("/v1/documents/orders/7", R"({"content":1})");
  const auto before = get("/v1/documents/orders/7");
  put("/v1/documents/orders/8", R"({"content":1})");
  const auto after = get("/v1/documents/orders/7");
  EXPECT_EQ(header_of(after, "Annal-Position"), "2");
  EXPECT_EQ(header_of(after, "ETag"), header_of(before, "ETag"));
  EXPECT_EQ(after.body, before.body);
}

TEST_F(Reading, at_an_unknown_point_is_404_and_at_nonsense_400) {
  write_history();
  for (const auto* point : {"@99", "@v9", "@head~9", "@2001-01-01", "@commit:abc"}) {
    const auto response = get("/v1/documents/orders/7?at=" + std::string(point));
    EXPECT_EQ(response.status, 404) << point;
    EXPECT_EQ(problem_of(response), "unknown-point") << point;
  }
  EXPECT_EQ(get("/v1/documents/orders/7?at=sometime").status, 400);
  EXPECT_EQ(get("/v1/documents/orders/7?at=").status, 400);
  EXPECT_EQ(get("/v1/documents/orders/7?at=@1&at=@2").status, 400);
}

TEST_F(Reading, a_version_by_number_is_the_document_at_that_version) {
  write_history();
  EXPECT_EQ(body_of(get("/v1/documents/orders/7/versions/1")).at("content").at("total"), 12);
  EXPECT_EQ(get("/v1/documents/orders/7/versions/3").status, 410);
  EXPECT_EQ(get("/v1/documents/orders/7/versions/4").status, 404);
  EXPECT_EQ(get("/v1/documents/orders/7/versions/0").status, 400);
  EXPECT_EQ(get("/v1/documents/orders/7/versions/x").status, 400);
}

TEST_F(Reading, what_the_client_has_already_is_304_without_a_body) {
  put("/v1/documents/orders/7", R"({"content":1})");
  for (const auto* tags : {"\"1\"", "W/\"1\"", "\"7\", \"1\"", "*"}) {
    const auto response = get("/v1/documents/orders/7", {{"If-None-Match", tags}});
    EXPECT_EQ(response.status, 304) << tags;
    EXPECT_EQ(response.body, "");
    EXPECT_EQ(header_of(response, "ETag"), "\"1\"");
  }
  EXPECT_EQ(get("/v1/documents/orders/7", {{"If-None-Match", "\"2\""}}).status, 200);
  EXPECT_EQ(get("/v1/documents/orders/7", {{"If-None-Match", "1"}}).status, 400);
}

TEST_F(Reading, another_version_than_the_one_wanted_is_412) {
  put("/v1/documents/orders/7", R"({"content":1})");
  EXPECT_EQ(get("/v1/documents/orders/7", {{"If-Match", "\"1\""}}).status, 200);
  const auto response = get("/v1/documents/orders/7", {{"If-Match", "\"2\""}});
  EXPECT_EQ(response.status, 412);
  EXPECT_EQ(body_of(response).at("current_version"), 1);
}

TEST_F(Reading, an_id_may_hold_slashes_and_anything_that_can_be_encoded) {
  const std::string path = "/v1/documents/files/src%2Fa%20b%23%3F%25%C3%A9.txt";
  EXPECT_EQ(put(path, R"({"content":"x"})").status, 201);
  EXPECT_EQ(header_of(put("/v1/documents/files/src%2fa", R"({"content":"x"})"), "Location"),
            "/v1/documents/files/src%2Fa");
  EXPECT_EQ(body_of(get(path)).at("id"), "src/a b#?%é.txt");
}

TEST_F(Reading, a_name_no_document_can_have_is_400) {
  for (const auto* name : {"orders/%2E%2E", "orders/a%2F..%2Fb", "orders/a%2F%2Fb", "orders/a%00",
                           "orders/a%2F", "or%2Fders/7", "orders/%FF", "../7", "orders//7"})
    EXPECT_EQ(get("/v1/documents/" + std::string(name)).status, 400) << name;
  EXPECT_EQ(get("/v1/documents/orders/" + std::string(300, 'a')).status, 400);
}

TEST_F(Listing, collections_come_in_order_and_in_pages) {
  EXPECT_EQ(body_of(get("/v1/collections")).at("collections"), json::array());
  for (const auto* name : {"notes", "orders", "people"})
    put("/v1/documents/" + std::string(name) + "/1", R"({"content":1})");
  const auto first = get("/v1/collections?limit=2");
  EXPECT_EQ(body_of(first).at("collections"), json({{{"name", "notes"}}, {{"name", "orders"}}}));
  EXPECT_EQ(body_of(first).at("more"), true);
  EXPECT_EQ(header_of(first, "Link"), "</v1/collections?after=orders&limit=2>; rel=\"next\"");
  const auto second = get("/v1/collections?after=orders&limit=2");
  EXPECT_EQ(body_of(second).at("collections"), json({{{"name", "people"}}}));
  EXPECT_EQ(header_of(second, "Link"), "");
}

class Documents : public RoutesTest {
 protected:
  std::vector<std::string> ids_of(const server::Response& response) {
    std::vector<std::string> ids;
    const auto body = body_of(response);
    for (const auto& document : body.at("documents")) ids.push_back(document.at("id"));
    return ids;
  }
  // Follows `next` links from the given address.
  std::vector<std::string> all_ids(std::string target) {
    std::vector<std::string> ids;
    while (!target.empty()) {
      const auto response = get(target);
      for (auto& id : ids_of(response)) ids.push_back(std::move(id));
      const auto link = header_of(response, "Link");
      target = link.empty() ? "" : link.substr(1, link.find('>') - 1);
    }
    return ids;
  }
  void write(const std::string& id) {
    put("/v1/documents/files/" + server::percent_encode(id), R"({"content":"x"})");
  }
};

using Ids = std::vector<std::string>;

TEST_F(Documents, come_in_order_of_their_ids_without_their_content) {
  write("b");
  write("a");
  put("/v1/documents/other/c", R"({"content":1})");
  const auto response = get("/v1/documents/files");
  EXPECT_EQ(ids_of(response), (Ids{"a", "b"}));
  EXPECT_EQ(header_of(response, "Annal-Position"), "3");
  EXPECT_EQ(header_of(response, "Link"), "");
  const auto first = body_of(response).at("documents").at(0);
  EXPECT_EQ(first.at("version"), 1);
  EXPECT_FALSE(first.contains("content"));
}

TEST_F(Documents, are_all_reached_by_following_the_links) {
  Ids ids;
  for (int i = 0; i < 25; ++i) ids.push_back("dir &/ü" + std::to_string(100 + i));
  for (const auto& id : ids) write(id);
  EXPECT_EQ(all_ids("/v1/documents/files?limit=4"), ids);
  EXPECT_EQ(all_ids("/v1/documents/files?limit=4&prefix=dir%20%26%2F"), ids);
}

TEST_F(Documents, are_chosen_by_the_beginning_of_their_ids) {
  for (const auto* id : {"a/1", "a/2", "b/1", "ab"}) write(id);
  EXPECT_EQ(ids_of(get("/v1/documents/files?prefix=a/")), (Ids{"a/1", "a/2"}));
  EXPECT_EQ(ids_of(get("/v1/documents/files?prefix=x")), Ids{});
}

TEST_F(Documents, that_are_deleted_are_listed_when_asked_for) {
  write("a");
  write("b");
  ask("DELETE", "/v1/documents/files/a?reason=old");
  EXPECT_EQ(ids_of(get("/v1/documents/files")), Ids{"b"});
  const auto response = get("/v1/documents/files?deleted=true&limit=1");
  EXPECT_EQ(ids_of(response), Ids{"a"});
  EXPECT_EQ(body_of(response).at("documents").at(0).at("is_deleted"), true);
  EXPECT_EQ(body_of(response).at("documents").at(0).at("reason"), "old");
  EXPECT_EQ(all_ids("/v1/documents/files?deleted=true&limit=1"), (Ids{"a", "b"}));
}

TEST_F(Documents, of_an_earlier_point_stay_those_of_that_point_on_every_page) {
  write("a");
  write("b");
  clock_.advance(std::chrono::hours(1));
  write("c");
  const auto response = get("/v1/documents/files?at=@2026-01-02T03:30:00Z&limit=1");
  EXPECT_EQ(body_of(response).at("at"), 2);
  EXPECT_EQ(header_of(response, "Link"),
            "</v1/documents/files?after=a&limit=1&at=%402>; rel=\"next\"");
  EXPECT_EQ(all_ids("/v1/documents/files?at=@2&limit=1"), (Ids{"a", "b"}));
}

TEST_F(Listing, refuses_what_it_cannot_do) {
  for (const auto* query : {"limit=0", "limit=1001", "limit=-1", "limit=x",
                            "limit=", "deleted=maybe", "limt=5", "limit=1&limit=2", "at=sometime"})
    EXPECT_EQ(get("/v1/documents/orders?" + std::string(query)).status, 400) << query;
  EXPECT_EQ(get("/v1/collections?limit=501").status, 400);
  const auto unknown = body_of(get("/v1/documents/orders?limt=5"));
  EXPECT_NE(unknown.at("detail").get<std::string>().find("`limt`"), std::string::npos);
}

TEST_F(Routing, an_address_with_nothing_at_it_is_404) {
  for (const auto* target : {"/v1", "/v2/documents/a/b", "/v1/documents", "/v1/documents/a/b/c",
                             "/v1/documents/a/b/versions/1/x", "/favicon.ico", "/healthz/x"}) {
    const auto response = get(target);
    EXPECT_EQ(response.status, 404) << target;
    EXPECT_EQ(problem_of(response), "unknown-route") << target;
  }
}

TEST_F(Routing, a_method_the_address_does_not_take_is_405_with_those_it_does) {
  const auto allow_of = [&](const std::string& method, const std::string& target) {
    const auto response = ask(method, target);
    EXPECT_EQ(response.status, 405) << method << target;
    EXPECT_EQ(problem_of(response), "method-not-allowed");
    return header_of(response, "Allow");
  };
  EXPECT_EQ(allow_of("POST", "/v1/documents/a/b"), "GET, PUT, PATCH, DELETE, HEAD, OPTIONS");
  EXPECT_EQ(allow_of("PUT", "/v1/documents/a"), "GET, POST, HEAD, OPTIONS");
  EXPECT_EQ(allow_of("GET", "/v1/documents/a/b/undelete"), "POST, OPTIONS");
  EXPECT_EQ(allow_of("TRACE", "/"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(allow_of("get", "/healthz"), "GET, HEAD, OPTIONS");
}

TEST_F(Routing, options_tells_the_methods_and_the_patch_type) {
  const auto response = ask("OPTIONS", "/v1/documents/a/b");
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(header_of(response, "Allow"), "GET, PUT, PATCH, DELETE, HEAD, OPTIONS");
  EXPECT_EQ(header_of(response, "Accept-Patch"), "application/merge-patch+json");
}

TEST_F(Routing, every_answer_carries_the_security_headers_and_a_request_id) {
  put("/v1/documents/a/b", R"({"content":1})");
  for (const auto* target : {"/", "/ui/page.js", "/v1/documents/a/b", "/v1/documents/a", "/nothing",
                             "/v1/documents/a/..", "/healthz", "/v1/events"}) {
    const auto response = get(target);
    EXPECT_EQ(header_of(response, "X-Content-Type-Options"), "nosniff") << target;
    EXPECT_EQ(header_of(response, "Cross-Origin-Resource-Policy"), "same-origin") << target;
    EXPECT_NE(header_of(response, "Content-Security-Policy"), "") << target;
    EXPECT_EQ(header_of(response, "X-Request-Id").size(), 26u) << target;
  }
  EXPECT_EQ(header_of(get("/v1/documents/a/b"), "Cache-Control"), "no-store");
}

TEST_F(Routing, a_request_keeps_the_id_its_client_gave_it) {
  EXPECT_EQ(header_of(get("/healthz", {{"X-Request-Id", "abc-1"}}), "X-Request-Id"), "abc-1");
  EXPECT_EQ(header_of(get("/healthz", {{"X-Request-Id", "a b"}}), "X-Request-Id").size(), 26u);
  EXPECT_EQ(
      header_of(get("/healthz", {{"X-Request-Id", std::string(129, 'a')}}), "X-Request-Id").size(),
      26u);
}

TEST_F(Routing, a_read_takes_no_body) {
  EXPECT_EQ(ask("GET", "/v1/collections", {}, "x").status, 400);
}

TEST_F(Page, is_served_with_its_parts_and_their_types) {
  const auto page = get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(header_of(page, "Content-Type"), "text/html; charset=utf-8");
  EXPECT_NE(page.body.find("<title>annal</title>"), std::string::npos);
  EXPECT_EQ(header_of(get("/ui/page.css"), "Content-Type"), "text/css; charset=utf-8");
  EXPECT_EQ(header_of(get("/ui/page.js"), "Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(header_of(get("/ui/icon.svg"), "Content-Type"), "image/svg+xml");
  EXPECT_EQ(get("/ui/nothing.js").status, 404);
  EXPECT_EQ(get("/ui/embed.cmake").status, 404);
}

TEST_F(Page, refers_to_nothing_that_is_not_served) {
  std::size_t references = 0;
  const auto check = [&](const std::string& text, const std::string& before,
                         const std::string& folder) {
    for (auto at = text.find(before); at != std::string::npos; at = text.find(before, at + 1)) {
      const auto start = at + before.size();
      const auto target = folder + text.substr(start, text.find_first_of("\"'", start) - start);
      EXPECT_EQ(get(target).status, 200) << target;
      ++references;
    }
  };
  check(get("/").body, "src=\"", "");
  check(get("/").body, "href=\"/ui", "/ui");
  for (const auto& script : scripts()) check(get(script).body, "from './", "/ui/");
  EXPECT_GE(references, 16u);
}

TEST_F(Page, has_no_inline_code_or_style_and_never_makes_markup_of_data) {
  const auto page = get("/").body;
  EXPECT_EQ(page.find("style="), std::string::npos);
  EXPECT_EQ(page.find("onclick="), std::string::npos);
  EXPECT_EQ(page.find("<style"), std::string::npos);
  ASSERT_GE(scripts().size(), 9u);
  for (const auto& script : scripts())
    for (const std::string way :
         {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("})
      EXPECT_EQ(get(script).body.find(way), std::string::npos) << script << ' ' << way;
}

TEST_F(Routing, health_is_answered_with_the_state_of_the_store) {
  write_history();
  const auto response = get("/healthz");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(
      body_of(response),
      json({{"status", "ok"}, {"head", 3}, {"durability", "ephemeral"}, {"read_only", false}}));
}

TEST_F(Routing, statistics_are_those_of_the_log) {
  write_history();
  const auto stats = body_of(get("/v1/stats"));
  EXPECT_EQ(stats.at("head"), 3);
  EXPECT_EQ(stats.at("durable"), 3);
  EXPECT_EQ(stats.at("streams"), store_->log().statistics().streams);
  EXPECT_EQ(stats.at("commits"), store_->log().statistics().commits);
  EXPECT_EQ(stats.at("queued"), 0);
  EXPECT_EQ(stats.at("durability"), "ephemeral");
  EXPECT_EQ(stats.at("subscriptions"), json::array());
  EXPECT_EQ(get("/v1/stats?at=1").status, 400);
}

}  // namespace
}  // namespace annal::test
