#include "annal/service/fold.hpp"

#include "annal/aggregate/events.hpp"
#include "annal/error.hpp"

#include <algorithm>
#include <utility>

namespace annal {
namespace {

constexpr std::size_t first_look = 16;  // events read before a snapshot is looked for

bool begins_anew(const Envelope& event) {
  return event.type == "document.created" || event.type == "document.purged";
}

}  // namespace

void Folded::apply(const Catalogue& catalogue, const Envelope& event) {
  const Happened happened{event.version, event.position, event.recorded_at};
  if (event.purged)
    apply(*event.purged, event_of_type<document::Aggregate>(catalogue, event), happened);
  else
    apply(unwrap_event<document::Aggregate>(catalogue, event), happened);
}

void Folded::apply(const std::optional<document::Event>& event, const Happened& happened) {
  if (event) {
    // What a patch of content makes of one that is not known is not known.
    if ((lost & document::part::content).any() && std::holds_alternative<document::Patched>(*event))
      lost |= document::changed_by(*event);
    document::Aggregate::evolve(state, *event, happened);
    lost &= ~document::told_by(*event);
  } else if (state.version.value > 0) {
    state.version = happened.version;
    state.modified_at = happened.recorded_at;
  }
  version = happened.version;
  position = happened.position;
}

void Folded::apply(const Stub& stub, const std::optional<document::Event>& of_type,
                   const Happened& happened) {
  apply(of_type, happened);
  if (of_type) lost |= document::lost_with(*of_type, stub.note);
}

void require_known(const std::string& stream, const Folded& folded) {
  if (folded.is_known()) return;
  throw DataPurged(stream + " at version " + std::to_string(folded.version.value) +
                       ": the data of events that told its " + document::in_words(folded.lost) +
                       " was purged",
                   {folded.position.value});
}

snapshots::Maker snapshot_maker() {
  using document::Aggregate;
  return {std::string(Aggregate::kind), Aggregate::state_schema, Aggregate::reducer};
}

Folded DocumentPast::at(const std::string& stream, Position position) const {
  ReadRequest request;
  request.query = Query::of_stream(stream);
  request.to = position;
  return newest_first(std::move(request));
}

Folded DocumentPast::at(const std::string& stream, Version version) const {
  ReadRequest request;
  request.query = Query::of_stream(stream);
  request.to_version = version;
  return newest_first(std::move(request));
}

Folded DocumentPast::from_the_start(const std::string& stream, Version version,
                                    const std::function<void(const Folded&)>& each) const {
  Folded folded;
  advance(folded, stream, version, each);
  return folded;
}

// Most documents have few events, and one that was created again begins anew there: so the newest
// events are read first, and a snapshot is looked for only when they do not reach back far enough.
Folded DocumentPast::newest_first(ReadRequest request) const {
  request.direction = Direction::backwards;
  request.limit = first_look;
  auto events = log_.read(request).events;
  const auto beginning = std::find_if(events.begin(), events.end(), begins_anew);
  if (beginning != events.end()) events.erase(std::next(beginning), events.end());
  Folded folded;
  if (events.empty()) return folded;
  const Version newest = events.front().version;
  const Version oldest = events.back().version;
  if (beginning == events.end() && oldest.value > 1) {
    folded = base(*request.query.only_stream(), newest);
    if (folded.version.value + 1 < oldest.value)
      advance(folded, *request.query.only_stream(), {oldest.value - 1});
  }
  for (auto event = events.rbegin(); event != events.rend(); ++event)
    if (event->version > folded.version) folded.apply(catalogue_, *event);
  return folded;
}

Folded DocumentPast::base(const std::string& stream, Version up_to) const {
  while (up_to.value >= snapshots::every) {
    const auto snapshot = snapshots::newest(log_, stream, up_to, snapshot_maker());
    if (!snapshot) break;
    try {
      return {document::decode_state(snapshot->state, snapshot->stamp), snapshot->version,
              snapshot->position};
    } catch (const DecodeError&) {
      up_to = {snapshot->version.value - 1};
    }
  }
  return {};
}

void DocumentPast::advance(Folded& folded, const std::string& stream, Version version,
                           const std::function<void(const Folded&)>& each) const {
  while (folded.version < version) {
    ReadRequest request;
    request.query = Query::of_stream(stream);
    request.from_version = next(folded.version);
    request.to_version = version;
    const auto page = log_.read(request);
    if (page.events.empty()) return;
    for (const auto& event : page.events) {
      folded.apply(catalogue_, event);
      if (each) each(folded);
    }
  }
}

}  // namespace annal
