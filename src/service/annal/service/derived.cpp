#include "annal/service/derived.hpp"

#include "annal/error.hpp"
#include "annal/service/fold.hpp"
#include "annal/service/rows.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace annal {
namespace {

constexpr int row_attempts = 16;  // of one row, while others change it
constexpr std::size_t batch_records = 512;
constexpr std::size_t batch_bytes = 4 * 1024 * 1024;

using Documents = std::map<std::string, DocumentKey>;  // by the keys of their rows

std::vector<TopicPattern> event_types(const Catalogue& catalogue) {
  using namespace document;
  std::vector<TopicPattern> types;
  for (const auto* type :
       {&catalogue.of<Created>(), &catalogue.of<Updated>(), &catalogue.of<Patched>(),
        &catalogue.of<Deleted>(), &catalogue.of<Restored>(), &catalogue.of<Purged>()})
    types.push_back(TopicPattern::of(type->name));
  return types;
}

// Calls `each` with every record of a space.
template <class Each>
void for_each_record(const EventLog& log, std::string_view space, std::string_view prefix,
                     Each each) {
  RecordRequest request;
  request.space = space;
  request.prefix = prefix;
  request.limit = 64;
  for (bool more = true; more;) {
    const auto page = log.records(request);
    for (const auto& record : page.records) each(record);
    more = page.more;
    if (!page.records.empty()) request.after = page.records.back().key;
  }
}

Documents documents_in(const EventLog& log, const Catalogue& catalogue) {
  Documents found;
  for_each_record(log, rows::space, "", [&](const Record& row) {
    found.try_emplace(row.key, DocumentKey::split(row.key));
  });
  ReadRequest request;
  request.query = Query::of_types(event_types(catalogue));
  request.from = Position{1};
  request.limit = 4096;
  for (bool more = true; more;) {
    const auto page = log.read(request);
    for (const auto& event : page.events)
      if (auto key = DocumentKey::from_stream(event.stream))
        found.try_emplace(key->to_string(), std::move(*key));
    more = page.more;
    if (!page.events.empty()) request.from = next(page.events.back().position);
  }
  return found;
}

RecordChange erasure(std::string_view space, const std::string& key) {
  RecordChange change;
  change.space = space;
  change.key = key;
  return change;
}

// The first conflict of a commit that holds nothing but records.
//   throws    StorageError if it was not taken for any other reason
std::optional<RecordConflict> append_records(EventLog& log, Commit commit) {
  const auto outcome = log.append(std::move(commit));
  if (std::holds_alternative<Appended>(outcome)) return std::nullopt;
  if (const auto* unknown = std::get_if<Unknown>(&outcome))
    throw StorageError("the document rows may not have been written: " + unknown->what);
  const auto& rejected = std::get<Rejected>(outcome);
  if (const auto* conflict = std::get_if<RecordConflict>(&rejected.reason)) return *conflict;
  throw StorageError("the document rows could not be written: " + rejected.message());
}

// Records on their way to the log, so many at a time.
class Batch {
 public:
  // Returns true if it is full.
  bool add(RecordChange change) {
    bytes_ += change.value ? change.value->size() : 0;
    commit_.records.push_back(std::move(change));
    return commit_.records.size() >= batch_records || bytes_ >= batch_bytes;
  }
  bool empty() const { return commit_.records.empty(); }
  Commit take() {
    bytes_ = 0;
    return std::exchange(commit_, {});
  }

 private:
  Commit commit_;
  std::size_t bytes_ = 0;
};

class Rebuild {
 public:
  explicit Rebuild(const ServiceParts& parts) : parts_(parts), past_(parts.log, parts.catalogue) {}

  std::uint64_t run() {
    for_each_record(parts_.log, snapshots::space, DocumentKey::stream_prefix,
                    [this](const Record& record) { keep(erasure(snapshots::space, record.key)); });
    write_snapshots();
    for (const auto& [name, key] : documents_in(parts_.log, parts_.catalogue)) {
      auto row = row_of(key, [&, stream = key.stream()](const Folded& then) {
        if (is_snapshot_version(then.version) && then.state.version.value > 0 && then.is_known())
          keep(snapshot_of(stream, then));
      });
      if (!row) continue;
      if (row->value) ++documents_;
      rows_of_.push_back(key);
      if (rows_.add(std::move(*row))) write_rows();
    }
    write_snapshots();
    write_rows();
    return documents_;
  }

