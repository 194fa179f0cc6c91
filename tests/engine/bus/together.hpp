// Several threads that begin at once.
#pragma once

#include <functional>
#include <latch>
#include <thread>
#include <vector>

namespace annal::test {

// Runs each on a thread of its own; they begin together, and are waited for.
inline void run_together(std::vector<std::function<void()>> works) {
  std::latch start(static_cast<std::ptrdiff_t>(works.size()));
  std::vector<std::jthread> threads;
  for (auto& work : works)
    threads.emplace_back([&start, work = std::move(work)] {
      start.arrive_and_wait();
      work();
    });
}

}  // namespace annal::test
