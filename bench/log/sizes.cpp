// The same work on logs of different lengths.
#include "annal/sqlite/sqlite_log.hpp"
#include "cases.hpp"
#include "log/commits.hpp"

#include <algorithm>
#include <random>
#include <stdexcept>

namespace annal::bench {

namespace {

namespace fs = std::filesystem;

constexpr int of_each_stream = 10, of_the_long_one = 50;
constexpr int scanned_at_most = 1000000;
constexpr double microsecond = 1000, mebibyte = 1024.0 * 1024;  // ns, bytes

// A log whose streams have ten events each, and one that has fifty, spread over all of it.
class Sized {
 public:
  Sized(fs::path file, int events, int operations, const Settings& settings)
      : file_(std::move(file)), events_(events), operations_(operations), settings_(settings) {}

  std::vector<Fact> measure() {
    const std::size_t before = resident_bytes();
    take("append, 1000 events a commit, power, an event", fill_it());
    open_it();
    take("append, one event a commit, power, p50", append_one());
    take("scan, an event", scan());
    take("read a stream of 10, p50", read_streams());
    take("read the newest 50 of a stream, p50", read_newest());
    const std::size_t now = resident_bytes();
    facts_.push_back({"resident memory",
                      static_cast<double>(now - std::min(now, before)) / mebibyte, "MiB",
                      64 + 24.0 * streams() / mebibyte});
    log_.reset();
    facts_.push_back({"file, an event",
                      static_cast<double>(fs::file_size(file_)) / (events_ + operations_), "B",
                      1.15 * event_bytes + 110});
    remove_store(file_);
    return std::move(facts_);
  }

 private:
  int streams() const { return std::max(1, events_ / of_each_stream); }

  void take(const char* what, double ns) { facts_.push_back({what, ns / microsecond, "µs"}); }

  double fill_it() {
    remove_store(file_);
    log_ = open_log(file_, settings_);
    const int apart = std::max(1, events_ / of_the_long_one);
    const auto begun = Steady::now();
    int next = 0;
    fill(*log_, events_, [&](int i) {
      return event_on(i % apart == 0 ? "bench/long" : stream_name(next++ % streams()), payload(i));
    });
    log_.reset();
    return nanoseconds(Steady::now() - begun) / events_;
  }

  void open_it() {
    const auto begun = Steady::now();
    log_ = open_log(file_, settings_);
    take("open, as it was closed", nanoseconds(Steady::now() - begun));
  }

  double append_one() {
    return quantile_of(
        time_each(operations_,
                  [&](int i) { require(log_->append(commit_of(event_on(any(), payload(i))))); }),
        0.5);
  }

  double scan() const {
    ReadRequest request;
    request.from = Position{1};
    request.limit = 4096;
    int scanned = 0;
    const auto begun = Steady::now();
    for (bool more = true; more && scanned < scanned_at_most;) {
      const Page page = log_->read(request);
      scanned += static_cast<int>(page.events.size());
      request.from = next(page.events.back().position);
      more = page.more;
    }
    return nanoseconds(Steady::now() - begun) / scanned;
  }

  double read_streams() {
    return quantile_of(time_each(operations_, [&](int) { read(any(), of_each_stream); }), 0.5);
  }
  double read_newest() const {
    return quantile_of(time_each(operations_, [&](int) { read("bench/long", of_the_long_one); }),
                       0.5);
  }

  void read(const std::string& stream, std::size_t limit) const {
    const Page page = log_->read(
        {.query = Query::of_stream(stream), .direction = Direction::backwards, .limit = limit});
    if (page.events.empty()) throw std::runtime_error("a stream is missing: " + stream);
  }

  std::string any() {
    return stream_name(static_cast<int>(random_() % static_cast<unsigned>(streams())));
  }

  const fs::path file_;
  const int events_, operations_;
  const Settings& settings_;
  std::unique_ptr<EventLog> log_;
  std::mt19937 random_{11};
  std::vector<Fact> facts_;
};

}  // namespace

std::vector<Fact> measure_log_of(int events, const Settings& settings) {
  return Sized(settings.folder / "sized.db", events, scaled(2000, settings), settings).measure();
}

}  // namespace annal::bench
