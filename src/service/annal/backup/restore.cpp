// A store made of a backup.
#include "annal/aggregate/snapshot.hpp"
#include "annal/backup/backup.hpp"
#include "annal/error.hpp"
#include "annal/interchange/commit_scan.hpp"
#include "annal/interchange/recording_pipeline.hpp"
#include "annal/log/subscription.hpp"
#include "annal/service/rows.hpp"
#include "annal/service/store.hpp"
#include "annal/sqlite/identity.hpp"
#include "annal/sqlite/new_store.hpp"
#include "annal/sqlite/page_copy.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace annal {
namespace {

namespace fs = std::filesystem;
using interchange::ImportReport;
using interchange::ImportStopped;
using interchange::RecordingPipeline;
using Step = BackupProgress::Step;

// What ends a restoration that is not wanted any more.
struct Stopped {};

std::unique_ptr<Store> open_as(const fs::path& path, OpenOptions::Mode mode,
                               const RestoreOptions& options) {
  OpenOptions how;
  how.mode = mode;
  how.clock = options.clock;
  how.randomness = options.randomness;
  return open(path, std::move(how));
}

// The position of a point, which must be the end of a commit.
Position end_of_commit(const Point& point, const EventLog& log) {
  const Position position = resolve(point, log);
  if (position.value == 0) return position;
  const CommitInfo commit = log.commit_at(position);
  if (commit.last != position)
    throw InvalidInput("position " + std::to_string(position.value) +
                       " is inside of a commit, which is there as a whole or not at all: name " +
                       std::to_string(commit.first.value - 1) + " or " +
                       std::to_string(commit.last.value));
  if (const Position horizon = history_horizon(log); position < horizon)
    throw InvalidInput("what documents were at position " + std::to_string(position.value) +
                       " is not known any more, for old versions up to position " +
                       std::to_string(horizon.value) +
                       " were purged: name that one or a later one");
  return position;
}

template <class Each>
void for_each_record(const EventLog& log, const SpaceDeclaration& space, Each each) {
  RecordRequest request;
  request.space = space.name;
  for (bool more = true; more;) {
    const RecordPage page = log.records(request);
    for (const Record& record : page.records) each(record);
    more = page.more;
    if (!page.records.empty()) request.after = page.records.back().key;
  }
}

Position position_in(std::string_view digits) {
  Position position;
  std::from_chars(digits.data(), digits.data() + digits.size(), position.value);
  return position;
}

void must(const AppendOutcome& outcome) {
  if (const auto* rejected = std::get_if<Rejected>(&outcome))
    throw StorageError("the new store could not be written: " + rejected->message());
  if (const auto* unknown = std::get_if<Unknown>(&outcome))
    throw StorageError("the new store could not be written: " + unknown->what);
}

// Records the beginning of one log in another, and what is kept beside it as far as it is known.
class RestoreToPoint {
 public:
  RestoreToPoint(const EventLog& from, Store& into, Position end, const RestoreOptions& options,
                 RestoreReport& report)
      : from_(from), into_(into), end_(end), options_(options), report_(report) {}

  void run() {
    into_.log().declare_types(from_.type_descriptions());
    try {
      record_commits();
    } catch (const ImportStopped& stopped) {
      must(stopped.outcome);
      throw;
    }
    keep_subscriptions();
    keep_parked_events();
    keep_tracking();
    keep_horizon();
  }

 private:
  void record_commits() {
    ImportReport counted;
    RecordingPipeline pipeline(into_, counted);
    interchange::for_each_commit(
        from_, Position{1}, end_, [&](const CommitInfo& info, std::vector<Envelope> events) {
          if (info.recorded_at > into_.clock().now())
            throw InvalidInput("the commit at position " + std::to_string(info.last.value) +
                               " was recorded at " + to_iso8601(info.recorded_at) +
                               ", which is in the future: set this machine's clock");
          Commit commit;
          commit.events = std::move(events);
          commit.idempotency_key = info.idempotency_key;
          commit.request_hash = info.request_hash;
          commit.recorded_at = info.recorded_at;
          commit.durability = Durability::process;  // the whole store is synced in the end
          pipeline.submit(std::move(commit),
                          "the commit at position " + std::to_string(info.last.value), info.hash);
          if (options_.progress) options_.progress({Step::copying, info.last.value, end_.value});
          if (options_.stop.stop_requested()) throw Stopped{};
          return true;
        });
    pipeline.finish();
  }

  // Up to the end it has handled everything; what comes behind it now is not what came then.
  void keep_subscriptions() {
    for (const auto& [name, checkpoint, parked] : kept_subscriptions(from_)) {
      if (checkpoint > end_) report_.subscriptions.push_back({name, checkpoint});
      keep(subscription_space(), name, std::to_string(std::min(checkpoint, end_).value));
    }
  }

  void keep_parked_events() {
    for_each_record(from_, parked_space(), [this](const Record& record) {
      const auto at = record.key.rfind('@');
      if (position_in(std::string_view(record.key).substr(at + 1)) <= end_)
        keep(parked_space(), record.key, record.value);
    });
  }

