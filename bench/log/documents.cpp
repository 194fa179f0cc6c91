// P1d and P8: documents through the service, beside what SQLite takes for the bare rows.
#include "annal/service/store.hpp"
#include "cases.hpp"
#include "raw_sqlite.hpp"

#include <stdexcept>

namespace annal::bench {

namespace {

std::string content(int number) {
  std::string text(200, 'x');
  return "{\"number\":" + std::to_string(number) + ",\"text\":\"" + text + "\"}";
}

void require(const ChangeOutcome& outcome) {
  if (!std::holds_alternative<Changed>(outcome)) throw std::runtime_error("a change was refused");
}

}  // namespace

Result put_one_document(const Settings& settings) {
  Result result{"P1d", "the same through the document service: event, row, idempotency key",
                "ratio to raw one-row commits", 0.65};
  const int operations = scaled(2000, settings);
  RawSqlite raw(settings.folder / "raw-p1d.db");
  auto store = open(settings.folder / "p1d.db");
  const std::string data(256, 'x');
  int next = 0;
  compare(
      result, settings.rounds,
      [&] { return time_each(operations, [&](int) { raw.append(data); }); },
      [&] {
        return time_each(operations, [&](int) {
          const int number = next++;
          ChangeOptions options;
          options.idempotency_key = "key-" + std::to_string(number);
          require(store->documents().put(DocumentKey::of("bench", std::to_string(number % 1000)),
                                         {"A document", {content(number)}, "bench"}, options));
        });
      });
  result.commits_a_sync = commits_a_sync(store->log());
  return result;
}

std::vector<Result> get_one_document(const Settings& settings) {
  auto store = open(settings.folder / "p8.db");
  RawSqlite raw(settings.folder / "raw-p8.db");
  constexpr int documents = 1000;
  const int versions = scaled(100000, settings);
  const auto put = [&](const DocumentKey& key, int number) {
    require(store->documents().create(key, {"A document", {content(number)}, "bench"}));
    raw.put_document(key.to_string(), content(number) + "A document, bench, and its times ");
  };
  std::vector<DocumentKey> keys;
  for (int i = 0; i < documents; ++i) {
    keys.push_back(DocumentKey::of("bench", std::to_string(i)));
    put(keys.back(), i);
  }
  const DocumentKey old = DocumentKey::of("bench", "old");
  put(old, 0);
  for (int made = 1; made < versions;) {
    Commit commit;
    for (int i = 0; i < 1000 && made < versions; ++i, ++made) {
      Envelope event = store->catalogue().wrap(
          document::Updated{.title = {}, .content = Json{content(made)}, .editor = {}});
      event.stream = old.stream();
      commit.events.push_back(std::move(event));
    }
    if (!std::holds_alternative<Appended>(store->documents().record(std::move(commit))))
      throw std::runtime_error("P8: the long history was refused");
  }

  const auto get = [&](const DocumentKey& key) {
    if (!std::holds_alternative<FoundDocument>(store->documents().get(key)))
      throw std::runtime_error("P8: a document is missing");
  };
  std::size_t read = 0;
  // Blocks of look-ups, which go through the keys again and again.
  const auto ours = [&](const std::vector<DocumentKey>& among) {
    return time_blocks(200, 100,
                       [&](int i) { get(among[static_cast<std::size_t>(i) % among.size()]); });
  };
  const auto raw_among = [&](const std::vector<DocumentKey>& among) {
    std::vector<std::string> texts;
    for (const auto& key : among) texts.push_back(key.to_string());
    return time_blocks(200, 100, [&](int i) {
      read += raw.get_document(texts[static_cast<std::size_t>(i) % texts.size()]);
    });
  };
  const std::string many = std::to_string(versions);
  Result young{"P8", "get a document with 1 version behind it", "ratio to a raw look-up", 0.8};
  compare(
      young, settings.rounds, [&] { return raw_among(keys); }, [&] { return ours(keys); });
  Result aged{"P8", "get one with " + many + " versions behind it", "ratio to a raw look-up", 0.8};
  compare(
      aged, settings.rounds, [&] { return raw_among({old}); }, [&] { return ours({old}); });
  Result both{"P8", "get one with " + many + " beside one with 1 (in the place of raw)",
              "ratio to the other", 0.9};
  compare(
      both, settings.rounds, [&] { return ours({keys[0]}); }, [&] { return ours({old}); });
  if (read == 0) throw std::runtime_error("P8: nothing was read");
  return {young, aged, both};
}

}  // namespace annal::bench
