#include "annal/bus/dead_letters.hpp"

#include "annal/bus/desk.hpp"

#include <algorithm>

namespace annal {

std::size_t DeadLetters::bytes_of(const Letter& letter) {
  return footprint(*letter.event) + letter.what.size() + letter.subscriber.size();
}

void DeadLetters::add(Letter letter) {
  const std::size_t bytes = bytes_of(letter);
  std::lock_guard lock(mutex_);
  lost_ += letters_.add(std::move(letter), bytes);
}

std::vector<DeadLetter> DeadLetters::newest_first() const {
  std::vector<DeadLetter> result;
  std::lock_guard lock(mutex_);
  letters_.for_each([&](const Letter& letter) {
    result.push_back({letter.subscriber, *letter.event, letter.what, letter.attempts});
  });
  std::reverse(result.begin(), result.end());
  return result;
}

std::size_t DeadLetters::redrive(const std::string& subscriber) {
  std::lock_guard one_at_a_time(redriving_);
  std::deque<Letter> letters;
  {
    std::lock_guard lock(mutex_);
    letters =
        letters_.take_if([&](const Letter& letter) { return letter.subscriber == subscriber; });
  }
  std::size_t taken = 0;
  while (!letters.empty()) {
    Letter& letter = letters.front();
    ++letter.attempts;
    if (auto failure = letter.again(letter.event)) {
      letter.what = *std::move(failure);
      break;
    }
    letters.pop_front();
    ++taken;
  }
  std::lock_guard lock(mutex_);
  for (; !letters.empty(); letters.pop_back()) {
    const std::size_t bytes = bytes_of(letters.back());
    letters_.put_back(std::move(letters.back()), bytes);
  }
  return taken;
}

std::size_t DeadLetters::size() const {
  std::lock_guard lock(mutex_);
  return letters_.size();
}

std::uint64_t DeadLetters::lost() const {
  std::lock_guard lock(mutex_);
  return lost_;
}

}  // namespace annal
