// B3 and B4: asking control, and telling observers.
#include "bus/publishing.hpp"
#include "cases.hpp"

namespace annal::bench {

namespace {

constexpr int block = 512;

// A hundred control handlers, of which so many are interested, and none says no.
Round check_control(int interested, const Settings& settings) {
  Catalogue catalogue;
  Bus bus(catalogue);
  std::size_t asked = 0;
  std::vector<Connection> connections;
  for (int i = 0; i < 100; ++i)
    connections.push_back(bus.control().add(
        [&](const Envelope&, ControlContext&) {
          ++asked;
          return ControlDecision::proceed();
        },
        {.name = "handler",
         .priority = i % 7,
         .interest = Query::of_types({TopicPattern::of(i < interested ? "task.*" : "other.*")})}));
  const Envelope event = ready_event(1);
  return middling(time_blocks(scaled(200, settings), block, [&](int) {
    ControlContext context;
    bus.control().check(event, context);
  }));
}

std::string topic_of(int i) { return i < 5 ? "task.progress" : "other.t" + std::to_string(i); }

// Fifty subscribers, of whom five are interested, told on the publisher's thread.
Round tell_inline(const Settings& settings) {
  Catalogue catalogue;
  Bus bus(catalogue);
  std::size_t noted = 0;
  std::vector<Connection> connections;
  for (int i = 0; i < 50; ++i)
    connections.push_back(bus.subscribe(TopicPattern::of(topic_of(i)),
                                        [&](const Envelope& event) { note(event, noted); }));
  std::vector<Envelope> events;
  return time_prepared(
      scaled(200, settings), block,
      [&] {
        events.clear();
        for (int i = 0; i < block; ++i) events.push_back(ready_event(i));
      },
      [&](int i) { bus.publish(std::move(events[static_cast<std::size_t>(i)])); });
}

// The same as observers on the bus's threads, until all five are done.
Round tell_pooled(const Settings& settings) {
  Catalogue catalogue;
  Bus bus(catalogue);
  std::atomic<int> done{0};
  std::atomic<bool> finished{false};
  Steady::time_point all_done;
  std::vector<Connection> connections;
  for (int i = 0; i < 50; ++i)
    connections.push_back(bus.observers().add(Query::of_types({TopicPattern::of(topic_of(i))}),
                                              [&](const Envelope&, std::stop_token) {
                                                if (done.fetch_add(1) + 1 < 5) return;
                                                all_done = Steady::now();
                                                finished = true;
                                                finished.notify_one();
                                              },
                                              {.name = "observer " + std::to_string(i)}));
  // From the call of publish to the end of the fifth call.
  Samples samples;
  const int operations = scaled(4000, settings);
  for (int i = 0; i < operations; ++i) {
    done = 0;
    finished = false;
    Envelope event = ready_event(i);
    const auto begun = Steady::now();
    bus.publish(std::move(event));
    finished.wait(false);
    samples.push_back(nanoseconds(all_done - begun));
  }
  return middling(std::move(samples));
}

//   hexai   what hexAI's code took for it on such a machine, µs
Result absolute(std::string id, std::string work, double goal, double hexai,
                const Settings& settings, const std::function<Round()>& ours) {
  Result result{std::move(id), std::move(work), "µs, the median of the rounds", goal,
                Better::lower};
  std::vector<double> figures;
  std::vector<Round> rounds;
  ours();
  for (int round = 0; round < settings.rounds; ++round) {
    rounds.push_back(ours());
    figures.push_back(rounds.back().each / 1000);
  }
  conclude(result, std::move(figures));
  result.ours = summarise(rounds);
  result.facts.push_back({"hexAI's code took so many times as long", hexai / result.figure, "×"});
  return result;
}

}  // namespace

std::vector<Result> ask_control(const Settings& settings) {
  be_a_process_with_threads();
  return {absolute("B3", "control check, 100 handlers all interested (hexAI: 40, here 84–109 µs)",
                   0.4, 84, settings, [&] { return check_control(100, settings); }),
          absolute("B3", "control check, 10 of 100 handlers interested (hexAI here: 13.7 µs)", 0.1,
                   13.7, settings, [&] { return check_control(10, settings); })};
}

std::vector<Result> notify_observers(const Settings& settings) {
  be_a_process_with_threads();
  std::vector<Result> results;
  // Beside what a publish to nobody costs, which the reference does not have.
  results.push_back(absolute("B4", "50 observers of which 5 are interested, inline (hexAI: 83 µs)",
                             0.1, 83, settings, [&] { return tell_inline(settings); }));
  results.push_back(absolute("B4", "the same through a pool, all done (hexAI: 289 µs)", 40, 289,
                             settings, [&] { return tell_pooled(settings); }));
  return results;
}

}  // namespace annal::bench
