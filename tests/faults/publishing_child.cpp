// A process to be killed: publishes on the bus of a store without end what must be recorded, and prints
// each event that was as `caller number`.
//
//   annal_publishing_child STORE CALLERS
#include "annal/service/store.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace annal;

void publish_for_ever(Store& store, int caller) {
  const std::string stream = "caller/" + std::to_string(caller);
  for (auto number = store.log().stream_version(stream).value + 1;; ++number) {
    Envelope event;
    event.type = "number.said";
    event.stream = stream;
    event.data = std::to_string(number);
    store.bus().publish(event);
    const std::string line = std::to_string(caller) + ' ' + std::to_string(number) + '\n';
    if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::_Exit(4);
  }
}

}  // namespace

int main(int count, char** values) {
  if (count != 3) return 2;
  const auto store = open(values[1]);
  store->bus().record(TopicPattern::of("number.*"), {.recording = Recording::required}).release();
  std::vector<std::thread> threads;
  for (int caller = 0; caller < std::atoi(values[2]); ++caller)
    threads.emplace_back([&store, caller] { publish_for_ever(*store, caller); });
  for (auto& thread : threads) thread.join();
}
