#include "annal/sqlite/index_scan.hpp"

#include "annal/sqlite/database.hpp"
#include "annal/sqlite/event_rows.hpp"
#include "annal/sqlite/index_writer.hpp"

namespace annal::sqlite {

namespace {

constexpr const char* index_schema = R"sql(
CREATE TABLE index_state(
  generation INTEGER NOT NULL, indexed_to INTEGER NOT NULL, named_to INTEGER NOT NULL);
INSERT INTO index_state VALUES(0,0,0);
CREATE TABLE index_runs(
  id INTEGER PRIMARY KEY, first_position INTEGER NOT NULL, last_position INTEGER NOT NULL,
  first_block INTEGER NOT NULL, blocks INTEGER NOT NULL, postings INTEGER NOT NULL,
  state INTEGER NOT NULL);
CREATE TABLE index_parts(
  run INTEGER NOT NULL, part INTEGER NOT NULL, fences BLOB NOT NULL, filter BLOB NOT NULL,
  PRIMARY KEY(run, part)) WITHOUT ROWID;
CREATE TABLE index_blocks(id INTEGER PRIMARY KEY, block BLOB NOT NULL);
)sql";

}  // namespace

IndexScan::IndexScan(SQLite::Database& database, Position after, Position through,
                     std::int64_t named_to)
    : events_(database, std::string("SELECT ") + posting_columns +
                            " FROM events WHERE position>?1 AND position<=?2 ORDER BY position"),
      names_(database, "SELECT name FROM names WHERE id=?1"),
      position_(after),
      named_to_(named_to) {
  events_.bind(1, signed_of(after));
  events_.bind(2, signed_of(through));
}

bool IndexScan::next(std::vector<Posting>& postings) {
  if (!events_.executeStep()) return false;
  const Row row = events_.row();
  position_ = Position{static_cast<std::uint64_t>(row.number(0))};
  postings_of(row, postings);
  // Names are numbered in the order of their first use.
  for (const std::int64_t greatest = greatest_name_in(row); named_to_ < greatest;) {
    names_.reset();
    names_.bind(1, ++named_to_);
    if (!names_.executeStep()) continue;  // its absence is told to whoever needs it
    postings.push_back({key_of_name(names_.getColumn(0).getString()), position_,
                        Version{static_cast<std::uint64_t>(named_to_)}});
  }
  return true;
}

void create_index(SQLite::Database& database) { database.exec(index_schema); }

void rebuild_index(SQLite::Database& database) {
  constexpr std::uint64_t events_a_run = 16384;
  constexpr std::uint64_t everything = std::uint64_t{1} << 40;
  for (const char* table : {"index_blocks", "index_parts", "index_runs"})
    database.exec(std::string("DELETE FROM ") + table);
  database.exec("UPDATE index_state SET generation=generation+1,indexed_to=0,named_to=0");
  RunMaps maps;
  IndexWriter writer(database, maps);
  writer.reload();
  IndexScan scan(database, {}, Position{INT64_MAX}, 0);
  std::vector<Posting> postings;
  const auto flush = [&] {
    writer.flush(in_key_order(std::move(postings)), scan.position());
    while (writer.merging()) writer.advance(everything);
    postings.clear();
  };
  std::uint64_t events = 0;
  while (scan.next(postings))
    if (++events % events_a_run == 0) flush();
  if (!postings.empty()) flush();
}

}  // namespace annal::sqlite
