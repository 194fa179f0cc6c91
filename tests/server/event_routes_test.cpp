#include "routes_fixture.hpp"

namespace annal::test {
namespace {

using nlohmann::json;

class Events : public RoutesTest {
 protected:
  std::vector<int> positions(const std::string& target) {
    std::vector<int> found;
    const auto body = body_of(get(target));
    for (const auto& event : body.at("events")) found.push_back(event.at("position"));
    return found;
  }
  std::string next_of(const std::string& target) {
    const auto link = header_of(get(target), "Link");
    return link.empty() ? "" : link.substr(1, link.find('>') - 1);
  }
  void append(Envelope event) {
    Commit commit;
    commit.events.push_back(std::move(event));
    ASSERT_TRUE(std::holds_alternative<Appended>(store_->log().append(std::move(commit))));
  }
};

using Positions = std::vector<int>;

TEST_F(Events, come_in_order_with_their_data_readable) {
  write_history();
  const auto response = get("/v1/events");
  EXPECT_EQ(response.status, 200);
  const auto body = body_of(response);
  EXPECT_EQ(body.at("head"), 3);
  EXPECT_EQ(body.at("more"), false);
  const auto first = body.at("events").at(0);
  EXPECT_EQ(first.at("position"), 1);
  EXPECT_EQ(first.at("version"), 1);
  EXPECT_EQ(first.at("type"), "document.created");
  EXPECT_EQ(first.at("stream"), "document/orders/7");
  EXPECT_EQ(first.at("data"),
            json({{"title", "Seven"}, {"content", {{"total", 12}}}, {"author", "ann"}}));
  EXPECT_EQ(first.at("id").get<std::string>().size(), 26u);
  EXPECT_EQ(first.at("hash").get<std::string>().size(), 64u);
}

TEST_F(Events, come_in_pages_in_both_directions) {
  for (int i = 0; i < 5; ++i) put("/v1/documents/a/" + std::to_string(i), R"({"content":1})");
  EXPECT_EQ(positions("/v1/events?limit=2"), (Positions{1, 2}));
  EXPECT_EQ(next_of("/v1/events?limit=2"), "/v1/events?limit=2&after=%402");
  EXPECT_EQ(positions(next_of("/v1/events?limit=2")), (Positions{3, 4}));
  EXPECT_EQ(positions("/v1/events?limit=2&backwards=true"), (Positions{5, 4}));
  EXPECT_EQ(positions(next_of("/v1/events?limit=2&backwards=true")), (Positions{3, 2}));
  EXPECT_EQ(next_of("/v1/events?limit=5"), "");
}

TEST_F(Events, of_the_next_page_stay_within_the_bounds_of_the_first_while_the_log_grows) {
  for (int i = 0; i < 5; ++i) put("/v1/documents/a/" + std::to_string(i), R"({"content":1})");
  EXPECT_EQ(next_of("/v1/events?limit=2&from=@head~4&to=@head~1"),
            "/v1/events?limit=2&after=%402&to=%404");
  EXPECT_EQ(next_of("/v1/events?limit=2&backwards=true&after=@head~4"),
            "/v1/events?limit=2&backwards=true&from=%402&to=%403");
}

TEST_F(Events, are_chosen_by_range) {
  for (int i = 0; i < 5; ++i) put("/v1/documents/a/" + std::to_string(i), R"({"content":1})");
  EXPECT_EQ(positions("/v1/events?after=@2"), (Positions{3, 4, 5}));
  EXPECT_EQ(positions("/v1/events?from=@2&to=@3"), (Positions{2, 3}));
  EXPECT_EQ(positions("/v1/events?after=@head"), Positions{});
  EXPECT_EQ(positions("/v1/events?after=@head~2&to=@head~1"), Positions{4});
  EXPECT_EQ(get("/v1/events?after=@1&from=@1").status, 400);
  EXPECT_EQ(get("/v1/events?after=@99").status, 404);
}

TEST_F(Events, are_chosen_by_type_stream_and_tag) {
  write_history();
  put("/v1/documents/orders/8", R"({"content":1})");
  ChangeOptions options;
  options.tags = {"commit:1f3a"};
  store_->documents().create(DocumentKey::parse("orders/9"), {"", {"1"}, ""}, options);
  EXPECT_EQ(positions("/v1/events?type=document.created"), (Positions{1, 4, 5}));
  EXPECT_EQ(positions("/v1/events?type=document.updated&type=*.deleted"), (Positions{2, 3}));
  EXPECT_EQ(positions("/v1/events?stream=document/orders/7&after=@v1"), (Positions{2, 3}));
  EXPECT_EQ(positions("/v1/events?tag=commit:1f3a"), Positions{5});
  EXPECT_EQ(get("/v1/events?type=..").status, 400);
}

TEST_F(Events, of_types_nobody_knows_are_given_as_the_bytes_they_are) {
  Envelope event;
  event.type = "strange.thing";
  event.stream = "thing/1";
  event.data = std::string("\0\xff\x10", 3);
  append(event);
  event.data = "ab";
  append(event);
  const auto events = body_of(get("/v1/events")).at("events");
  EXPECT_EQ(events.at(0).at("data_base64"), "AP8Q");
  EXPECT_EQ(events.at(1).at("data_base64"), "YWI=");
  EXPECT_FALSE(events.at(0).contains("data"));
}

TEST_F(Events, in_json_are_given_as_they_are) {
  Envelope event;
  event.type = "note.taken";
  event.stream = "note/1";
  event.codec = Codec::json;
  event.data = R"({"a": 1.0})";
  event.tags = {"who:ann"};
  event.metadata = {{"x", "y"}};
  append(event);
  const auto response = get("/v1/events");
  EXPECT_NE(response.body.find(R"("data":{"a": 1.0})"), std::string::npos);
  EXPECT_EQ(body_of(response).at("events").at(0).at("tags"), json({"who:ann"}));
  EXPECT_EQ(body_of(response).at("events").at(0).at("metadata"), json({{"x", "y"}}));
}

}  // namespace
}  // namespace annal::test
