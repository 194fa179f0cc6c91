// A log in memory, handlers that note what they are told, and events to tell them.
#pragma once

#include "annal/log/subscription.hpp"
#include "annal/memory/memory_log.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace annal::test {

using std::chrono::milliseconds;

class Subscribed : public testing::Test {
 protected:
  using Positions = std::vector<std::uint64_t>;

  static constexpr std::chrono::seconds long_enough{60};

  Position append(const std::string& stream, const std::string& type = "thing.happened") const {
    Commit commit;
    commit.events.emplace_back();
    commit.events.back().stream = stream;
    commit.events.back().type = type;
    return std::get<Appended>(log->append(std::move(commit))).last;
  }

  void fill(int events) const {
    for (int i = 0; i < events; ++i) append("thing/" + std::to_string(i % 3));
  }

  static SubscriptionOptions named(std::string name) {
    SubscriptionOptions options;
    options.name = std::move(name);
    options.retry = {.attempts = 3, .first = milliseconds(1), .longest = milliseconds(2)};
    return options;
  }

  Subscription::Handler noting() {
    return [this](const Envelope& event) {
      std::lock_guard lock(mutex);
      seen.push_back(event.position.value);
    };
  }

  Positions seen_so_far() {
    std::lock_guard lock(mutex);
    return seen;
  }

  static Positions up_to(std::uint64_t last, std::uint64_t first = 1) {
    Positions all;
    for (auto position = first; position <= last; ++position) all.push_back(position);
    return all;
  }

  std::unique_ptr<EventLog> log = memory::open();
  std::mutex mutex;
  Positions seen;
};

}  // namespace annal::test
