// B1, B2 and B5: publishing to subscribers.
#include "bus/publishing.hpp"
#include "cases.hpp"

#include <algorithm>

namespace annal::bench {

namespace {

constexpr int block = 512;

// A bus as a program has it, with nothing switched off.
class Publishing {
 public:
  void add(Query interest) {
    connections_.push_back(bus_.subscribe(std::move(interest),
                                          [this](const Envelope& event) { note(event, noted_); }));
  }
  void add_many(int subscribers) {
    for (int i = 0; i < subscribers; ++i) add(Query::of_types({TopicPattern::of("task.*")}));
  }

  Round run(int blocks) {
    std::vector<Envelope> events;
    return time_prepared(
        blocks, block,
        [&] {
          events.clear();
          for (int i = 0; i < block; ++i) events.push_back(ready_event(i));
        },
        [&](int i) { bus_.publish(std::move(events[static_cast<std::size_t>(i)])); });
  }

 private:
  Catalogue catalogue_;
  Bus bus_{catalogue_};
  std::size_t noted_ = 0;
  std::vector<Connection> connections_;
};

Round publish_to(int subscribers, const Settings& settings) {
  Publishing publishing;
  publishing.add_many(subscribers);
  return publishing.run(scaled(200, settings));
}

// A hundred subscriptions, one of which wants the events that are published.
Round publish_among(const std::function<Query(int)>& interest, const Settings& settings) {
  Publishing publishing;
  for (int i = 0; i < 100; ++i) publishing.add(interest(i));
  return publishing.run(scaled(200, settings));
}

Query by_type(int i) {
  return Query::of_types(
      {TopicPattern::of(i == 50 ? "task.progress" : "other.t" + std::to_string(i))});
}
Query by_pattern(int i) {
  return Query::of_types(
      {TopicPattern::of(i == 50 ? "task.>" : "other" + std::to_string(i) + ".>")});
}

// Two threads that publish to the same ten subscribers; as many events in all as one does. So many that
// it does not count on which processors the threads begin.
Round publish_with(int threads, const Settings& settings) {
  Catalogue catalogue;
  Bus bus(catalogue);
  std::vector<Connection> connections;
  static thread_local std::size_t mine = 0;  // of each thread: the observers share nothing
  for (int i = 0; i < 10; ++i)
    connections.push_back(bus.subscribe(TopicPattern::of("task.*"),
                                        [](const Envelope& event) { note(event, mine); }));
  const int blocks = scaled(2000, settings) / threads + 1;
  std::vector<std::vector<Envelope>> events(static_cast<std::size_t>(threads));
  Round round = time_callers(threads, blocks, [&](int caller, int) {
    auto& own = events[static_cast<std::size_t>(caller)];
    own.clear();
    for (int i = 0; i < block; ++i) own.push_back(ready_event(i));
    for (auto& event : own) bus.publish(std::move(event));
  });
  round.each /= block;
  for (double& sample : round.samples) sample /= block;
  return round;
}

Result subscribers_row(int subscribers, double goal, const Settings& settings) {
  Result result{"B1",
                "publish to " + std::to_string(subscribers) + " matching observers",
                "our time / that of a bare Signals2 signal",
                goal,
                Better::lower,
                "Signals2"};
  compare(
      result, settings.rounds, [&] { return emit_signal(subscribers, settings); },
      [&] { return publish_to(subscribers, settings); }, duration);
  return result;
}

}  // namespace

std::vector<Result> publish_to_subscribers(const Settings& settings) {
  be_a_process_with_threads();
  std::vector<Result> results;
  results.push_back(subscribers_row(1, 0, settings));
  results.push_back(subscribers_row(10, 1, settings));
  results.push_back(subscribers_row(100, 0.25, settings));

  Result further{"B1",
                 "each further observer of a hundred",
                 "our time / that of a loop over functions",
                 1.5,
                 Better::lower,
                 "loop"};
  std::vector<double> figures;
  std::vector<Round> ours, raw;
  for (int round = 0; round < settings.rounds; ++round) {
    const double ten = publish_to(10, settings).each, hundred = publish_to(100, settings).each;
    const double few = call_functions(10, settings).each, many = call_functions(100, settings).each;
    ours.push_back(Samples{(hundred - ten) / 90});
    raw.push_back(Samples{(many - few) / 90});
    figures.push_back(ours.back().each / raw.back().each);
  }
  conclude(further, std::move(figures));
  further.ours = summarise(ours);
  further.raw = summarise(raw);
  results.push_back(std::move(further));
  return results;
}

std::vector<Result> publish_to_one_of_many(const Settings& settings) {
  be_a_process_with_threads();
  struct Way {
    const char* name;
    std::function<Query(int)> interest;
  };
  const Way ways[] = {{"by type", by_type}, {"by pattern", by_pattern}};
  std::vector<Result> results;
  for (const Way& way : ways) {
    Result result{"B2",
                  std::string("100 subscriptions of which 1 matches, ") + way.name,
                  "our time / ours with that one alone",
                  1.2,
                  Better::lower,
                  "alone"};
    compare(
        result, settings.rounds, [&] { return publish_to(1, settings); },
        [&] { return publish_among(way.interest, settings); }, duration);
    results.push_back(std::move(result));
  }
  // Each event is of one of a hundred streams, and one subscriber wants all of it.
  Result entity{"B2",
                "100 subscriptions of which 1 matches, by entity",
                "our time / ours with that one alone",
                1.2,
                Better::lower,
                "alone"};
  compare(
      entity, settings.rounds, [&] { return publish_to(1, settings); },
      [&] {
        return publish_among([](int i) { return Query::of_stream("task/" + std::to_string(i)); },
                             settings);
      },
      duration);
  results.push_back(std::move(entity));
  return results;
}

std::vector<Result> publish_from_two_threads(const Settings& settings) {
  Result result{"B5",
                "two threads publish to ten concurrent observers, together",
                "events of two threads / of one",
                1.5,
                Better::higher,
                "one"};
  compare(
      result, settings.rounds, [&] { return publish_with(1, settings); },
      [&] { return publish_with(2, settings); });
  return {result};
}

}  // namespace annal::bench
