// Events that subscribers failed to take, kept until they are handed to them again.
#pragma once

#include "annal/bus/bus.hpp"
#include "annal/bus/recent.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace annal {

//   threads   every member: any number of callers
class DeadLetters {
 public:
  struct Letter {
    std::string subscriber;
    std::shared_ptr<const Envelope> event;
    std::string what;
    unsigned attempts = 1;
    // Hands the event to whoever failed to take it; says why he failed again. Throws Gone.
    std::function<std::optional<std::string>(const std::shared_ptr<const Envelope>&)> again;
  };
  // Nobody will ever take the letter: whoever failed to was cut, or died.
  struct Gone {
    std::string what;
  };

  DeadLetters(std::size_t letters, std::size_t bytes) : letters_(letters, bytes) {}

  // The oldest make room.
  void add(Letter letter);
  std::vector<DeadLetter> newest_first() const;
  // As Bus::redrive. A letter stays in its place until it is taken, and nothing is locked while it is
  // handed over; none is that is added meanwhile. Those of a namesake who is gone are passed over.
  std::size_t redrive(const std::string& subscriber);
  std::size_t size() const;
  std::uint64_t lost() const;

 private:
  struct Numbered {
    Letter letter;
    std::uint64_t number;
  };
  class Redriving;
  void settle(std::uint64_t number, std::optional<std::string> failure);

  mutable std::mutex mutex_;
  Recent<Numbered> letters_;
  std::uint64_t last_number_ = 0;
  std::set<std::string> redriven_;  // subscribers whose letters are being handed over
  std::uint64_t lost_ = 0;
};

}  // namespace annal
