#include "annal/service/recording.hpp"

#include "annal/aggregate/events.hpp"
#include "annal/effects/effect.hpp"
#include "annal/effects/kinds.hpp"
#include "annal/service/change.hpp"
#include "annal/service/rows.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace annal {
namespace {

constexpr int commit_attempts = 16;  // of one commit, while others are faster

// A document that the commit changes.
struct Touched {
  DocumentKey key;
  Folded folded;
  std::size_t last_event = 0;  // its newest one's place in the commit
};

class CommitRecording {
 public:
  CommitRecording(const ServiceParts& parts, const Commit& asked) : parts_(parts), asked_(asked) {}

  AppendOutcome run(const effects::Perform& perform) {
    if (parts_.read_only)
      return Rejected{
          Closed{"the store is open for reading only: open it for writing to record events"}};
    if (auto earlier = earlier_outcome()) return std::move(*earlier);
    for (int attempted = 1;; ++attempted) {
      auto commit = with_rows();
      if (auto* rejected = std::get_if<Rejected>(&commit)) return std::move(*rejected);
      AppendOutcome outcome = perform(effects::DatabaseWrite{std::get<Commit>(std::move(commit))});
      const auto* conflict = lost_race(outcome);
      if (!conflict || attempted == commit_attempts) return outcome;
      versions_seen_[conflict->stream] = conflict->actual;
    }
  }

 private:
  std::optional<AppendOutcome> earlier_outcome() const {
    if (!asked_.idempotency_key) return std::nullopt;
    const auto earlier = parts_.log.find_commit(*asked_.idempotency_key);
    if (!earlier) return std::nullopt;
    return earlier->answer(asked_);
  }

  Hash request_hash() const {
    return asked_.request_hash ? *asked_.request_hash : hash_of_request(asked_);
  }

  std::variant<Commit, Rejected> with_rows() const {
    Commit commit = asked_;
    if (commit.idempotency_key) commit.request_hash = request_hash();
    std::map<std::string, Touched> touched;
    std::vector<RecordChange> snapshots;
    for (std::size_t i = 0; i < commit.events.size(); ++i)
      if (auto rejected = follow(commit, i, touched, snapshots)) return std::move(*rejected);
    for (const auto& [stream, document] : touched) {
      require_known(stream, document.folded);
      if (document.folded.state.version.value > 0)
        commit.records.push_back(rows::with_commit(document.key, document.folded.state,
                                                   commit.events.size() - 1 - document.last_event));
    }
    snapshots::add_what_fits(commit, std::move(snapshots));
    return commit;
  }

  // Takes one event into account.
  std::optional<Rejected> follow(Commit& commit, std::size_t place,
                                 std::map<std::string, Touched>& touched,
                                 std::vector<RecordChange>& snapshots) const {
    const Envelope& event = commit.events[place];
    if (!event.stream.starts_with(DocumentKey::stream_prefix)) return std::nullopt;
    const auto key = DocumentKey::from_stream(event.stream);
    if (!key) return Rejected{Malformed{"the stream " + event.stream + " names no document"}};
    if (event.purged)
      return Rejected{Malformed{"an event of " + event.stream +
                                " is a stub: import the log that it is of, in order"}};
    auto said = read(event);
    if (auto* rejected = std::get_if<Rejected>(&said)) return std::move(*rejected);

    auto [entry, is_new] = touched.try_emplace(event.stream, Touched{*key, {}, 0});
    auto& [stream, document] = *entry;
    if (is_new) {
      document.folded = current(*key, stream);
      commit.conditions.push_back({stream, ExpectedVersion::exactly(document.folded.version)});
    }
    document.last_event = place;
    auto& folded = document.folded;
    folded.apply(std::get<0>(said), {next(folded.version), {}, document::at_commit});
    if (is_snapshot_version(folded.version) && folded.state.version.value > 0 && folded.is_known())
      snapshots.push_back(snapshots::keep_with_commit(stream, snapshot_maker(), folded.version,
                                                      document::encode_state(folded.state),
                                                      commit.events.size() - 1 - place));
    return std::nullopt;
  }

  std::variant<std::optional<document::Event>, Rejected> read(const Envelope& event) const {
    try {
      auto said = unwrap_event<document::Aggregate>(parts_.catalogue, event);
      const auto fault = said ? document::fault(*said) : std::nullopt;
      if (fault) return Rejected{Malformed{"an event of " + event.stream + ": " + *fault}};
      return said;
    } catch (const DecodeError& error) {
      return Rejected{Malformed{"an event of " + event.stream + ": " + error.what()}};
    }
  }

  Folded current(const DocumentKey& key, const std::string& stream) const {
    auto folded = load_current(parts_, key);
    const auto seen = versions_seen_.find(stream);
    // The row does not know of an event that was appended without the service.
    if (seen != versions_seen_.end() && folded.version < seen->second)
      folded = DocumentPast(parts_.log, parts_.catalogue).at(stream, seen->second);
    return folded;
  }

  // Set if the outcome only says that somebody else wrote between our reading and our writing.
  const VersionConflict* lost_race(const AppendOutcome& outcome) const {
    const auto* rejected = std::get_if<Rejected>(&outcome);
    const auto* conflict = rejected ? std::get_if<VersionConflict>(&rejected->reason) : nullptr;
    if (!conflict) return nullptr;
    const bool asked_for = std::any_of(asked_.conditions.begin(), asked_.conditions.end(),
                                       [&](const StreamCondition& condition) {
                                         return condition.stream == conflict->stream &&
                                                !condition.expected.holds(conflict->actual);
                                       });
    return asked_for ? nullptr : conflict;
  }

  const ServiceParts& parts_;
  const Commit& asked_;
  std::map<std::string, Version> versions_seen_;
};

}  // namespace

AppendOutcome record_commit(const ServiceParts& parts, const Commit& commit,
                            const effects::Perform& perform) {
  return CommitRecording(parts, commit).run(perform);
}

}  // namespace annal
