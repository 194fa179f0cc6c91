#include "annal/server/statistics_json.hpp"

#include "annal/log/subscription.hpp"

#include <algorithm>

namespace annal::server {

namespace {

std::string subscriptions_json(const EventLog& log, Position head) {
  std::vector<std::string> subscriptions;
  for (const auto& [name, checkpoint, parked] : kept_subscriptions(log))
    subscriptions.push_back(JsonObject()
                                .text("name", name)
                                .number("checkpoint", checkpoint)
                                .number("lag", head.value - std::min(head, checkpoint).value)
                                .number("parked", parked)
                                .str());
  return json_array(subscriptions);
}

std::uint64_t microseconds_of(std::chrono::microseconds time) {
  return static_cast<std::uint64_t>(time.count());
}

}  // namespace

JsonObject statistics_json(const EventLog& log) {
  const LogStatistics statistics = log.statistics();
  JsonObject json;
  json.number("head", statistics.head)
      .number("durable", statistics.durable)
      .number("horizon", history_horizon(log))
      .number("streams", statistics.streams)
      .number("types", statistics.types)
      .number("bytes", statistics.bytes)
      .number("wal_bytes", statistics.wal_bytes)
      .number("unindexed", statistics.unindexed)
      .number("dictionaries", statistics.dictionaries)
      .text("durability", to_string(statistics.durability))
      .flag("read_only", statistics.read_only);
  if (!statistics.read_only)
    json.number("queued", statistics.queued)
        .number("commits", statistics.commits)
        .number("groups", statistics.groups)
        .number("group_p50", statistics.group_p50)
        .number("group_p99", statistics.group_p99)
        .number("sync_p50_us", microseconds_of(statistics.sync_p50))
        .number("sync_p99_us", microseconds_of(statistics.sync_p99))
        .number("record_reads", statistics.record_reads)
        .number("record_hits", statistics.record_hits)
        .number("payload_bytes", statistics.payload_bytes)
        .number("packed_bytes", statistics.packed_bytes);
  json.number("oldest_reader_us", microseconds_of(statistics.oldest_reader))
      .json("subscriptions", subscriptions_json(log, statistics.head));
  return json;
}

}  // namespace annal::server
