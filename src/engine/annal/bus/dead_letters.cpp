#include "annal/bus/dead_letters.hpp"

#include "annal/bus/desk.hpp"

#include <algorithm>
#include <utility>

namespace annal {

namespace {

std::size_t bytes_of(const DeadLetters::Letter& letter) {
  return footprint(*letter.event) + letter.what.size() + letter.subscriber.size();
}

}  // namespace

// A subscriber is handed his letters by one thread at a time, or they would be out of order.
class DeadLetters::Redriving {
 public:
  Redriving(DeadLetters& letters, const std::string& subscriber)
      : letters_(letters), subscriber_(subscriber) {
    std::lock_guard lock(letters_.mutex_);
    is_first_ = letters_.redriven_.insert(subscriber_).second;
    last_ = letters_.last_number_;
  }
  ~Redriving() {
    if (!is_first_) return;
    std::lock_guard lock(letters_.mutex_);
    letters_.redriven_.erase(subscriber_);
  }
  Redriving(const Redriving&) = delete;
  Redriving& operator=(const Redriving&) = delete;

  // The oldest letter that was not handed over yet; nothing if it is newer than this, or another
  // thread is at it.
  std::optional<Numbered> next() {
    if (!is_first_) return std::nullopt;
    std::lock_guard lock(letters_.mutex_);
    const auto* oldest = letters_.letters_.find_if([&](const Numbered& each) {
      return each.number > handed_ && each.letter.subscriber == subscriber_;
    });
    if (!oldest || oldest->number > last_) return std::nullopt;
    handed_ = oldest->number;
    return *oldest;
  }

 private:
  DeadLetters& letters_;
  const std::string& subscriber_;
  bool is_first_ = false;
  std::uint64_t last_ = 0;
  std::uint64_t handed_ = 0;
};

void DeadLetters::add(Letter letter) {
  const std::size_t bytes = bytes_of(letter);
  std::lock_guard lock(mutex_);
  lost_ += letters_.add({std::move(letter), ++last_number_}, bytes);
}

std::vector<DeadLetter> DeadLetters::newest_first() const {
  std::vector<DeadLetter> result;
  std::lock_guard lock(mutex_);
  letters_.for_each([&](const Numbered& each) {
    const Letter& letter = each.letter;
    result.push_back({letter.subscriber, *letter.event, letter.what, letter.attempts});
  });
  std::reverse(result.begin(), result.end());
  return result;
}

std::size_t DeadLetters::redrive(const std::string& subscriber) {
  Redriving redriving(*this, subscriber);
  std::size_t taken = 0;
  while (const auto handed = redriving.next()) {
    auto answer = handed->letter.again(handed->letter.event);
    const auto as = answer.as;
    settle(handed->number, std::move(answer));
    if (as == Answer::As::failed) break;
    if (as == Answer::As::taken) ++taken;
  }
  return taken;
}

// It may have made room for others meanwhile.
void DeadLetters::settle(std::uint64_t number, Answer answer) {
  const auto is_it = [&](const Numbered& each) { return each.number == number; };
  std::lock_guard lock(mutex_);
  if (answer.as == Answer::As::taken) {
    letters_.erase_if(is_it);
  } else if (auto* kept = letters_.find_if(is_it)) {
    ++kept->letter.attempts;
    kept->letter.what = std::move(answer.what);
  }
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
