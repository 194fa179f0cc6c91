// The one writing connection of a store: turns a group of commits into one transaction.
#pragma once

#include "annal/log/group_writer.hpp"
#include "annal/log/judge.hpp"
#include "annal/sqlite/event_rows.hpp"
#include "annal/sqlite/group_figures.hpp"
#include "annal/sqlite/index_tail.hpp"
#include "annal/sqlite/index_writer.hpp"
#include "annal/sqlite/matches.hpp"
#include "annal/sqlite/names.hpp"
#include "annal/sqlite/readers.hpp"
#include "annal/sqlite/record_cache.hpp"
#include "annal/sqlite/record_tables.hpp"
#include "annal/sqlite/store_files.hpp"
#include "annal/sqlite/streams.hpp"
#include "annal/sqlite/wal_guard.hpp"
#include "annal/sqlite/wal_limits.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <atomic>
#include <filesystem>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace annal::sqlite {

//   threads   any number of callers; they take turns at the connection
// Source: docs/decisions/0003-one-writer.md
class Writer final : private LogState {
 public:
  Writer(const std::filesystem::path& path, std::vector<SpaceDeclaration> spaces,
         const Clock& clock, IndexTail& tail, RunMaps& maps, RecordCache& cached_records,
         std::uint64_t tail_events, Readers& readers, Dictionaries& dictionaries,
         const WalLimits& limits);

  // Sets every outcome. After an error at or after COMMIT the store has failed: everything later is
  // refused until it is reopened.
  void write(GroupWriter::Group& group) noexcept;
  // Makes what is not durable yet so, and later takes the write-ahead log into the file.
  //   returns   true if there is still something to do when it has been idle longer
  bool idle() noexcept;
  // Merges the tail and leaves no write-ahead log behind; does neither once the store has failed.
  void close() noexcept;

  void declare_types(const std::vector<TypeDescription>& types);
  // Why the store has failed; empty while it has not.
  std::string failure() const noexcept;
  void count(LogStatistics& statistics) const;
  Position durable_position() const { return {durable_position_}; }

 private:
  struct Staged {
    Pending* pending;
    AppendOutcome outcome;
  };

  void write_group(GroupWriter::Group& group);
  void stage(GroupWriter::Group& group);
  void require_nobody_else_wrote();
  void count_eventless(std::uint64_t commits);
  void apply(const Pending& pending);
  bool commit_transaction(GroupWriter::Group& group);
  void publish();
  void undo() noexcept;
  Rejected disk_full() const noexcept;
  Rejected verdict_on(const SQLite::Exception& error) noexcept;
  void refuse(GroupWriter::Group& group, const Rejected& why) noexcept;
  void leave_unknown(const std::string& why) noexcept;
  void note_unknown(const std::string& key) noexcept;
  void refuse_failed(GroupWriter::Group& group) const noexcept;
  void fail(const std::string& why) noexcept;
  bool has_failed() const noexcept;
  void begin_transaction();
  void flush_tail();
  bool merge_when_idle();
  std::vector<Entry> entries_of(IndexKey key);
  void tend_log();
  int copy_log(int mode, int& frames, int& copied) noexcept;
  bool checkpoint(int mode);
  bool begin_anew();
  bool truncate();
  void stop_without_files() noexcept;
  void make_durable_what_was_left();
  void sync_commits(bool sync);
  LogHead newest() const;
  void choose_durability(const GroupWriter::Group& group);
  bool sync_log();
  void flush();
  void note_durable();

  // LogState
  Version stream_version(std::string_view stream) override { return streams_.version(stream); }
  Version next_version(std::string_view stream) override { return streams_.next_version(stream); }
  std::optional<KeyedCommit> keyed_commit(std::string_view idempotency_key) override;
  std::vector<Position> matching(const Query& query, Position after, std::size_t limit) override;
  Position record_position(std::string_view space, std::string_view key) override;
  Position tracked(std::string_view source) override;
  const SpaceDeclaration* space(std::string_view name) override;
  bool is_permanent(std::string_view space) override;
  bool is_in_the_way_of(const SpaceDeclaration& space) override;

  std::optional<KeyedCommit> stored_commit(std::string_view idempotency_key, Position position);

  const std::filesystem::path path_;
  const std::vector<SpaceDeclaration> spaces_;
  const Clock& clock_;
  IndexTail& tail_;
  const std::uint64_t tail_events_;
  Readers& readers_;
  const WalLimits limits_;
  SQLite::Database database_;
  WalGuard guard_;
  StoreFiles files_;
  RunMaps& maps_;
  Index index_;
  IndexWriter index_writer_;
  RecordCache& cached_records_;
  Names names_;
  Streams streams_;
  EventRows rows_;
  RecordTables records_;
  Matches matches_;
  SQLite::Statement begin_, commit_, rollback_, keyed_, recorded_at_, data_version_,
      count_eventless_;

  std::mutex connection_mutex_;
  bool committed_ = false;  // the group at hand is in the log
  LogHead head_, staged_head_;
  int known_version_ = 0;  // of the database, which others' commits change
  std::uint64_t eventless_ = 0, staged_eventless_ = 0;  // commits of records or types alone
  std::unordered_map<std::string, KeyedCommit> staged_keys_;
  std::vector<Posting> staged_postings_;
  std::vector<Staged> staged_;
  std::optional<Position> merged_;  // by the transaction at hand
  bool index_forgotten_ = true;     // since the last transaction was rolled back, or at first

  using Steady = std::chrono::steady_clock;
  bool syncs_ = true;                                 // what the connection does at COMMIT
  std::optional<Steady::time_point> unsynced_since_;  // when the first commit was not synced
  Steady::time_point written_at_{};
  std::atomic<std::uint64_t> durable_position_{0};

  int wal_frames_ = 0, checkpointed_frames_ = 0;
  mutable std::mutex failure_mutex_;
  std::string failure_;
  std::unordered_set<std::string> unknown_keys_;  // of commits with an unknown outcome
  bool any_key_unknown_ = false;                  // there was no memory to keep them

  std::atomic<std::uint64_t> commits_{0}, groups_{0}, wal_bytes_{0};
  GroupFigures figures_;
};

}  // namespace annal::sqlite
