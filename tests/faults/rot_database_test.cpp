// Bits of a closed store's database flip, pages are zeroed, swapped and cut off: an answer is the one
// it always was or an error, and the damage is found and named.
#include "annal/error.hpp"
#include "annal/sqlite/page_checksum.hpp"
#include "annal/sqlite/sqlite_log.hpp"
#include "fakes.hpp"
#include "faults/workload.hpp"
#include "seed.hpp"
#include "thoroughness.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

namespace annal::test {
namespace {

constexpr int mixed_commits = 160;

// ANNAL_FLIPS=3000 for a long campaign.
int database_flips() {
  const char* wanted = std::getenv("ANNAL_FLIPS");
  return wanted ? std::atoi(wanted) : static_cast<int>(60 / fault_stride);
}

std::unique_ptr<EventLog> open_mixed(const std::filesystem::path& file,
                                     sqlite::Mode mode = sqlite::Mode::read_write) {
  sqlite::Options options;
  options.mode = mode;
  options.spaces = {{"rows", {"kind"}}};
  return sqlite::open(file, options);
}

std::string mixed_stream(int number) { return "document/orders/" + std::to_string(number % 40); }
std::string mixed_key(int number) { return "request-" + std::to_string(number); }

// Documents, tags, keys, records: what such a store holds in practice.
Commit mixed_commit(int number) {
  Commit commit;
  for (int i = 0; i <= number % 3; ++i) {
    Envelope event;
    event.stream = mixed_stream(number);
    event.type = number % 5 ? "document.updated" : "document.noted";
    event.tags = {"customer:" + std::to_string(number % 11), "day:" + std::to_string(number / 20)};
    event.metadata = {{"by", "somebody"}};
    event.data = std::to_string(number) + '/' + std::to_string(i) + ' ' +
                 std::string(static_cast<std::size_t>(number * 53 % 600), 'x') +
                 std::string(number % 40 == 7 ? 20'000 : 0, 'y');
    commit.events.push_back(std::move(event));
  }
  RecordChange row;
  row.space = "rows";
  row.key = mixed_stream(number);
  row.value = "row " + std::to_string(number) + std::string(number % 40 == 9 ? 9000 : 100, 'z');
  row.columns = {{"kind", number % 4}};
  commit.records.push_back(std::move(row));
  if (number % 2) commit.idempotency_key = mixed_key(number);
  return commit;
}

std::string mixed_store() {
  const TemporaryFolder folder{place_in_memory()};
  {
    const auto log = open_mixed(folder / "store.db");
    for (int number = 1; number <= mixed_commits; ++number) log->append(mixed_commit(number));
  }
  return content_of(folder / "store.db");
}

// What somebody may ask, and what was answered; questions that were answered by an error are not in
// it.
using Answers = std::map<std::string, std::string>;

template <class Answer>
void ask(Answers& answers, const std::string& question, Answer answer) {
  try {
    answers[question] = answer();
  } catch (const Error&) {
  }
}

std::string in_text(const Envelope& event) {
  std::string text = std::to_string(event.position.value) + ' ' + event.stream + ' ' +
                     std::to_string(event.version.value) + ' ' + event.type + ' ' + event.data;
  for (const auto& tag : event.tags) text += ' ' + tag;
  for (const auto& [key, value] : event.metadata) text += ' ' + key + '=' + value;
  return text + '\n';
}

std::string everything(const EventLog& log, ReadRequest request) {
  std::string text;
  for (bool more = true; more;) {
    const Page page = log.read(request);
    for (const auto& event : page.events) text += in_text(event);
    more = page.more;
    if (more) request.from = next(page.events.back().position);
  }
  return text;
}

std::string records_of(const EventLog& log, RecordRequest request) {
  std::string text;
  for (bool more = true; more;) {
    const RecordPage page = log.records(request);
    for (const auto& record : page.records) text += record.key + ' ' + record.value + '\n';
    more = page.more;
    if (more) request.after = page.records.back().key;
  }
  return text;
}

Answers answers_of(const EventLog& log) {
  Answers answers;
  const auto number = [](auto value) { return std::to_string(value.value); };
  ask(answers, "head", [&] { return number(log.head()); });
  for (std::uint64_t from = 1; from <= 2 * mixed_commits; from += 32)
    ask(answers, "events from " + std::to_string(from), [&] {
      ReadRequest request;
      request.from = Position{from};
      request.to = Position{from + 31};
      return everything(log, request);
    });
  for (int i = 0; i < 40; ++i) {
    ask(answers, "stream " + std::to_string(i), [&] {
      ReadRequest request;
      request.query = Query::of_stream(mixed_stream(i));
      return everything(log, request);
    });
    ask(answers, "version " + std::to_string(i),
        [&] { return number(log.stream_version(mixed_stream(i))); });
    ask(answers, "row " + std::to_string(i), [&] {
      const auto record = log.record("rows", mixed_stream(i));
      return record ? record->value : "none";
    });
  }
  for (int i = 0; i < 11; ++i)
    ask(answers, "tag " + std::to_string(i), [&] {
      ReadRequest request;
      request.query = Query::with_tags({"customer:" + std::to_string(i)});
      return everything(log, request);
    });
  ask(answers, "type", [&] {
    ReadRequest request;
    request.query = Query::of_types({TopicPattern::of("document.noted")});
    return everything(log, request);
  });
  for (int i = 0; i < 4; ++i)
    ask(answers, "rows of kind " + std::to_string(i), [&] {
      RecordRequest request;
      request.space = "rows";
      request.where = {{"kind", i}};
      return records_of(log, request);
    });
  for (int i = 1; i <= mixed_commits; i += 4) {
    ask(answers, "key " + std::to_string(i), [&] {
      const auto found = log.find_commit(mixed_key(i));
      return found ? number(found->outcome.last) + found->outcome.hash.to_hex() : "none";
    });
    ask(answers, "commit " + std::to_string(i),
        [&] { return log.commit_at(Position{static_cast<std::uint64_t>(i)}).hash.to_hex(); });
  }
  return answers;
}

// What must not be appended to the store: somebody's condition does not hold, or it is there already.
std::string wrongly_appended(EventLog& log) {
  std::string wrong;
  for (int i = 1; i < 40; i += 6) {
    Commit conditional;
    conditional.events.push_back(mixed_commit(i).events.front());
    conditional.query_conditions.push_back(
        {Query::with_tags({"customer:" + std::to_string(i % 11)}), Position{}});
    if (std::holds_alternative<Appended>(log.append(std::move(conditional))))
      wrong += "a condition on customer " + std::to_string(i % 11) + " was passed over\n";
    Commit expecting;
    expecting.events.push_back(mixed_commit(i).events.front());
    expecting.conditions.push_back({mixed_stream(i), ExpectedVersion::none()});
    if (std::holds_alternative<Appended>(log.append(std::move(expecting))))
      wrong += "stream " + std::to_string(i) + " was taken for a new one\n";
    const auto again = log.append(mixed_commit(i));  // odd, so it has a key
    if (const auto* appended = std::get_if<Appended>(&again); appended && !appended->replayed)
      wrong += "commit " + std::to_string(i) + " was recorded twice\n";
  }
  return wrong;
}

class RotDatabase : public testing::Test {
 protected:
  struct Tally {
    int damages = 0, refused = 0, verified = 0;
    std::size_t answered = 0, errors = 0;
  };

  // Opens such a file, asks everything, and holds what is told against what the sound store tells.
  //   pages     that are damaged; one of them at least must be named
  void examine(const std::string& bytes, const std::vector<std::size_t>& pages,
               const std::string& damage) {
    const TemporaryFolder folder{place_in_memory()};
    const auto file = folder / "store.db";
    std::ofstream(file, std::ios::binary) << bytes;
    ++tally.damages;
    std::string told;
    const auto mode = tally.damages % 3 ? sqlite::Mode::read_only : sqlite::Mode::read_write;
    try {
      const auto log = open_mixed(file, mode);
      compare(answers_of(*log), damage);
      const Verification found = log->verify();
      EXPECT_FALSE(found.faults.empty()) << damage << " was not found";
      for (const auto& fault : found.faults) told += fault + '\n';
      ++tally.verified;
      if (mode == sqlite::Mode::read_write) {
        EXPECT_EQ(wrongly_appended(*log), "") << damage;
      }
    } catch (const Error& error) {
      told = error.what();
      ++tally.refused;
    }
    bool named = pages.empty() || pages.front() == 1;  // the first tells that it is no store
    for (const std::size_t page : pages)
      named |= told.find("page " + std::to_string(page) + ' ') != std::string::npos;
    EXPECT_TRUE(named) << damage << ": " << told;
  }

  void compare(const Answers& answers, const std::string& damage) {
    for (const auto& [question, answer] : answers)
      EXPECT_EQ(answer == expected.at(question), true)
          << damage << ": wrong answer to " << question;
    tally.answered += answers.size();
    tally.errors += expected.size() - answers.size();
  }

  void report() const {
    std::cout << tally.damages << " damages: " << tally.refused << " refused at open, "
              << tally.verified << " found by verify; " << tally.answered << " right answers, "
              << tally.errors << " errors, 0 wrong\n";
  }

  std::size_t pages() const { return store.size() / sqlite::page_bytes; }

  const std::string store = mixed_store();
  const Answers expected = [this] {
    const TemporaryFolder folder{place_in_memory()};
    std::ofstream(folder / "store.db", std::ios::binary) << store;
    const auto log = open_mixed(folder / "store.db");
    EXPECT_EQ(log->verify().faults, std::vector<std::string>{});
    return answers_of(*log);
  }();
  Tally tally;
  std::mt19937_64 random{seed()};
};

TEST_F(RotDatabase, a_flipped_bit_anywhere_is_found_and_never_served) {
  ASSERT_GT(pages(), 60u);
  ASSERT_GT(expected.size(), 200u) << "the sound store answers everything";
  for (int flip = 0; flip < database_flips() && !HasFailure(); ++flip) {
    std::string bytes = store;
    // Every tenth in the first page, which says what all the others are.
    const std::size_t byte = random() % (flip % 10 ? bytes.size() : sqlite::page_bytes);
    bytes[byte] = static_cast<char>(bytes[byte] ^ (1 << random() % 8));
    examine(bytes, {byte / sqlite::page_bytes + 1}, "a flip in byte " + std::to_string(byte));
  }
  report();
}

TEST_F(RotDatabase, a_cut_at_any_size_is_found) {
  for (int i = 0; i < 12 && !HasFailure(); ++i) {
    const std::size_t page = 1 + random() % (pages() - 1);
    const std::size_t within = i % 3 ? random() % sqlite::page_bytes : 0;
    examine(store.substr(0, page * sqlite::page_bytes + within), {},
            "a cut after page " + std::to_string(page) + " and " + std::to_string(within));
  }
  report();
}

TEST_F(RotDatabase, pages_in_each_others_places_are_found) {
  for (int i = 0; i < 12 && !HasFailure(); ++i) {
    const std::size_t one = 1 + random() % pages(),
                      other = 1 + (one + random() % (pages() - 1)) % pages();
    if (one == other) continue;
    std::string bytes = store;
    const auto at = [](std::size_t page) { return (page - 1) * sqlite::page_bytes; };
    bytes.replace(at(one), sqlite::page_bytes, store, at(other), sqlite::page_bytes);
    bytes.replace(at(other), sqlite::page_bytes, store, at(one), sqlite::page_bytes);
    examine(bytes, {std::min(one, other), std::max(one, other)},
            "pages " + std::to_string(one) + " and " + std::to_string(other) + " swapped");
  }
  report();
}

TEST_F(RotDatabase, zeros_are_no_way_round) {
  for (int i = 0; i < 12 && !HasFailure(); ++i) {
    const std::size_t page = 1 + random() % pages();
    const std::size_t size = std::array<std::size_t, 3>{sqlite::page_bytes, 512, 12}[i % 3];
    std::string bytes = store;
    bytes.replace(page * sqlite::page_bytes - size, size, size, '\0');
    examine(
        bytes, {page},
        "the last " + std::to_string(size) + " bytes of page " + std::to_string(page) + " zeroed");
  }
  report();
}

}  // namespace
}  // namespace annal::test