 private:
  // A snapshot of what has happened stays right whatever happens now, so nothing is expected of the
  // place it is written to, and it is written apart from the rows, of which that is not true.
  void keep(RecordChange snapshot) {
    if (snapshots::fits(snapshot) && snapshots_.add(std::move(snapshot))) write_snapshots();
  }

  void write_snapshots() {
    if (!snapshots_.empty()) append_records(parts_.log, snapshots_.take());
  }

  void write_rows() {
    const auto rows = std::exchange(rows_of_, {});
    if (rows_.empty() || !append_records(parts_.log, rows_.take())) return;
    // Somebody changed one of the documents meanwhile: each row is written alone.
    for (const auto& key : rows) write_alone(key);
  }

  void write_alone(const DocumentKey& key) {
    for (int attempted = 1; attempted <= row_attempts; ++attempted) {
      Commit commit;
      if (auto row = row_of(key)) commit.records.push_back(std::move(*row));
      if (commit.records.empty()) return;
      if (!append_records(parts_.log, std::move(commit))) return;
    }
    throw StorageError("the row of " + key.to_string() +
                       " changes too often to be rebuilt: stop writing to it");
  }

  // The row as it follows from the events, to be written only in the place of the one there is now;
  // nothing where events that tell it were purged, and there is a row that has to do.
  //   each      called with the state after every event
  std::optional<RecordChange> row_of(const DocumentKey& key,
                                     const std::function<void(const Folded&)>& each = {}) const {
    const auto stream = key.stream();
    const auto row = parts_.log.record(rows::space, key.to_string());
    const auto folded = past_.from_the_start(stream, parts_.log.stream_version(stream), each);
    if (!folded.is_known() && row) return std::nullopt;
    auto change = !folded.is_known() ? rows::unknown(key, folded.state.is_deleted)
                  : folded.state.version.value > 0
                      ? rows::recorded(key, folded.state, folded.position)
                      : erasure(rows::space, key.to_string());
    change.expected = row ? row->derived_at : Position{};
    return change;
  }

  static RecordChange snapshot_of(const std::string& stream, const Folded& then) {
    return snapshots::keep(
        stream, snapshot_maker(),
        {then.version, document::encode_state(then.state, then.state.modified_at), then.position,
         then.state.modified_at});
  }

  const ServiceParts& parts_;
  DocumentPast past_;
  Batch snapshots_, rows_;
  std::vector<DocumentKey> rows_of_;  // the documents whose rows these are
  std::uint64_t documents_ = 0;
};

bool is_right(const ServiceParts& parts, const DocumentKey& key, const Record& row) {
  const auto document = rows::read(key, row);
  const auto stream = key.stream();
  const DocumentPast past(parts.log, parts.catalogue);
  if (!document) return !past.from_the_start(stream, parts.log.stream_version(stream)).is_known();
  const auto folded = past.from_the_start(stream, document->state.version);
  if (!folded.is_known()) return folded.position == document->position;
  return folded.version.value > 0 && folded.state == document->state &&
         folded.position == document->position &&
         row.columns == rows::recorded(key, folded.state, folded.position).columns;
}

// The row must be the fold of the events it knows of,
// and know of all there were before it was read.
bool differs(const ServiceParts& parts, const DocumentKey& key) {
  const auto version = parts.log.stream_version(key.stream());
  const auto row = parts.log.record(rows::space, key.to_string());
  if (!row || !is_right(parts, key, *row)) return true;
  const auto document = rows::read(key, *row);
  return document && document->state.version < version;
}

}  // namespace

std::uint64_t rebuild_rows(const ServiceParts& parts) { return Rebuild(parts).run(); }

std::vector<DocumentKey> documents_of(const ServiceParts& parts) {
  std::vector<DocumentKey> keys;
  for (auto& [name, key] : documents_in(parts.log, parts.catalogue)) keys.push_back(key);
  return keys;
}

std::vector<DocumentKey> differing_rows(const ServiceParts& parts) {
  std::vector<DocumentKey> differing;
  for (const auto& [name, key] : documents_in(parts.log, parts.catalogue))
    if (differs(parts, key)) differing.push_back(key);
  return differing;
}

}  // namespace annal
