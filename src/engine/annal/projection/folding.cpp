#include "annal/projection/folding.hpp"

#include "annal/error.hpp"
#include "annal/failure_text.hpp"

#include <algorithm>
#include <new>

namespace annal {

namespace {

constexpr std::size_t events_in_page = 512;
constexpr std::size_t rows_in_commit = 2048;  // more than these are not begun with
constexpr std::size_t bytes_in_commit = 2 * 1024 * 1024;
constexpr std::size_t most_rows_in_commit = limits::commit_records - 1;  // one is the checkpoint
constexpr std::size_t most_bytes_in_commit = limits::commit_bytes - 16 * 1024;  // beside it
constexpr std::uint64_t kept_at_least_every = 10'000;  // positions without rows

}  // namespace

StagedRows changes_of(const Projection& projection, const Envelope& event, const StagedRows& rows) {
  StagedRows one(projection.spaces, [&rows](const std::string& space, const std::string& key) {
    return rows.find(space, key);
  });
  one.begin(event.position);
  try {
    projection.fold(event, one);
  } catch (const StorageError&) {
    throw;  // the rows it asked for could not be read: that is not the event's fault
  } catch (const std::bad_alloc&) {
    throw;
  } catch (...) {
    throw FoldFailed(projection, event.position, text_of_current_exception());
  }
  if (one.changes().size() > most_rows_in_commit || one.bytes() > most_bytes_in_commit)
    throw FoldFailed(projection, event.position,
                     "one event changes " + std::to_string(one.changes().size()) + " rows of " +
                         std::to_string(one.bytes()) + " bytes; " +
                         std::to_string(most_rows_in_commit) + " and " +
                         std::to_string(most_bytes_in_commit) + " are the limits");
  return one;
}

Page events_beyond(const EventLog& log, const Projection& projection, Position after,
                   std::size_t limit) {
  ReadRequest request;
  request.query = projection.query;
  request.from = next(after);
  request.limit = limit;
  return log.read(request);
}

Folding::Folding(EventLog& log, const Projection& projection, ProjectionRecords& records,
                 Generation generation)
    : log_(log),
      projection_(projection),
      records_(records),
      generation_(std::move(generation)),
      reached_(generation_.checkpoint),
      batch_(projection.spaces, [this](const std::string& space, const std::string& key) {
        return kept(space, key);
      }) {}

const std::string& Folding::place_of(const std::string& space) const {
  const auto found = std::find_if(projection_.spaces.begin(), projection_.spaces.end(),
                                  [&](const auto& declared) { return declared.name == space; });
  return generation_.spaces.at(static_cast<std::size_t>(found - projection_.spaces.begin()));
}

std::optional<ProjectedRow> Folding::kept(const std::string& space, const std::string& key) const {
  auto record = log_.record(place_of(space), key);
  if (!record) return std::nullopt;
  return ProjectedRow{std::move(record->value), std::move(record->columns)};
}

Folding::Step Folding::advance() {
  batch_.clear();
  const Page page = events_beyond(log_, projection_, reached_, events_in_page);
  Step step;
  Position folded = reached_;
  try {
    for (const Envelope& event : page.events) {
      StagedRows one = changes_of(projection_, event, batch_);
      if (batch_.changes().size() + one.changes().size() > rows_in_commit ||
          batch_.bytes() + one.bytes() > bytes_in_commit)
        keep(folded);
      batch_.take(one);
      folded = event.position;
      ++step.events;
    }
  } catch (const FoldFailed&) {
    keep(folded);
    throw;
  }
  keep(page.more ? folded : std::max(folded, page.head));
  step.at_end = !page.more;
  return step;
}

// Where there are no rows, the checkpoint is worth a commit now and then only: what lies between is
// of no interest when it is read again.
void Folding::keep(Position through) {
  if (!batch_.changes().empty() ||
      through.value - generation_.checkpoint.value >= kept_at_least_every) {
    std::vector<RecordChange> rows;
    for (const auto& [key, change] : batch_.changes()) {
      RecordChange record;
      record.space = place_of(key.first);
      record.key = key.second;
      if (change.row) {
        record.value = change.row->value;
        record.columns = change.row->columns;
      }
      record.derived_at = change.derived_at;
      rows.push_back(std::move(record));
    }
    records_.keep(generation_, std::move(rows), through);
    batch_.clear();
  }
  reached_ = through;
}

void Folding::keep_checkpoint() {
  if (reached_ > generation_.checkpoint) records_.keep(generation_, {}, reached_);
}

}  // namespace annal
