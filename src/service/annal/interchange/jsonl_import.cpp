// The commits of an exported log into another.
#include "annal/interchange/archive_content.hpp"
#include "annal/interchange/cloud_events.hpp"
#include "annal/interchange/commit_reader.hpp"
#include "annal/interchange/recording_pipeline.hpp"
#include "annal/log/receipt.hpp"

#include <optional>
#include <set>
#include <utility>

namespace annal::interchange {
namespace {

TypeBook types_known_to(const EventLog& log) {
  TypeBook types;
  for (auto& type : log.type_descriptions())
    types[{type.type, type.schema_version}] = std::move(type.fields);
  return types;
}

class CommitImport {
 public:
  CommitImport(Store& store, CommitReader& commits, const JsonlImportOptions& options)
      : store_(store),
        options_(options),
        commits_(commits),
        before_(head_receipt(store.log())),
        pipeline_(store, report_) {}

  ImportReport run() {
    try {
      while (auto commit = commits_.next()) take(std::move(*commit));
      declare_types();
    } catch (const InvalidInput& error) {
      pipeline_.finish();
      throw InvalidInput(std::string(error.what()) + " (" + std::to_string(report_.source_commits) +
                         " commits before it are in the store)");
    }
    pipeline_.finish();
    report_.bytes_read = commits_.bytes_read();
    report_.head = store_.log().head();
    return report_;
  }

 private:
  void take(ExportedCommit commit) {
    const Position first = commit.first(), last = commit.last();
    if (is_present(commit)) {
      ++report_.already_present;
    } else if (follows_what_was_there(commit) || continues_at_ == first) {
      continues_at_ = next(last);
      continue_log(std::move(commit));
    } else {
      continues_at_.reset();
      append(std::move(commit));
    }
    ++report_.source_commits;
    if (options_.progress)
      options_.progress({report_.source_commits, report_.events, commits_.bytes_read()});
  }

  // True if the log is the exported one at least up to the commit: its hash covers all before it.
  bool is_present(const ExportedCommit& commit) const {
    if (commit.last() > before_.position) return false;
    const auto there = store_.log().commit_at(commit.last());
    return there.last == commit.last() && there.hash == commit.seal.hash;
  }

  // True if the log is the exported one, up to right before the commit.
  bool follows_what_was_there(const ExportedCommit& commit) const {
    return commit.first() == next(before_.position) && commit.seal.previous == before_.hash;
  }

  // The log is a beginning of the exported one, and stays it.
  void continue_log(ExportedCommit exported) {
    const Timestamp recorded_at = exported.recorded_at();
    if (recorded_at > store_.clock().now())
      commits_.fail("the commit was recorded at " + to_iso8601(recorded_at) +
                    ", which is in the future: set this machine's clock");
    Commit commit;
    commit.conditions = as_exported(exported.events);
    commit.events = std::move(exported.events);
    commit.idempotency_key = std::move(exported.seal.idempotency_key);
    commit.request_hash = exported.seal.request_hash;
    commit.recorded_at = recorded_at;
    submit(std::move(commit), exported.seal.hash);
  }

  // The versions of the exported log: so an import that somebody's writing has stopped finds again
  // what it has left.
  static std::vector<StreamCondition> as_exported(const std::vector<Envelope>& events) {
    std::vector<StreamCondition> conditions;
    std::set<std::string_view> streams;
    for (const auto& event : events)
      if (streams.insert(event.stream).second)
        conditions.push_back({event.stream, ExpectedVersion::exactly({event.version.value - 1})});
    return conditions;
  }

  // True if the very event is in the log, at the version it was exported with.
  bool holds(const Envelope& event) const {
    ReadRequest request;
    request.query = Query::of_stream(event.stream);
    request.from_version = request.to_version = event.version;
    request.limit = 1;
    const auto page = store_.log().read(request);
    return !page.events.empty() && page.events.front().hash == event.hash;
  }

  // The log is another one.
  void append(ExportedCommit exported) {
    const Timestamp recorded_at = exported.recorded_at();
    Commit commit;
    commit.idempotency_key = "jsonl:" + exported.seal.hash.to_hex();
    commit.request_hash = exported.seal.hash;
    if (store_.log().find_commit(*commit.idempotency_key) || holds(exported.events.front())) {
      ++report_.already_present;
      return;
    }
    for (auto& event : exported.events)
      if (!event.occurred_at) event.occurred_at = recorded_at;
    commit.events = std::move(exported.events);
    submit(std::move(commit), {});
  }

  void submit(Commit commit, std::optional<Hash> sealed) {
    declare_types();
    try {
      pipeline_.submit(std::move(commit),
                       "the commit that ends on line " + std::to_string(commits_.line()), sealed);
    } catch (const InvalidInput& error) {
      commits_.fail(error.what());
    }
  }

  void declare_types() {
    auto types = commits_.take_new_types();
    if (!types.empty()) store_.log().declare_types(types);
  }

  Store& store_;
  const JsonlImportOptions& options_;
  ImportReport report_;
  CommitReader& commits_;
  const Receipt before_;  // of the log, when the import began
  std::optional<Position>
      continues_at_;  // where the log, being a beginning of the exported one, goes on

  RecordingPipeline pipeline_;  // last: waits for what is under way before anything else goes
};

}  // namespace

ImportReport import_jsonl(Store& store, std::istream& in, const JsonlImportOptions& options) {
  CommitReader commits(StreamLines(in, event_line_limit), types_known_to(store.log()));
  return CommitImport(store, commits, options).run();
}

ImportReport import_archive(Store& store, std::istream& in, const JsonlImportOptions& options) {
  ArchiveContent content(in, types_known_to(store.log()));
  return CommitImport(store, content.commits(), options).run();
}

}  // namespace annal::interchange
