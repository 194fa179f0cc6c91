// Handing dead letters once more to the subscriber that failed to take them.
#include "annal/bus/dead_letters.hpp"
#include "engine/bus/events.hpp"

#include <gtest/gtest.h>

namespace annal::test {
namespace {

class Redrive : public ::testing::Test {
 protected:
  // Fails to take events of the types it is told to.
  [[nodiscard]] Connection add(std::string name) {
    return bus.subscribe(everything(),
                         [this, name](const Envelope& event) {
                           if (failing.find(event.type) != std::string::npos)
                             throw Error("no " + event.type);
                           taken.push_back(name + ':' + event.type);
                         },
                         {.name = name});
  }
  void publish(std::string_view types) {
    for (const char type : types) bus.publish(event_of(std::string(1, type)));
  }
  Names waiting() const {  // oldest first
    Names result;
    for (const auto& letter : bus.dead_letters())
      result.insert(result.begin(), letter.subscriber + ':' + letter.event.type + ' ' +
                                        letter.what + ' ' + std::to_string(letter.attempts));
    return result;
  }

  Catalogue catalogue;
  Bus bus{catalogue};
  std::string failing;
  Names taken;
};

TEST_F(Redrive, hands_letters_over_oldest_first) {
  const auto mailer = add("mailer");
  failing = "abc";
  publish("abc");
  failing = "";
  EXPECT_EQ(bus.redrive("mailer"), 3u);
  EXPECT_EQ(taken, (Names{"mailer:a", "mailer:b", "mailer:c"}));
  EXPECT_EQ(waiting(), Names{});
  EXPECT_EQ(bus.redrive("mailer"), 0u);
}

TEST_F(Redrive, stops_at_the_first_that_fails_again_and_keeps_the_order) {
  const auto mailer = add("mailer");
  failing = "abc";
  publish("abc");
  failing = "b";
  EXPECT_EQ(bus.redrive("mailer"), 1u);
  EXPECT_EQ(taken, (Names{"mailer:a"}));
  EXPECT_EQ(waiting(), (Names{"mailer:b no b 2", "mailer:c no c 1"}));
  EXPECT_EQ(bus.redrive("mailer"), 0u);
  EXPECT_EQ(waiting(), (Names{"mailer:b no b 3", "mailer:c no c 1"}));
  failing = "";
  EXPECT_EQ(bus.redrive("mailer"), 2u);
  EXPECT_EQ(taken, (Names{"mailer:a", "mailer:b", "mailer:c"}));
}

TEST_F(Redrive, leaves_the_letters_of_others_where_they_were) {
  const auto ann = add("ann"), bob = add("bob");
  failing = "abc";
  publish("abc");
  failing = "b";
  EXPECT_EQ(bus.redrive("bob"), 1u);
  EXPECT_EQ(waiting(), (Names{"ann:a no a 1", "ann:b no b 1", "bob:b no b 2", "ann:c no c 1",
                              "bob:c no c 1"}));
}

TEST_F(Redrive, hands_over_events_that_only_the_one_failed_to_take) {
  const auto good = bus.subscribe(everything(), notes_in(taken, "good"));
  const auto mailer = add("mailer");
  failing = "a";
  publish("a");
  failing = "";
  bus.redrive("mailer");
  EXPECT_EQ(taken, (Names{"good:a", "mailer:a"}));
}

TEST_F(Redrive, of_a_subscriber_that_is_gone_keeps_the_letter) {
  auto mailer = add("mailer");
  failing = "a";
  publish("a");
  mailer.disconnect();
  EXPECT_EQ(bus.redrive("mailer"), 0u);
  EXPECT_EQ(waiting(), (Names{"mailer:a the subscriber is gone 2"}));
}

TEST_F(Redrive, passes_over_the_letters_of_a_namesake_who_is_gone) {
  auto first = add("mailer");
  failing = "ab";
  publish("a");
  first.disconnect();
  const auto second = add("mailer");
  publish("b");
  failing = "";
  EXPECT_EQ(bus.redrive("mailer"), 1u);
  EXPECT_EQ(taken, (Names{"mailer:b"}));
  EXPECT_EQ(waiting(), (Names{"mailer:a the subscriber is gone 2"}));
}

TEST_F(Redrive, passes_over_the_letters_of_one_whose_owner_is_gone) {
  auto owner = std::make_shared<int>(0);
  const auto orphan = bus.subscribe(everything(), [](const Envelope&) { throw Error("no"); },
                                    {.name = "mailer", .owner = owner});
  publish("a");
  owner.reset();
  const auto second = add("mailer");
  failing = "b";
  publish("b");
  failing = "";
  EXPECT_EQ(bus.redrive("mailer"), 1u);
  EXPECT_EQ(taken, (Names{"mailer:b"}));
}

TEST_F(Redrive, of_a_subscriber_that_is_paused_keeps_the_letter) {
  auto mailer = add("mailer");
  failing = "a";
  publish("a");
  failing = "";
  mailer.pause();
  EXPECT_EQ(bus.redrive("mailer"), 0u);
  mailer.resume();
  EXPECT_EQ(bus.redrive("mailer"), 1u);
}

TEST_F(Redrive, of_a_name_nobody_has_takes_nothing) { EXPECT_EQ(bus.redrive("nobody"), 0u); }

TEST_F(Redrive, lets_the_handler_publish_and_does_not_hand_over_what_fails_meanwhile) {
  bool repaired = false;
  const auto mailer = bus.subscribe(everything(),
                                    [&](const Envelope& event) {
                                      if (!repaired || event.type == "b") throw Error("no");
                                      bus.publish(event_of("b"));
                                    },
                                    {.name = "mailer"});
  publish("a");
  repaired = true;
  EXPECT_EQ(bus.redrive("mailer"), 1u);
  EXPECT_EQ(waiting(), (Names{"mailer:b no 1"}));
}

TEST_F(Redrive, shows_a_letter_while_it_is_handed_over) {
  std::size_t seen = 0;
  bool repaired = false;
  const auto mailer = bus.subscribe(everything(),
                                    [&](const Envelope&) {
                                      if (!repaired) throw Error("no");
                                      seen = bus.dead_letters().size();
                                    },
                                    {.name = "mailer"});
  publish("ab");
  repaired = true;
  bus.redrive("mailer");
  EXPECT_EQ(seen, 1u) << "of the second alone";
}

TEST_F(Redrive, inside_a_handler_is_refused) {
  const auto mailer = add("mailer");
  failing = "a";
  publish("a");
  failing = "";
  std::string why;
  const auto repairing = bus.subscribe(TopicPattern::of("repair"), [&](const Envelope&) {
    try {
      bus.redrive("mailer");
    } catch (const WouldDeadlock& error) {
      why = error.what();
    }
  });
  bus.publish(event_of("repair"));
  EXPECT_EQ(why, "dead letters are handed over again outside the handlers of their bus");
  EXPECT_EQ(waiting().size(), 1u);
}

TEST_F(Redrive, inside_a_handler_that_is_handed_a_letter_is_refused) {
  bool repaired = false;
  const auto mailer = bus.subscribe(everything(),
                                    [&](const Envelope&) {
                                      if (repaired) bus.redrive("other");
                                      throw Error("no");
                                    },
                                    {.name = "mailer"});
  publish("a");
  repaired = true;
  bus.redrive("mailer");
  EXPECT_NE(bus.dead_letters().at(0).what.find("outside the handlers"), std::string::npos);
}

TEST_F(Redrive, does_not_count_the_event_again) {
  const auto plain = add("plain");
  const auto choosing =
      bus.subscribe(QueryItem{.stream = "document/orders/7", .types = {TopicPattern::of("a")}},
                    [this](const Envelope&) {
                      if (!failing.empty()) throw Error("no");
                    },
                    {.name = "choosing"});
  failing = "a";
  publish("a");
  failing = "";
  EXPECT_EQ(bus.redrive("plain") + bus.redrive("choosing"), 2u);
  const auto statistics = bus.statistics();
  EXPECT_EQ(statistics.told, 1u);
  for (const auto& subscriber : statistics.subscribers) {
    EXPECT_EQ(subscriber.figures.count, 1u) << subscriber.name;
    EXPECT_EQ(subscriber.figures.errors, 1u) << subscriber.name;
  }
}

TEST(DeadLettersTest, are_bounded_in_number_and_the_lost_are_counted) {
  Catalogue catalogue;
  Bus bus(catalogue, {.dead_letters = 2});
  const auto bad = bus.subscribe(everything(), [](const Envelope&) { throw Error("no"); });
  for (const auto* type : {"a", "b", "c", "d", "e"}) bus.publish(event_of(type));
  const auto statistics = bus.statistics();
  EXPECT_EQ(statistics.dead_letters, 2u);
  EXPECT_EQ(statistics.dead_letters_lost, 3u);
  EXPECT_EQ(bus.dead_letters()[0].event.type, "e");
}

TEST(DeadLettersTest, are_bounded_in_bytes) {
  Catalogue catalogue;
  Bus bus(catalogue, {.kept_bytes = 100'000});
  const auto bad = bus.subscribe(everything(), [](const Envelope&) { throw Error("no"); });
  for (const auto* type : {"a", "b", "c"}) {
    auto event = event_of(type);
    event.data.assign(40'000, 'x');
    bus.publish(event);
  }
  EXPECT_EQ(bus.statistics().dead_letters, 2u);
  EXPECT_EQ(bus.statistics().dead_letters_lost, 1u);
}

TEST(DeadLettersTest, may_be_none_at_all) {
  Catalogue catalogue;
  Bus bus(catalogue, {.dead_letters = 0});
  const auto bad = bus.subscribe(everything(), [](const Envelope&) { throw Error("no"); });
  bus.publish(event_of("a"));
  EXPECT_EQ(bus.statistics().dead_letters, 0u);
  EXPECT_EQ(bus.statistics().dead_letters_lost, 1u);
}

TEST(DeadLettersTest, that_made_room_while_they_were_handed_over_are_gone) {
  DeadLetters letters(1, 1'000'000);
  const auto letter = [&](std::string type, auto again) {
    return DeadLetters::Letter{
        "mailer", std::make_shared<const Envelope>(event_of(std::move(type))), "no", 1, again};
  };
  using Answer = DeadLetters::Answer;
  letters.add(letter("a", [&](const auto&) {
    letters.add(letter("b", [](const auto&) { return Answer(); }));
    return Answer::failed("still no");
  }));
  EXPECT_EQ(letters.redrive("mailer"), 0u);
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters.newest_first()[0].event.type, "b");
  EXPECT_EQ(letters.newest_first()[0].attempts, 1u);
  EXPECT_EQ(letters.lost(), 1u);
}

}  // namespace
}  // namespace annal::test
