// P7: an aggregate out of its events.
#include "annal/aggregate/repository.hpp"
#include "annal/sqlite/sqlite_log.hpp"
#include "cases.hpp"
#include "log/commits.hpp"
#include "raw_sqlite.hpp"

#include <algorithm>
#include <stdexcept>

namespace annal::bench {

namespace {

struct Counter {
  struct Added {
    std::int64_t amount = 0;
    std::string note;
    template <class Archive>
    void serialize(Archive& archive) {
      archive(CEREAL_NVP(amount), CEREAL_NVP(note));
    }
  };
  struct Add {
    int times = 0;  // an event each
  };
  struct Nothing {};
  using Event = std::variant<Added>;
  using Command = std::variant<Add>;
  using Refusal = std::variant<Nothing>;
  struct State {
    std::int64_t total = 0;
    template <class Archive>
    void serialize(Archive& archive) {
      archive(CEREAL_NVP(total));
    }
  };

  static constexpr std::string_view kind = "counter";
  static constexpr std::uint32_t state_schema = 1;
  static constexpr std::uint32_t reducer = 1;

  static Decision<Counter> decide(const State&, const Command& command) {
    const auto times = static_cast<std::size_t>(std::get<Add>(command).times);
    return std::vector<Event>(times, Added{1, std::string(200, 'x')});
  }
  static void evolve(State& state, const Event& event, const Happened&) {
    state.total += std::get<Added>(event).amount;
  }
};

using Counters = Repository<Counter>;

void count(Counters& counters, const std::string& name, int to, int step) {
  for (int done = 0; done < to; done += step)
    if (!std::holds_alternative<Executed<Counter>>(
            counters.execute(name, Counter::Add{std::min(step, to - done)})))
      throw std::runtime_error("P7: counting was refused");
}

std::int64_t count_by_hand(RawReader& raw, const std::string& stream, int events) {
  std::int64_t total = 0;
  raw.read_stream(stream, events, [&](const RawEvent& event) {
    RawDecoder decoder(event.data);
    total += static_cast<std::int64_t>(decoder.number());
    if (decoder.text().empty()) throw std::runtime_error("P7: an event without its note");
  });
  return total;
}

void require_total(std::int64_t total, int wanted) {
  if (total != wanted)
    throw std::runtime_error("P7: a total of " + std::to_string(total) + ", not " +
                             std::to_string(wanted));
}

const sqlite::Options with_snapshots{.spaces = {snapshots::declaration()}};

struct Sizes {
  int few, medium, many;
};

void fill(const std::filesystem::path& file, const Catalogue& catalogue, const Sizes& sizes) {
  const auto log = sqlite::open(file, with_snapshots);
  Counters plain(*log, catalogue, {.snapshot_every = 0}), snapshotting(*log, catalogue);
  count(plain, "few", sizes.few, sizes.few);
  count(plain, "medium", sizes.medium, 100);
  count(snapshotting, "many", sizes.many, 100);
  snapshotting.settle();
}

}  // namespace

std::vector<Result> load_aggregates(const Settings& settings) {
  const auto file = settings.folder / "p7.db", indexed = settings.folder / "raw-p7.db";
  const int medium = scaled_down(1000, settings);
  const int many = scaled(100000, settings);
  const int few = std::min(100, many);
  Catalogue catalogue;
  catalogue.add<Counter::Added>("counter.added");
  fill(file, catalogue, {few, medium, many});
  copy_with_index(file, indexed);
  const auto log = sqlite::open(file, with_snapshots);
  const Counters plain(*log, catalogue, {.snapshot_every = 0}), snapshotting(*log, catalogue);
  RawReader raw(indexed);
  const int operations = scaled(200, settings);
  const auto load = [&](const Counters& counters, const char* name, int total) {
    return time_each(operations,
                     [&, name](int) { require_total(counters.load(name).state.total, total); });
  };

  Result whole{"P7", "rebuild an aggregate of " + std::to_string(medium) + " events",
               "ratio to raw reading by an index, unverified, and decoding by hand", 0.5};
  compare(
      whole, settings.rounds,
      [&] {
        return time_each(operations, [&](int) {
          require_total(count_by_hand(raw, Counters::stream_of("medium"), medium), medium);
        });
      },
      [&] { return load(plain, "medium", medium); });
  Result snapshot{"P7", "rebuild one of " + std::to_string(many) + " with a snapshot every 100",
                  "time beside a rebuild from " + std::to_string(few) + " events", 3,
                  Better::lower};
  snapshot.beside = std::to_string(few) + " events";
  compare(
      snapshot, settings.rounds, [&] { return load(plain, "few", few); },
      [&] { return load(snapshotting, "many", many); }, duration);
  return {whole, snapshot};
}

}  // namespace annal::bench
