// Everything that a bus can be asked, by several threads at once: those who stay are told all that
// they should be, whoever comes and goes beside them.
#include "annal/bus/rules/count_rule.hpp"
#include "engine/bus/events.hpp"
#include "engine/bus/together.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <map>

namespace annal::test {
namespace {

Query of(std::string_view type) { return Query::of_types({TopicPattern::of(type)}); }

Rule seen(std::string name, std::string emits) {
  return rules::count({.name = std::move(name),
                       .of = of("order.made"),
                       .at_least = 1,
                       .window = std::chrono::minutes(10),
                       .emit = [emits](const Match&) { return event_of(emits, "seen"); }});
}

class AtOnce : public ::testing::Test {
 protected:
  static constexpr int publishers = 2;
  static constexpr int events_each = 300;
  static constexpr int refused_every = 5;

  std::function<void()> publishing(int publisher) {
    return [this, publisher] {
      for (int i = 0; i < events_each; ++i) {
        auto event = event_of("order.made", "order/" + std::to_string(i % 8));
        event.data = std::to_string(publisher) + ' ' + std::to_string(i);
        if (i % refused_every == 0) event.tags = {"refused"};
        if (i % 3 == 0)
          bus.publish_nowait(std::move(event));
        else
          bus.publish(std::move(event));
      }
      --still_publishing;
    };
  }
  // Does it again and again for as long as somebody publishes, and a few times at least.
  std::function<void()> repeating(std::function<void(int)> work) {
    return [this, work] {
      for (int i = 0; i < 20 || still_publishing > 0; ++i) work(i);
    };
  }

  Catalogue catalogue;
  Bus bus{catalogue};
  std::atomic<int> still_publishing{publishers};
  std::atomic<int> passing{0};
};

TEST_F(AtOnce, publishing_control_observers_and_rules_lose_nothing) {
  std::atomic<int> told{0}, observed{0}, emitted{0};
  std::mutex mutex;
  std::map<std::string, int> newest_observed;  // by stream and publisher
  bool in_order = true, counts_rise = true;
  std::uint64_t newest_count = 0;
  const auto refusing = bus.control().add(
      [](const Envelope&, ControlContext&) { return ControlDecision::fail("no"); },
      {.name = "refusing", .interest = Query::with_tags({"refused"})});
  const auto telling = bus.subscribe(of("order.made"), [&](const Envelope&) { ++told; });
  const auto observing = bus.observers().add(
      of("order.made"),
      [&](const Envelope& event, std::stop_token) {
        ++observed;
        // Events published and awaited, and those that are not, have an order each.
        const auto space = event.data.find(' ');
        const int number = std::stoi(event.data.substr(space));
        if (number % 3 == 0) return;
        std::lock_guard lock(mutex);
        auto& newest = newest_observed[event.stream + ' ' + event.data.substr(0, space)];
        in_order = in_order && newest < number;
        newest = number;
      },
      {.name = "observing", .queue_events = 10'000});
  const auto rule = bus.rules().add(seen("seen", "order.seen"));
  const auto counting = bus.subscribe(of("order.seen"), [&](const Envelope&) { ++emitted; });

  std::vector<std::function<void()>> works{
      repeating([&](int i) {
        auto all = bus.subscribe(everything(), [&](const Envelope&) { ++passing; });
        auto one = bus.subscribe_entity("order/" + std::to_string(i % 8),
                                        [&](const Envelope&) { ++passing; });
        all.pause();
        one.disconnect_and_wait();
        all.resume();
      }),
      repeating([&](int i) {
        const auto proceeding = bus.control().add(
            [](const Envelope&, ControlContext&) { return ControlDecision::proceed(); },
            {.name = "passing", .priority = i % 7 - 3});
        const auto passed = bus.use(
            "passing", [](Envelope event) { return std::optional<Envelope>(std::move(event)); });
        bus.control().status();
      }),
      repeating([&](int i) {
        const auto name = "passing-" + std::to_string(i);
        auto observer = bus.observers().add(
            Query(), [&](const Envelope&, std::stop_token) { ++passing; }, {.name = name});
        const auto passing_rule = bus.rules().add(seen(name, "order.passed"));
        bus.observers().status();
        observer.disconnect_and_wait();
      }),
      repeating([&](int) {
        bus.history({.limit = 20});
        const auto statistics = bus.statistics();
        if (statistics.types.contains("order.made")) {
          const auto count = statistics.types.at("order.made").count;
          counts_rise = counts_rise && newest_count <= count;
          newest_count = count;
        }
        bus.rules().status();
        bus.dead_letters();
        bus.redrive("observing");
      })};
  for (int i = 0; i < publishers; ++i) works.push_back(publishing(i));
  run_together(std::move(works));

  ASSERT_TRUE(bus.flush(std::chrono::seconds(60)));
  ASSERT_TRUE(bus.observers().wait_until_idle(std::chrono::seconds(60)));
  const int passed = publishers * events_each * (refused_every - 1) / refused_every;
  EXPECT_EQ(told, passed);
  EXPECT_EQ(observed, passed);
  EXPECT_EQ(emitted, passed);
  EXPECT_TRUE(in_order) << "an observer was told a stream's events out of order";
  EXPECT_TRUE(counts_rise) << "some events were counted twice for a while";
  const auto statistics = bus.statistics();
  EXPECT_EQ(statistics.rejected, static_cast<std::uint64_t>(publishers * events_each - passed));
  EXPECT_EQ(statistics.types.at("order.made").count, static_cast<std::uint64_t>(passed));
  EXPECT_EQ(statistics.dead_letters, 0u);
}

}  // namespace
}  // namespace annal::test
