// What middleware may do to a document's events.
#include "store_fixture.hpp"

namespace annal {
namespace {

using test::rejected_for;

class ServiceMiddleware : public test::StoreTest {
 protected:
  Connection use(Middleware middleware) { return store->bus().use("guard", std::move(middleware)); }

  template <class T, class Function>
  Connection rewrite(Function function) {
    return use([this, function](Envelope event) -> std::optional<Envelope> {
      if (auto payload = store->catalogue().unwrap<T>(event)) {
        function(*payload);
        event.data = encode(*payload);
      }
      return event;
    });
  }
};

TEST_P(ServiceMiddleware, enriches_events_before_they_are_recorded) {
  const auto connection = use([](Envelope event) {
    event.metadata.emplace_back("checked", "yes");
    return std::optional(event);
  });
  create();
  EXPECT_EQ(store->log().event_at({1})->meta("checked"), "yes");
}

TEST_P(ServiceMiddleware, rejects_a_whole_command_by_dropping_its_event) {
  const auto connection = use([](Envelope) { return std::optional<Envelope>(); });
  const auto outcome = documents().create(key(), {"T", {"1"}, "ann"});
  const auto* vetoed = rejected_for<Vetoed>(outcome);
  ASSERT_NE(vetoed, nullptr);
  EXPECT_EQ(vetoed->by, "guard");
  EXPECT_EQ(vetoed->reason, "dropped");
  EXPECT_EQ(head(), Position{0});
  EXPECT_TRUE(std::holds_alternative<DocumentNotFound>(documents().get(key())));
}

TEST_P(ServiceMiddleware, may_not_give_an_event_another_type_or_stream) {
  for (const bool type : {true, false}) {
    const auto connection = use([type](Envelope event) {
      (type ? event.type : event.stream) = type ? "document.deleted" : "document/orders/8";
      return std::optional(event);
    });
    EXPECT_NE(rejected_for<Vetoed>(documents().create(key(), {"T", {"1"}, "ann"})), nullptr);
    EXPECT_EQ(head(), Position{0});
  }
}

TEST_P(ServiceMiddleware, that_fails_rejects_the_command_with_its_message) {
  const auto connection =
      use([](Envelope) -> std::optional<Envelope> { throw std::runtime_error("no idea"); });
  const auto outcome = documents().create(key(), {"T", {"1"}, "ann"});
  const auto* vetoed = rejected_for<Vetoed>(outcome);
  ASSERT_NE(vetoed, nullptr);
  EXPECT_NE(vetoed->reason.find("no idea"), std::string::npos);
  EXPECT_EQ(head(), Position{0});
}

TEST_P(ServiceMiddleware, that_changes_a_payload_changes_what_is_read_as_well) {
  const auto connection = rewrite<document::Created>(
      [](document::Created& created) { created.content.text = "{\"total\":13}"; });
  create();
  EXPECT_EQ(content(), "{\"total\":13}");
  EXPECT_EQ(content_at(AtVersion{{1}}), "{\"total\":13}");
  EXPECT_TRUE(documents().verify_rows().empty());
}

TEST_P(ServiceMiddleware, may_not_smuggle_in_content_no_document_may_have) {
  const auto connection =
      rewrite<document::Created>([](document::Created& created) { created.content.text = "{"; });
  const auto outcome = documents().create(key(), {"T", {"1"}, "ann"});
  const auto* vetoed = rejected_for<Vetoed>(outcome);
  ASSERT_NE(vetoed, nullptr);
  EXPECT_NE(vetoed->reason.find("the content is refused"), std::string::npos);
  EXPECT_EQ(head(), Position{0});
}

TEST_P(ServiceMiddleware, that_leaves_bytes_nobody_can_decode_rejects_the_command) {
  const auto connection = use([](Envelope event) {
    event.data = "rot";
    return std::optional(event);
  });
  EXPECT_NE(rejected_for<Vetoed>(documents().create(key(), {"T", {"1"}, "ann"})), nullptr);
  EXPECT_EQ(head(), Position{0});
}

TEST_P(ServiceMiddleware, may_read_documents_meanwhile) {
  create("orders/limits", "20");
  const auto connection = use([this](Envelope event) -> std::optional<Envelope> {
    const auto limit = std::stoi(content("orders/limits"));
    const auto created = store->catalogue().unwrap<document::Created>(event);
    if (created && std::stoi(created->content.text) > limit) return std::nullopt;
    return event;
  });
  create("orders/1", "19");
  EXPECT_NE(rejected_for<Vetoed>(documents().create(key("orders/2"), {"T", {"21"}, "ann"})),
            nullptr);
}

TEST_P(ServiceMiddleware, is_asked_again_when_somebody_else_was_faster) {
  create("orders/7", "0");
  int asked = 0;
  Connection connection = use([&](Envelope event) {
    if (++asked == 1) {
      connection.disconnect();
      update("1");
    }
    return std::optional(event);
  });
  EXPECT_EQ(must(documents().patch(key(), {{R"({"title":"Renamed"})"}, {}})).version, Version{3});
  EXPECT_EQ(content(), "1");
}

ON_BOTH_LOGS(ServiceMiddleware);

}  // namespace
}  // namespace annal
