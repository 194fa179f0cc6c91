// Subscribing to a C++ type: the payload arrives decoded.
#include "engine/bus/events.hpp"

#include <gtest/gtest.h>

namespace annal::test {
namespace {

struct Renamed {
  std::string title;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(title));
  }
};

struct RenamedV1 {
  std::string name;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(name));
  }
};

struct Unlisted {
  int number = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(number));
  }
};

class TypedSubscription : public ::testing::Test {
 protected:
  TypedSubscription() {
    catalogue.add<Renamed>("document.renamed", 2).upcast<RenamedV1>(1, [](RenamedV1 old) {
      return Renamed{"once " + old.name};
    });
  }
  Catalogue catalogue;
  Bus bus{catalogue};
};

TEST_F(TypedSubscription, is_told_the_payload) {
  std::string title;
  auto connection = bus.subscribe<Renamed>([&](const Renamed& renamed) { title = renamed.title; });
  EXPECT_EQ(bus.dispatch(catalogue.wrap(Renamed{"Rates"})).delivered, 1u);
  EXPECT_EQ(title, "Rates");
}

TEST_F(TypedSubscription, is_told_payload_and_envelope_when_it_takes_both) {
  std::string told;
  auto connection = bus.subscribe<Renamed>([&](const Renamed& renamed, const Envelope& event) {
    told = event.stream + ' ' + renamed.title;
  });
  auto event = catalogue.wrap(Renamed{"Rates"});
  event.stream = "document/orders/7";
  bus.dispatch(event);
  EXPECT_EQ(told, "document/orders/7 Rates");
}

TEST_F(TypedSubscription, is_told_older_versions_brought_up_to_date) {
  std::string title;
  auto connection = bus.subscribe<Renamed>([&](const Renamed& renamed) { title = renamed.title; });
  Envelope old = event_of("document.renamed");
  old.schema_version = 1;
  old.codec = Codec::cereal;
  old.data = encode(RenamedV1{"Rates"});
  bus.dispatch(old);
  EXPECT_EQ(title, "once Rates");
}

TEST_F(TypedSubscription, keeps_the_state_of_its_handler_from_event_to_event) {
  int last = 0;
  auto connection =
      bus.subscribe<Renamed>([&last, count = 0](const Renamed&) mutable { last = ++count; });
  bus.dispatch(catalogue.wrap(Renamed{"Rates"}));
  bus.dispatch(catalogue.wrap(Renamed{"Fares"}));
  EXPECT_EQ(last, 2);
}

TEST_F(TypedSubscription, is_not_told_other_types) {
  bool told = false;
  auto connection = bus.subscribe<Renamed>([&](const Renamed&) { told = true; });
  bus.dispatch(event_of("document.updated"));
  EXPECT_FALSE(told);
}

TEST_F(TypedSubscription, fails_when_the_payload_does_not_decode) {
  bool told = false;
  auto connection = bus.subscribe<Renamed>([&](const Renamed&) { told = true; }, {.name = "index"});
  Envelope damaged = catalogue.wrap(Renamed{"Rates"});
  damaged.data.pop_back();
  EXPECT_EQ(bus.dispatch(damaged).failed, 1u);
  EXPECT_FALSE(told);
  ASSERT_EQ(bus.dead_letters().size(), 1u);
  EXPECT_EQ(bus.dead_letters()[0].subscriber, "index");
}

TEST_F(TypedSubscription, needs_a_type_that_the_catalogue_lists) {
  EXPECT_THROW((void)bus.subscribe<Unlisted>([](const Unlisted&) {}), ConfigurationError);
}

}  // namespace
}  // namespace annal::test
