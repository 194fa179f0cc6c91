// Lines of JSON into a log, commit by commit.
#include "annal/interchange/cloud_event.hpp"
#include "annal/interchange/cloud_events.hpp"
#include "annal/interchange/recording_pipeline.hpp"
#include "annal/interchange/stream_lines.hpp"

#include <optional>
#include <set>
#include <utility>

namespace annal::interchange {
namespace {

constexpr std::size_t event_line_limit =
    16 * 1024 * 1024;  // an event's MiB, every byte of it escaped

class LinesImport {
 public:
  LinesImport(Store& store, std::istream& in, const JsonlImportOptions& options)
      : store_(store), options_(options), lines_(in, event_line_limit), pipeline_(store, report_) {
    for (auto& type : store_.log().type_descriptions())
      types_[{type.type, type.schema_version}] = std::move(type.fields);
    head_before_ = store_.log().head();
    continues_at_ = next(Position{});
    if (head_before_.value > 0) continues_at_.reset();
  }

  ImportReport run() {
    try {
      while (const auto line = lines_.peek()) {
        line_ = lines_.line();
        if (!line->empty()) take(*line);
        lines_.skip_line();
      }
      if (!events_.empty())
        fail(0, "the file ends inside the commit at position " + std::to_string(commit_.value) +
                    ": its lines behind " + std::to_string(events_.back().position.value) +
                    " are missing");
      declare_types();
    } catch (const InvalidInput& error) {
      pipeline_.finish();
      throw InvalidInput(std::string(error.what()) + " (" + std::to_string(report_.source_commits) +
                         " commits before it are in the store)");
    }
    pipeline_.finish();
    report_.bytes_read = lines_.bytes_read();
    report_.head = store_.log().head();
    return report_;
  }

 private:
  [[noreturn]] void fail(std::size_t offset, const std::string& what) const {
    throw InvalidInput("line " + std::to_string(line_) + ", byte " + std::to_string(offset) + ": " +
                       what);
  }

  void take(std::string_view line) {
    try {
      auto found = from_line(line, types_);
      if (auto* type = std::get_if<TypeDescription>(&found))
        take(std::move(*type));
      else
        take(std::get<CloudEvent>(std::move(found)));
    } catch (const LineFault& fault) {
      fail(fault.offset, fault.reason);
    }
  }

  void take(TypeDescription type) {
    const auto [known, is_new] = types_.try_emplace({type.type, type.schema_version}, type.fields);
    if (!is_new && known->second != type.fields)
      fail(0, "the type " + type.type + ", version " + std::to_string(type.schema_version) +
                  ", has other fields in this store: its events would become unreadable");
    if (is_new) undeclared_.push_back(std::move(type));
  }

  void take(CloudEvent line) {
    const Envelope& event = line.event;
    if (last_ && event.position != next(*last_))
      fail(0, "position " + std::to_string(event.position.value) + " follows " +
                  std::to_string(last_->value) + ": lines are missing, or not in their order");
    const bool is_first = events_.empty();
    bytes_ = bytes_of(event) + (is_first ? 0 : bytes_);
    if (events_.size() == limits::commit_events || bytes_ > limits::commit_bytes)
      fail(0, "the commit that ends at position " + std::to_string(line.commit.value) +
                  " is larger than any log takes, " + std::to_string(limits::commit_events) +
                  " events and " + std::to_string(limits::commit_bytes) + " bytes");
    if (event.position > line.commit || (!is_first && line.commit != commit_))
      fail(0, "annalcommit is not the position at which the commit of the line before ends");
    if (!is_first && event.recorded_at != events_.front().recorded_at)
      fail(0, "annalrecorded is not that of the line before, which is of the same commit");
    last_ = event.position;
    commit_ = line.commit;
    events_.push_back(std::move(line.event));
    if (line.seal) take(std::exchange(events_, {}), std::move(*line.seal));
  }

