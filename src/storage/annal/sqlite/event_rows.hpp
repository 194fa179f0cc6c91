// Between an envelope and its row in the events table.
#pragma once

#include "annal/log/event_log.hpp"
#include "annal/sqlite/names.hpp"
#include "annal/sqlite/payload_reader.hpp"
#include "annal/sqlite/posting.hpp"
#include "annal/sqlite/row.hpp"
#include "annal/sqlite/streams.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace annal::sqlite {

// The columns of `read_row`, `commit_in` and `postings_of`, in their order.
inline constexpr const char* event_columns =
    "position,stream,version,type,schema_version,codec,content_type,id,occurred_at,recorded_at,"
    "source,"
    "correlation_id,causation_id,tags,metadata,salt,hash,data";
inline constexpr const char* commit_columns =
    "position,version,recorded_at,commit_events,commit_hash,idempotency_key,request_hash";
inline constexpr const char* posting_columns =
    "position,stream,version,type,tags,idempotency_key,content_type,source";

// The event in the row the statement stands on, but for its data. Its hash has not been checked.
Envelope read_row(const Row& row, Names& names);
// Its data, which the event takes; a stub has none.
//   throws    CorruptionError naming the position if it cannot be decompressed
void read_data(const Row& row, PayloadReader& payloads, Envelope& event);

// The commit that ends with the row's event; the statement selects commit_columns.
CommitInfo commit_in(SQLite::Statement& row);
// The same as the answer to whoever asks under the key; nothing if the commit has another.
std::optional<KeyedCommit> keyed_commit_in(SQLite::Statement& row, std::string_view key);

// Stream, type and tags of the row's event, as far as a query looks at it; the statement selects
// posting_columns.
Envelope described_in(const Row& row, Names& names);

// What the row's event is found by; the statement selects posting_columns.
void postings_of(const Row& row, std::vector<Posting>& postings);

// The greatest number of a name in the row; the statement selects posting_columns.
std::int64_t greatest_name_in(const Row& row);

// Throws CorruptionError naming the position if the event is not what was recorded.
void check_hash(const Envelope& event);

// Writes event rows, several at once, which costs a third less; belongs to the writer.
class EventRows {
 public:
  EventRows(SQLite::Database& database, Names& names, Streams& streams, Dictionaries& dictionaries);
  // Takes the commit's events, and lists what they and their names are found by. The commit and what
  // its data was packed into stay where they are until its rows are written.
  //   packed    frames of the events' data, empty where there is none; or nothing at all
  void add(const Commit& commit, std::span<const std::string> packed, const Hash& commit_hash,
           std::vector<Posting>& postings);
  // Leaves of the events, which are in the file or were added, their stubs, and nothing of the bytes
  // they had in the pages they were in.
  // Of one that is not what was recorded the stub is not, either.
  //   throws    CorruptionError where there is no such event
  void purge(std::span<const Purging> purges);
  // Writes what is left of the rows and names.
  void write();
  // After a transaction was rolled back.
  void forget();

 private:
  struct Row {
    const Envelope* event;
    std::int64_t stream, type;
    std::optional<std::int64_t> content_type{}, source{}, occurred_at{};
    std::string tags{}, metadata{}, stub{};
    std::string_view frame{};         // of its data, if it is compressed
    const Commit* last_of = nullptr;  // the commit that it ends
    Hash commit_hash{};
  };

  static std::string_view data_of(const Row& row);
  Row row_of(const Envelope& event, std::vector<Posting>& postings);
  void bind(SQLite::Statement& statement, int before, const Row& row);
  void insert(SQLite::Statement& statement, std::span<const Row> rows);

  SQLite::Database& database_;
  Names& names_;
  Streams& streams_;
  PayloadReader payloads_;
  SQLite::Statement insert_one_, insert_many_, insert_type_;
  RowStatement whole_;
  SQLite::Statement keep_stub_;
  std::vector<Row> rows_;  // fewer than are written at once
  RecentlyUsed<std::int64_t, bool> known_types_{2048};
};

}  // namespace annal::sqlite
