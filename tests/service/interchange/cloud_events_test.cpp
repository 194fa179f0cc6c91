// A log exported, and imported into stores that are empty, the same, or others.
#include "annal/interchange/cloud_events.hpp"

#include "annal/event/json.hpp"
#include "service/interchange/imported.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace annal {
namespace {

using interchange::ImportReport;
using test::MemoryStore;

struct Ordered {
  std::string item;
  std::vector<std::uint32_t> amounts;
  std::optional<Json> note;
  double price = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(item), CEREAL_NVP(amounts), CEREAL_NVP(note), CEREAL_NVP(price));
  }
};

Envelope plain(const std::string& type, const std::string& stream, Codec codec, std::string data) {
  Envelope event;
  event.type = type;
  event.stream = stream;
  event.codec = codec;
  event.data = std::move(data);
  return event;
}

// A log with everything an envelope and a commit may have.
void fill(MemoryStore& store) {
  auto& documents = store->documents();
  const auto key = DocumentKey::of("orders", "7/a b");
  ChangeOptions options;
  options.idempotency_key = "request-1";
  options.source = "http://example.com/desk?7";
  options.request_id = "r-1";
  options.causation_id = "c-1";
  options.tags = {"customer:größe \"x\"", "commit:abc"};
  options.metadata = {{"zeta", "1\n2\x7f"}, {"alpha", ""}};
  documents.create(key, {"Order 7", {"{\"total\": 1.0,\n \"b\":1}"}, "ann"}, options);
  store.clock.advance(std::chrono::seconds(5));
  documents.update(key, {{}, Json{"{\"total\":12345678901234567890}"}, "bob"});
  documents.patch(key, {Json{R"({"content":{"open":true}})"}, "bob"});
  documents.remove(key, {"no longer", "bob"});
  documents.undelete(key, {"ann"});
  documents.restore(key, AtVersion{Version{1}}, "cleo");
  documents.create(DocumentKey::of("orders", "8"), {"Order 8", {"[[[[1]]]]"}, "ann"});

  store->log().declare_types({{"order.placed", 3, describe<Ordered>()}});
  Commit commit;
  commit.idempotency_key = "many";
  commit.events.push_back(plain("order.placed", "order/1", Codec::cereal,
                                encode(Ordered{"tea", {1, 2}, Json{"{\"a\":1}"}, 0.5})));
  commit.events.back().schema_version = 3;
  commit.events.back().source = "a desk, 100% wood";
  commit.events.push_back(
      plain("order.placed", "order/2", Codec::cereal,
            encode(Ordered{"tea", {}, {}, std::numeric_limits<double>::infinity()})));
  commit.events.back().schema_version = 3;
  commit.events.push_back(
      plain("order.noted", "order/1", Codec::json, " {\"b\" : 1,\t\"a\":1.0} "));
  commit.events.push_back(plain("order.noted", "order/1", Codec::json, "[1,\n2]"));
  commit.events.push_back(
      plain("order.drawn", "order/1", Codec::bytes, std::string("\x89PNG\0\n", 6)));
  commit.events.back().content_type = "image/png";
  commit.events.push_back(plain("order.unknown", "order/1", Codec::cereal, "\x01who knows"));
  commit.events.push_back(plain("order.empty", "order/1", Codec::bytes, ""));
  commit.events.back().occurred_at = Timestamp{std::chrono::microseconds{1234567}};
  commit.events.push_back(plain("order.ancient", "order/1", Codec::bytes, "x"));
  commit.events.back().occurred_at = Timestamp{std::chrono::hours{-24 * 365 * 5000}};
  store->log().append(std::move(commit));
  store.clock.advance(std::chrono::hours(1));
  documents.create(DocumentKey::of("other", "x"), {"X", {"null"}, "ann"});
}

