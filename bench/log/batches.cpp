// P3 and P4: 1000 events a commit.
#include "log/batches.hpp"

#include "annal/sqlite/sqlite_log.hpp"
#include "cases.hpp"
#include "log/commits.hpp"
#include "raw_sqlite.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <random>

namespace annal::bench {

namespace {

constexpr int subjects = 1000;  // far more than there are commits under way

std::string tag(const char* key, std::mt19937& random, unsigned among) {
  return key + std::to_string(random() % among);
}

void add_tags(Envelope& event, const std::string& subject, std::mt19937& random) {
  event.tags = {subject, tag("user:", random, 10000), tag("item:", random, 1000),
                tag("region:", random, 100), tag("device:", random, 10)};
}

Commit next_commit(const Batches& batches, int number, Position seen, std::mt19937& random) {
  Commit commit;
  commit.events.reserve(batch_events);
  const std::string subject = "subject:" + std::to_string(number % subjects);
  for (int i = 0; i < batch_events; ++i) {
    const auto stream = static_cast<int>(random() % static_cast<unsigned>(batches.streams));
    Envelope event = event_on(stream_name(stream), payload(static_cast<int>(random())));
    if (batches.conditional) add_tags(event, subject, random);
    commit.events.push_back(std::move(event));
  }
  if (batches.conditional)
    commit.query_conditions.push_back(
        {QueryItem{.types = {TopicPattern::of("bench.appended")}, .tags = {subject}}, seen});
  return commit;
}

Samples append_all(EventLog& log, const Batches& batches) {
  std::mt19937 random(3);
  Pipeline pipeline(log);
  for (int i = 0; i < batches.commits; ++i)
    pipeline.append(next_commit(batches, i, log.head(), random));
  return pipeline.finish();
}

Batches batches_of(int streams, const Settings& settings) {
  return {.commits = scaled(1000, settings),
          .streams = scaled_down(streams, settings),
          .settings = settings};
}

std::string described(const Batches& batches) {
  return std::to_string(batches.commits) + " commits of 1000 events over " +
         std::to_string(batches.streams) + " streams, power, merged";
}

}  // namespace

Round append(const std::filesystem::path& file, const Batches& batches, Footprint* footprint) {
  remove_store(file);
  const std::size_t before = footprint ? resident_bytes() : 0;
  auto log = open_log(file, batches.settings);
  const auto begun = Steady::now();
  Samples samples = append_all(*log, batches);
  auto elapsed = Steady::now() - begun;
  if (footprint) {
    const std::size_t now = resident_bytes();
    footprint->resident_bytes =
        std::max(footprint->resident_bytes, static_cast<double>(now - std::min(now, before)));
  }
  const auto closing = Steady::now();
  log.reset();
  elapsed += Steady::now() - closing;
  if (footprint)
    footprint->bytes_an_event =
        static_cast<double>(std::filesystem::file_size(file)) / batches.commits / batch_events;
  return {std::move(samples), elapsed};
}

Round append_raw(const std::filesystem::path& file, const Batches& batches) {
  remove_store(file);
  std::optional<RawSqlite> raw(file);
  const std::string data(event_bytes, 'x');
  const auto begun = Steady::now();
  Samples samples = time_each(batches.commits, [&](int) { raw->append(data, batch_events); });
  raw.reset();
  return {std::move(samples), Steady::now() - begun};
}

std::vector<Fact> facts_of(const Footprint& footprint, const Batches& batches) {
  constexpr double mebibyte = 1024 * 1024;
  return {{"bytes an event", footprint.bytes_an_event, "B", 1.15 * event_bytes + 110},
          {"resident memory for it", footprint.resident_bytes / mebibyte, "MiB",
           64 + 24.0 * batches.streams / mebibyte}};
}

std::vector<Result> append_batches(const Settings& settings) {
  const Batches few = batches_of(100000, settings), many = batches_of(1000000, settings);
  const auto file = settings.folder / "p3.db";
  Footprint with_few, with_many;
  Result first{"P3", described(few), "ratio to raw insertion into a table with no index", 0.7};
  compare(
      first, settings.rounds, [&] { return append_raw(settings.folder / "raw-p3.db", few); },
      [&] { return append(file, few, &with_few); });
  first.facts = facts_of(with_few, few);
  Result second{"P3", described(many), "ratio to " + std::to_string(few.streams) + " streams", 0.8};
  second.beside = "fewer";
  compare(
      second, settings.rounds, [&] { return append(file, few); },
      [&] { return append(file, many, &with_many); });
  second.facts = facts_of(with_many, many);
  remove_store(file);
  remove_store(settings.folder / "raw-p3.db");
  return {first, second};
}

std::vector<Result> append_on_condition(const Settings& settings) {
  Batches plain = batches_of(100000, settings);
  plain.commits = scaled(300, settings);  // each costs several times one of P3's
  Batches conditional = plain;
  conditional.conditional = true;
  const auto file = settings.folder / "p4.db";
  Result result{
      "P4",
      std::to_string(plain.commits) + " such commits, five tags an event and a condition on each",
      "ratio to P3 without them", 0.5};
  result.beside = "P3";
  compare(
      result, settings.rounds, [&] { return append(file, plain); },
      [&] { return append(file, conditional); });
  remove_store(file);
  return {result};
}

}  // namespace annal::bench
