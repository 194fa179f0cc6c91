// The layers hold, and each rule that says so notices a breach planted for it.
#include "architecture/layer_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace annal::architecture {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Layers, include_only_what_lies_below_them) {
  EXPECT_THAT(upward_includes(repository()), IsEmpty());
}

TEST(Layers, an_aggregate_that_knows_the_sqlite_adapter_is_noticed) {
  const Tree tree = {
      {"aggregates/annal/document/document.cpp", "#include \"annal/sqlite/sqlite_log.hpp\"\n"},
      {"src/storage/annal/sqlite/sqlite_log.hpp", ""}};
  EXPECT_THAT(upward_includes(tree),
              ElementsAre("aggregates/annal/document/document.cpp:1: aggregates must not know "
                          "src/storage/annal/sqlite/sqlite_log.hpp"));
}

TEST(Layers, every_layer_that_knows_one_above_or_beside_it_is_noticed) {
  const std::pair<const char*, const char*> breaches[] = {
      {"src/engine", "aggregates"},  {"src/engine", "src/storage"}, {"aggregates", "effects"},
      {"effects", "aspects"},        {"aspects", "aggregates"},     {"src/storage", "effects"},
      {"src/service", "src/server"}, {"src/server", "src/cli"},     {"effects", "src/service"}};
  for (const auto& [from, to] : breaches) {
    const Tree tree = {{std::string(from) + "/annal/a/a.cpp", "\n# include \"annal/b/b.hpp\"\n"},
                       {std::string(to) + "/annal/b/b.hpp", ""}};
    EXPECT_THAT(upward_includes(tree), ElementsAre(HasSubstr("a.cpp:2: "))) << from << " → " << to;
  }
}

TEST(Layers, an_include_that_leads_nowhere_is_noticed) {
  const Tree tree = {{"effects/annal/effects/run.cpp", "#include \"annal/effects/gone.hpp\"\n"}};
  EXPECT_THAT(upward_includes(tree),
              ElementsAre(HasSubstr("there is no \"annal/effects/gone.hpp\"")));
}

TEST(Rooms, do_not_include_each_other_in_a_circle) {
  EXPECT_THAT(circles_of_rooms(repository()), IsEmpty());
}

TEST(Rooms, a_circle_over_three_of_them_is_noticed) {
  const Tree tree = {{"src/engine/annal/bus/bus.hpp", "#include \"annal/log/log.hpp\"\n"},
                     {"src/engine/annal/log/log.hpp", "#include \"annal/event/topic.hpp\"\n"},
                     {"src/engine/annal/event/topic.hpp", ""},
                     {"src/engine/annal/event/envelope.cpp", "#include \"annal/bus/bus.hpp\"\n"}};
  EXPECT_THAT(circles_of_rooms(tree),
              ElementsAre("src/engine/annal/bus → src/engine/annal/log → src/engine/annal/event → "
                          "src/engine/annal/bus"));
}

TEST(Rooms, are_named_after_what_is_in_them) {
  EXPECT_THAT(rooms_without_a_subject(repository()), IsEmpty());
  EXPECT_THAT(rooms_without_a_subject({{"src/engine/annal/util/strings.hpp", ""}}),
              ElementsAre(HasSubstr("src/engine/annal/util/strings.hpp")));
}

TEST(Headers, do_not_include_each_other_in_a_circle) {
  EXPECT_THAT(circles_of_headers(repository()), IsEmpty());
  const Tree tree = {{"effects/annal/effects/a.hpp", "#include \"annal/effects/b.hpp\"\n"},
                     {"effects/annal/effects/b.hpp", "#include \"annal/effects/a.hpp\"\n"}};
  EXPECT_THAT(circles_of_headers(tree),
              ElementsAre(HasSubstr("b.hpp → effects/annal/effects/a.hpp")));
}

}  // namespace
}  // namespace annal::architecture
