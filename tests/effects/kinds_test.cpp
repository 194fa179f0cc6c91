#include "annal/effects/kinds.hpp"

#include "annal/effects/effect.hpp"

#include <gtest/gtest.h>

namespace annal::effects {
namespace {

static_assert(EffectType<DatabaseWrite> && EffectType<DatabaseRead> && EffectType<Notification> &&
              EffectType<Logging>);

TEST(Kinds, a_write_says_how_much_and_where) {
  DatabaseWrite write;
  EXPECT_EQ(write.describe(), "0 events");
  write.commit.events.resize(2);
  write.commit.events[0].stream = "document/orders/7";
  write.commit.records.resize(1);
  EXPECT_EQ(write.describe(), "2 events, 1 record: document/orders/7");
}

TEST(Kinds, the_others_say_what_they_are_about) {
  EXPECT_EQ((DatabaseRead{"documents", "orders/7"}.describe()), "documents/orders/7");
  EXPECT_EQ((Notification{"ann", "Rates was updated", "by bob"}.describe()),
            "to ann: Rates was updated");
  EXPECT_EQ((Logging{Severity::warning, "disk nearly full", "r1"}.describe()),
            "warning: disk nearly full");
}

TEST(Kinds, a_create_writes_and_then_logs) {
  Handlers handlers;
  std::vector<std::string> done;
  handlers.on<DatabaseWrite>([&](DatabaseWrite) -> AppendOutcome {
    done.push_back("write");
    return Appended{.first = {1}, .last = {1}, .version = {1}, .hash = {}};
  });
  handlers.on<Logging>([&](const Logging& line) { done.push_back(line.message); });
  const auto create = perform(DatabaseWrite{}).with_effect(Logging{Severity::info, "created"});
  const AppendOutcome outcome = create.run(handlers);
  EXPECT_TRUE(std::holds_alternative<Appended>(outcome));
  EXPECT_EQ(done, (std::vector<std::string>{"write", "created"}));
}

}  // namespace
}  // namespace annal::effects