// Everything there is in a log.
void expect_identical(Store& left, Store& right) {
  const auto a = test::all_events(left.log()), b = test::all_events(right.log());
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].id, b[i].id);
    EXPECT_EQ(a[i].type, b[i].type);
    EXPECT_EQ(a[i].schema_version, b[i].schema_version);
    EXPECT_EQ(a[i].codec, b[i].codec);
    EXPECT_EQ(a[i].content_type, b[i].content_type);
    EXPECT_EQ(a[i].stream, b[i].stream);
    EXPECT_EQ(a[i].version, b[i].version);
    EXPECT_EQ(a[i].position, b[i].position);
    EXPECT_EQ(a[i].occurred_at, b[i].occurred_at);
    EXPECT_EQ(a[i].recorded_at, b[i].recorded_at);
    EXPECT_EQ(a[i].source, b[i].source);
    EXPECT_EQ(a[i].correlation_id, b[i].correlation_id);
    EXPECT_EQ(a[i].causation_id, b[i].causation_id);
    EXPECT_EQ(a[i].tags, b[i].tags);
    EXPECT_EQ(a[i].data, b[i].data);
    EXPECT_EQ(a[i].metadata, b[i].metadata);
    EXPECT_EQ(a[i].salt, b[i].salt);
    EXPECT_EQ(a[i].hash, b[i].hash);
  }
  const auto c = test::all_commits(left.log()), d = test::all_commits(right.log());
  ASSERT_EQ(c.size(), d.size());
  for (std::size_t i = 0; i < c.size(); ++i) {
    EXPECT_EQ(c[i].first, d[i].first);
    EXPECT_EQ(c[i].last, d[i].last);
    EXPECT_EQ(c[i].hash, d[i].hash);
    EXPECT_EQ(c[i].recorded_at, d[i].recorded_at);
    EXPECT_EQ(c[i].idempotency_key, d[i].idempotency_key);
    EXPECT_EQ(c[i].request_hash, d[i].request_hash);
  }
  EXPECT_EQ(left.log().verify().head_hash, right.log().verify().head_hash);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + '\n';
  return text;
}

std::string fault_of_lines(Store& store, const std::string& lines) {
  try {
    test::import_lines(store, lines);
    return "nothing";
  } catch (const InvalidInput& error) {
    return error.what();
  }
}

// A store whose clock has come as far as that of the other.
struct LaterStore : MemoryStore {
  explicit LaterStore(const MemoryStore& other) : MemoryStore(7) { clock.set(other.clock.now()); }
};

TEST(CloudEvents, an_empty_store_gets_an_identical_log) {
  MemoryStore source;
  fill(source);
  LaterStore target(source);
  const auto text = test::export_lines(source->log());
  const auto report = test::import_lines(*target, text);
  expect_identical(*source, *target);
  EXPECT_EQ(report.source_commits, test::all_commits(source->log()).size());
  EXPECT_EQ(report.commits, report.source_commits);
  EXPECT_EQ(report.events, source->log().head().value);
  EXPECT_EQ(report.clamped, 0u);
  EXPECT_EQ(report.bytes_read, text.size());
  EXPECT_EQ(report.head, target->log().head());
}

TEST(CloudEvents, the_documents_come_with_the_log) {
  MemoryStore source;
  fill(source);
  LaterStore target(source);
  test::import_lines(*target, test::export_lines(source->log()));
  EXPECT_EQ(test::documents(*target, "orders"), test::documents(*source, "orders"));
  EXPECT_EQ(test::documents(*target, "orders").size(), 2u);
  EXPECT_TRUE(target->documents().verify_rows().empty());
}

TEST(CloudEvents, stubs_travel_as_what_they_are) {
  MemoryStore source;
  fill(source);
  auto& documents = source->documents();
  documents.update(DocumentKey::of("orders", "8"), {{}, Json{"[]"}, "bob"});
  documents.update(DocumentKey::of("orders", "8"), {{}, Json{"[1]"}, "bob"});
  documents.remove(DocumentKey::of("orders", "7/a b"), {});
  documents.purge(DocumentKey::of("orders", "7/a b"), {"asked for", "dan"});
  SupersededRequest old;
  old.to = source->log().head();
  EXPECT_EQ(documents.purge_superseded(old).versions, 1u);
  source.clock.advance(std::chrono::seconds(5));
  LaterStore target(source);
  const auto text = test::export_lines(source->log());
  EXPECT_EQ(text.find("1\\n2"), text.npos) << "metadata is gone, too";
  // The note of the superseded version, changed.
  const auto digits = text.find("annalpurged\":\"", text.rfind("document.updated")) + 14 + 128;
  auto changed = text;
  changed[digits + 1] = changed[digits + 1] == '0' ? '1' : '0';
  EXPECT_THROW(test::import_lines(*target, changed), InvalidInput);
  test::import_lines(*target, text);
  expect_identical(*source, *target);
  EXPECT_TRUE(target->log().event_at(Position{1})->purged);
  EXPECT_EQ(target->log().verify().faults, std::vector<std::string>{});
  EXPECT_EQ(test::documents(*target, "orders"), test::documents(*source, "orders"));
  EXPECT_TRUE(target->documents().verify_rows().empty());
}

