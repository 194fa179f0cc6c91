// P5 and P6: the whole log as typed events, and one stream of many.
#include "annal/sqlite/sqlite_log.hpp"
#include "cases.hpp"
#include "log/commits.hpp"
#include "raw_sqlite.hpp"

#include <random>
#include <stdexcept>

namespace annal::bench {

namespace {

constexpr int page_events = 4096;

struct Measured {
  std::uint64_t number = 0;
  std::string text;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(number), CEREAL_NVP(text));
  }
};

Measured decode_by_hand(std::string_view data) {
  RawDecoder decoder(data);
  const std::uint64_t number = decoder.number();
  return {number, decoder.text()};
}

// The time of so many events in a row, page by page, ns each.
class Pages {
 public:
  void turn(std::size_t events) {
    const auto now = Steady::now();
    samples_.push_back(nanoseconds(now - begun_) / static_cast<double>(events));
    begun_ = now;
  }
  Samples take() { return std::move(samples_); }

 private:
  Steady::time_point begun_ = Steady::now();
  Samples samples_;
};

Round scan(const EventLog& log, const Catalogue& catalogue, std::uint64_t& sum) {
  Pages pages;
  ReadRequest request;
  request.from = Position{1};
  request.limit = page_events;
  for (bool more = true; more;) {
    const Page page = log.read(request);
    for (const auto& event : page.events) sum += catalogue.unwrap<Measured>(event)->number;
    more = page.more;
    request.from = next(page.events.back().position);
    pages.turn(page.events.size());
  }
  return pages.take();
}

Round scan_raw(RawReader& raw, int events, std::uint64_t& sum) {
  Pages pages;
  int of_page = 0, left = events;
  raw.scan([&](const RawEvent& event) {
    sum += decode_by_hand(event.data).number;
    --left;
    if (++of_page < page_events && left > 0) return;
    pages.turn(static_cast<std::size_t>(of_page));
    of_page = 0;
  });
  return pages.take();
}

}  // namespace

std::vector<Result> scan(const Settings& settings) {
  const int events = scaled(200000, settings);
  const int streams = scaled_down(20000, settings);
  const auto file = settings.folder / "p5.db", by_hand = settings.folder / "raw-p5.db";
  Catalogue catalogue;
  catalogue.add<Measured>("bench.measured");
  const auto measured = [&](int i) {
    Envelope event = catalogue.wrap(
        Measured{static_cast<std::uint64_t>(i), payload(i).substr(0, event_bytes - 17)});
    event.stream = stream_name(i % streams);
    return event;
  };
  fill(*open_log(file, settings), events, measured);
  if (settings.compress) fill(*sqlite::open(by_hand), events, measured);
  const auto log = open_log(file, settings);
  RawReader raw(settings.compress ? by_hand : file);
  Result result{"P5", "scan " + std::to_string(events) + " events, verified and decoded",
                "ratio to a raw scan, SHA-256 and decoding by hand; µs an event", 0.8};
  std::uint64_t raw_sum = 0, sum = 0;
  compare(
      result, settings.rounds, [&] { return scan_raw(raw, events, raw_sum); },
      [&] { return scan(*log, catalogue, sum); });
  if (sum != raw_sum) throw std::runtime_error("P5: the two scans read different events");
  return {result};
}

std::vector<Result> read_streams(const Settings& settings) {
  constexpr int events_each = 10;
  const int streams = scaled_down(5000, settings);
  const auto file = settings.folder / "p6.db", indexed = settings.folder / "raw-p6.db";
  fill(*sqlite::open(file), streams * events_each,
       [&](int i) { return event_on(stream_name(i % streams), payload(i)); });
  copy_with_index(file, indexed);
  const auto log = sqlite::open(file);
  RawReader raw(indexed);
  Result result{"P6", "read a stream of 10 events among " + std::to_string(streams),
                "ratio to a raw read by an index on stream and version, unverified", 0.8};
  std::mt19937 random(6);
  const auto any = [&] {
    return stream_name(static_cast<int>(random() % static_cast<unsigned>(streams)));
  };
  const int operations = scaled(5000, settings);
  std::size_t bytes = 0, raw_bytes = 0;
  compare(
      result, settings.rounds,
      [&] {
        return time_each(operations, [&](int) {
          raw.read_stream(any(), events_each,
                          [&](const RawEvent& event) { raw_bytes += event.data.size(); });
        });
      },
      [&] {
        return time_each(operations, [&](int) {
          const Page page = log->read({.query = Query::of_stream(any()), .limit = events_each});
          for (const auto& event : page.events) bytes += event.data.size();
        });
      });
  if (bytes != raw_bytes) throw std::runtime_error("P6: the two read different events");
  return {result};
}

}  // namespace annal::bench
