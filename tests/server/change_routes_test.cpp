#include "annal/document/document.hpp"
#include "annal/effects/kinds.hpp"
#include "routes_fixture.hpp"

#include <regex>

namespace annal::test {
namespace {

using nlohmann::json;

class Posting : public RoutesTest {};
class Putting : public RoutesTest {};
class Patching : public RoutesTest {};
class Deleting : public RoutesTest {};
class Undeleting : public RoutesTest {};
class Restoring : public RoutesTest {};
class ChangeOfADocument : public RoutesTest {};

const std::string seven = "/v1/documents/orders/7";

TEST_F(Posting, makes_a_document_under_a_new_id) {
  const auto response = ask("POST", "/v1/documents/orders", {json_type},
                            R"({"title":"New","content":{"a":1},"author":"ann"})");
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(header_of(response, "ETag"), "\"1\"");
  EXPECT_EQ(header_of(response, "Annal-Position"), "1");
  const auto location = header_of(response, "Location");
  EXPECT_TRUE(std::regex_match(location, std::regex("/v1/documents/orders/[0-9A-Z]{26}")))
      << location;
  const auto document = body_of(get(location));
  EXPECT_EQ(document.at("title"), "New");
  EXPECT_EQ(document.at("author"), "ann");
  EXPECT_EQ(document.at("content"), json({{"a", 1}}));
}

TEST_F(Posting, again_with_the_same_key_makes_no_second_document) {
  const auto post = [&](const std::string& body) {
    return ask("POST", "/v1/documents/orders", {json_type, {"Idempotency-Key", "k1"}}, body);
  };
  const auto first = post(R"({"content":1})");
  const auto second = post(R"({"content":1})");
  EXPECT_EQ(second.status, 201);
  EXPECT_EQ(header_of(second, "Location"), header_of(first, "Location"));
  EXPECT_EQ(header_of(first, "Idempotent-Replayed"), "");
  EXPECT_EQ(header_of(second, "Idempotent-Replayed"), "true");
  EXPECT_EQ(store_->log().head().value, 1u);
  const auto other = post(R"({"content":2})");
  EXPECT_EQ(other.status, 422);
  EXPECT_EQ(problem_of(other), "idempotency-key-reused");
  EXPECT_EQ(body_of(other).at("first_used_at"), 1);
}

TEST_F(Posting, takes_no_preconditions) {
  EXPECT_EQ(
      ask("POST", "/v1/documents/orders", {json_type, {"If-Match", "\"1\""}}, R"({"content":1})")
          .status,
      400);
}

TEST_F(Putting, makes_a_document_and_then_replaces_it) {
  const auto created = put(seven, R"({"title":"A","content":1,"author":"ann"})");
  EXPECT_EQ(created.status, 201);
  EXPECT_EQ(header_of(created, "Location"), seven);
  const auto replaced = put(seven, R"({"title":"B","content":2,"author":"bob"})");
  EXPECT_EQ(replaced.status, 200);
  EXPECT_EQ(header_of(replaced, "ETag"), "\"2\"");
  EXPECT_EQ(header_of(replaced, "Location"), "");
  const auto document = body_of(get(seven));
  EXPECT_EQ(document.at("title"), "B");
  EXPECT_EQ(document.at("author"), "ann");
  EXPECT_EQ(document.at("last_editor"), "bob");
}

TEST_F(Putting, answers_with_where_the_change_stands) {
  const auto body = body_of(put(seven, R"({"content":1})"));
  EXPECT_EQ(body.at("collection"), "orders");
  EXPECT_EQ(body.at("id"), "7");
  EXPECT_EQ(body.at("version"), 1);
  EXPECT_EQ(body.at("position"), 1);
  EXPECT_EQ(body.at("recorded_at"), "2026-01-02T03:04:05Z");
  EXPECT_EQ(body.at("durability"), "ephemeral");
  EXPECT_EQ(body.at("commit").get<std::string>().size(), 64u);
  EXPECT_EQ(body.at("changed"), true);
}

TEST_F(Putting, in_the_place_of_a_deleted_document_makes_it_again) {
  write_history();
  const auto response = put(seven, R"({"content":1,"author":"dan"})");
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(header_of(response, "ETag"), "\"4\"");
  EXPECT_EQ(body_of(get(seven)).at("author"), "dan");
}

TEST_F(Putting, with_the_current_version_succeeds_and_with_another_is_412) {
  put(seven, R"({"content":1})");
  const auto put_if = [&](const std::string& tag, const std::string& content) {
    return ask("PUT", seven, {json_type, {"If-Match", tag}}, "{\"content\":" + content + "}");
  };
  EXPECT_EQ(put_if("\"1\"", "2").status, 200);
  const auto stale = put_if("\"1\"", "3");
  EXPECT_EQ(stale.status, 412);
  EXPECT_EQ(problem_of(stale), "version-conflict");
  EXPECT_EQ(body_of(stale).at("current_version"), 2);
  EXPECT_EQ(body_of(get(seven)).at("content"), 2);

  EXPECT_EQ(put_if("\"7\", \"2\"", "4").status, 200);
  for (const auto* tag : {"\"7\", \"9\"", "W/\"3\"", "\"x\"", "\"03\""}) {
    const auto response = put_if(tag, "5");
    EXPECT_EQ(response.status, 412) << tag;
    EXPECT_EQ(body_of(response).at("current_version"), 3) << tag;
  }
  EXPECT_EQ(put_if("3", "5").status, 400);
}

TEST_F(Putting, if_it_exists_never_makes_a_document) {
  const auto put_if_there = [&](const std::string& content) {
    return ask("PUT", seven, {json_type, {"If-Match", "*"}}, "{\"content\":" + content + "}")
        .status;
  };
  EXPECT_EQ(put_if_there("1"), 412);
  EXPECT_EQ(store_->log().head().value, 0u);
  write_history();
  EXPECT_EQ(put_if_there("1"), 412);
  put(seven, R"({"content":1})");
  EXPECT_EQ(put_if_there("2"), 200);
}

TEST_F(Putting, if_it_does_not_exist_never_replaces_a_document) {
  const auto create = [&](const std::string& content) {
    return ask("PUT", seven, {json_type, {"If-None-Match", "*"}}, "{\"content\":" + content + "}");
  };
  EXPECT_EQ(create("1").status, 201);
  const auto second = create("2");
  EXPECT_EQ(second.status, 412);
  EXPECT_EQ(body_of(second).at("current_version"), 1);
  EXPECT_EQ(body_of(get(seven)).at("content"), 1);
  ask("DELETE", seven);
  EXPECT_EQ(create("3").status, 201);
}

TEST_F(Putting, takes_only_conditions_that_make_sense) {
  const auto status = [&](Fields fields) {
    return ask("PUT", seven, fields, R"({"content":1})").status;
  };
  EXPECT_EQ(status({json_type, {"If-None-Match", "\"1\""}}), 400);
  EXPECT_EQ(status({json_type, {"If-None-Match", "*"}, {"If-Match", "*"}}), 400);
}

TEST_F(Putting, is_repeated_safely_with_the_same_key) {
  const auto put_with_key = [&](const std::string& content) {
    return ask("PUT", seven, {json_type, {"Idempotency-Key", "\"k 1\""}},
               "{\"content\":" + content + "}");
  };
  EXPECT_EQ(put_with_key("1").status, 400);  // a space is not visible
  const auto keyed = [&](const std::string& key, const std::string& content) {
    return ask("PUT", seven, {json_type, {"Idempotency-Key", key}},
               "{\"content\":" + content + "}");
  };
  EXPECT_EQ(keyed("k1", "1").status, 201);
  put(seven, R"({"content":2})");
  const auto again = keyed("\"k1\"", "1");
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(header_of(again, "Idempotent-Replayed"), "true");
  EXPECT_EQ(header_of(again, "ETag"), "\"1\"");
  EXPECT_EQ(body_of(get(seven)).at("content"), 2);
  EXPECT_EQ(keyed("k1", "3").status, 422);
  EXPECT_EQ(keyed(std::string(129, 'k'), "3").status, 400);
}

TEST_F(Putting, is_repeated_safely_though_its_condition_no_longer_holds) {
  put(seven, R"({"content":1})");
  const auto put_if_one_of = [&](const std::string& tags) {
    return ask("PUT", seven, {json_type, {"Idempotency-Key", "k1"}, {"If-Match", tags}},
               R"({"content":2})");
  };
  EXPECT_EQ(header_of(put_if_one_of("\"1\", \"7\""), "ETag"), "\"2\"");
  const auto again = put_if_one_of("\"1\", \"7\"");
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(header_of(again, "Idempotent-Replayed"), "true");
  EXPECT_EQ(header_of(again, "ETag"), "\"2\"");
  EXPECT_EQ(store_->log().head().value, 2u);
}

TEST_F(Putting, is_answered_without_reading_the_log_once_it_is_recorded) {
  store_->handlers().on<effects::DatabaseWrite>([](const effects::DatabaseWrite&) -> AppendOutcome {
    Appended appended;
    appended.first = appended.last = Position{99};  // where there is nothing to read
    appended.version = Version{1};
    return appended;
  });
  EXPECT_EQ(put(seven, R"({"content":1})").status, 201);
}

TEST_F(Putting, names_the_one_who_writes) {
  put(seven, R"({"content":1,"editor":"eve"})");
  EXPECT_EQ(body_of(get(seven)).at("author"), "eve");
  ask("PUT", seven, {json_type, {"Annal-Editor", "Zoë"}}, R"({"content":2})");
  EXPECT_EQ(body_of(get(seven)).at("last_editor"), "Zoë");
  EXPECT_EQ(put(seven, R"({"content":3,"author":"ann","editor":"bob"})").status, 400);
  EXPECT_EQ(ask("PUT", seven, {json_type, {"Annal-Editor", "\xff"}}, R"({"content":3})").status,
            400);
}

TEST_F(ChangeOfADocument, needs_the_right_content_type) {
  const std::string body = R"({"content":1})";
  const auto status = [&](const std::string& method, const std::string& type) {
    return ask(method, method == "POST" ? "/v1/documents/orders" : seven, {{"Content-Type", type}},
               body)
        .status;
  };
  for (const auto* type :
       {"text/plain", "application/x-www-form-urlencoded", "application/jsonx", "",
        "application/json; charset=latin1", "application/merge-patch+json"}) {
    EXPECT_EQ(status("PUT", type), 415) << type;
    EXPECT_EQ(status("POST", type), 415) << type;
  }
  EXPECT_EQ(ask("PUT", seven, {}, body).status, 415);
  EXPECT_EQ(store_->log().head().value, 0u);
  EXPECT_EQ(status("PUT", "Application/JSON; charset=UTF-8"), 201);
  const auto patch = ask("PATCH", seven, {json_type}, R"({"content":2})");
  EXPECT_EQ(patch.status, 415);
  EXPECT_EQ(header_of(patch, "Accept-Patch"), "application/merge-patch+json");
}

TEST_F(ChangeOfADocument, needs_a_body_that_is_json_and_knows_its_members) {
  const auto broken = put(seven, R"({"content":{"a":1,"a":2}})");
  EXPECT_EQ(broken.status, 400);
  EXPECT_EQ(problem_of(broken), "invalid-json");
  EXPECT_TRUE(body_of(broken).at("offset").is_number_unsigned());
  for (const auto* body : {"", "{", "[]", "{}", R"({"title":"x"})", R"({"content":1,"version":9})",
                           R"({"content":1,"title":7})", R"({"content":1,"author":[]})"})
    EXPECT_EQ(put(seven, body).status, 400) << body;
  EXPECT_EQ(store_->log().head().value, 0u);
}

TEST_F(ChangeOfADocument, over_the_limit_is_413) {
  const std::string content = '"' + std::string(document::content_limit + 1, 'a') + '"';
  const auto response = put(seven, "{\"content\":" + content + "}");
  EXPECT_EQ(response.status, 413);
  EXPECT_EQ(problem_of(response), "document-too-large");
  EXPECT_EQ(body_of(response).at("limit"), document::content_limit);
}

TEST_F(ChangeOfADocument, takes_no_parameters_it_does_not_know) {
  EXPECT_EQ(put(seven + "?at=@1", R"({"content":1})").status, 400);
  EXPECT_EQ(ask("DELETE", seven + "?because=x").status, 400);
}

TEST_F(ChangeOfADocument, belongs_to_its_request) {
  ask("PUT", seven, {json_type, {"X-Request-Id", "r-1"}}, R"({"content":1})");
  const auto event = store_->log().event_at({1});
  EXPECT_EQ(event->correlation_id, "r-1");
  EXPECT_EQ(event->source, "http");
}

TEST_F(Patching, changes_only_what_it_names) {
  put(seven, R"({"title":"A","content":{"x":1,"y":2},"author":"ann"})");
  const auto response = ask("PATCH", seven, {merge_patch_type, {"Annal-Editor", "bob"}},
                            R"({"content":{"y":null,"z":3}})");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(header_of(response, "ETag"), "\"2\"");
  const auto document = body_of(get(seven));
  EXPECT_EQ(document.at("title"), "A");
  EXPECT_EQ(document.at("content"), json({{"x", 1}, {"z", 3}}));
  EXPECT_EQ(document.at("last_editor"), "bob");
}

TEST_F(Patching, with_nothing_to_change_records_nothing) {
  put(seven, R"({"title":"A","content":1,"author":"ann"})");
  const auto response = ask("PATCH", seven, {merge_patch_type}, "{}");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(body_of(response).at("changed"), false);
  EXPECT_EQ(body_of(response).at("version"), 1);
  EXPECT_EQ(header_of(response, "ETag"), "\"1\"");
  EXPECT_EQ(store_->log().head().value, 1u);
}

TEST_F(Patching, can_be_made_to_depend_on_the_version) {
  put(seven, R"({"content":1})");
  const auto patch_if = [&](const std::string& tag) {
    return ask("PATCH", seven, {merge_patch_type, {"If-Match", tag}}, R"({"title":"x"})").status;
  };
  EXPECT_EQ(patch_if("\"2\""), 412);
  EXPECT_EQ(patch_if("\"1\""), 200);
  EXPECT_EQ(patch_if("*"), 200);
}

TEST_F(Patching, refuses_what_is_no_patch_of_a_document) {
  put(seven, R"({"content":1})");
  const auto patch = [&](const std::string& body) {
    return ask("PATCH", seven, {merge_patch_type}, body).status;
  };
  EXPECT_EQ(patch("[1]"), 400);
  EXPECT_EQ(patch(R"({"author":"x"})"), 400);
  EXPECT_EQ(patch(R"({"title":7})"), 422);
  EXPECT_EQ(patch(""), 400);
  EXPECT_EQ(store_->log().head().value, 1u);
}

TEST_F(Patching, a_document_that_is_not_there_is_404_and_a_deleted_one_410) {
  EXPECT_EQ(ask("PATCH", seven, {merge_patch_type}, R"({"title":"x"})").status, 404);
  write_history();
  const auto response = ask("PATCH", seven, {merge_patch_type}, R"({"title":"x"})");
  EXPECT_EQ(response.status, 410);
  EXPECT_EQ(body_of(response).at("last_version"), 2);
}

TEST_F(Deleting, keeps_who_and_why) {
  put(seven, R"({"content":1})");
  const auto response =
      ask("DELETE", seven + "?reason=no%20longer%20needed", {{"Annal-Editor", "bob"}});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(header_of(response, "ETag"), "\"2\"");
  EXPECT_EQ(body_of(get(seven)).at("reason"), "no longer needed");
  const auto versions = body_of(get(seven + "/versions")).at("versions");
  EXPECT_EQ(versions.at(0).at("editor"), "bob");
}

TEST_F(Deleting, what_is_not_there_is_404_and_twice_is_410) {
  EXPECT_EQ(ask("DELETE", seven).status, 404);
  write_history();
  EXPECT_EQ(ask("DELETE", seven).status, 410);
  EXPECT_EQ(store_->log().head().value, 3u);
}

TEST_F(Deleting, can_be_made_to_depend_on_the_version) {
  put(seven, R"({"content":1})");
  EXPECT_EQ(ask("DELETE", seven, {{"If-Match", "\"9\""}}).status, 412);
  EXPECT_EQ(ask("DELETE", seven, {{"If-Match", "\"1\""}}).status, 200);
}

TEST_F(Deleting, takes_no_body_and_no_broken_reason) {
  put(seven, R"({"content":1})");
  EXPECT_EQ(ask("DELETE", seven, {json_type}, "{}").status, 400);
  EXPECT_EQ(ask("DELETE", seven + "?reason=%FF").status, 400);
}

TEST_F(Undeleting, brings_a_deleted_document_back) {
  write_history();
  const auto response =
      ask("POST", seven + "/undelete", {{"Annal-Editor", "dan"}, {"If-Match", "\"3\""}});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(header_of(response, "ETag"), "\"4\"");
  const auto document = body_of(get(seven));
  EXPECT_EQ(document.at("content"), json({{"total", 13}}));
  EXPECT_EQ(document.at("last_editor"), "dan");
}

TEST_F(Undeleting, a_document_that_is_not_deleted_is_409) {
  EXPECT_EQ(ask("POST", seven + "/undelete").status, 404);
  put(seven, R"({"content":1})");
  const auto response = ask("POST", seven + "/undelete");
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(problem_of(response), "document-not-deleted");
}

TEST_F(Restoring, takes_a_document_back_as_a_new_version) {
  write_history();
  ask("POST", seven + "/undelete");
  const auto response =
      ask("POST", seven + "/restore", {json_type}, R"({"at":"@v1","editor":"dan"})");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(header_of(response, "ETag"), "\"5\"");
  const auto document = body_of(get(seven));
  EXPECT_EQ(document.at("content"), json({{"total", 12}}));
  EXPECT_EQ(document.at("last_editor"), "dan");
}

TEST_F(Restoring, is_repeated_safely_though_its_point_is_counted_from_now) {
  put(seven, R"({"content":1})");
  clock_.advance(std::chrono::hours(3));
  put(seven, R"({"content":2})");
  const auto restore = [&](const std::string& at) {
    clock_.advance(std::chrono::seconds(1));
    return ask("POST", seven + "/restore", {json_type, {"Idempotency-Key", "k1"}},
               R"({"at":")" + at + "\"}");
  };
  EXPECT_EQ(header_of(restore("2 hours ago"), "ETag"), "\"3\"");
  const auto again = restore("2 hours ago");
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(header_of(again, "Idempotent-Replayed"), "true");
  EXPECT_EQ(header_of(again, "ETag"), "\"3\"");
  EXPECT_EQ(problem_of(restore("1 hour ago")), "idempotency-key-reused");
  EXPECT_EQ(body_of(get(seven)).at("content"), 1);
}

TEST_F(Restoring, if_it_is_there_brings_no_deleted_document_back) {
  write_history();
  const auto post = [&](const std::string& what, Fields fields, const std::string& body) {
    return ask("POST", seven + what, fields, body);
  };
  const std::pair<std::string, std::string> there = {"If-Match", "*"};
  const auto restored = post("/restore", {json_type, there}, R"({"at":"@v1"})");
  EXPECT_EQ(restored.status, 412);
  EXPECT_EQ(body_of(restored).at("current_version"), 3);
  EXPECT_EQ(post("/undelete", {there}, "").status, 412);
  EXPECT_EQ(store_->log().head().value, 3u);
  put(seven, R"({"content":1})");
  EXPECT_EQ(post("/restore", {json_type, there}, R"({"at":"@v1"})").status, 200);
}

TEST_F(Restoring, needs_a_point_at_which_the_document_was_there) {
  put("/v1/documents/orders/1", R"({"content":1})");
  put(seven, R"({"content":1})");
  const auto restore = [&](const std::string& body) {
    return ask("POST", seven + "/restore", {json_type}, body);
  };
  EXPECT_EQ(restore(R"({"at":"@v9"})").status, 404);
  EXPECT_EQ(problem_of(restore(R"({"at":"@v9"})")), "unknown-point");
  EXPECT_EQ(restore(R"({"at":"@1"})").status, 404);
  EXPECT_EQ(problem_of(restore(R"({"at":"@1"})")), "document-not-found");
  EXPECT_EQ(restore(R"({"at":"whenever"})").status, 400);
  EXPECT_EQ(restore(R"({})").status, 400);
  EXPECT_EQ(ask("POST", seven + "/restore", {}, R"({"at":"@v1"})").status, 415);
}

TEST_F(ChangeOfADocument, that_middleware_forbids_is_422_and_says_why) {
  const auto connection =
      store_->bus().use("no-sevens", [](Envelope) { return std::optional<Envelope>(); });
  const auto response = put(seven, R"({"content":1})");
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(problem_of(response), "vetoed");
  EXPECT_EQ(body_of(response).at("by"), "no-sevens");
}

TEST_F(ChangeOfADocument, that_control_skips_is_422_of_its_own_type) {
  const auto connection = store_->bus().control().add(
      [](const Envelope&, ControlContext&) { return ControlDecision::skip("nothing changed"); },
      {.name = "same"});
  const auto response = put(seven, R"({"content":1})");
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(problem_of(response), "skipped");
  EXPECT_EQ(body_of(response).at("by"), "same");
}

}  // namespace
}  // namespace annal::test
