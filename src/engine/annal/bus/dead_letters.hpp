// Events that subscribers failed to take, kept until they are handed to them again.
#pragma once

#include "annal/bus/bus.hpp"
#include "annal/bus/recent.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
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
    // Hands the event to whoever failed to take it; says why he failed again.
    std::function<std::optional<std::string>(const std::shared_ptr<const Envelope>&)> again;
  };

  DeadLetters(std::size_t letters, std::size_t bytes) : letters_(letters, bytes) {}

  // The oldest make room.
  void add(Letter letter);
  std::vector<DeadLetter> newest_first() const;
  // As Bus::redrive.
  std::size_t redrive(const std::string& subscriber);
  std::size_t size() const;
  std::uint64_t lost() const;

 private:
  static std::size_t bytes_of(const Letter& letter);

  mutable std::mutex mutex_;
  std::mutex redriving_;
  Recent<Letter> letters_;
  std::uint64_t lost_ = 0;
};

}  // namespace annal
