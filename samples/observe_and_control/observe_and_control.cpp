// A shop whose payments are watched and held in check on the bus of a store: an observer counts, a
// policy waits for the bank's morning, a circuit breaker leaves a bank alone that keeps failing, and a
// rule tells of cards that fail again and again. Every event, and every decision, is in the log.
//
//   observe_and_control [STORE]     the store's file, payments.db unless named; a new one
#include <annal/bus/policies/circuit_breaker.hpp>
#include <annal/bus/policies/retrying.hpp>
#include <annal/bus/rules/count_rule.hpp>
#include <annal/bus/vocabulary.hpp>
#include <annal/service/store.hpp>

#include <chrono>
#include <iostream>
#include <map>
#include <mutex>
#include <string>

namespace {

using annal::Query;
using annal::TopicPattern;

// --- the shop's own events --------------------------------------------------------------------
struct Payment {
  std::string card;
  std::uint32_t cents = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(card), CEREAL_NVP(cents));
  }
};
struct Requested : Payment {};
struct Made : Payment {};
struct Failed : Payment {};
struct CardSuspected {
  std::string card;
  std::uint64_t failures = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(card), CEREAL_NVP(failures));
  }
};

void add_shop(annal::Catalogue& catalogue) {
  catalogue.add<Requested>("payment.requested");
  catalogue.add<Made>("payment.made");
  catalogue.add<Failed>("payment.failed");
  catalogue.add<CardSuspected>("card.suspected");
}

// --- observing ----------------------------------------------------------------------------------
// Counts on a thread of the bus, and keeps nobody waiting.
class Metrics {
 public:
  void count(const std::string& type) {
    std::lock_guard lock(mutex_);
    ++counts_[type];
  }
  void print() const {
    std::lock_guard lock(mutex_);
    for (const auto& [type, count] : counts_) std::cout << "  " << type << ' ' << count << '\n';
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, int> counts_;
};

// --- a rule -------------------------------------------------------------------------------------
annal::Rule suspicion(const annal::Catalogue& catalogue) {
  annal::rules::Count failures;
  failures.name = "suspicion";
  failures.of = Query::of_types({TopicPattern::of("payment.failed")});
  failures.at_least = 3;
  failures.window = std::chrono::minutes(10);
  failures.says = annal::rules::Says::once;
  failures.emit = [&catalogue](const annal::Match& match) {
    return catalogue.wrap(CardSuspected{match.key, match.count});
  };
  return annal::rules::count(failures);
}

// --- what happens -------------------------------------------------------------------------------
// The bank: no card that begins with 9 can pay.
void ask_bank(annal::Store& store, const Requested& request, const std::string& stream) {
  const bool pays = request.card.front() != '9';
  auto answer = pays ? store.catalogue().wrap(Made{{request.card, request.cents}})
                     : store.catalogue().wrap(Failed{{request.card, request.cents}});
  answer.stream = stream;
  store.bus().publish(std::move(answer));
}

void pay(annal::Store& store, const std::string& card, std::uint32_t cents) {
  auto event = store.catalogue().wrap(Requested{{card, cents}});
  event.stream = "card/" + card;
  const auto report = store.bus().publish(std::move(event));
  std::cout << "pay " << cents << " with " << card << ": ";
  if (report.vetoed_by)
    std::cout << "refused by " << *report.vetoed_by << '\n';
  else
    std::cout << "asked for, at position " << report.position.value << '\n';
}

void print_log(const annal::Store& store, annal::EventLog& log) {
  for (const auto& event : log.read({}).events) {
    std::cout << "  " << event.position.value << ' ' << event.type;
    if (event.type == annal::control_decided) {
      const auto decided = store.catalogue().unwrap<annal::ControlDecided>(event);
      std::cout << ": " << decided->by << " said " << decided->signal << ", attempt "
                << decided->attempt;
    }
    if (event.source.starts_with("rule:")) std::cout << " by " << event.source;
    std::cout << '\n';
  }
}

void run(const std::string& file) {
  annal::OpenOptions options;
  options.mode = annal::OpenOptions::Mode::create_new;
  options.types = add_shop;
  const auto store = annal::open(file, std::move(options));
  auto& bus = store->bus();
  for (const char* types : {"payment.>", "card.>", "control.decided"})
    bus.record(TopicPattern::of(types), {.recording = annal::Recording::required}).release();

  Metrics metrics;
  const auto counting = bus.observers().add(
      Query::of_types({TopicPattern::of("payment.>")}),
      [&](const annal::Envelope& event, std::stop_token) { metrics.count(event.type); },
      {.name = "metrics"});

  const Query requests = Query::of_types({TopicPattern::of("payment.requested")});
  // The bank opens when it is asked for the second time.
  bool is_open = false;
  const auto waiting = bus.control().add(
      annal::retrying(
          [&](const annal::Envelope&, const annal::ControlContext&) {
            return !std::exchange(is_open, true);
          },
          {.waits_for = "the bank's morning", .policy = {.first = std::chrono::milliseconds(1)}}),
      {.name = "morning", .priority = 10, .interest = requests});

  annal::CircuitBreaker bank({.name = "bank",
                              .failures = 3,
                              .success_events = {TopicPattern::of("payment.made")},
                              .failure_events = {TopicPattern::of("payment.failed")}});
  const auto guard =
      bus.control().add(bank.handler(requests), {.name = "bank's breaker", .priority = 100});
  const auto outcomes = bus.subscribe(TopicPattern::of("payment.*"),
                                      [&](const annal::Envelope& event) { bank.note(event); });
  const auto asking =
      bus.subscribe<Requested>([&](const Requested& request, const annal::Envelope& event) {
        ask_bank(*store, request, event.stream);
      });
  const auto watching = bus.rules().add(suspicion(store->catalogue()));

  const auto pay_and_settle = [&](const std::string& card, std::uint32_t cents) {
    pay(*store, card, cents);
    store->dispatcher().wait_until(store->log().head(), std::chrono::seconds(10));
  };
  pay_and_settle("4711", 1250);
  for (int i = 0; i < 3; ++i) pay_and_settle("9000", 99);
  pay_and_settle("4712", 300);

  // What the last handlers recorded is told, too.
  while (!store->dispatcher().wait_until(store->log().head(), std::chrono::seconds(10))) continue;
  bus.observers().wait_until_idle(std::chrono::seconds(10));
  std::cout << "the circuit is " << to_string(bank.state()) << "; told of\n";
  metrics.print();
  std::cout << "in the log\n";
  print_log(*store, store->log());
}

}  // namespace

int main(int count, char** values) {
  try {
    run(count > 1 ? values[1] : "payments.db");
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "observe_and_control: " << error.what() << '\n';
    return 1;
  }
}