TEST(CloudEvents, what_was_exported_twice_is_the_same_text) {
  MemoryStore source;
  fill(source);
  LaterStore target(source);
  const auto text = test::export_lines(source->log());
  test::import_lines(*target, text);
  EXPECT_EQ(test::export_lines(target->log()), text);
}

TEST(CloudEvents, an_imported_repository_travels_too) {
  MemoryStore source;
  test::StreamText stream;
  stream.commit(1, {test::StreamText::file("x", "1")}).commit(2, {"R x y"}, 1'600'000'000);
  test::import_git(*source, stream.text());
  LaterStore target(source);
  test::import_lines(*target, test::export_lines(source->log()));
  expect_identical(*source, *target);
  EXPECT_EQ(test::import_git(*target, stream.text()).already_present, 2u);
}

TEST(CloudEvents, types_the_program_does_not_know_stay_readable) {
  MemoryStore source;
  fill(source);
  LaterStore target(source);
  test::import_lines(*target, test::export_lines(source->log()));
  for (const auto& type : target->log().type_descriptions())
    if (type.type == "order.placed") {
      EXPECT_EQ(type.schema_version, 3u);
      const auto event = test::of_stream(target->log(), "order/1").at(0);
      EXPECT_EQ(payload_to_json(type.fields, event.data),
                R"({"item":"tea","amounts":[1,2],"note":{"a":1},"price":0.5})");
      return;
    }
  FAIL() << "order.placed was not declared";
}

TEST(CloudEvents, every_line_is_a_cloud_event) {
  MemoryStore source;
  fill(source);
  const auto lines = lines_of(test::export_lines(source->log()));
  ASSERT_GT(lines.size(), source->log().head().value);
  for (const auto& line : lines) {
    std::map<std::string, std::string> members;
    for (const auto& [key, value] : json_members(line)) {
      members[key] = value;
      if (key == "data_base64") continue;
      EXPECT_LE(key.size(), 20u) << key;
      EXPECT_TRUE(std::all_of(key.begin(), key.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
      })) << key;
    }
    EXPECT_EQ(members["specversion"], "\"1.0\"");
    for (const char* needed : {"id", "source", "type"})
      EXPECT_GT(members[needed].size(), 2u) << line;
    EXPECT_NE(members.contains("data"), members.contains("data_base64")) << line;
  }
}

TEST(CloudEvents, a_line_is_read_by_people) {
  MemoryStore source;
  ChangeOptions options;
  options.source = "desk";
  options.idempotency_key = "once";
  options.tags = {"customer:9"};
  options.metadata = {{"shift", "late"}};
  options.request_id = "r-1";
  source->documents().create(DocumentKey::of("orders", "7"), {"Order 7", {"{\"total\":12}"}, "ann"},
                             options);
  const auto event = *source->log().event_at({1});
  const auto commit = source->log().commit_at({1});
  EXPECT_EQ(lines_of(test::export_lines(source->log())).back(),
            R"({"specversion":"1.0","id":")" + event.id.to_string() +
                R"(","source":"desk","type":"document.created","subject":"document/orders/7",)"
                R"("datacontenttype":"application/json","annalcodec":"cereal","annalschema":1,)"
                R"("annalposition":"1","annalversion":"1","annalrecorded":"2026-01-02T03:04:05Z",)"
                R"("correlationid":"r-1","annaltags":"[\"customer:9\"]",)"
                R"("annalmeta":"{\"shift\":\"late\"}","annalsalt":")" +
                to_hex(event.salt) + R"(","annalhash":")" + event.hash.to_hex() +
                R"(","annalcommit":"1","annalprevious":")" + std::string(64, '0') +
                R"(","annalseal":")" + commit.hash.to_hex() +
                R"(","annalkey":"once","annalrequest":")" + commit.request_hash->to_hex() +
                R"(","data":{"title":"Order 7","content":{"total":12},"author":"ann"}})");
}

