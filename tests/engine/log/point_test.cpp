// Points in time as people write them.
#include "annal/log/point.hpp"

#include "fakes.hpp"
#include "seed.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <random>

namespace annal {

void PrintTo(const Point& point, std::ostream* out) { *out << to_string(point); }
void PrintTo(const std::optional<Point>& point, std::ostream* out) {
  *out << (point ? to_string(*point) : "no point");
}

namespace test {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const Timestamp now = *parse_iso8601("2026-01-02T03:04:05.678901Z");

Timestamp at(std::string_view text) { return parse_iso8601(text).value(); }
std::optional<Point> parsed(std::string_view text) { return parse_point(text, now); }

TEST(Point, is_the_head_or_so_many_events_before_it) {
  EXPECT_EQ(parsed("@head"), Point(AtHead{0}));
  EXPECT_EQ(parsed("head~3"), Point(AtHead{3}));
  EXPECT_EQ(parsed("HEAD~0"), Point(AtHead{0}));
  for (const auto* text : {"head~", "head~x", "head~-1", "head3", "head ~3", "ahead"})
    EXPECT_EQ(parsed(text), std::nullopt) << text;
}

TEST(Point, is_a_position) {
  EXPECT_EQ(parsed("@1234"), Point(AtPosition{{1234}}));
  EXPECT_EQ(parsed("0"), Point(AtPosition{{0}}));
  EXPECT_EQ(parsed("18446744073709551615"), Point(AtPosition{{18446744073709551615u}}));
  for (const auto* text : {"18446744073709551616", "-1", "+1", "12a", "1 2", "0x10", "1.5"})
    EXPECT_EQ(parsed(text), std::nullopt) << text;
}

TEST(Point, is_a_version) {
  EXPECT_EQ(parsed("@v5"), Point(AtVersion{{5}}));
  EXPECT_EQ(parsed("V12"), Point(AtVersion{{12}}));
  for (const auto* text : {"v", "vv5", "v-5", "v5a", "v18446744073709551616"})
    EXPECT_EQ(parsed(text), std::nullopt) << text;
}

TEST(Point, is_a_time_or_a_date) {
  EXPECT_EQ(parsed("@2026-01-02T03:04:05Z"), Point(AtTime{at("2026-01-02T03:04:05Z")}));
  EXPECT_EQ(parsed("2026-01-02T03:04:05.5+02:00"), Point(AtTime{at("2026-01-02T01:04:05.5Z")}));
  EXPECT_EQ(parsed("2026-01-02"), Point(AtTime{at("2026-01-02T00:00:00Z")}));
}

TEST(Point, that_looks_like_a_date_and_is_none_is_no_tag_either) {
  for (const auto* text :
       {"2026-13-02T03:04:05Z", "2026-01-02T25:04:05Z", "2026-01-02:x", "2026-01-32"})
    EXPECT_EQ(parsed(text), std::nullopt) << text;
}

TEST(Point, is_a_time_in_words) {
  EXPECT_EQ(parsed("@now"), Point(AtTime{now}));
  EXPECT_EQ(parsed("yesterday"), Point(AtTime{now - hours(24)}));
  EXPECT_EQ(parsed("Today"), Point(AtTime{at("2026-01-02")}));
}

TEST(Point, is_so_long_ago) {
  EXPECT_EQ(parsed("1 second ago"), Point(AtTime{now - seconds(1)}));
  EXPECT_EQ(parsed("90 seconds ago"), Point(AtTime{now - seconds(90)}));
  EXPECT_EQ(parsed("5 minutes ago"), Point(AtTime{now - minutes(5)}));
  EXPECT_EQ(parsed("2 hours ago"), Point(AtTime{now - hours(2)}));
  EXPECT_EQ(parsed("1 day ago"), Point(AtTime{now - days(1)}));
  EXPECT_EQ(parsed("3 Weeks AGO"), Point(AtTime{now - days(21)}));
  EXPECT_EQ(parsed("0 seconds ago"), Point(AtTime{now}));
}

TEST(Point, is_so_long_ago_in_short) {
  EXPECT_EQ(parsed("10s ago"), Point(AtTime{now - seconds(10)}));
  EXPECT_EQ(parsed("10m ago"), Point(AtTime{now - minutes(10)}));
  EXPECT_EQ(parsed("2h ago"), Point(AtTime{now - hours(2)}));
  EXPECT_EQ(parsed("2 h  ago"), Point(AtTime{now - hours(2)}));
  EXPECT_EQ(parsed("4d ago"), Point(AtTime{now - days(4)}));
  EXPECT_EQ(parsed("1w ago"), Point(AtTime{now - days(7)}));
}

TEST(Point, is_no_time_that_nobody_can_mean) {
  for (const auto* text :
       {"ago", "2 ago", "hours ago", "2 hours", "two hours ago", "-2 hours ago", "2 fortnights ago",
        "2 hs ago", "2hago", "2.5 hours ago", "tomorrow", " ago", "99999999999999999999 hours ago"})
    EXPECT_EQ(parsed(text), std::nullopt) << text;
}

TEST(Point, is_no_time_before_the_year_1) {
  EXPECT_TRUE(parsed("100000 weeks ago"));
  for (const auto* text : {"110000 weeks ago", "18446744073709551615 weeks ago",
                           "9223372036854775807 seconds ago", "9223372036854775808 seconds ago"})
    EXPECT_EQ(parsed(text), std::nullopt) << text;
  EXPECT_EQ(parse_point("1 day ago", Timestamp::min()), std::nullopt);
}

TEST(Point, may_stand_in_quotes) {
  EXPECT_EQ(parsed("@\"2 hours ago\""), Point(AtTime{now - hours(2)}));
  EXPECT_EQ(parsed("'2 hours ago'"), Point(AtTime{now - hours(2)}));
  EXPECT_EQ(parsed("\"agent:Ann Lee\""), Point(AtTag{"agent:Ann Lee"}));
  for (const auto* text : {"\"", "'", "\"\"", "'now\"", "\"now", "now'", "''now''"})
    EXPECT_EQ(parsed(text), std::nullopt) << text;
}

TEST(Point, is_a_time_at_which_something_occurred) {
  EXPECT_EQ(parsed("@occurred:2026-01-02"), Point(AtOccurred{at("2026-01-02")}));
  EXPECT_EQ(parsed("occurred:2026-01-02T03:04:05+01:00"),
            Point(AtOccurred{at("2026-01-02T02:04:05Z")}));
  EXPECT_EQ(parsed("'occurred:2 hours ago'"), Point(AtOccurred{now - hours(2)}));
  for (const auto* text : {"occurred:", "occurred:v5", "occurred:12", "occurred:commit:1f3a"})
    EXPECT_EQ(parsed(text), std::nullopt) << text;
}

TEST(Point, is_a_tag) {
  EXPECT_EQ(parsed("@commit:1f3a"), Point(AtTag{"commit:1f3a"}));
  EXPECT_EQ(parsed("a_b-9:x:y/z"), Point(AtTag{"a_b-9:x:y/z"}));
  EXPECT_EQ(parsed("12:30"), Point(AtTag{"12:30"}));
  EXPECT_EQ(parsed("head:1"), Point(AtTag{"head:1"}));
  EXPECT_EQ(parsed("v5:1"), Point(AtTag{"v5:1"}));
  EXPECT_EQ(parsed("k:" + std::string(254, 'v')), Point(AtTag{"k:" + std::string(254, 'v')}));
}

TEST(Point, is_no_tag_that_no_event_could_carry) {
  for (const auto* text :
       {":value", "key:", ":", "github.com:x", "a b:c", "k\xc3\xa9y:x", "key:a\nb", "key:a\x7f"})
    EXPECT_EQ(parsed(text), std::nullopt) << text;
  EXPECT_EQ(parsed("k:" + std::string(255, 'v')), std::nullopt);
}

TEST(Point, is_not_nothing) {
  for (const auto* text : {"", "@", "@@5", " ", "x"}) EXPECT_EQ(parsed(text), std::nullopt) << text;
}

TEST(Point, reads_back_as_it_is_written) {
  std::mt19937_64 random(seed());
  const auto some_time = [&] {
    return Timestamp{
        std::chrono::microseconds{static_cast<std::int64_t>(random() % 4'000'000'000'000'000)}};
  };
  for (int i = 0; i < 2000; ++i) {
    const Point points[] = {AtHead{random() % 5},    AtPosition{{random()}},
                            AtVersion{{random()}},   AtTime{some_time()},
                            AtOccurred{some_time()}, AtTag{"commit:" + std::to_string(random())}};
    for (const Point& point : points) EXPECT_EQ(parsed(to_string(point)), point);
  }
}

TEST(Point, survives_any_text) {
  std::mt19937_64 random(seed());
  constexpr std::string_view pieces[] = {
      "@",          "head",       "~",  "v",  "1",   "99999999999999999999",
      "2026-01-02", "T03:04:05Z", ":",  "..", " ",   "ago",
      "hours",      "occurred",   "\"", "'",  "now", "\xff",
      "commit"};
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (auto left = random() % 8; left > 0; --left) text += pieces[random() % std::size(pieces)];
    if (const auto point = parsed(text)) {
      EXPECT_EQ(parsed(to_string(*point)), point) << text;
    }
    const auto [name, point] = split_name(text, now);
    EXPECT_EQ(text.substr(0, name.size()), name);
    EXPECT_EQ(point.has_value(), name.size() < text.size()) << text;
    (void)parse_range(text, now);
  }
}

TEST(PointRange, has_a_point_on_either_side) {
  EXPECT_EQ(parse_range("v1..v5", now), (PointRange{AtVersion{{1}}, AtVersion{{5}}}));
  EXPECT_EQ(parse_range("@10..@head~2", now), (PointRange{AtPosition{{10}}, AtHead{2}}));
  EXPECT_EQ(parse_range("2026-01-02T03:04:05.5Z..2 hours ago", now),
            (PointRange{AtTime{at("2026-01-02T03:04:05.5Z")}, AtTime{now - hours(2)}}));
}

TEST(PointRange, begins_at_the_beginning_and_ends_at_the_head_unless_told) {
  EXPECT_EQ(parse_range("..v5", now), (PointRange{AtPosition{{0}}, AtVersion{{5}}}));
  EXPECT_EQ(parse_range("yesterday..", now), (PointRange{AtTime{now - hours(24)}, AtHead{}}));
  EXPECT_EQ(parse_range("..", now), (PointRange{AtPosition{{0}}, AtHead{}}));
}

TEST(PointRange, is_parted_where_both_sides_are_points) {
  EXPECT_EQ(parse_range("path:..a..v5", now), (PointRange{AtTag{"path:..a"}, AtVersion{{5}}}));
  EXPECT_EQ(parse_range("'path:a..b'..5", now), (PointRange{AtTag{"path:a..b"}, AtPosition{{5}}}));
  EXPECT_EQ(parse_range("commit:a..commit:b", now),
            (PointRange{AtTag{"commit:a"}, AtTag{"commit:b"}}));
}

TEST(PointRange, needs_its_two_dots_and_points) {
  for (const auto* text : {"", "5", "1.5", "1...3", "x..5", "5..x", "."})
    EXPECT_EQ(parse_range(text, now), std::nullopt) << text;
}

using Named = std::pair<std::string, std::optional<Point>>;

TEST(Name, is_followed_by_a_point) {
  EXPECT_EQ(split_name("orders/7@v5", now), (Named{"orders/7", AtVersion{{5}}}));
  EXPECT_EQ(split_name("orders/7@2026-01-02T03:04:05Z", now),
            (Named{"orders/7", AtTime{at("2026-01-02T03:04:05Z")}}));
  EXPECT_EQ(split_name("orders/7@\"2 hours ago\"", now),
            (Named{"orders/7", AtTime{now - hours(2)}}));
  EXPECT_EQ(split_name("repo/src/a.cpp@commit:1f3a", now),
            (Named{"repo/src/a.cpp", AtTag{"commit:1f3a"}}));
}

TEST(Name, may_hold_at_signs_and_dots) {
  EXPECT_EQ(split_name("users/ann@example.org", now),
            (Named{"users/ann@example.org", std::nullopt}));
  EXPECT_EQ(split_name("users/ann@example.org@v2", now),
            (Named{"users/ann@example.org", AtVersion{{2}}}));
  EXPECT_EQ(split_name("orders/1..7@head", now), (Named{"orders/1..7", AtHead{}}));
  EXPECT_EQ(split_name("orders/7@@5", now), (Named{"orders/7@", AtPosition{{5}}}));
}

TEST(Name, is_all_of_it_when_no_point_follows) {
  for (const auto* text :
       {"orders/7", "orders/7@", "orders/7@latest", "orders/7@1..5", "@v5", "", "@"})
    EXPECT_EQ(split_name(text, now), (Named{text, std::nullopt})) << text;
}

}  // namespace
}  // namespace test
}  // namespace annal
