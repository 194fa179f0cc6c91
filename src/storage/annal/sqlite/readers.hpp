// The read connections of a log, lent to one caller at a time each.
#pragma once

#include "annal/sqlite/reader.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <vector>

namespace annal::sqlite {

// Connections are opened when first needed, up to a bound; further callers wait. So do all who come
// while the writer holds them: a turnstile, because a lock that readers share would let them follow
// one another for ever.
//   threads   any number of callers
class Readers {
 public:
  Readers(std::size_t bound, std::function<std::unique_ptr<Reader>()> open);

  template <class Use>
  auto with(Use use) {
    Lease lease(*this);
    try {
      return use(*lease.reader);
    } catch (const SQLite::Exception&) {
      lease.reader.reset();  // its statements would tell of the error again
      throw;
    } catch (const std::bad_alloc&) {
      lease.reader.reset();  // a statement that was left half way holds its snapshot
      throw;
    }
  }

  // Lets nobody begin to read before `release`, and waits for those who do.
  //   returns   false if some still read when the time is up, or one has for more than a second;
  //             nobody is held then
  bool hold(std::chrono::milliseconds at_most);
  void release() noexcept;
  // How long the oldest read under way has been; zero if there is none.
  std::chrono::microseconds oldest() const;

  // When nobody reads any more.
  void close();

 private:
  using Steady = std::chrono::steady_clock;

  struct Lease {
    explicit Lease(Readers& of) : readers(of), reader(of.take(begun)) {}
    ~Lease() { readers.give_back(std::move(reader), begun); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Readers& readers;
    Steady::time_point begun;
    std::unique_ptr<Reader> reader;
  };

  std::unique_ptr<Reader> take(Steady::time_point& begun);
  void give_back(std::unique_ptr<Reader> reader, Steady::time_point begun) noexcept;

  const std::size_t bound_;
  const std::function<std::unique_ptr<Reader>()> open_;
  mutable std::mutex mutex_;
  std::condition_variable returned_;  // a connection, or the turnstile is open again
  std::condition_variable quiet_;     // nobody reads
  std::vector<std::unique_ptr<Reader>> idle_;
  std::vector<Steady::time_point> begun_;  // of the reads under way, oldest first
  std::size_t opened_ = 0;
  bool held_ = false;
};

// While it lives nobody reads; or, if a read took too long, everybody may.
class Held {
 public:
  explicit Held(Readers& readers, std::chrono::milliseconds longest = std::chrono::milliseconds(50))
      : readers_(readers), held_(readers.hold(longest)) {}
  ~Held() {
    if (held_) readers_.release();
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  explicit operator bool() const { return held_; }

 private:
  Readers& readers_;
  const bool held_;
};

}  // namespace annal::sqlite
