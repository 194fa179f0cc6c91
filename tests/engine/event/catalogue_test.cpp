#include "annal/event/catalogue.hpp"

#include "payloads.hpp"

#include <gtest/gtest.h>

namespace annal {
namespace {

struct RenamedV1 {  // frozen: as it was written by the first program
  std::string name;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(name));
  }
};

struct RenamedV2 {  // frozen
  std::string title;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(title));
  }
};

struct Renamed {
  std::string title;
  std::optional<std::string> editor;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(title), CEREAL_NVP(editor));
  }
  friend bool operator==(const Renamed&, const Renamed&) = default;
};

Catalogue example_catalogue() {
  Catalogue catalogue;
  catalogue.add<test::Item>("item.added");
  catalogue.add<Renamed>("item.renamed", 3)
      .upcast<RenamedV1>(1,
                         [](RenamedV1 old) {
                           return Renamed{old.name, "unknown"};
                         })
      .upcast<RenamedV2>(2, [](RenamedV2 old) {
        return Renamed{old.title, std::nullopt};
      });
  return catalogue;
}

Envelope renamed(std::uint32_t version, Codec codec, std::string data) {
  Envelope event;
  event.type = "item.renamed";
  event.schema_version = version;
  event.codec = codec;
  event.data = std::move(data);
  return event;
}

// The message of the error of this kind that a function throws.
template <class Error, class Function>
std::string refusal(Function function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing refused";
}

TEST(Catalogue, wraps_a_payload_with_its_type_version_and_codec) {
  const auto catalogue = example_catalogue();
  const Envelope event = catalogue.wrap(Renamed{"Rates", "ann"});
  EXPECT_EQ(event.type, "item.renamed");
  EXPECT_EQ(event.schema_version, 3U);
  EXPECT_EQ(event.codec, Codec::cereal);
  EXPECT_EQ(event.data, encode(Renamed{"Rates", "ann"}));
  EXPECT_EQ(catalogue.unwrap<Renamed>(event), (Renamed{"Rates", "ann"}));
}

TEST(Catalogue, unwraps_nothing_from_an_event_of_another_type) {
  const auto catalogue = example_catalogue();
  EXPECT_EQ(catalogue.unwrap<test::Item>(catalogue.wrap(Renamed{})), std::nullopt);
}

TEST(Catalogue, brings_older_versions_up_to_date) {
  const auto catalogue = example_catalogue();
  EXPECT_EQ(catalogue.unwrap<Renamed>(renamed(1, Codec::cereal, encode(RenamedV1{"old"}))),
            (Renamed{"old", "unknown"}));
  EXPECT_EQ(catalogue.unwrap<Renamed>(renamed(2, Codec::cereal, encode(RenamedV2{"newer"}))),
            (Renamed{"newer", std::nullopt}));
}

TEST(Catalogue, reads_json_by_the_shape_of_its_version) {
  const auto catalogue = example_catalogue();
  EXPECT_EQ(catalogue.unwrap<Renamed>(renamed(3, Codec::json, R"({"title":"now","editor":"ann"})")),
            (Renamed{"now", "ann"}));
  EXPECT_EQ(catalogue.unwrap<Renamed>(renamed(1, Codec::json, R"({"name":"old"})")),
            (Renamed{"old", "unknown"}));
}

TEST(Catalogue, asks_for_a_newer_program_when_the_event_is_of_a_newer_version) {
  const auto message = refusal<DecodeError>(
      [] { example_catalogue().unwrap<Renamed>(renamed(4, Codec::cereal, "\x01")); });
  EXPECT_EQ(message,
            "cannot read item.renamed version 4: written by a newer program: this one knows "
            "item.renamed up "
            "to version 3; upgrade it");
}

TEST(Catalogue, refuses_an_older_version_without_an_upcaster) {
  Catalogue catalogue;
  catalogue.add<Renamed>("item.renamed", 3);
  EXPECT_EQ(
      refusal<DecodeError>([&] { catalogue.unwrap<Renamed>(renamed(2, Codec::cereal, "\x01")); }),
      "cannot read item.renamed version 2: the catalogue has no upcaster from version 2; add one");
  EXPECT_THROW(catalogue.unwrap<Renamed>(renamed(0, Codec::cereal, "\x01")), DecodeError);
}

TEST(Catalogue, refuses_opaque_bytes_under_the_name_of_a_known_type) {
  EXPECT_EQ(
      refusal<DecodeError>(
          [] { example_catalogue().unwrap<Renamed>(renamed(3, Codec::bytes, "\x01")); }),
      "cannot read item.renamed version 3: opaque bytes (application/octet-stream) that no codec "
      "of "
      "this program reads");
  EXPECT_THROW(example_catalogue().unwrap<Renamed>(renamed(3, static_cast<Codec>(9), "\x01")),
               DecodeError);
}

