// `annal stats`: how much a store holds.
#include "annal/log/subscription.hpp"
#include "annal/server/statistics_json.hpp"
#include "commands/command.hpp"
#include "print/progress.hpp"
#include "print/table.hpp"

namespace annal::cli {
namespace {

struct StatsArguments {};

std::uint64_t count_collections(DocumentService& documents) {
  std::uint64_t count = 0;
  for (auto page = documents.collections(); !page.empty();
       page = documents.collections(page.back()))
    count += page.size();
  return count;
}

ExitCode stats(const StatsArguments&, Invocation& invocation) {
  const auto store = invocation.open_to_read();
  const std::uint64_t collections = count_collections(store->documents());
  const std::string path = invocation.store_path().string();
  if (invocation.json) {
    invocation.out.json(server::JsonObject()
                            .text("store", path)
                            .number("collections", collections)
                            .append(server::statistics_json(store->log()))
                            .str());
    return ExitCode::ok;
  }
  const LogStatistics log = store->log().statistics();
  invocation.announce(*store, log.head);
  Table table({"WHAT", "HOW MUCH"});
  table.add({"store", path});
  table.add({"events", std::to_string(log.head.value)});
  table.add({"streams", std::to_string(log.streams)});
  table.add({"types", std::to_string(log.types)});
  table.add({"collections", std::to_string(collections)});
  table.add({"size", size_in_words(log.bytes)});
  table.add({"write-ahead log", size_in_words(log.wal_bytes)});
  table.add({"events not yet indexed", std::to_string(log.unindexed)});
  if (log.dictionaries > 0) table.add({"dictionaries", std::to_string(log.dictionaries)});
  table.add({"durability", std::string(to_string(log.durability))});
  if (const Position horizon = history_horizon(store->log()); horizon.value > 0)
    table.add({"old versions purged", "up to @" + std::to_string(horizon.value)});
  for (const auto& [name, checkpoint, parked] : kept_subscriptions(store->log()))
    table.add({"subscription " + name,
               "at " + std::to_string(checkpoint.value) + ", " +
                   std::to_string(log.head.value - std::min(log.head, checkpoint).value) +
                   " behind, " + std::to_string(parked) + " parked"});
  table.print(invocation.out);
  return ExitCode::ok;
}

}  // namespace

void add_stats(CLI::App& program, Invocation& invocation) {
  auto& command = add_command(program, invocation, "stats", "Show how much the store holds",
                              "  annal stats\n"
                              "  annal stats --json\n");
  add_json_option(command, invocation);
  runs(command, invocation, std::make_shared<StatsArguments>(), stats);
}

}  // namespace annal::cli
