// E1: what it costs that effects are performed by a program, and traced.
#include "annal/effects/effect.hpp"
#include "cases.hpp"

#include <memory>
#include <thread>

namespace annal::bench {

namespace {

using namespace annal::effects;

struct FindPrice {
  using result = long;
  static constexpr std::string_view name = "find_price";
  long article = 0;
};
struct Charge {
  using result = long;
  static constexpr std::string_view name = "charge";
  long cents = 0;
};
struct Tell {
  using result = void;
  static constexpr std::string_view name = "tell";
  long receipt = 0;
};

// The same without effects: an object with three virtual functions.
class Shop {
 public:
  virtual ~Shop() = default;
  virtual long find_price(long article) = 0;
  virtual long charge(long cents) = 0;
  virtual void tell(long receipt) = 0;
};
class CountingShop final : public Shop {
 public:
  explicit CountingShop(long& told) : told_(told) {}
  long find_price(long article) override { return article + 1; }
  long charge(long cents) override { return cents * 2; }
  void tell(long receipt) override { told_ += receipt; }

 private:
  long& told_;
};

constexpr int block = 512;

int blocks(const Settings& settings) { return scaled(400, settings); }

Round middling(Samples samples) {
  const double median = quantile_of(samples, 0.5);
  Round round(std::move(samples));
  round.each = median;
  return round;
}

// Nobody but the linker's whole program analysis could know which shop it is.
Round call_virtually(const Settings& settings) {
  long told = 0;
  std::unique_ptr<Shop> shop = std::make_unique<CountingShop>(told);
  Shop* volatile behind = shop.get();
  auto samples = time_blocks(blocks(settings), block, [&](int i) {
    Shop& at = *behind;
    at.tell(at.charge(at.find_price(i)));
  });
  return middling(std::move(samples));
}

Handlers handlers_noting(long& told) {
  Handlers handlers;
  handlers.on<FindPrice>([](const FindPrice& find) { return find.article + 1; });
  handlers.on<Charge>([](const Charge& charge) { return charge.cents * 2; });
  handlers.on<Tell>([&told](const Tell& tell) { told += tell.receipt; });
  return handlers;
}

Effect<void> straight() {
  return program([](auto perform) {
    const long price = perform(FindPrice{7});
    const long receipt = perform(Charge{price});
    perform(Tell{receipt});
  });
}

Effect<void> chained() {
  return perform(FindPrice{7})
      .bind([](long price) { return perform(Charge{price}); })
      .bind([](long receipt) { return perform(Tell{receipt}); });
}

Round run(const Effect<void>& program, bool traced, const Settings& settings) {
  long told = 0;
  const Handlers handlers = handlers_noting(told);
  return middling(time_blocks(blocks(settings), block, [&](int) {
    if (!traced) return program.run(handlers);
    Trace trace;
    program.run(handlers, {.trace = &trace});
  }));
}

Result beside_virtual_calls(std::string work, const Effect<void>& program,
                            const Settings& settings) {
  Result result{"E1", std::move(work), "time, of three virtual calls",
                10,   Better::lower,   "virtual calls"};
  compare(
      result, settings.rounds, [&] { return call_virtually(settings); },
      [&] { return run(program, false, settings); }, duration);
  return result;
}

Result traced(std::string work, const Effect<void>& program, const Settings& settings) {
  Result result{"E1", std::move(work), "ns, the median of the rounds", 400, Better::lower};
  std::vector<double> figures;
  std::vector<Round> rounds;
  run(program, true, settings);
  for (int round = 0; round < settings.rounds; ++round) {
    rounds.push_back(run(program, true, settings));
    figures.push_back(rounds.back().each);
  }
  conclude(result, std::move(figures));
  result.ours = summarise(rounds);
  return result;
}

}  // namespace

std::vector<Result> run_programs(const Settings& settings) {
  std::thread([] {}).join();  // malloc takes short cuts in a process that never had a second thread
  return {traced("a program of three effects, in direct style, traced", straight(), settings),
          traced("the same as a chain", chained(), settings),
          beside_virtual_calls("in direct style, without a trace", straight(), settings),
          beside_virtual_calls("as a chain, without a trace", chained(), settings)};
}

}  // namespace annal::bench
