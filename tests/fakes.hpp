// A clock moved by hand, randomness from a seed, a folder that cleans up after itself: what tests
// inject instead of the machine's.
#pragma once

#include "annal/event/randomness.hpp"
#include "annal/time/clock.hpp"
#include "annal/time/monotonic.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <mutex>
#include <random>
#include <string>

namespace annal::test {

class ManualClock : public Clock {
 public:
  explicit ManualClock(Timestamp start = Timestamp{std::chrono::microseconds{1767323045000000}})
      : now_(start.time_since_epoch().count()) {}  // 2026-01-02T03:04:05Z
  Timestamp now() const override { return Timestamp{std::chrono::microseconds{now_.load()}}; }
  void advance(std::chrono::microseconds by) { now_ += by.count(); }
  void set(Timestamp time) { now_ = time.time_since_epoch().count(); }

 private:
  std::atomic<std::int64_t> now_;
};

class ManualMonotonicClock : public MonotonicClock {
 public:
  std::chrono::nanoseconds reading() const override {
    return std::chrono::nanoseconds{now_.load()};
  }
  void advance(std::chrono::nanoseconds by) { now_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_ = 1'000'000;
};

class SeededRandomness : public Randomness {
 public:
  explicit SeededRandomness(std::uint64_t seed = 1) : engine_(seed) {}
  void fill(std::span<std::uint8_t> bytes) override {
    std::lock_guard lock(mutex_);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(engine_());
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

// A place in memory for files whose disk is simulated, or is not what fails, so that thousands of
// them can be synced; the usual place where there is none.
inline std::filesystem::path place_in_memory() {
  const std::filesystem::path shared = "/dev/shm";
  return access(shared.c_str(), W_OK) == 0 ? shared : std::filesystem::temp_directory_path();
}

// A new folder under the system's place for temporary files, removed with everything in it.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(
      const std::filesystem::path& in = std::filesystem::temp_directory_path()) {
    std::string name = (in / "annal-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace annal::test
