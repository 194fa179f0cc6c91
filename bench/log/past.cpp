// P9 and P10: documents as they were, and their histories.
#include "annal/service/store.hpp"
#include "cases.hpp"
#include "log/commits.hpp"
#include "log/contents.hpp"
#include "raw_sqlite.hpp"

#include <algorithm>
#include <random>
#include <stdexcept>

namespace annal::bench {

namespace {

DocumentKey key_of(int number) { return DocumentKey::of("bench", std::to_string(number)); }

// Every document created, and then one after another changed.
void record_documents(Store& store, int documents, int events) {
  std::mt19937 random(9);
  for (int made = 0; made < events;) {
    Commit commit;
    for (int i = 0; i < batch_events && made < events; ++i, ++made)
      commit.events.push_back(
          made < documents
              ? created(store.catalogue(), key_of(made), made)
              : updated(store.catalogue(),
                        key_of(static_cast<int>(random() % static_cast<unsigned>(documents))),
                        made));
    require(store.documents().record(std::move(commit)));
  }
}

// The parts of a document that its events say.
struct RawDocument {
  std::string title, content, author, editor;
  sqlite3_int64 version = 0, created_at = 0, modified_at = 0;
};

// What updated() makes: title, content and editor of which any may be missing.
void take_update(RawDocument& document, std::string_view data) {
  RawDecoder decoder(data);
  for (std::string* field : {&document.title, &document.content, &document.editor})
    if (const bool is_missing = decoder.flag(); !is_missing) *field = decoder.text();
}

// The newest event then holds the content, the first one the rest.
RawDocument get_by_hand(RawReader& raw, const DocumentKey& key, sqlite3_int64 position) {
  const std::string stream = key.stream();
  const RawEvent newest = raw.newest(stream, position);
  RawDocument document;
  const RawEvent first = newest.version == 1 ? newest : raw.first(stream);
  RawDecoder decoder(first.data);
  document.title = decoder.text();
  document.content = decoder.text();
  document.author = document.editor = decoder.text();
  if (newest.version > 1) take_update(document, newest.data);
  document.version = newest.version;
  document.created_at = first.recorded_at;
  document.modified_at = newest.recorded_at;
  return document;
}

Document get(Store& store, const DocumentKey& key, std::uint64_t position) {
  auto answer = store.documents().get(key, AtPosition{Position{position}});
  if (auto* found = std::get_if<FoundDocument>(&answer)) return std::move(found->document);
  throw std::runtime_error("P9: a document is missing");
}

void require_equal(const Document& document, const RawDocument& by_hand) {
  const auto& state = document.state;
  if (state.title != by_hand.title || state.content.text != by_hand.content ||
      state.author != by_hand.author ||
      state.version.value != static_cast<std::uint64_t>(by_hand.version) ||
      state.created_at.time_since_epoch().count() != by_hand.created_at ||
      state.modified_at.time_since_epoch().count() != by_hand.modified_at)
    throw std::runtime_error("P9: the document by hand is another");
}

// A store with so many events, of which each of its documents has about a hundred.
std::unique_ptr<Store> store_of(const std::filesystem::path& file, int events) {
  const int documents = std::max(1, events / 100);
  {
    const auto store = open(file);
    fill(store->log(), events, [&](int i) {
      const auto make = i < documents ? created : updated;
      return make(store->catalogue(), key_of(i % documents), i);
    });
  }
  return open(file);  // with everything in the index
}

Round page(Store& store, int operations) {
  return time_each(operations, [&](int) {
    if (store.documents().history(key_of(0), {}, 50).events.size() != 50)
      throw std::runtime_error("P10: there are no 50 versions");
  });
}

}  // namespace

std::vector<Result> get_past_document(const Settings& settings) {
  const int documents = scaled_down(5000, settings);
  const int events = std::max(documents, scaled(100000, settings));
  const auto file = settings.folder / "p9.db";
  const auto by_hand = settings.folder / "raw-p9.db";
  record_documents(*open(file), documents, events);
  std::filesystem::remove(by_hand);
  copy_with_index(file, by_hand);
  const auto store = open(file);
  RawReader raw(by_hand);
  std::mt19937 random(9);
  const auto any_key = [&] {
    return key_of(static_cast<int>(random() % static_cast<unsigned>(documents)));
  };
  std::uniform_int_distribution<int> any_position(documents, events);
  for (int i = 0; i < 100; ++i) {
    const DocumentKey key = any_key();
    const int position = any_position(random);
    require_equal(get(*store, key, static_cast<std::uint64_t>(position)),
                  get_by_hand(raw, key, position));
  }

  const int operations = scaled(5000, settings);
  Result result{"P9",
                "document at a random position, " + std::to_string(events) + " events over " +
                    std::to_string(documents),
                "time beside the same query by hand on the same events, unverified", 1.5,
                Better::lower};
  compare(
      result, settings.rounds,
      [&] {
        return time_each(operations,
                         [&](int) { get_by_hand(raw, any_key(), any_position(random)); });
      },
      [&] {
        return time_each(operations, [&](int) {
          get(*store, any_key(), static_cast<std::uint64_t>(any_position(random)));
        });
      },
      duration);
  return {result};
}

std::vector<Result> page_history(const Settings& settings) {
  const int few = std::max(100, scaled_down(10000, settings));
  const int many = std::max(100, scaled(1000000, settings));
  const auto small = store_of(settings.folder / "p10-small.db", few);
  const auto large = store_of(settings.folder / "p10-large.db", many);
  Result result{"P10",
                "50 newest versions of a document in a log of " + std::to_string(many) + " events",
                "time beside the same in a log of " + std::to_string(few), 1.2, Better::lower};
  result.beside = std::to_string(few);
  const int operations = scaled(1000, settings);
  compare(
      result, settings.rounds, [&] { return page(*small, operations); },
      [&] { return page(*large, operations); }, duration);
  return {result};
}

}  // namespace annal::bench
