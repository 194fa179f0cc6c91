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
  Version version;
  document::Parts told, changed;
  bool is_stub;
};

// The events within the range that a document's state at its end, and so every later one, can do without.
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

  const std::vector<Purging>& purges() const { return chosen_; }  // the oldest first
  Version newest() const { return newest_; }                      // of them
  std::uint64_t bytes() const { return bytes_; }

 private:
  void take(const Envelope& event) {
    whole_.apply(parts_.catalogue, event);
    const auto of_type = event_of_type<document::Aggregate>(parts_.catalogue, event);
    if (!of_type) return;
    if (event.purged) {
      const auto lost = document::lost_with(*of_type, event.purged->note);
      return sayings_.push_back({{event.position}, event.version, {}, lost, true});
    }
    const auto said = *unwrap_event<document::Aggregate>(parts_.catalogue, event);
    sayings_.push_back({{event.position, document::stub_note(said)},
                        event.version,
                        document::told_by(said),
                        document::changed_by(said),
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
      chosen_.push_back(saying->purging);
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
      if (next != chosen_.end() && next->position == event.position) {
        bytes_ += bytes_of(event);
        purge(left, next++->note);
      }
      folded.apply(parts_.catalogue, left);
    });
    return folded.is_known() && whole_.is_known() && folded.state == whole_.state;
  }

  const ServiceParts& parts_;
  const std::string stream_;
  const Position from_, to_;
  Folded whole_;
  std::vector<Saying> sayings_;
  std::vector<Purging> chosen_;
  Version newest_;
  std::uint64_t bytes_ = 0;
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
  auto keys = snapshots::keys_of(log, stream, up_to);
  std::move(keys.begin(), keys.end(), std::back_inserter(snapshots_));
}

bool ToPurge::is_large() const {
  return events_.size() > limits::commit_purges || snapshots_.size() > records_at_once;
}

void ToPurge::move_into(Commit& commit) {
  const auto events = static_cast<std::ptrdiff_t>(std::min(events_.size(), limits::commit_purges));
  commit.purges.assign(events_.begin(), events_.begin() + events);
  events_.erase(events_.begin(), events_.begin() + events);
  const auto snapshots = static_cast<std::ptrdiff_t>(std::min(snapshots_.size(), records_at_once));
  for (auto key = snapshots_.begin(); key != snapshots_.begin() + snapshots; ++key) {
    RecordChange erasure;
    erasure.space = snapshots::space;
    erasure.key = std::move(*key);
    commit.records.push_back(std::move(erasure));
  }
  snapshots_.erase(snapshots_.begin(), snapshots_.begin() + snapshots);
}

ToPurge history_of(const EventLog& log, const std::string& stream, Version up_to) {
  ToPurge purge;
  for_each_event(log, stream, log.head(), [&](const Envelope& event) {
    if (event.version <= up_to && !event.purged) purge.add({event.position});
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
  const auto keys = documents_of(parts);
  for (std::size_t done = 0; done < keys.size(); ++done) {
    if (request.stop.stop_requested()) {
      report.stopped = true;
      break;
    }
    if (request.progress) request.progress(done, keys.size());
    const std::string stream = keys[done].stream();
    const Superseded superseded(parts, stream, request.from, request.to);
    if (superseded.purges().empty()) continue;
    ++report.documents;
    report.versions += superseded.purges().size();
    report.bytes += superseded.bytes();
    for (const auto& event : superseded.purges()) purge.add(event);
    purge.add_snapshots(parts.log, stream, superseded.newest());
    while (purge.is_large()) {
      Commit commit;
      purge.move_into(commit);
      write(parts.log, std::move(commit));
    }
  }
  Commit last;
  purge.move_into(last);
  if (!report.stopped && request.to > history_horizon(parts.log))
    last.records.push_back(horizon_at(request.to));
  if (!last.purges.empty() || !last.records.empty()) write(parts.log, std::move(last));
  return report;
}

}  // namespace annal
