#include "annal/service/change.hpp"

#include "annal/effects/kinds.hpp"
#include "annal/failure_text.hpp"
#include "annal/service/purging.hpp"
#include "annal/service/rows.hpp"
#include "annal/service/service_aspects.hpp"

#include <utility>

namespace annal {
namespace {

constexpr int change_attempts = 16;  // of one change, while others are faster

// Set if the outcome only says that somebody else wrote between our reading and our writing.
const VersionConflict* lost_race(const ChangeOutcome& outcome) {
  const auto* rejected = std::get_if<Rejected>(&outcome);
  return rejected ? std::get_if<VersionConflict>(&rejected->reason) : nullptr;
}

// True if the outcome is no to a state that was read, and may no longer be the document's.
bool is_no_to_what_was_read(const ChangeOutcome& outcome) {
  return std::holds_alternative<Refused>(outcome) ||
         std::holds_alternative<StaleVersion>(outcome) || lost_race(outcome);
}

// What a change is to people: `updated by bob`.
struct InWords {
  std::string operator()(const document::Created& event) const {
    return done("created", event.author);
  }
  std::string operator()(const document::Updated& event) const {
    return done("updated", event.editor);
  }
  std::string operator()(const document::Patched& event) const {
    return done("updated", event.editor);
  }
  std::string operator()(const document::Deleted& event) const {
    return done("deleted", event.editor) + (event.reason ? ": " + *event.reason : "");
  }
  std::string operator()(const document::Restored& event) const {
    return done("restored", event.editor);
  }

  std::string operator()(const document::Purged& event) const {
    return done("purged", event.editor) + (event.reason ? ": " + *event.reason : "");
  }

