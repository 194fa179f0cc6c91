#include "annal/event/envelope.hpp"

#include "annal/event/canonical_bytes.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <set>

namespace annal {
namespace {

using namespace std::string_literals;

Envelope example_event() {
  Envelope event;
  for (std::size_t i = 0; i < 16; ++i) event.id.bytes[i] = static_cast<std::uint8_t>(i);
  event.type = "document.updated";
  event.schema_version = 3;
  event.codec = Codec::json;
  event.content_type = "application/json";
  event.stream = "document/orders/7";
  event.occurred_at = Timestamp{std::chrono::microseconds{0x0102030405060708}};
  event.source = "host";
  event.correlation_id = "corr";
  event.causation_id = "cause";
  event.tags = {"a:b", "commit:1f"};
  event.data = R"({"x":1})";
  event.metadata = {{"k", "v"}, {"key", ""}};
  for (std::size_t i = 0; i < 16; ++i) event.salt[i] = static_cast<std::uint8_t>(0xF0 + i);
  return event;
}

std::string bytes_of(const Hash& hash) { return {hash.bytes.begin(), hash.bytes.end()}; }

TEST(EventHash, is_the_digest_of_the_documented_bytes) {
  const Envelope event = example_event();
  const std::string salt(event.salt.begin(), event.salt.end());
  const std::string metadata =
      "\x02\0\0\0"s + "\x01\0\0\0k"s + "\x01\0\0\0v"s + "\x03\0\0\0key"s + "\0\0\0\0"s;
  const std::string canonical =
      "annal.event.1\0"s + std::string(event.id.bytes.begin(), event.id.bytes.end()) +
      "\x10\0\0\0document.updated"s + "\x03\0\0\0"s + "\x02"s + "\x10\0\0\0application/json"s +
      "\x11\0\0\0document/orders/7"s + "\x01\x08\x07\x06\x05\x04\x03\x02\x01"s + "\x04\0\0\0host"s +
      "\x04\0\0\0corr"s + "\x05\0\0\0cause"s + "\x02\0\0\0"s + "\x03\0\0\0a:b"s +
      "\x09\0\0\0commit:1f"s + bytes_of(sha256({salt, metadata})) +
      bytes_of(sha256({salt, event.data}));
  EXPECT_EQ(event_hash(event), sha256({canonical}));
}

// Computed by hand from docs/decisions/0006-hashes.md: stores of every age depend on it.
TEST(EventHash, never_changes) {
  EXPECT_EQ(event_hash(example_event()).to_hex(),
            "29d831401a465d7bfba60c45f0363850f434d107b0f5b51ae303b666187ce9fe");
  EXPECT_EQ(event_hash(Envelope{}).to_hex(),
            "73a2a483c197384e09a07df5e6c710188948f2a87c3ca87cc588a4c6b48a705d");
}

TEST(EventHash, changes_with_everything_the_author_said) {
  const std::vector<std::function<void(Envelope&)>> changes = {
      [](Envelope&) {},
      [](Envelope& event) { event.id.bytes[15] ^= 1; },
      [](Envelope& event) { event.type += "x"; },
      [](Envelope& event) { event.schema_version++; },
      [](Envelope& event) { event.codec = Codec::bytes; },
      [](Envelope& event) { event.content_type.clear(); },
      [](Envelope& event) { event.stream += "x"; },
      [](Envelope& event) { event.occurred_at.reset(); },
      [](Envelope& event) { *event.occurred_at += std::chrono::microseconds{1}; },
      [](Envelope& event) { event.source += "x"; },
      [](Envelope& event) { event.correlation_id += "x"; },
      [](Envelope& event) { event.causation_id += "x"; },
      [](Envelope& event) { std::swap(event.correlation_id, event.causation_id); },
      [](Envelope& event) { std::swap(event.tags[0], event.tags[1]); },
      [](Envelope& event) { event.tags.pop_back(); },
      [](Envelope& event) { event.metadata.pop_back(); },
      [](Envelope& event) { event.metadata[0].second = "w"; },
      [](Envelope& event) {
        event.metadata = {{"kv", ""}, {"key", ""}};
      },
      [](Envelope& event) { event.data += " "; },
      [](Envelope& event) { event.salt[0] ^= 1; },
  };
  std::set<std::string> hashes;
  for (const auto& change : changes) {
    Envelope event = example_event();
    change(event);
    hashes.insert(event_hash(event).to_hex());
  }
  EXPECT_EQ(hashes.size(), changes.size());
}

TEST(EventHash, says_nothing_about_where_and_when_the_log_took_the_event) {
  Envelope event = example_event();
  event.position = {7};
  event.version = {3};
  event.recorded_at += std::chrono::seconds{1};
  event.hash.bytes[0] = 1;
  EXPECT_EQ(event_hash(event), event_hash(example_event()));
}

TEST(Purge, takes_what_was_said_and_leaves_the_hash) {
  const Envelope whole = example_event();
  Envelope stub = whole;
  purge(stub);
  EXPECT_EQ(stub.data, "");
  EXPECT_TRUE(stub.metadata.empty());
  EXPECT_EQ(stub.salt, Salt{});
  EXPECT_EQ(event_hash(stub), event_hash(whole));
  EXPECT_EQ(stub.purged->data, sha256({view_of(whole.salt), whole.data}));
  const auto digests = stub.purged;
  purge(stub);
  EXPECT_EQ(stub.purged, digests) << "once is enough";
}

TEST(Purge, leaves_a_stub_that_still_holds_what_it_says_to_its_hash) {
  Envelope stub = example_event();
  const Hash hash = event_hash(stub);
  purge(stub);
  Envelope other_type = stub, other_data = stub, other_metadata = stub;
  other_type.type = "document.created";
  other_data.purged->data.bytes[0] ^= 1;
  other_metadata.purged->metadata.bytes[31] ^= 1;
  for (const auto& changed : {other_type, other_data, other_metadata})
    EXPECT_NE(event_hash(changed), hash);
}

TEST(Envelope, happened_when_its_source_says_or_else_when_it_was_recorded) {
  Envelope event;
  event.recorded_at = Timestamp{std::chrono::microseconds{5}};
  EXPECT_EQ(event.happened_at(), Timestamp{std::chrono::microseconds{5}});
  event.occurred_at = Timestamp{std::chrono::microseconds{3}};
  EXPECT_EQ(event.happened_at(), Timestamp{std::chrono::microseconds{3}});
}

TEST(Envelope, answers_the_metadata_of_a_key) {
  EXPECT_EQ(example_event().meta("k"), "v");
  EXPECT_EQ(example_event().meta("key"), "");
  EXPECT_EQ(example_event().meta("other"), std::nullopt);
}

TEST(MediaType, is_the_content_type_given) {
  EXPECT_EQ(media_type(example_event()), "application/json");
}

TEST(MediaType, follows_from_the_codec_when_no_content_type_is_given) {
  Envelope event;
  EXPECT_EQ(media_type(event), "application/octet-stream");
  event.codec = Codec::cereal;
  EXPECT_EQ(media_type(event), "application/vnd.annal.cereal");
  event.codec = Codec::json;
  EXPECT_EQ(media_type(event), "application/json");
}

}  // namespace
}  // namespace annal
