#include "annal/interchange/recording_pipeline.hpp"

#include "annal/aggregate/events.hpp"
#include "annal/aggregate/snapshot.hpp"
#include "annal/service/rows.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <variant>

namespace annal::interchange {
namespace {

using document::Aggregate;

// True if a time of the state is that of a commit nobody knows the time of yet.
bool awaits_time(const document::State& state) {
  return state.version.value > 0 &&
         (state.created_at == document::at_commit || state.deleted_at == document::at_commit);
}

std::string reason_of(const AppendOutcome& outcome) {
  if (const auto* rejected = std::get_if<Rejected>(&outcome)) return rejected->message();
  return std::get<Unknown>(outcome).what;
}

}  // namespace

struct RecordingPipeline::Answers {
  std::mutex mutex;
  std::condition_variable arrived;
};

RecordingPipeline::RecordingPipeline(Store& store, ImportReport& report, Bounds bounds)
    : store_(store), report_(report), bounds_(bounds), answers_(std::make_shared<Answers>()) {}

RecordingPipeline::~RecordingPipeline() { wait_for_all(); }

void RecordingPipeline::submit(Commit commit, std::string label, std::optional<Hash> sealed) {
  auto slot = std::make_shared<Slot>();
  slot->number = ++numbers_;
  slot->label = std::move(label);
  slot->events = commit.events.size();
  slot->sealed = sealed;
  add_what_follows(commit, *slot);
  slot->bytes = bytes_of(commit);
  while (!under_way_.empty() &&
         (under_way_.size() >= bounds_.commits || bytes_ + slot->bytes > bounds_.bytes))
    settle_front();
  while (is_busy(commit, slot) && !under_way_.empty()) settle_front();
  bytes_ += slot->bytes;
  under_way_.push_back(std::move(slot));
}

// Gives the commit to the log; true if the log's queue, which others fill too, has no room for it.
bool RecordingPipeline::is_busy(const Commit& commit, const std::shared_ptr<Slot>& slot) {
  slot->outcome.reset();
  store_.log().submit(commit, [slot, answers = answers_](AppendOutcome outcome) {
    std::lock_guard lock(answers->mutex);
    slot->outcome = std::move(outcome);
    answers->arrived.notify_all();
  });
  std::lock_guard lock(answers_->mutex);
  const auto* rejected = slot->outcome ? std::get_if<Rejected>(&*slot->outcome) : nullptr;
  return rejected && std::holds_alternative<Busy>(rejected->reason);
}

void RecordingPipeline::finish() {
  while (!under_way_.empty()) settle_front();
}

// Rows and snapshots of the documents, and the conditions under which they are right.
void RecordingPipeline::add_what_follows(Commit& commit, Slot& slot) {
  std::map<std::string, Touched> touched;
  std::vector<RecordChange> snapshots;
  for (std::size_t place = 0; place < commit.events.size(); ++place) {
    const Envelope& event = commit.events[place];
    const auto [entry, is_new] =
        touched.try_emplace(event.stream, Touched{DocumentKey::from_stream(event.stream), 0});
    const auto& key = entry->second.key;
    auto& folded = is_new ? stream(event.stream, key, event) : moving_.at(event.stream).folded;
    if (is_new)
      commit.conditions.push_back({event.stream, ExpectedVersion::exactly(folded.version)});
    moving_.at(event.stream).number = slot.number;
    entry->second.last_event = place;
    const Happened happened{next(folded.version), {}, document::at_commit};
    if (event.purged)
      folded.apply(*event.purged,
                   key ? event_of_type<Aggregate>(store_.catalogue(), event) : std::nullopt,
                   happened);
    else
      folded.apply(key ? read(event) : std::nullopt, happened);
    if (key && is_snapshot_version(folded.version) && folded.state.version.value > 0 &&
        folded.is_known())
      snapshots.push_back(snapshots::keep_with_commit(
          event.stream, snapshot_maker(), folded.version, document::encode_state(folded.state),
          commit.events.size() - 1 - place));
  }
  for (const auto& [name, document] : touched) {
    slot.streams.push_back(name);
    const auto& folded = moving_.at(name).folded;
    if (!document.key || folded.state.version.value == 0) continue;
    if (folded.is_known())
      commit.records.push_back(rows::with_commit(*document.key, folded.state,
                                                 commit.events.size() - 1 - document.last_event));
    else
      commit.records.push_back(rows::unknown(*document.key, folded.state.is_deleted));
  }
  snapshots::add_what_fits(commit, std::move(snapshots));
  if (before_ && !touched.contains(before_->stream)) commit.conditions.push_back(*before_);
  const auto& last = commit.events.back().stream;
  before_.emplace(StreamCondition{last, ExpectedVersion::exactly(moving_.at(last).folded.version)});
}

// The stream as the event finds it.
Folded& RecordingPipeline::stream(const std::string& name, const std::optional<DocumentKey>& key,
                                  const Envelope& event) {
  const auto found = moving_.find(name);
  if (found != moving_.end()) {
    if (event.type == "document.created" || !awaits_time(found->second.folded.state))
      return found->second.folded;
    wait_for(found->second.number);
  }
  return moving_.insert_or_assign(name, Moving{load(name, key), 0}).first->second.folded;
}

Folded RecordingPipeline::load(const std::string& name,
                               const std::optional<DocumentKey>& key) const {
  const EventLog& log = store_.log();
  Folded folded;
  folded.version = log.stream_version(name);
  if (!key || folded.version.value == 0) return folded;
  if (const auto row = log.record(rows::space, key->to_string()))
    if (auto document = rows::read(*key, *row);
        document && document->state.version == folded.version)
      return {std::move(document->state), folded.version, document->position};
  return DocumentPast(log, store_.catalogue()).at(name, folded.version);
}

std::optional<document::Event> RecordingPipeline::read(const Envelope& event) const {
  try {
    auto said = unwrap_event<Aggregate>(store_.catalogue(), event);
    if (const auto fault = said ? document::fault(*said) : std::nullopt)
      throw InvalidInput("an event of " + event.stream + ": " + *fault);
    return said;
  } catch (const DecodeError& error) {
    throw InvalidInput("an event of " + event.stream + ": " + error.what());
  }
}

void RecordingPipeline::wait_for(std::uint64_t number) {
  while (!under_way_.empty() && under_way_.front()->number <= number) settle_front();
}

// Waits for the oldest commit under way, and counts it.
void RecordingPipeline::settle_front() {
  const auto slot = under_way_.front();
  {
    std::unique_lock lock(answers_->mutex);
    answers_->arrived.wait(lock, [&] { return slot->outcome.has_value(); });
  }
  const auto* appended = std::get_if<Appended>(&*slot->outcome);
  if (!appended)
    stop(*slot->outcome, slot->label + " was not imported: " + reason_of(*slot->outcome) +
                             "; everything before it is there");
  under_way_.pop_front();
  count(*slot);
  bytes_ -= slot->bytes;
  for (const auto& name : slot->streams) {
    const auto found = moving_.find(name);
    if (found != moving_.end() && found->second.number <= slot->number) moving_.erase(found);
  }
  if (slot->sealed && appended->hash != *slot->sealed)
    stop(Unknown{"its hash is " + appended->hash.to_hex()},
         slot->label + " was imported behind what somebody else wrote meanwhile: this log is not " +
             "the exported one any more");
}

void RecordingPipeline::count(const Slot& slot) {
  const auto* appended = std::get_if<Appended>(&*slot.outcome);
  if (!appended) return;
  if (!appended->replayed) {
    ++report_.commits;
    report_.events += slot.events;
  }
  if (appended->clamped) ++report_.clamped;
  report_.head = std::max(report_.head, appended->last);
}

void RecordingPipeline::wait_for_all() {
  std::unique_lock lock(answers_->mutex);
  answers_->arrived.wait(lock, [&] {
    return std::all_of(under_way_.begin(), under_way_.end(),
                       [](const auto& slot) { return slot->outcome.has_value(); });
  });
}

void RecordingPipeline::stop(AppendOutcome outcome, const std::string& why) {
  wait_for_all();
  for (const auto& slot : under_way_) count(*slot);
  under_way_.clear();
  throw ImportStopped(
      why + "; the same import run again goes on from there, and adds nothing twice",
      std::move(outcome), report_);
}

}  // namespace annal::interchange