  void take(std::vector<Envelope> events, CommitSeal seal) {
    const Position first = events.front().position;
    const Timestamp recorded_at = events.front().recorded_at;
    if (before_.value_or(first.value == 1 ? Hash{} : seal.previous) != seal.previous)
      fail(0, "annalprevious is not the hash of the commit before it");
    if (commit_hash(seal.previous, recorded_at, events) != seal.hash)
      fail(0,
           "annalseal is not the hash of the commit that ends here: a line of it is missing "
           "or was changed after its export");
    before_ = seal.hash;

    if (is_present(seal)) {
      ++report_.already_present;
      if (commit_ == head_before_) continues_at_ = next(commit_);
    } else if (continues_at_ == first) {
      continues_at_ = next(commit_);
      continue_log(std::move(events), std::move(seal), recorded_at);
    } else {
      continues_at_.reset();
      append(std::move(events), seal, recorded_at);
    }
    ++report_.source_commits;
    if (options_.progress)
      options_.progress({report_.source_commits, report_.events, lines_.bytes_read()});
  }

  // True if the log is the exported one at least up to the commit: its hash covers all before it.
  bool is_present(const CommitSeal& seal) const {
    if (commit_ > head_before_) return false;
    const auto there = store_.log().commit_at(commit_);
    return there.last == commit_ && there.hash == seal.hash;
  }

  // The log is a beginning of the exported one, and stays it.
  void continue_log(std::vector<Envelope> events, CommitSeal seal, Timestamp recorded_at) {
    if (recorded_at > store_.clock().now())
      fail(0, "the commit was recorded at " + to_iso8601(recorded_at) +
                  ", which is in the future: set this machine's clock");
    Commit commit;
    commit.conditions = as_exported(events);
    commit.events = std::move(events);
    commit.idempotency_key = std::move(seal.idempotency_key);
    commit.request_hash = seal.request_hash;
    commit.recorded_at = recorded_at;
    submit(std::move(commit), seal.hash);
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
  void append(std::vector<Envelope> events, const CommitSeal& seal, Timestamp recorded_at) {
    Commit commit;
    commit.idempotency_key = "jsonl:" + seal.hash.to_hex();
    commit.request_hash = seal.hash;
    if (store_.log().find_commit(*commit.idempotency_key) || holds(events.front())) {
      ++report_.already_present;
      return;
    }
    for (auto& event : events)
      if (!event.occurred_at) event.occurred_at = recorded_at;
    commit.events = std::move(events);
    submit(std::move(commit), {});
  }

  void submit(Commit commit, std::optional<Hash> sealed) {
    declare_types();
    try {
      pipeline_.submit(std::move(commit), "the commit that ends on line " + std::to_string(line_),
                       sealed);
    } catch (const InvalidInput& error) {
      fail(0, error.what());
    }
  }

  void declare_types() {
    if (!undeclared_.empty()) store_.log().declare_types(std::exchange(undeclared_, {}));
  }

  Store& store_;
  const JsonlImportOptions& options_;
  ImportReport report_;
  StreamLines lines_;
  std::uint64_t line_ = 1;

  TypeBook types_;
  std::vector<TypeDescription> undeclared_;

  std::vector<Envelope> events_;  // of the commit under way
  std::size_t bytes_ = 0;         // of the same
  Position commit_;               // its last position
  std::optional<Position> last_;  // of the line before
  std::optional<Hash> before_;    // the hash of the commit before, if the file holds it
  Position head_before_;          // of the store, when the import began
  std::optional<Position>
      continues_at_;  // where the log, being a beginning of the exported one, goes on

  RecordingPipeline pipeline_;  // last: waits for what is under way before anything else goes
};

}  // namespace

ImportReport import_jsonl(Store& store, std::istream& in, const JsonlImportOptions& options) {
  return LinesImport(store, in, options).run();
}

}  // namespace annal::interchange