TEST(Catalogue, names_event_and_field_when_bytes_do_not_decode) {
  Envelope event = renamed(3, Codec::cereal, "\x01");
  event.position = {17};
  EXPECT_EQ(
      refusal<DecodeError>([&] { example_catalogue().unwrap<Renamed>(event); }),
      "cannot read item.renamed version 3 at position 17: title: ends too early: 8 bytes missing");
  EXPECT_EQ(refusal<DecodeError>([] {
              example_catalogue().unwrap<Renamed>(renamed(1, Codec::json, R"({"title":""})"));
            }),
            "cannot read item.renamed version 1: title: the type has no such field");
}

TEST(Catalogue, reads_nothing_into_a_stub) {
  const auto catalogue = example_catalogue();
  Envelope stub = catalogue.wrap(Renamed{"Rates", "ann"});
  stub.position = {7};
  purge(stub);
  const auto refused = refusal<DataPurged>([&] { catalogue.unwrap<Renamed>(stub); });
  EXPECT_NE(refused.find("item.renamed"), std::string::npos) << refused;
  EXPECT_NE(refused.find("purged"), std::string::npos) << refused;
  EXPECT_EQ(catalogue.unwrap<test::Item>(stub), std::nullopt) << "it was no item";
}

TEST(Catalogue, finds_types_by_name_and_by_cpp_type) {
  const auto catalogue = example_catalogue();
  ASSERT_NE(catalogue.find("item.renamed"), nullptr);
  EXPECT_EQ(catalogue.find("item.renamed"), catalogue.find(typeid(Renamed)));
  EXPECT_EQ(&catalogue.of<Renamed>(), catalogue.find("item.renamed"));
  EXPECT_EQ(catalogue.find("item.lost"), nullptr);
  EXPECT_EQ(catalogue.find(typeid(int)), nullptr);
  EXPECT_THROW(catalogue.of<test::Nothing>(), ConfigurationError);
}

TEST(Catalogue, knows_the_shape_of_every_version_it_reads) {
  const auto catalogue = example_catalogue();
  const auto shape = [&](std::uint32_t version) {
    return catalogue.fields(renamed(version, Codec::cereal, ""));
  };
  ASSERT_NE(shape(1), nullptr);
  EXPECT_EQ(*shape(1), describe<RenamedV1>());
  EXPECT_EQ(*shape(3), describe<Renamed>());
  EXPECT_EQ(shape(4), nullptr);
  EXPECT_EQ(catalogue.fields(Envelope{}), nullptr);
}

TEST(Catalogue, lists_types_by_name_and_describes_every_version) {
  const auto catalogue = example_catalogue();
  const auto types = catalogue.types();
  ASSERT_EQ(types.size(), 2U);
  EXPECT_EQ(types[0]->name, "item.added");
  EXPECT_EQ(types[1]->name, "item.renamed");
  EXPECT_EQ(catalogue.descriptions(),
            (std::vector<TypeDescription>{{"item.added", 1, describe<test::Item>()},
                                          {"item.renamed", 1, describe<RenamedV1>()},
                                          {"item.renamed", 2, describe<RenamedV2>()},
                                          {"item.renamed", 3, describe<Renamed>()}}));
}

TEST(Catalogue, refuses_a_name_or_a_cpp_type_twice) {
  auto catalogue = example_catalogue();
  EXPECT_EQ(refusal<ConfigurationError>([&] { catalogue.add<test::Nothing>("item.added"); }),
            "the event type item.added is added twice");
  EXPECT_EQ(refusal<ConfigurationError>([&] { catalogue.add<Renamed>("item.called"); }),
            "the C++ type of item.called is that of item.renamed already; give each event type a "
            "struct of "
            "its own");
  EXPECT_EQ(catalogue.types().size(), 2U);
}

TEST(Catalogue, refuses_names_that_are_no_topics_and_version_0) {
  Catalogue catalogue;
  EXPECT_THROW(catalogue.add<Renamed>("item renamed"), ConfigurationError);
  EXPECT_THROW(catalogue.add<Renamed>("item.*"), ConfigurationError);
  EXPECT_THROW(catalogue.add<Renamed>("item.renamed", 0), ConfigurationError);
  EXPECT_TRUE(catalogue.types().empty());
}

TEST(Catalogue, refuses_upcasters_from_versions_that_are_not_older_and_two_from_one) {
  Catalogue catalogue;
  auto entry = catalogue.add<Renamed>("item.renamed", 2);
  const auto upcast = [](RenamedV1 old) { return Renamed{old.name, std::nullopt}; };
  EXPECT_THROW(entry.upcast<RenamedV1>(0, upcast), ConfigurationError);
  EXPECT_THROW(entry.upcast<RenamedV1>(2, upcast), ConfigurationError);
  entry.upcast<RenamedV1>(1, upcast);
  EXPECT_THROW(entry.upcast<RenamedV1>(1, upcast), ConfigurationError);
}

}  // namespace
}  // namespace annal