TEST(CloudEvents, data_is_readable_where_nothing_gets_lost) {
  MemoryStore source;
  fill(source);
  std::map<std::string, std::string> data;  // the newest of each type
  for (const auto& line : lines_of(test::export_lines(source->log()))) {
    std::string type, found;
    for (const auto& [key, value] : json_members(line)) {
      if (key == "type") type = json_unquote(value);
      if (key.starts_with("data") && key != "datacontenttype")
        found = key + ' ' + std::string(value);
    }
    data[type] += found + '|';
  }
  EXPECT_EQ(data["order.placed"].find(
                R"(data {"item":"tea","amounts":[1,2],"note":{"a":1},"price":0.5}|data_base64 )"),
            0u)
      << data["order.placed"];
  EXPECT_EQ(data["order.noted"], "data  {\"b\" : 1,\t\"a\":1.0} |data_base64 \"WzEsCjJd\"|");
  EXPECT_EQ(data["order.empty"], "data_base64 \"\"|");
}

struct Tick {
  bool a_field_whose_name_is_a_great_deal_longer_than_its_value = false;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(a_field_whose_name_is_a_great_deal_longer_than_its_value));
  }
};

TEST(CloudEvents, a_payload_whose_json_would_be_too_long_for_an_import_is_given_in_base_64) {
  MemoryStore source;
  source->log().declare_types({{"clock.ticked", 1, describe<std::vector<Tick>>()}});
  Commit commit;
  commit.events.push_back(plain("clock.ticked", "clock/1", Codec::cereal,
                                encode(std::vector<Tick>(limits::event_bytes / 2))));
  source->log().append(std::move(commit));
  const auto text = test::export_lines(source->log());
  EXPECT_NE(text.find("\"data_base64\""), text.npos);
  LaterStore target(source);
  EXPECT_EQ(test::import_lines(*target, text).events, 1u);
}

// --- into other stores

TEST(CloudEvents, another_store_gets_the_events_appended) {
  MemoryStore source;
  fill(source);
  MemoryStore target(5);
  target.clock.set(source.clock.now() + std::chrono::hours(24));
  const auto arrival = target.clock.now();
  target->documents().create(DocumentKey::of("orders", "8"), {"Mine", {"1"}, "me"});
  const auto report = test::import_lines(*target, test::export_lines(source->log()));

  const auto there = test::all_events(source->log());
  auto here = test::all_events(target->log());
  ASSERT_EQ(here.size(), there.size() + 1);
  EXPECT_EQ(report.events, there.size());
  here.erase(here.begin());
  for (std::size_t i = 0; i < here.size(); ++i) {
    EXPECT_EQ(here[i].id, there[i].id);
    EXPECT_EQ(here[i].data, there[i].data);
    EXPECT_EQ(here[i].metadata, there[i].metadata);
    EXPECT_EQ(here[i].tags, there[i].tags);
    EXPECT_EQ(here[i].occurred_at, there[i].happened_at());
    EXPECT_GT(here[i].recorded_at, arrival);
  }
  const auto commits = test::all_commits(target->log());
  const auto exported = test::all_commits(source->log());
  for (std::size_t i = 0; i < exported.size(); ++i) {
    EXPECT_EQ(commits[i + 1].last.value, exported[i].last.value + 1);
    EXPECT_EQ(commits[i + 1].idempotency_key, "jsonl:" + exported[i].hash.to_hex());
  }
  EXPECT_EQ(test::documents(*target, "orders"), test::documents(*source, "orders"));
  EXPECT_TRUE(target->documents().verify_rows().empty());
}

TEST(CloudEvents, the_same_file_again_adds_nothing) {
  MemoryStore source;
  fill(source);
  const auto text = test::export_lines(source->log());
  LaterStore identical(source), other(source);
  other->documents().create(DocumentKey::of("a", "b"), {"", {"1"}, "me"});
  for (auto* target : {&identical, &other}) {
    test::import_lines(**target, text);
    const auto before = test::sayings((*target)->log());
    const auto report = test::import_lines(**target, text);
    EXPECT_EQ(report.commits, 0u);
    EXPECT_EQ(report.already_present, report.source_commits);
    EXPECT_EQ(test::sayings((*target)->log()), before);
  }
}

TEST(CloudEvents, a_log_that_was_cut_off_behind_any_commit_is_completed) {
  MemoryStore source;
  fill(source);
  const auto commits = test::all_commits(source->log()).size();
  for (std::size_t cut = 0; cut <= commits; ++cut) {
    auto target = test::beginning_of(source, cut);
    const auto report = test::import_lines(**target, test::export_lines(source->log()));
    EXPECT_EQ(report.already_present, cut);
    expect_identical(*source, **target);
  }
}