  static std::string done(const char* what, const std::optional<std::string>& who) {
    return what + (who && !who->empty() ? " by " + *who : "");
  }
};

// What nobody can read any more need not be deleted before it is purged: such a document is judged
// as one that was deleted, of whatever content.
Decision<document::Aggregate> decide_on(const Folded& current, const document::Command& command) {
  using document::Aggregate;
  if (current.is_known() || !std::holds_alternative<document::Purge>(command))
    return Aggregate::decide(current.state, command);
  document::State deleted = current.state;
  deleted.is_deleted = true;
  deleted.content = {"null"};
  return Aggregate::decide(deleted, command);
}

std::optional<Folded> from_row(const ServiceParts& parts, const DocumentKey& key) {
  const auto row = parts.log.record(rows::space, key.to_string());
  auto document = row ? rows::read(key, *row) : std::nullopt;
  if (!document) return std::nullopt;
  const auto version = document->state.version;
  return Folded{std::move(document->state), version, document->position};
}

}  // namespace

Folded load_current(const ServiceParts& parts, const DocumentKey& key) {
  if (auto current = from_row(parts, key)) return std::move(*current);
  return load_without_row(parts, key);
}

Folded load_without_row(const ServiceParts& parts, const DocumentKey& key) {
  const auto stream = key.stream();
  const auto version = parts.log.stream_version(stream);
  if (version.value == 0) return {};
  if (auto current = from_row(parts, key)) return std::move(*current);  // it has just come
  auto folded = DocumentPast(parts.log, parts.catalogue).at(stream, version);
  if (folded.state.version.value > 0 && folded.is_known())
    parts.lines.write(Severity::warning,
                      key.to_string() +
                          " has no row that can be used, so its events were read: its next change "
                          "makes one, `annal verify --rebuild` makes all of them");
  return folded;
}

Change::Change(const ServiceParts& parts, DocumentKey key, Proposal proposal, ChangeOptions options)
    : parts_(parts),
      key_(std::move(key)),
      stream_(key_.stream()),
      proposal_(std::move(proposal)),
      options_(std::move(options)) {}

ChangeOutcome Change::run(const effects::Perform& perform) const {
  if (!options_.request_id.empty()) return make(perform);
  Change named = *this;  // every run is a request of its own
  named.options_.request_id = parts_.ids.next().to_string();
  return named.make(perform);
}

ChangeOutcome Change::make(const effects::Perform& perform) const {
  DocumentKey::of(key_.collection, key_.id);  // throws for a key that was put together wrongly
  // What would have to be done after the write is looked for before it, so that a document is not
  // changed by a call that then fails.
  perform.require<effects::Logging>();
  perform.require<effects::Notification>();
  if (parts_.read_only)
    return Rejected{Closed{"the store is open for reading only: open it for writing to change " +
                           key_.to_string()}};
  if (auto earlier = earlier_outcome()) return std::move(*earlier);
  Folded current = load_current(parts_, key_);
  for (int attempted = 1;; ++attempted) {
    auto outcome = attempt(perform, current);
    if (!is_no_to_what_was_read(outcome)) return outcome;
    // What was read may be what this very request, sent twice, has made meanwhile.
    if (auto earlier = earlier_outcome()) return std::move(*earlier);
    const auto* conflict = lost_race(outcome);
    const auto newest = conflict ? conflict->actual : parts_.log.stream_version(stream_);
    if (newest <= current.version || attempted == change_attempts) return outcome;
    current = reload(newest);
  }
}

std::optional<ChangeOutcome> Change::earlier_outcome() const {
  if (!options_.idempotency_key) return std::nullopt;
  const auto earlier = parts_.log.find_commit(*options_.idempotency_key);
  if (!earlier) return std::nullopt;
  Commit again;
  again.idempotency_key = options_.idempotency_key;
  again.request_hash = proposal_.request;
  const auto answer = earlier->answer(again);
  if (const auto* rejected = std::get_if<Rejected>(&answer)) return *rejected;
  return changed(std::get<Appended>(answer), false);
}

ChangeOutcome Change::attempt(const effects::Perform& perform, const Folded& current) const {
  if (!options_.expected.holds(current.version))
    return StaleVersion{key_, options_.expected, current.version};
  auto proposed = proposal_.command(current);
  if (auto* refusal = std::get_if<document::Refusal>(&proposed))
    return Refused{std::move(*refusal), key_, current.version};
  const auto decision = decide_on(current, std::get<document::Command>(proposed));
  if (!decision.accepted()) return Refused{decision.refusal(), key_, current.version};
  auto admitted = admit(decision.events());
  if (auto* rejected = std::get_if<Rejected>(&admitted)) return std::move(*rejected);

  const auto& events = std::get<Admitted>(admitted);
  const bool is_purged = std::holds_alternative<document::Purged>(events.front().event);
  Folded after = current;
  Commit commit = commit_of(events, after);
  require_known(stream_, after);
  if (is_purged)
    if (auto failed = purge_with(commit, perform)) return answer(std::move(*failed), false);
  AppendOutcome outcome = perform(effects::DatabaseWrite{std::move(commit)});
  if (const auto* appended = std::get_if<Appended>(&outcome); appended && !appended->replayed)
    tell(perform, events, is_purged ? current.state : after.state);
  return answer(std::move(outcome),
                std::holds_alternative<document::Created>(events.front().event));
}

// What does not go into the event's own commit goes before it: until the event is there nothing
// says that all of it is gone.
std::optional<AppendOutcome> Change::purge_with(Commit& commit,
                                                const effects::Perform& perform) const {
  ToPurge purge = history_of(parts_.log, stream_, parts_.log.stream_version(stream_));
  while (purge.is_large()) {
    Commit part;
    part.conditions = commit.conditions;
    purge.move_into(part);
    AppendOutcome outcome = perform(effects::DatabaseWrite{std::move(part)});
    if (!std::holds_alternative<Appended>(outcome)) return outcome;
  }
  purge.move_into(commit);
  return std::nullopt;
}

Folded Change::reload(Version newest) const {
  auto current = load_current(parts_, key_);
  // The row does not know of an event that was appended without the service.
  if (current.version < newest)
    current = DocumentPast(parts_.log, parts_.catalogue).at(stream_, newest);
  return current;
}

std::variant<Change::Admitted, Rejected> Change::admit(
    const std::vector<document::Event>& events) const {
  Envelope about;
  about.stream = stream_;
  about.source = options_.source;
  about.correlation_id = options_.request_id;
  about.causation_id = options_.causation_id;
  about.tags = options_.tags;
  about.metadata = options_.metadata;
  auto admitted = admit_events<document::Aggregate>(&parts_.bus, parts_.catalogue, events, about);
  if (const auto* passed = std::get_if<Admitted>(&admitted))
    for (const auto& [envelope, event] : *passed)
      if (const auto fault = document::fault(event)) return Rejected{Vetoed{"middleware", *fault}};
  return admitted;
}

Commit Change::commit_of(const Admitted& events, Folded& state) const {
  Commit commit;
  std::vector<RecordChange> snapshots;
  commit.conditions.push_back({stream_, ExpectedVersion::exactly(state.version)});
  commit.idempotency_key = options_.idempotency_key;
  if (options_.idempotency_key) commit.request_hash = proposal_.request;
  std::size_t behind = events.size();
  for (const auto& [envelope, event] : events) {
    --behind;
    commit.events.push_back(envelope);
    state.apply(event, {next(state.version), {}, document::at_commit});
    if (is_snapshot_version(state.version))
      snapshots.push_back(snapshots::keep_with_commit(stream_, snapshot_maker(), state.version,
                                                      document::encode_state(state.state), behind));
  }
  commit.records.push_back(rows::with_commit(key_, state.state, 0));
  snapshots::add_what_fits(commit, std::move(snapshots));
  return commit;
}

ChangeOutcome Change::answer(AppendOutcome outcome, bool created) const {
  if (const auto* appended = std::get_if<Appended>(&outcome)) return changed(*appended, created);
  if (auto* unknown = std::get_if<Unknown>(&outcome)) return std::move(*unknown);
  auto& rejected = std::get<Rejected>(outcome);
  const auto* conflict = std::get_if<VersionConflict>(&rejected.reason);
  if (conflict && !options_.expected.holds(conflict->actual))
    return StaleVersion{key_, options_.expected, conflict->actual};
  return std::move(rejected);
}

// What an earlier request did is asked of the log; of a change just made nothing is read any more.
Changed Change::changed(const Appended& appended, bool created) const {
  if (appended.replayed) {
    const auto event = parts_.log.event_at(appended.last);
    created = event && event->type == parts_.catalogue.of<document::Created>().name;
  }
  return {
      key_,          appended.version,  appended.last, appended.recorded_at, appended.durability,
      appended.hash, appended.replayed, created};
}

void Change::tell(const effects::Perform& perform, const Admitted& events,
                  const document::State& after) const {
  try {
    for (const auto& [envelope, event] : events) {
      const auto words = std::visit(InWords{}, event);
      if (std::holds_alternative<document::Created>(event))
        perform(effects::Logging{Severity::info, key_.to_string() + " was " + words,
                                 options_.request_id});
      else
        perform(
            effects::Notification{after.author, after.title, key_.to_string() + " was " + words});
    }
  } catch (const effects::DryRunStopped&) {
    throw;
  } catch (...) {
    const auto why = text_of_current_exception();
    parts_.lines.write(Severity::error,
                       "nobody could be told that " + key_.to_string() + " was changed: " + why,
                       options_.request_id);
    raise_error(parts_.bus, parts_.catalogue,
                {why, options_.request_id, {}, {}, current_exception_type(), {}});
  }
}

effects::Effect<ChangeOutcome> change_program(const ServiceParts& parts, const DocumentKey& key,
                                              Proposal proposal, ChangeOptions options) {
  const auto change =
      std::make_shared<const Change>(parts, key, std::move(proposal), std::move(options));
  return effects::program([change](effects::Perform perform) { return change->run(perform); });
}

}  // namespace annal
