// P1d, P2d and P8: documents through the service, beside what SQLite takes for the bare rows.
#include "annal/service/store.hpp"
#include "cases.hpp"
#include "log/commits.hpp"
#include "log/contents.hpp"
#include "raw_sqlite.hpp"

#include <atomic>
#include <stdexcept>

namespace annal::bench {

namespace {

// Puts one of the collection's documents under an idempotency key of its own.
void put(DocumentService& documents, int document, int change) {
  ChangeOptions options;
  options.idempotency_key = "key-" + std::to_string(change);
  require(documents.put(DocumentKey::of("bench", std::to_string(document)),
                        {"A document", {content(change)}, "bench"}, options));
}

// A document with many versions, and many with one.
class Ages {
 public:
  static constexpr int young_documents = 1000;

  Ages(const Settings& settings, int versions)
      : blocks_(scaled(200, settings)),
        store_(open(settings.folder / "p8.db")),
        raw_(settings.folder / "raw-p8.db") {
    for (int i = 0; i < young_documents; ++i) {
      young.push_back(DocumentKey::of("bench", std::to_string(i)));
      create(young.back(), i);
    }
    create(old.front(), 0);
    for (int made = 1; made < versions;) {
      Commit commit;
      for (int i = 0; i < batch_events && made < versions; ++i, ++made)
        commit.events.push_back(updated(store_->catalogue(), old.front(), made));
      require(store_->documents().record(std::move(commit)));
    }
  }

  // Blocks of look-ups, which go through the keys again and again.
  Round get(const std::vector<DocumentKey>& among) const {
    return time_blocks(blocks_, 100, [&](int i) {
      const auto& key = among[static_cast<std::size_t>(i) % among.size()];
      if (!std::holds_alternative<FoundDocument>(store_->documents().get(key)))
        throw std::runtime_error("P8: a document is missing");
    });
  }
  Round get_raw(const std::vector<DocumentKey>& among) {
    std::vector<std::string> texts;
    for (const auto& key : among) texts.push_back(key.to_string());
    return time_blocks(blocks_, 100, [&](int i) {
      if (raw_.get_document(texts[static_cast<std::size_t>(i) % texts.size()]) == 0)
        throw std::runtime_error("P8: nothing was read");
    });
  }

  std::vector<DocumentKey> young, old{DocumentKey::of("bench", "old")};

 private:
  void create(const DocumentKey& key, int number) {
    require(store_->documents().create(key, {"A document", {content(number)}, "bench"}));
    raw_.put_document(key.to_string(), content(number) + "A document, bench, and its times ");
  }

  const int blocks_;
  std::unique_ptr<Store> store_;
  RawSqlite raw_;
};

}  // namespace

std::vector<Result> put_one_document(const Settings& settings) {
  Result result{"P1d", "the same through the document service: event, row, idempotency key",
                "ratio to raw one-row commits", 0.65};
  const int operations = scaled(2000, settings);
  RawSqlite raw(settings.folder / "raw-p1d.db");
  auto store = open(settings.folder / "p1d.db", {.compress = settings.compress});
  const std::string data(event_bytes, 'x');
  int next = 0;
  compare(
      result, settings.rounds,
      [&] { return time_each(operations, [&](int) { raw.append(data); }); },
      [&] {
        return time_each(operations, [&](int) {
          const int number = next++;
          put(store->documents(), number % 1000, number);
        });
      });
  result.commits_a_sync = commits_a_sync(store->log());
  return {result};
}

std::vector<Result> put_documents_together(const Settings& settings) {
  constexpr int callers = 64, documents_each = 100;
  Result result{"P2d", "64 callers through the document service, documents of their own",
                "ratio to raw's one caller of one-row commits", 4};
  const int operations = scaled(2000, settings);
  const int each = scaled(300, settings);
  RawSqlite raw(settings.folder / "raw-p2d.db");
  auto store = open(settings.folder / "p2d.db", {.compress = settings.compress});
  const std::string data(event_bytes, 'x');
  std::atomic<int> next{0};
  compare(
      result, settings.rounds,
      [&] { return time_each(operations, [&](int) { raw.append(data); }); },
      [&] {
        return time_callers(callers, each, [&](int caller, int i) {
          put(store->documents(), caller + callers * (i % documents_each), next++);
        });
      });
  result.commits_a_sync = commits_a_sync(store->log());
  return {result};
}

std::vector<Result> get_one_document(const Settings& settings) {
  const int versions = scaled(100000, settings);
  Ages ages(settings, versions);
  const std::string many = std::to_string(versions);
  Result young{"P8", "get a document with 1 version behind it", "ratio to a raw look-up", 0.8};
  compare(
      young, settings.rounds, [&] { return ages.get_raw(ages.young); },
      [&] { return ages.get(ages.young); });
  Result aged{"P8", "get one with " + many + " versions behind it", "ratio to a raw look-up", 0.8};
  compare(
      aged, settings.rounds, [&] { return ages.get_raw(ages.old); },
      [&] { return ages.get(ages.old); });
  Result both{"P8", "get one with " + many + " versions behind it", "ratio to one with 1", 0.9};
  both.beside = "1 version";
  compare(
      both, settings.rounds, [&] { return ages.get({ages.young.front()}); },
      [&] { return ages.get(ages.old); });
  return {young, aged, both};
}

}  // namespace annal::bench