  // How far a source was tracked is known as it was at the end only if it has not changed since.
  void keep_tracking() {
    for_each_record(from_, tracking_space(), [this](const Record& record) {
      if (record.derived_at > end_) {
        report_.sources.push_back(record.key);
        return;
      }
      Commit commit;
      commit.tracking = Tracking{record.key, tracked_in(record)};
      keep(std::move(commit));
    });
  }

  void keep_horizon() {
    const Position horizon = history_horizon(from_);
    if (horizon.value == 0) return;
    Commit commit;
    commit.records.push_back(horizon_at(horizon));
    keep(std::move(commit));
  }

  void keep(const SpaceDeclaration& space, const std::string& key, std::string value) {
    RecordChange change;
    change.space = space.name;
    change.key = key;
    change.value = std::move(value);
    Commit commit;
    commit.records.push_back(std::move(change));
    keep(std::move(commit));
  }

  void keep(Commit commit) {
    if (options_.stop.stop_requested()) throw Stopped{};
    commit.durability = Durability::process;  // the whole store is synced in the end
    must(into_.log().append(std::move(commit)));
  }

  const EventLog& from_;
  Store& into_;
  const Position end_;
  const RestoreOptions& options_;
  RestoreReport& report_;
};

// Those that are made of the log.
bool is_known(const std::string& space) {
  return space == rows::space || space == snapshots::space;
}

//   returns   the receipt the new store must come to
Receipt restore_to_point(const fs::path& backup, const fs::path& part,
                         const RestoreOptions& options, RestoreReport& report) {
  const auto from = open_as(backup, OpenOptions::Mode::read_only, options);
  const Position end = end_of_commit(*options.at, from->log());
  const auto into = open_as(part, OpenOptions::Mode::create_new, options);
  RestoreToPoint(from->log(), *into, end, options, report).run();
  for (auto& space : sqlite::spaces_of(backup))
    if (!is_known(space)) report.spaces.push_back(std::move(space));
  return end.value == 0 ? Receipt{} : Receipt{end, from->log().commit_at(end).hash};
}

Receipt restore_everything(const fs::path& backup, const fs::path& part,
                           const RestoreOptions& options) {
  open_as(backup, OpenOptions::Mode::read_only, options);  // refuses one that has lost commits
  const auto progress = [&](std::uint64_t done, std::uint64_t total) {
    if (options.progress) options.progress({Step::copying, done, total});
  };
  const auto copied = sqlite::copy_pages(backup, part, 0, progress, options.stop);
  if (!copied) throw Stopped{};
  return *copied;
}

// The new store goes its own way from here.
void give_identity(const fs::path& backup, const fs::path& part, const Receipt& head,
                   const RestoreOptions& options) {
  UlidGenerator ids(options.clock ? *options.clock : system_clock(),
                    options.randomness ? *options.randomness : system_randomness());
  sqlite::set_identity(part, {ids.next().to_string(),
                              sqlite::identity_of(backup).store_id + ' ' + head.to_string()});
}

[[noreturn]] void raise_damaged(const fs::path& backup, const std::string& what) {
  throw CorruptionError("no store was made of " + backup.string() + ": " + what +
                        ": run `annal verify` on it, or take another backup");
}

void check_store(const fs::path& backup, const fs::path& part, const Receipt& expected,
                 const RestoreOptions& options) {
  const auto store = open_as(part, OpenOptions::Mode::read_only, options);
  const std::uint64_t head = expected.position.value;
  const Verification found = store->log().verify([&](Position position) {
    if (options.progress) options.progress({Step::checking, position.value, head});
    if (options.stop.stop_requested()) throw Stopped{};
  });
  if (!found.faults.empty()) raise_damaged(backup, found.faults.front());
  if (receipt_of(found) != expected)
    raise_damaged(backup, "its log comes to " + receipt_of(found).to_string() + " and not to " +
                              expected.to_string());
  const auto differing = store->documents().verify_rows();
  if (options.stop.stop_requested()) throw Stopped{};
  if (!differing.empty())
    raise_damaged(backup, "the row of " + differing.front().to_string() +
                              " is not what its events say; `annal verify --rebuild` on the backup "
                              "makes it anew");
}

}  // namespace

std::optional<RestoreReport> restore_store(const fs::path& backup, const fs::path& store,
                                           const RestoreOptions& options) try {
  sqlite::NewStore made(store, backup, sqlite::NewStore::Existing::refused);
  RestoreReport report;
  report.head = options.at ? restore_to_point(backup, made.part(), options, report)
                           : restore_everything(backup, made.part(), options);
  give_identity(backup, made.part(), report.head, options);
  check_store(backup, made.part(), report.head, options);
  report.bytes = fs::file_size(made.part());
  made.put_in_place();
  return report;
} catch (const Stopped&) {
  return std::nullopt;
}

}  // namespace annal