TEST(CloudEvents, a_log_that_went_its_own_way_gets_the_rest_appended_once) {
  MemoryStore source;
  fill(source);
  auto target = test::beginning_of(source, 3);
  (*target)->documents().create(DocumentKey::of("a", "b"), {"", {"1"}, "me"});
  const auto commits = test::all_commits(source->log()).size();
  for (const std::uint64_t expected : {commits - 3, std::uint64_t{0}}) {
    const auto report = test::import_lines(**target, test::export_lines(source->log()));
    EXPECT_EQ(report.commits, expected);
    EXPECT_EQ((*target)->log().head().value, source->log().head().value + 1);
  }
}

// Somebody writes while the log is imported, in the middle of it: a document of their own, or one
// the import is to write to.
class WhileImporting : public testing::TestWithParam<const char*> {};

TEST_P(WhileImporting, somebody_writes_and_the_import_run_again_adds_nothing_twice) {
  MemoryStore source;
  fill(source);
  LaterStore target(source);
  const auto text = test::export_lines(source->log());
  const auto meddle = [&](const interchange::ImportProgress& progress) {
    if (progress.source_commits == 3)
      target->documents().create(DocumentKey::parse(GetParam()), {"Mine", {"1"}, "me"});
  };
  std::istringstream in(text);
  EXPECT_THROW(interchange::import_jsonl(*target, in, {meddle}), interchange::ImportStopped);
  test::import_lines(*target, text);
  EXPECT_EQ(test::import_lines(*target, text).commits, 0u);

  std::map<std::string, int> times;
  for (const auto& event : test::all_events(target->log())) ++times[event.id.to_string()];
  EXPECT_EQ(times.size(), source->log().head().value + 1);
  EXPECT_EQ(target->log().head().value, source->log().head().value + 1);
  EXPECT_TRUE(target->documents().verify_rows().empty());
}

INSTANTIATE_TEST_SUITE_P(CloudEvents, WhileImporting, testing::Values("mine/1", "orders/8"),
                         [](const auto& tested) {
                           return tested.param == std::string("mine/1") ? "elsewhere" : "there";
                         });

TEST(CloudEvents, a_part_is_widened_to_whole_commits_and_can_be_imported) {
  MemoryStore source;
  fill(source);
  const auto commits = test::all_commits(source->log());
  const auto many = *std::find_if(commits.begin(), commits.end(), [](const auto& commit) {
    return commit.idempotency_key == "many";
  });
  interchange::ExportOptions options;
  options.from = next(many.first);
  options.to = next(next(many.first));
  std::ostringstream out;
  const auto exported = interchange::export_jsonl(source->log(), out, options);
  EXPECT_EQ(exported.from, many.first);
  EXPECT_EQ(exported.to, many.last);
  EXPECT_EQ(exported.commits, 1u);
  EXPECT_EQ(exported.events, many.last.value - many.first.value + 1);
  EXPECT_EQ(exported.bytes_written, out.str().size());

  LaterStore target(source);
  EXPECT_EQ(test::import_lines(*target, out.str()).commits, 1u);
  EXPECT_EQ(test::import_lines(*target, out.str()).already_present, 1u);
  EXPECT_EQ(target->log().head().value, exported.events);
}

TEST(CloudEvents, a_range_outside_the_log_is_refused) {
  MemoryStore source;
  std::ostringstream out;
  EXPECT_EQ(interchange::export_jsonl(source->log(), out).events, 0u);
  fill(source);
  const auto head = source->log().head();
  EXPECT_THROW(interchange::export_jsonl(source->log(), out, {next(head), {}, {}}), InvalidInput);
  EXPECT_THROW(interchange::export_jsonl(source->log(), out, {{}, next(head), {}}), InvalidInput);
  EXPECT_THROW(interchange::export_jsonl(source->log(), out, {Position{5}, Position{4}, {}}),
               InvalidInput);
}

TEST(CloudEvents, an_export_that_cannot_be_written_says_so) {
  MemoryStore source;
  fill(source);
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  EXPECT_THROW(interchange::export_jsonl(source->log(), out), StorageError);
}

TEST(CloudEvents, both_ways_tell_how_far_they_have_come) {
  MemoryStore source;
  fill(source);
  Position reached;
  std::ostringstream out;
  interchange::export_jsonl(source->log(), out, {{}, {}, [&](const auto& progress) {
                                                   reached = progress.position;
                                                   EXPECT_EQ(progress.last, source->log().head());
                                                 }});
  EXPECT_EQ(reached, source->log().head());
  LaterStore target(source);
  std::istringstream in(out.str());
  std::uint64_t commits = 0;
  interchange::import_jsonl(*target, in,
                            {[&](const auto& progress) { commits = progress.source_commits; }});
  EXPECT_EQ(commits, test::all_commits(source->log()).size());
}

