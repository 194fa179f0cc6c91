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
  // What came of handing a letter over.
  struct Answer {
    enum class As { taken, failed, gone };  // gone: who failed to take it was cut, or died
    As as = As::taken;
    std::string what = {};

    static Answer failed(std::string what) { return {As::failed, std::move(what)}; }
    static Answer gone(std::string what) { return {As::gone, std::move(what)}; }
  };
  struct Letter {
    std::string subscriber;
    std::shared_ptr<const Envelope> event;
    std::string what;
    unsigned attempts = 1;
    // Hands the event to whoever failed to take it.
    std::function<Answer(const std::shared_ptr<const Envelope>&)> again;
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
  void settle(std::uint64_t number, Answer answer);

  mutable std::mutex mutex_;
  Recent<Numbered> letters_;
  std::uint64_t last_number_ = 0;
  std::set<std::string> redriven_;  // subscribers whose letters are being handed over
  std::uint64_t lost_ = 0;
};

}  // namespace annal
