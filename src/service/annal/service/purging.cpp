#include "annal/service/purging.hpp"

#include "annal/aggregate/events.hpp"
#include "annal/aggregate/snapshot.hpp"
#include "annal/error.hpp"
#include "annal/service/derived.hpp"
#include "annal/service/fold.hpp"

#include <algorithm>
#include <utility>

namespace annal {
namespace {

// Beside these a commit still has room for a document's row and its conditions.
constexpr std::size_t records_at_once = limits::commit_records - 16;

// Calls `each` with every event of a stream up to a position, the oldest first.
template <class Each>
void for_each_event(const EventLog& log, const std::string& stream, Position up_to, Each each) {
  ReadRequest request;
  request.query = Query::of_stream(stream);
  request.from = Position{1};
  request.to = up_to;
  for (bool more = true; more;) {
    const auto page = log.read(request);
    for (const auto& event : page.events) each(event);
    more = page.more && !page.events.empty();
    if (more) request.from = next(page.events.back().position);
  }
}

// One event of a document as far as it matters which parts of the state it tells.
struct Saying {
  Purging purging;
  std::size_t bytes;
  Version version;
  document::Parts told, changed;
  bool is_stub;
};

// The events within the range that a document's state at its end can do without, and so every later
// one.
class Superseded {
 public:
  Superseded(const ServiceParts& parts, std::string stream, Position from, Position to)
      : parts_(parts), stream_(std::move(stream)), from_(from), to_(to) {
    try {
      for_each_event(parts_.log, stream_, to_, [this](const Envelope& event) { take(event); });
    } catch (const DecodeError&) {
      return;  // nobody knows what the event says, so nothing is taken from the document
    }
    choose();
    if (!chosen_.empty() && !is_proved()) chosen_.clear();
  }

  // With the bytes of their data and metadata, the oldest first.
  const std::vector<std::pair<Purging, std::size_t>>& events() const { return chosen_; }
  Version newest() const { return newest_; }  // of them

 private:
  void take(const Envelope& event) {
    const Happened happened{event.version, event.position, event.recorded_at};
    if (event.purged) {
      const auto of_type = event_of_type<document::Aggregate>(parts_.catalogue, event);
      whole_.apply(*event.purged, of_type, happened);
      if (!of_type) return;
      const auto lost = document::lost_with(*of_type, event.purged->note);
      return sayings_.push_back({{event.position}, 0, event.version, {}, lost, true});
    }
    const auto said = unwrap_event<document::Aggregate>(parts_.catalogue, event);
    whole_.apply(said, happened);
    if (said)
      sayings_.push_back({{event.position, document::stub_note(*said)},
                          bytes_of(event),
                          event.version,
                          document::told_by(*said),
                          document::changed_by(*said),
                          false});
  }

  // From the newest to the oldest: what an event may have changed must be told by a later one.
  void choose() {
    auto wanted = document::Parts().set();
    if (!whole_.state.is_deleted) wanted &= ~document::part::reason;
    for (auto saying = sayings_.rbegin(); saying != sayings_.rend(); ++saying) {
      const bool needed = (saying->changed & wanted).any();
      if (needed && saying->is_stub) return chosen_.clear();  // it is not known as it is
      if (needed) wanted &= ~saying->told;
      if (needed || saying->is_stub || saying->purging.position < from_) continue;
      chosen_.emplace_back(saying->purging, saying->bytes);
      newest_ = std::max(newest_, saying->version);
    }
    std::reverse(chosen_.begin(), chosen_.end());
  }

  // Folds the history as it would be.
  bool is_proved() {
    Folded folded;
    auto next = chosen_.begin();
    for_each_event(parts_.log, stream_, to_, [&](const Envelope& event) {
      Envelope left = event;
      if (next != chosen_.end() && next->first.position == event.position)
        purge(left, next++->first.note);
      folded.apply(parts_.catalogue, left);
    });
    return folded.is_known() && whole_.is_known() && folded.state == whole_.state;
  }

  const ServiceParts& parts_;
  const std::string stream_;
  const Position from_, to_;
  Folded whole_;
  std::vector<Saying> sayings_;
  std::vector<std::pair<Purging, std::size_t>> chosen_;
  Version newest_;
};

void write(EventLog& log, Commit commit) {
  const auto outcome = log.append(std::move(commit));
  if (const auto* rejected = std::get_if<Rejected>(&outcome))
    throw StorageError("purging stopped: " + rejected->message());
  if (const auto* unknown = std::get_if<Unknown>(&outcome))
    throw StorageError("purging stopped, and its newest commit may not be there: " + unknown->what);
}

}  // namespace

void ToPurge::add_snapshots(const EventLog& log, const std::string& stream, Version up_to) {
  auto erasures = snapshots::erasures(log, stream, up_to);
  std::move(erasures.begin(), erasures.end(), std::back_inserter(snapshots_));
}

bool ToPurge::is_large() const {
  return events_.size() > limits::commit_purges || bytes_ > limits::commit_bytes ||
         snapshots_.size() > records_at_once;
}

void ToPurge::add(const Purging& event, std::size_t bytes) {
  events_.push_back({event, bytes});
  bytes_ += bytes;
}

void ToPurge::move_into(Commit& commit) {
  for (std::size_t bytes = 0; !events_.empty() && commit.purges.size() < limits::commit_purges;) {
    bytes += events_.front().second;
    if (bytes > limits::commit_bytes && !commit.purges.empty()) break;
    bytes_ -= events_.front().second;
    commit.purges.push_back(events_.front().first);
    events_.pop_front();
  }
  for (std::size_t room = records_at_once; room > 0 && !snapshots_.empty(); --room) {
    commit.records.push_back(std::move(snapshots_.front()));
    snapshots_.pop_front();
  }
}

ToPurge history_of(const EventLog& log, const std::string& stream, Version up_to) {
  ToPurge purge;
  for_each_event(log, stream, log.head(), [&](const Envelope& event) {
    if (event.version <= up_to && !event.purged) purge.add({event.position}, bytes_of(event));
  });
  purge.add_snapshots(log, stream, up_to);
  return purge;
}

SupersededVersions purge_superseded(const ServiceParts& parts, const SupersededRequest& request) {
  if (parts.read_only)
    throw StorageError("the store is open for reading only: open it for writing to purge");
  if (request.from.value == 0 || request.from > request.to || request.to > parts.log.head())
    throw InvalidInput("there are no events from position " + std::to_string(request.from.value) +
                       " to " + std::to_string(request.to.value) + " to purge");
  SupersededVersions report;
  ToPurge purge;
  const Position horizon = std::max(request.to, history_horizon(parts.log));
  const auto write_some = [&] {
    Commit commit;
    purge.move_into(commit);
    commit.records.push_back(horizon_at(horizon));
    write(parts.log, std::move(commit));
  };
  const auto keys = documents_of(parts);
  for (std::size_t done = 0; done < keys.size(); ++done) {
    report.stopped = request.stop.stop_requested();
    if (report.stopped) break;
    if (request.progress) request.progress(done, keys.size());
    const std::string stream = keys[done].stream();
    const Superseded superseded(parts, stream, request.from, request.to);
    if (superseded.events().empty()) continue;
    ++report.documents;
    for (const auto& [event, bytes] : superseded.events()) {
      ++report.versions;
      report.bytes += bytes;
      purge.add(event, bytes);
    }
    purge.add_snapshots(parts.log, stream, superseded.newest());
    while (purge.is_large()) write_some();
  }
  if (!purge.empty()) write_some();
  return report;
}

}  // namespace annal