// --- what is refused

// Three commits: one event, two events, one event.
struct ThreeCommits : testing::Test {
  ThreeCommits() {
    for (int size : {1, 2, 1}) {
      Commit commit;
      for (int i = 0; i < size; ++i)
        commit.events.push_back(plain("thing.happened", "thing/1", Codec::json, "{\"n\":1}"));
      source->log().append(std::move(commit));
      source.clock.advance(std::chrono::seconds(1));
    }
    target.clock.set(source.clock.now());
    lines = lines_of(test::export_lines(source->log()));
    types = lines.size() - 4;
  }

  // The line of an event, by its position.
  std::string& event(std::size_t position) { return lines.at(types + position - 1); }
  void replace(std::size_t position, const std::string& what, const std::string& by) {
    auto& line = event(position);
    ASSERT_NE(line.find(what), line.npos);
    line.replace(line.find(what), what.size(), by);
  }
  std::string line_number(std::size_t position) const {
    return "line " + std::to_string(types + position);
  }
  std::string fault() { return fault_of_lines(*target, joined(lines)); }
  // Commits before the bad one are there, and nothing of it.
  void expect_head(std::uint64_t head) { EXPECT_EQ(target->log().head(), Position{head}); }

  MemoryStore source, target{3};
  std::vector<std::string> lines;
  std::size_t types = 0;
};

using RefusedLines = ThreeCommits;

TEST_F(RefusedLines, a_changed_event) {
  replace(3, R"("data":{"n":1})", R"("data":{"n":2})");
  const auto found = fault();
  EXPECT_EQ(found.find(line_number(3) + ", byte "), 0u) << found;
  EXPECT_NE(found.find("annalhash is not the hash of this event"), found.npos) << found;
  EXPECT_NE(found.find("(1 commits before it are in the store)"), found.npos) << found;
  expect_head(1);
}

TEST_F(RefusedLines, a_line_that_is_missing) {
  lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(types + 1));
  EXPECT_EQ(fault(), line_number(2) +
                         ", byte 0: position 3 follows 1: lines are missing, or not in their "
                         "order (1 commits before it are in the store)");
  expect_head(1);
}

TEST_F(RefusedLines, a_file_that_begins_inside_a_commit) {
  lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(types),
              lines.begin() + static_cast<std::ptrdiff_t>(types + 2));
  EXPECT_NE(fault().find("annalseal is not the hash of the commit that ends here"),
            std::string::npos);
  expect_head(0);
}

TEST_F(RefusedLines, a_file_that_ends_inside_a_commit) {
  lines.resize(types + 2);
  EXPECT_EQ(fault(), line_number(2) +
                         ", byte 0: the file ends inside the commit at position 3: its lines "
                         "behind 2 are missing (1 commits before it are in the store)");
  expect_head(1);
}

TEST_F(RefusedLines, a_file_that_ends_inside_a_line) {
  lines.back().resize(lines.back().size() / 2);
  EXPECT_EQ(fault().find(line_number(4) + ", byte "), 0u);
  expect_head(3);
}

TEST_F(RefusedLines, a_commit_that_is_missing) {
  const auto whole = lines;
  lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(types + 1),
              lines.begin() + static_cast<std::ptrdiff_t>(types + 3));
  EXPECT_NE(fault().find("position 4 follows 1"), std::string::npos);
  expect_head(1);
}

TEST_F(RefusedLines, commits_of_two_logs) {
  const auto previous = source->log().commit_at({3}).hash.to_hex();
  replace(4, R"("annalprevious":")" + previous, R"("annalprevious":")" + std::string(64, 'a'));
  EXPECT_NE(fault().find("annalprevious is not the hash of the commit before it"),
            std::string::npos);
  expect_head(3);
}

TEST_F(RefusedLines, a_time_that_was_changed) {
  replace(4, R"("annalrecorded":"2026-01-02T03:04:07Z")",
          R"("annalrecorded":"2026-01-02T03:04:06Z")");
  EXPECT_NE(fault().find("annalseal is not the hash of the commit"), std::string::npos);
  expect_head(3);
}

TEST_F(RefusedLines, two_times_in_one_commit) {
  replace(3, R"("annalrecorded":"2026-01-02T03:04:06Z")",
          R"("annalrecorded":"2026-01-02T03:04:07Z")");
  EXPECT_NE(fault().find("annalrecorded is not that of the line before"), std::string::npos);
  expect_head(1);
}

