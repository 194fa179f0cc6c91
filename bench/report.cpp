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
  const bool is_short = series.p99 < 10'000;
  const double unit = is_short ? 1 : 1000;
  const char* name_of_unit = is_short ? "ns" : "µs";
  std::printf("       %-*s mean %9.2f  p50 %9.2f  p95 %9.2f  p99 %9.2f  p99.9 %9.2f %s",
              width(name, 10), name.c_str(), series.mean / unit, series.median / unit,
              series.p95 / unit, series.p99 / unit, series.p999 / unit, name_of_unit);
  if (series.each < 0.95 * series.mean)
    std::printf("  one every %.2f %s", series.each / unit, name_of_unit);
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
  std::printf("%-4s %-*s %8.2f", result.id.c_str(), width(result.work, 72), result.work.c_str(),
              result.figure);
  if (result.goal > 0)
    std::printf("  goal %s %.2f  %s", result.better == Better::higher ? "≥" : "≤", result.goal,
                reached(result) ? "reached" : "MISSED");
  std::printf("\n");
  std::printf("       %s\n", result.unit.c_str());
  print("ours", result.ours);
  print(result.beside, result.raw);
  if (result.commits_a_sync > 0)
    std::printf("       commits per fsync %.2f\n", result.commits_a_sync);
  for (const auto& fact : result.facts) print(fact);
  std::fflush(stdout);
}

// A line a fact, a column a size; a star where a goal was missed.
void print(const std::vector<int>& sizes, const std::vector<std::vector<Fact>>& facts) {
  std::printf("%-48s", "events in the log");
  for (const int events : sizes) std::printf(" %13d", events);
  std::printf("\n");
  for (std::size_t line = 0; line < facts.front().size(); ++line) {
    const Fact& first = facts.front()[line];
    const std::string name = first.name + ", " + first.unit;
    std::printf("%-*s", width(name, 48), name.c_str());
    for (const auto& of_size : facts) {
      const Fact& fact = of_size[line];
      const bool missed = fact.at_most > 0 && fact.value > fact.at_most;
      std::printf(" %12.2f%c", fact.value, missed ? '*' : ' ');
    }
    std::printf("\n");
  }
}

nlohmann::json to_json(const std::vector<Fact>& facts) {
  nlohmann::json figures = nlohmann::json::array();
  for (const auto& fact : facts) {
    figures.push_back({{"name", fact.name}, {"value", fact.value}, {"unit", fact.unit}});
    if (fact.at_most > 0) figures.back()["at_most"] = fact.at_most;
  }
  return figures;
}

nlohmann::json to_json(const Result& result) {
  const auto has_goal = result.goal > 0;
  return {{"id", result.id},
          {"work", result.work},
          {"unit", result.unit},
          {"goal", has_goal ? nlohmann::json(result.goal) : nlohmann::json()},
          {"better", result.better == Better::higher ? "higher" : "lower"},
          {"reached", has_goal ? nlohmann::json(reached(result)) : nlohmann::json()},
          {"figure", result.figure},
          {"figures", result.figures},
          {"commits_a_sync", result.commits_a_sync},
          {"facts", to_json(result.facts)},
          {"beside", result.beside},
          {"ours", to_json(result.ours)},
          {"raw", to_json(result.raw)}};
}

}  // namespace annal::bench
