// One read connection: everything the log answers, each answer from one snapshot.
#pragma once

#include "annal/log/event_log.hpp"
#include "annal/sqlite/checked_events.hpp"
#include "annal/sqlite/event_rows.hpp"
#include "annal/sqlite/index.hpp"
#include "annal/sqlite/index_tail.hpp"
#include "annal/sqlite/names.hpp"
#include "annal/sqlite/page_scan.hpp"
#include "annal/sqlite/record_tables.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace annal::sqlite {

// A read-only process has no writer to keep its tail, so each of its reads brings the tail up to
// date first, under this lock:
// snapshots are then taken in the order of the tails that go with them.
struct FollowedTail {
  std::mutex mutex;
  IndexTail tail;
};

// Belongs to one caller at a time.
class Reader {
 public:
  // tail      the writer's, in the process that writes
  // followed  in a process that only reads; exactly one of the two is given
  Reader(const std::filesystem::path& path, const std::vector<SpaceDeclaration>& spaces,
         RunMaps& maps, Dictionaries& dictionaries, CheckedEvents& checked, const IndexTail* tail,
         FollowedTail* followed);

  Page read(const ReadRequest& request);
  std::optional<Envelope> event_at(Position position);
  Version stream_version(const std::string& stream);
  Position head();
  Position position_at(Timestamp time);
  CommitInfo commit_at(Position position);
  std::optional<KeyedCommit> find_commit(const std::string& idempotency_key);
  std::optional<Record> record(std::string_view space, std::string_view key);
  RecordPage records(const RecordRequest& request);
  std::vector<TypeDescription> type_descriptions();
  Verification verify(const std::function<void(Position)>& progress);
  void count(LogStatistics& statistics);
  // See PageScan.
  std::uint32_t pages();
  std::vector<RefusedPage> damaged_pages(std::uint32_t first, std::uint32_t count);

  // Puts everything recorded after the merged index into the tail.
  void fill(IndexTail& tail);

 private:
  // A read transaction and the part of the tail that completes its index.
  class Snapshot {
   public:
    //   after     of the tail nothing is needed up to here
    Snapshot(Reader& reader, std::span<const IndexKey> keys,
             Position at_most = Position{UINT64_MAX}, Position after = {});
    ~Snapshot();
    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;

    Position head;        // nothing beyond it is looked at
    Position indexed_to;  // the runs are complete up to here
    std::vector<std::vector<Entry>> tail;

   private:
    Reader& reader_;
  };
  struct Keys;  // what a query is answered by

  void verify_log(Verification& result, const std::function<void(Position)>& progress);
  void verify_beginning(Verification& result, const std::function<void(Position)>& progress);
  void begin();
  void end() noexcept;
  Position named_head();                 // every name used up to here is found
  Position newest_position();            // in the transaction at hand
  std::int64_t number(const char* sql);  // the first column of the first row
  std::vector<std::int64_t> numbers_of_names(IndexKey key);
  Keys keys_of(const Query& query);
  std::vector<IndexKey> keys_of(const QueryItem& item);
  std::vector<Entry> postings(const Snapshot& snapshot, const Keys& keys, std::size_t which,
                              Position from, Position to, Direction direction, std::size_t limit);
  std::vector<Position> candidates(const Snapshot& snapshot, const Keys& keys, Position from,
                                   Position to, Direction direction, std::size_t limit);
  std::optional<Entry> newest(const Snapshot& snapshot, const Keys& keys, Position at_most);
  Position place_of(const Snapshot& snapshot, const Keys& keys, Version version);
  void read_by_index(const Snapshot& snapshot, const Keys& keys, const ReadRequest& request,
                     Position from, Position to, Page& page);
  void check(const Envelope& event);
  void read_in_order(const ReadRequest& request, Position from, Position to, Page& page);
  Position last_at(const Snapshot& snapshot, Timestamp time);
  RowStatement& between(Position from, Position to, Direction direction);
  RowStatement& at(std::span<const Position> positions, Direction direction);
  bool step_to(RowStatement& rows, Position position);
  Timestamp recorded_at(Position position);

  const std::filesystem::path path_;
  SQLite::Database database_;
  Index index_;
  Names names_;
  PayloadReader payloads_;
  RecordTables records_;
  CheckedEvents& checked_;
  const IndexTail* tail_;
  FollowedTail* followed_;
  SQLite::Statement begin_, end_, max_position_;
  RowStatement event_, forwards_, backwards_;
  SQLite::Statement recorded_at_, commit_;
  bool in_transaction_ = false;
};

}  // namespace annal::sqlite