TEST_F(RefusedLines, two_ends_of_one_commit) {
  replace(3, R"("annalcommit":"3")", R"("annalcommit":"4")");
  EXPECT_NE(fault().find("annalcommit is not the position"), std::string::npos);
  expect_head(1);
}

TEST_F(RefusedLines, a_commit_larger_than_any) {
  replace(4, R"("annalcommit":"4")", R"("annalcommit":"2000")");
  std::string text = joined(lines);
  for (int position = 5; position <= 1010; ++position) {
    replace(4, "\"annalposition\":\"" + std::to_string(position - 1),
            "\"annalposition\":\"" + std::to_string(position));
    text += event(4) + '\n';
  }
  const auto found = fault_of_lines(*target, text);
  EXPECT_EQ(found.find(line_number(1004) + ", byte 0: the commit that ends at position 2000"), 0u)
      << found;
  expect_head(3);
}

TEST_F(RefusedLines, a_time_in_the_future) {
  target.clock.set(source.clock.now() - std::chrono::seconds(2));
  EXPECT_NE(fault().find("which is in the future: set this machine's clock"), std::string::npos);
  expect_head(3);
}

TEST_F(RefusedLines, a_type_with_other_fields_than_the_store_has) {
  lines.insert(lines.begin(),
               R"({"specversion":"1.0","id":"x","source":"annal","type":"annal.type","data":)"
               R"({"type":"document.created","schema":1,"fields":{"kind":"structure"}}})");
  EXPECT_EQ(
      fault(),
      "line 1, byte 0: the type document.created, version 1, has other fields in this store: its "
      "events would become unreadable (0 commits before it are in the store)");
  expect_head(0);
}

TEST_F(RefusedLines, a_document_event_no_document_can_follow) {
  Commit commit;
  commit.events.push_back(plain("document.created", "document/a/b", Codec::cereal,
                                encode(document::Created{"t", {"no json"}, "ann"})));
  source->log().append(std::move(commit));
  const auto found = fault_of_lines(*target, test::export_lines(source->log()));
  EXPECT_EQ(found.find("line " + std::to_string(types + 5) + ", byte 0: an event of document/a/b"),
            0u)
      << found;
  expect_head(4);
}

struct BadLine {
  const char* what;
  std::string text, by;
  const char* message;
};
void PrintTo(const BadLine& bad, std::ostream* out) { *out << bad.what; }

class RefusedAttribute : public ThreeCommits, public testing::WithParamInterface<BadLine> {};

TEST_P(RefusedAttribute, is_named_with_its_line_and_byte) {
  replace(2, GetParam().text, GetParam().by);
  const auto found = fault();
  EXPECT_EQ(found.find(line_number(2) + ", byte "), 0u) << found;
  EXPECT_NE(found.find(GetParam().message), found.npos) << found;
  expect_head(1);
}

