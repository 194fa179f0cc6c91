#include "report.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace annal::bench {

namespace {

// The texts as wide as their letters, µ and … included.
int width(const std::string& text, int letters) {
  for (const char c : text) letters += (static_cast<unsigned char>(c) & 0xc0) == 0x80 ? 1 : 0;
  return letters;
}

void print(const std::string& name, const Series& series) {
  if (!series.measured()) return;
  std::printf("       %-*s mean %9.2f  p50 %9.2f  p95 %9.2f  p99 %9.2f  p99.9 %9.2f µs",
              width(name, 10), name.c_str(), series.mean / 1000, series.median / 1000,
              series.p95 / 1000, series.p99 / 1000, series.p999 / 1000);
  if (series.each < 0.95 * series.mean) std::printf("  one every %.2f µs", series.each / 1000);
  std::printf("\n");
}

void print(const Fact& fact) {
  std::printf("       %s %.2f %s", fact.name.c_str(), fact.value, fact.unit.c_str());
  if (fact.at_most > 0)
    std::printf("  goal ≤ %.2f  %s", fact.at_most,
                fact.value <= fact.at_most ? "reached" : "MISSED");
  std::printf("\n");
}

nlohmann::json to_json(const Series& series) {
  if (!series.measured()) return nullptr;
  return {{"mean_ns", series.mean}, {"p50_ns", series.median}, {"p95_ns", series.p95},
          {"p99_ns", series.p99},   {"p999_ns", series.p999},  {"one_every_ns", series.each}};
}

}  // namespace

void print(const Result& result) {
  std::printf("%-4s %-*s %8.2f  goal %s %.2f  %s\n", result.id.c_str(), width(result.work, 72),
              result.work.c_str(), result.figure, result.better == Better::higher ? "≥" : "≤",
              result.goal, reached(result) ? "reached" : "MISSED");
  std::printf("       %s\n", result.unit.c_str());
  print("ours", result.ours);
  print(result.beside, result.raw);
  if (result.commits_a_sync > 0)
    std::printf("       commits per fsync %.2f\n", result.commits_a_sync);
  for (const auto& fact : result.facts) print(fact);
  std::fflush(stdout);
}

nlohmann::json to_json(const Result& result) {
  nlohmann::json facts = nlohmann::json::array();
  for (const auto& fact : result.facts) {
    facts.push_back({{"name", fact.name}, {"value", fact.value}, {"unit", fact.unit}});
    if (fact.at_most > 0) facts.back()["at_most"] = fact.at_most;
  }
  return {{"id", result.id},
          {"work", result.work},
          {"unit", result.unit},
          {"goal", result.goal},
          {"better", result.better == Better::higher ? "higher" : "lower"},
          {"reached", reached(result)},
          {"figure", result.figure},
          {"figures", result.figures},
          {"commits_a_sync", result.commits_a_sync},
          {"facts", facts},
          {"beside", result.beside},
          {"ours", to_json(result.ours)},
          {"raw", to_json(result.raw)}};
}

}  // namespace annal::bench
