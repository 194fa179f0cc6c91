#include "annal/sqlite/index_check.hpp"

#include "annal/error.hpp"
#include "annal/sqlite/key_filter.hpp"

#include <algorithm>

namespace annal::sqlite {

IndexCheck::IndexCheck(SQLite::Database& database, Index& index, Fault fault)
    : database_(database),
      index_(index),
      fault_(std::move(fault)),
      scan_(database, {}, index.state().indexed_to, 0) {}

void IndexCheck::Sum::add(const Posting& posting) {
  ++postings;
  sum += spread(spread(spread(static_cast<std::uint64_t>(posting.key)) + posting.position.value) +
                posting.version.value);
}

void IndexCheck::check() {
  Position expected{1};
  for (const Run& run : index_.runs()) {
    if (run.first != expected)
      fault_({}, "the runs of the index leave out what follows position " +
                     std::to_string(expected.value - 1));
    expected = next(run.last);
    const std::int64_t named_to = scan_.named_to();
    const Sum wanted = of_log(run);
    try {
      misleading_ = false;
      const Sum found = of_index(run, index_.map_of(run));
      if (found == wanted && !misleading_) continue;
      if (found.postings != wanted.postings)
        fault_({}, "run " + std::to_string(run.id) + " of the index holds " +
                       std::to_string(found.postings) + " entries, the log needs " +
                       std::to_string(wanted.postings));
      name_what_is_missing(run, named_to);
    } catch (const CorruptionError& error) {
      fault_({}, error.what());
    }
  }
  if (expected != next(index_.state().indexed_to))
    fault_({}, "the runs of the index end before position " +
                   std::to_string(index_.state().indexed_to.value));
}

IndexCheck::Sum IndexCheck::of_log(const Run& run) {
  Sum sum;
  std::vector<Posting> postings;
  while (scan_.position() < run.last && scan_.next(postings)) {
    for (const Posting& posting : postings) sum.add(posting);
    postings.clear();
  }
  return sum;
}

// Notes on the way whether fences and filters are those of the blocks.
IndexCheck::Sum IndexCheck::of_index(const Run& run, const RunMap& map) {
  Sum sum;
  std::vector<Posting> postings;
  std::vector<IndexKey> keys;
  for (std::int64_t block = 0; block < run.blocks; ++block) {
    postings.clear();
    index_.decode(run, block, postings);
    const RunMap::Fence first{postings.front().key, postings.front().position};
    misleading_ = misleading_ || map.fences()[static_cast<std::size_t>(block)] != first;
    for (const Posting& posting : postings) {
      sum.add(posting);
      if (keys.empty() || keys.back() != posting.key) keys.push_back(posting.key);
    }
    if ((block + 1) % blocks_a_part != 0 && block + 1 != run.blocks) continue;
    misleading_ = misleading_ || map.filter(database_, block) != filter_of(keys);
    keys.clear();
  }
  return sum;
}

void IndexCheck::name_what_is_missing(const Run& run, std::int64_t named_to) {
  IndexScan scan(database_, Position{run.first.value - 1}, run.last, named_to);
  std::vector<Posting> postings;
  std::vector<Entry> entries;
  for (; scan.next(postings); postings.clear())
    for (const Posting& posting : postings) {
      entries.clear();
      index_.find(posting.key, posting.position, posting.position, Direction::forwards, SIZE_MAX,
                  entries);
      const Entry wanted{posting.position, posting.version};
      if (std::find(entries.begin(), entries.end(), wanted) != entries.end()) continue;
      fault_(posting.position, "the index does not lead to the event");
      break;
    }
}

}  // namespace annal::sqlite