INSTANTIATE_TEST_SUITE_P(
    Line, RefusedAttribute,
    testing::Values(
        BadLine{"not_json", "{\"specversion\"", "{specversion\"", "no JSON"},
        BadLine{"twice_the_same_name", "\"annalcodec\":\"json\"",
                "\"annalcodec\":\"json\",\"id\":\"x\"", "no JSON"},
        BadLine{"another_version", "\"specversion\":\"1.0\"", "\"specversion\":\"0.3\"",
                "specversion should be 1.0"},
        BadLine{"no_ulid", "\"id\":\"0", "\"id\":\"U", "id should be a ULID"},
        BadLine{"no_subject", "\"subject\"", "\"object\"",
                "subject is missing: only events exported by annal can be imported"},
        BadLine{"a_number_for_a_text", "\"type\":\"thing.happened\"", "\"type\":7",
                "type is no string"},
        BadLine{"a_codec_there_is_not", "\"annalcodec\":\"json\"", "\"annalcodec\":\"xml\"",
                "annalcodec should be bytes, cereal or json"},
        BadLine{"a_position_that_is_none", "\"annalposition\":\"2\"", "\"annalposition\":\"two\"",
                "annalposition should be a number from 1"},
        BadLine{"a_version_that_is_none", "\"annalversion\":\"2\"", "\"annalversion\":\"0\"",
                "annalversion should be a number from 1"},
        BadLine{"a_schema_that_is_none", "\"annalschema\":1", "\"annalschema\":0",
                "annalschema should be a number from 1"},
        BadLine{"a_time_that_is_none", "\"annalrecorded\":\"2026", "\"annalrecorded\":\"soon",
                "annalrecorded should be a time"},
        BadLine{"an_occurrence_that_is_none", "\"annalcodec\"", "\"time\":\"soon\",\"annalcodec\"",
                "time should be a time"},
        BadLine{"tags_that_are_none", "\"annalcodec\"", "\"annaltags\":\"{}\",\"annalcodec\"",
                "annaltags should be a JSON array"},
        BadLine{"tags_that_are_no_texts", "\"annalcodec\"", "\"annaltags\":\"[1]\",\"annalcodec\"",
                "annaltags should hold strings"},
        BadLine{"metadata_that_is_none", "\"annalcodec\"", "\"annalmeta\":\"[]\",\"annalcodec\"",
                "annalmeta should be a JSON object"},
        BadLine{"a_salt_that_is_none", "\"annalsalt\":\"", "\"annalsalt\":\"00",
                "annalsalt should be 32 hexadecimal digits"},
        BadLine{"a_stub_with_a_salt", "\"annalsalt\"", "\"annalpurged\":\"\",\"annalsalt\"",
                "stands in an event that was purged"},
        BadLine{"no_data", "\"data\":", "\"nodata\":", "data_base64 is missing"},
        BadLine{"data_twice",
                "\"data\":", "\"data_base64\":\"\",\"data\":", "data_base64 stands beside data"},
        BadLine{"text_for_bytes", "\"annalcodec\":\"json\"", "\"annalcodec\":\"bytes\"",
                "data should be data_base64"},
        BadLine{"a_payload_nobody_describes", "\"annalcodec\":\"json\"",
                "\"annalcodec\":\"cereal\"", "which no line before describes"},
        BadLine{"an_end_before_the_event", "\"annalcommit\":\"3\"", "\"annalcommit\":\"1\"",
                "annalcommit is not the position"},
        BadLine{"a_list", "{\"specversion\"", "[{\"specversion\"", "no JSON"}),
    [](const auto& tested) { return tested.param.what; });

TEST(CloudEvents, a_line_that_is_no_object_or_describes_no_type_is_refused) {
  MemoryStore store;
  EXPECT_EQ(fault_of_lines(*store, "\n[1]\n"),
            "line 2, byte 0: a JSON object is expected (0 commits before it are in the store)");
  EXPECT_NE(
      fault_of_lines(*store,
                     R"({"specversion":"1.0","id":"x","source":"a","type":"annal.type","data":{}})")
          .find("data should describe a type"),
      std::string::npos);
}

std::string type_line(const std::string& type, const std::string& fields) {
  return R"({"specversion":"1.0","id":"x","source":"a","type":"annal.type","data":{"type":)" +
         type + R"(,"schema":1,"fields":)" + fields + "}}\n";
}

std::string lists(int depth) {
  return depth == 0 ? R"({"kind":"string"})"
                    : R"({"kind":"list","children":[)" + lists(depth - 1) + "]}";
}

TEST(CloudEvents, a_description_nobody_could_read_again_is_refused_by_its_line) {
  MemoryStore store;
  const auto before = store->log().type_descriptions();
  const auto deep = fault_of_lines(*store, "\n" + type_line("\"a.b\"", lists(70)));
  EXPECT_EQ(deep.find("line 2, byte "), 0u) << deep;
  EXPECT_NE(deep.find("the type a.b, version 1, nests fields deeper than 64"), deep.npos) << deep;
  for (const char* fields :
       {R"({"kind":"optional"})", R"({"kind":"string","children":[{"kind":"string"}]})"}) {
    const auto wrong = fault_of_lines(*store, type_line("\"a.b\"", fields));
    EXPECT_NE(wrong.find("the type a.b, version 1, has a field"), wrong.npos) << wrong;
  }
  for (const char* type : {"true", "\"no topic\"", "\"\""})
    EXPECT_EQ(fault_of_lines(*store, type_line(type, lists(1))).find("line 1, byte "), 0u) << type;
  EXPECT_EQ(store->log().type_descriptions(), before);
}

TEST(CloudEvents, an_empty_file_is_an_empty_log) {
  MemoryStore store;
  EXPECT_EQ(test::import_lines(*store, "").source_commits, 0u);
  EXPECT_EQ(test::import_lines(*store, "\n\n").source_commits, 0u);
}

}  // namespace
}  // namespace annal
