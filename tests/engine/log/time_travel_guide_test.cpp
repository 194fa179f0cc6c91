// docs/guides/time-travel.md lists points: each of them is one.
#include "annal/log/point.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

namespace annal::test {
namespace {

const Timestamp moment = *parse_iso8601("2026-01-02T03:04:05Z");

// The first column of the guide's table: lines that begin with "| `@", up to the closing backtick.
std::vector<std::string> listed_points() {
  std::ifstream guide(ANNAL_TIME_TRAVEL_GUIDE);
  std::vector<std::string> points;
  for (std::string line; std::getline(guide, line);)
    if (line.starts_with("| `@")) points.push_back(line.substr(3, line.find('`', 3) - 3));
  return points;
}

TEST(TimeTravelGuide, lists_points_that_read_as_points) {
  const auto points = listed_points();
  for (const auto& point : points) EXPECT_TRUE(parse_point(point, moment)) << point;
}

TEST(TimeTravelGuide, lists_points_of_every_kind) {
  const auto points = listed_points();
  for (std::size_t kind = 0; kind < std::variant_size_v<Point>; ++kind)
    EXPECT_TRUE(std::any_of(points.begin(), points.end(),
                            [&](const std::string& text) {
                              const auto point = parse_point(text, moment);
                              return point && point->index() == kind;
                            }))
        << "kind " << kind;
}

TEST(TimeTravelGuide, lists_points_that_may_stand_behind_a_name) {
  for (const auto& point : listed_points()) {
    const auto [name, split] = split_name("orders/7" + point, moment);
    EXPECT_EQ(name, "orders/7") << point;
    EXPECT_EQ(split, parse_point(point, moment));
  }
}

}  // namespace
}  // namespace annal::test
