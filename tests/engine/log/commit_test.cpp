#include "annal/log/commit.hpp"

#include "annal/log/event_log.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>

namespace annal::test {

namespace {

Envelope sealed_event() {
  Envelope event;
  for (std::uint8_t i = 0; i < 16; ++i) {
    event.id.bytes[i] = static_cast<std::uint8_t>(100 + i);
    event.salt[i] = i;
  }
  event.type = "thing.happened";
  event.schema_version = 3;
  event.codec = Codec::json;
  event.content_type = "application/json";
  event.stream = "thing/1";
  event.source = "importer";
  event.correlation_id = "request-1";
  event.causation_id = "event-0";
  event.tags = {"board:7", "agent:3"};
  event.metadata = {{"author", "ann"}};
  event.data = "{\"a\":1}";
  return event;
}

Timestamp at(std::int64_t microseconds) {
  return Timestamp{std::chrono::microseconds{microseconds}};
}

Commit keyed(Envelope event) {
  Commit commit;
  commit.idempotency_key = "key";
  commit.events.push_back(std::move(event));
  return commit;
}

struct Preparing : testing::Test {
  Hash request_hash(Commit commit) {
    EXPECT_FALSE(prepare(commit, ids, randomness));
    return *commit.request_hash;
  }
  ManualClock clock;
  SeededRandomness randomness;
  UlidGenerator ids{clock, randomness};
};

}  // namespace

// The figures were computed by another program from docs/reference/file-format.md.
// They never change.
TEST(Hashes, are_those_of_the_format) {
  Envelope with = sealed_event(), without = sealed_event();
  with.occurred_at = at(1767323045000000);
  EXPECT_EQ(event_hash(with).to_hex(),
            "5828009d24b68c751615485a672456b25fa0f932879088436ab2b342beac0894");
  EXPECT_EQ(event_hash(without).to_hex(),
            "ecccf6fffe6a401a5bbed4ef4c2cee8ca200d0fa4aa1ed47c9fe63bbc8cc9cc1");
  with.hash = event_hash(with);
  without.hash = event_hash(without);
  with.position = Position{7};
  with.version = Version{3};
  without.position = Position{8};
  without.version = Version{1};
  EXPECT_EQ(commit_hash(sha256({"previous"}), at(1767323045000001), {with, without}).to_hex(),
            "ea4024e76456abcf8b916d74614743f2e8a40aa8b67828520923fa293daabc73");
}

TEST_F(Preparing, fills_in_what_the_caller_left_out) {
  Commit commit;
  commit.events = {sealed_event(), sealed_event()};
  commit.events[1].id = {};
  commit.events[1].salt = {};
  ASSERT_FALSE(prepare(commit, ids, randomness));
  EXPECT_EQ(commit.events[0].id, sealed_event().id);
  EXPECT_FALSE(commit.events[1].id.is_nil());
  EXPECT_NE(commit.events[1].salt, Salt{});
  EXPECT_EQ(commit.events[1].hash, event_hash(commit.events[1]));
  EXPECT_FALSE(commit.request_hash) << "only a request with a key needs one";
}

TEST_F(Preparing, two_tries_of_one_request_have_one_hash) {
  Envelope again = sealed_event();
  again.id = {};
  again.salt = {};
  again.correlation_id = "request-2";
  EXPECT_EQ(request_hash(keyed(sealed_event())), request_hash(keyed(again)));
}

TEST_F(Preparing, another_request_has_another_hash) {
  const Hash first = request_hash(keyed(sealed_event()));
  const auto differs = [&](auto change) {
    Commit commit = keyed(sealed_event());
    change(commit);
    EXPECT_NE(request_hash(commit), first);
  };
  differs([](Commit& commit) { commit.events[0].data = "{\"a\":2}"; });
  differs([](Commit& commit) { commit.events[0].stream = "thing/2"; });
  differs([](Commit& commit) { commit.events[0].type = "thing.else"; });
  differs([](Commit& commit) { commit.events[0].tags.pop_back(); });
  differs([](Commit& commit) { commit.events[0].occurred_at = at(5); });
  differs([](Commit& commit) { commit.events[0].metadata[0].second = "bob"; });
  differs([](Commit& commit) { commit.conditions = {{"thing/1", ExpectedVersion::none()}}; });
}

TEST_F(Preparing, refuses_what_no_log_could_take_and_names_it) {
  const auto refusal = [&](auto change) {
    Commit commit = keyed(sealed_event());
    change(commit);
    const auto refused = prepare(commit, ids, randomness);
    return refused ? refused->message() : "accepted";
  };
  using C = Commit&;
  EXPECT_EQ(refusal([](C commit) { commit.events[0].stream = "nameless"; }),
            "the stream \"nameless\" is not named kind/name in UTF-8 without control characters");
  EXPECT_EQ(refusal([](C commit) {
              commit.events[0].stream = "x/" + std::string(1023, 'y');
            }).substr(0, 12),
            "the stream \"");
  EXPECT_EQ(refusal([](C commit) { commit.events[0].schema_version = 0; }),
            "the schema version of thing.happened is 0; they start at 1");
  EXPECT_EQ(refusal([](C commit) { commit.events[0].data = "{"; }).substr(0, 41),
            "the data of thing.happened is no JSON: un");
  EXPECT_EQ(refusal([](C commit) {
              commit.events[0].tags = {"a:b", "a:b"};
            }),
            "the tag \"a:b\" stands twice on one event");
  EXPECT_EQ(refusal([](C commit) {
              commit.events[0].tags = {"a:" + std::string(300, 'b')};
            }).substr(0, 9),
            "the tag \"");
  EXPECT_EQ(refusal([](C commit) {
              commit.events[0].tags.clear();
              for (int i = 0; i < 33; ++i)
                commit.events[0].tags.push_back("n:" + std::to_string(i));
            }),
            "an event of thing/1 carries 33 tags; 32 are the limit");
  EXPECT_EQ(refusal([](C commit) { commit.events[0].source = "\n"; }),
            "the source \"\n\" is not at most 256 bytes of UTF-8 without control characters");
  EXPECT_EQ(refusal([](C commit) {
              commit.events[0].metadata = {{"", "x"}};
            }),
            "the metadata \"\" is not UTF-8 under a name of 1–256 bytes");
  EXPECT_EQ(refusal([](C commit) {
              commit.events[0].metadata = {{"a", "1"}, {"a", "2"}};
            }),
            "the metadata \"a\" stands twice on one event");
  EXPECT_EQ(refusal([](C commit) {
              commit.conditions = {{"nameless", ExpectedVersion::any()}};
            }),
            "the stream \"nameless\" is not named kind/name in UTF-8 without control characters");
  EXPECT_EQ(refusal([](C commit) {
              commit.records = {{"space", "", "", {}, {}, {}}};
            }),
            "the record key \"\" is not 1–1024 bytes long");
  EXPECT_EQ(refusal([](C commit) { commit.events.clear(); }),
            "the commit is empty: it needs an event or a record");
  EXPECT_EQ(refusal([](C commit) {
              commit.events.clear();
              commit.records = {{"space", "key", "", {}, {}, {}}};
            }),
            "an idempotency key needs an event to be kept with");
  EXPECT_EQ(refusal([](C commit) {
              commit.records.assign(limits::commit_records + 1, {"space", "key", "", {}, {}, {}});
            }),
            "the commit's number of records is too large: 4097, the limit is 4096");
  EXPECT_EQ(
      refusal([](C commit) {
        commit.records = {{"space", "key", std::string(limits::record_bytes + 1, 'x'), {}, {}, {}}};
      }),
      "the record space key is too large: 2097153, the limit is 2097152");
}

TEST(Refusals, say_what_is_wrong_and_what_to_do) {
  const auto said = [](auto reason) { return Rejected{std::move(reason)}.message(); };
  EXPECT_EQ(said(VersionConflict{"thing/1", ExpectedVersion::exactly(Version{3}), Version{4}}),
            "thing/1 is at version 4, the commit expects version 3: read it again and decide anew");
  EXPECT_EQ(said(VersionConflict{"thing/1", ExpectedVersion::exists(), Version{0}}),
            "thing/1 does not exist, the commit expects an existing stream: read it again and "
            "decide anew");
  EXPECT_EQ(said(VersionConflict{"thing/1", ExpectedVersion::none(), Version{1}}),
            "thing/1 is at version 1, the commit expects no stream: read it again and decide anew");
  EXPECT_EQ(said(RecordConflict{"notes", "a", Position{1}, Position{2}}),
            "the record notes a was derived at position 2, the commit expects 1: read it again and "
            "decide anew");
  EXPECT_EQ(
      said(IdempotencyMismatch{"key", Position{9}}),
      "the idempotency key \"key\" was used at position 9 for another request: use a new key");
  EXPECT_EQ(said(TooLarge{"the commit", 9, 8}), "the commit is too large: 9, the limit is 8");
  EXPECT_EQ(said(Malformed{"as it is"}), "as it is");
  EXPECT_EQ(said(Busy{12}), "12 requests are waiting already: try again later");
  EXPECT_EQ(said(DiskFull{"no room"}), "no room");
  EXPECT_EQ(said(Vetoed{"policy", "not today"}), "refused by policy: not today");
  EXPECT_EQ(said(Closed{"it is closed"}), "it is closed");
}

TEST(ExpectedVersion, holds_where_it_says) {
  EXPECT_TRUE(ExpectedVersion::any().holds(Version{0}));
  EXPECT_EQ(ExpectedVersion::any().to_string(), "any version");
  EXPECT_TRUE(ExpectedVersion::none().holds(Version{0}));
  EXPECT_FALSE(ExpectedVersion::none().holds(Version{1}));
  EXPECT_FALSE(ExpectedVersion::exists().holds(Version{0}));
  EXPECT_TRUE(ExpectedVersion::exactly(Version{2}).holds(Version{2}));
  EXPECT_FALSE(ExpectedVersion::exactly(Version{2}).holds(Version{3}));
}

TEST(Durability, has_a_name) {
  EXPECT_EQ(to_string(Durability::power), "power");
  EXPECT_EQ(to_string(Durability::ephemeral), "ephemeral");
}

}  // namespace annal::test
