#include "bus/publishing.hpp"

#include <boost/signals2/signal.hpp>

namespace annal::bench {

namespace {

constexpr int calls_a_block = 512;

int blocks_of(int handlers, const Settings& settings) {
  return scaled(handlers >= 100 ? 60 : 200, settings);
}

}  // namespace

void be_a_process_with_threads() {
  std::thread([] {}).join();
}

Envelope ready_event(int number) {
  Envelope event;
  event.type = "task.progress";
  event.stream = "task/" + std::to_string(number % 100);
  event.data.assign(64, 'x');
  return event;
}

Round time_prepared(int blocks, int block, const std::function<void()>& prepare,
                    const std::function<void(int)>& operation) {
  Samples samples;
  for (int at = 0; at < blocks; ++at) {
    prepare();
    const auto begun = Steady::now();
    for (int i = 0; i < block; ++i) operation(i);
    samples.push_back(nanoseconds(Steady::now() - begun) / block);
  }
  return middling(std::move(samples));
}

Round middling(Samples samples) {
  const double median = quantile_of(samples, 0.5);
  Round round(std::move(samples));
  round.each = median;
  return round;
}

Round call_functions(int functions, const Settings& settings) {
  std::size_t noted = 0;
  const std::vector<std::function<void(const Envelope&)>> loop(
      static_cast<std::size_t>(functions), [&](const Envelope& event) { note(event, noted); });
  const Envelope event = ready_event(1);
  return middling(time_blocks(blocks_of(functions, settings), calls_a_block, [&](int) {
    for (const auto& function : loop) function(event);
  }));
}

Round emit_signal(int slots, const Settings& settings) {
  std::size_t noted = 0;
  boost::signals2::signal<void(const Envelope&)> signal;
  for (int i = 0; i < slots; ++i)
    signal.connect([&](const Envelope& event) { note(event, noted); });
  const Envelope event = ready_event(1);
  return middling(
      time_blocks(blocks_of(slots, settings), calls_a_block, [&](int) { signal(event); }));
}

}  // namespace annal::bench
