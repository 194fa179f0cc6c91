#include "annal/log/commit.hpp"

#include "annal/event/canonical_bytes.hpp"
#include "annal/event/json.hpp"
#include "annal/event/topic.hpp"
#include "annal/log/event_log.hpp"

#include <algorithm>
#include <map>
#include <new>
#include <set>

namespace annal {

namespace {

using namespace std::string_view_literals;

bool is_plain(std::string_view text) {
  return is_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
         });
}

bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

std::string quoted(std::string_view text) {
  return '"' + std::string(text.substr(0, 80)) + (text.size() > 80 ? "…\"" : "\"");
}

std::string fault_in_stream(std::string_view stream) {
  const auto slash = stream.find('/');
  if (stream.size() > limits::stream_bytes)
    return "the stream " + quoted(stream) + " is over " + std::to_string(limits::stream_bytes) +
           " bytes";
  if (slash == std::string_view::npos || !is_word(stream.substr(0, slash)) ||
      slash + 1 == stream.size() || !is_plain(stream))
    return "the stream " + quoted(stream) +
           " is not named kind/name in UTF-8 without control characters";
  return {};
}

std::string fault_in_tag(std::string_view tag) {
  const auto colon = tag.find(':');
  if (tag.size() > limits::name_bytes) return "the tag " + quoted(tag) + " is over 256 bytes";
  if (colon == std::string_view::npos || !is_word(tag.substr(0, colon)) ||
      colon + 1 == tag.size() || !is_plain(tag))
    return "the tag " + quoted(tag) + " is not key:value in UTF-8 without control characters";
  return {};
}

std::string fault_in_names(const Envelope& event) {
  const std::pair<const char*, const std::string&> names[] = {
      {"source", event.source},
      {"correlation id", event.correlation_id},
      {"causation id", event.causation_id},
      {"content type", event.content_type}};
  for (const auto& [what, name] : names)
    if (name.size() > limits::name_bytes || !is_plain(name))
      return std::string("the ") + what + ' ' + quoted(name) + " is not at most " +
             std::to_string(limits::name_bytes) + " bytes of UTF-8 without control characters";
  std::set<std::string_view> seen;
  for (const auto& tag : event.tags) {
    if (auto fault = fault_in_tag(tag); !fault.empty()) return fault;
    if (!seen.insert(tag).second) return "the tag " + quoted(tag) + " stands twice on one event";
  }
  if (event.tags.size() > limits::event_tags)
    return "an event of " + event.stream + " carries " + std::to_string(event.tags.size()) +
           " tags; " + std::to_string(limits::event_tags) + " are the limit";
  seen.clear();
  for (const auto& [key, value] : event.metadata) {
    if (key.empty() || key.size() > limits::name_bytes || !is_utf8(key) || !is_utf8(value))
      return "the metadata " + quoted(key) + " is not UTF-8 under a name of 1–256 bytes";
    if (!seen.insert(key).second)
      return "the metadata " + quoted(key) + " stands twice on one event";
  }
  return {};
}

std::string fault_in(const Envelope& event) {
  if (auto fault = fault_in_stream(event.stream); !fault.empty()) return fault;
  if (!is_topic(event.type))
    return "the event type " + quoted(event.type) + " is no topic such as document.updated";
  if (event.schema_version == 0)
    return "the schema version of " + event.type + " is 0; they start at 1";
  if (event.purged && !(event.data.empty() && event.metadata.empty()))
    return "a purged event of " + event.stream + " still has data or metadata";
  if (event.codec == Codec::json && !event.purged)
    if (auto fault = check_json(event.data))
      return "the data of " + event.type + " is no JSON: " + fault->reason + " at byte " +
             std::to_string(fault->offset);
  return fault_in_names(event);
}

std::size_t bytes_of(const RecordChange& record) {
  std::size_t bytes = record.value ? record.value->size() : 0;
  for (const auto& [name, value] : record.columns)
    if (const auto* text = std::get_if<std::string>(&value)) bytes += text->size();
  return bytes;
}

std::optional<TooLarge> excess(const Commit& commit) {
  if (commit.events.size() > limits::commit_events)
    return TooLarge{"the commit's number of events", commit.events.size(), limits::commit_events};
  if (commit.records.size() > limits::commit_records)
    return TooLarge{"the commit's number of records", commit.records.size(),
                    limits::commit_records};
  if (commit.purges.size() > limits::commit_purges)
    return TooLarge{"the commit's number of events to purge", commit.purges.size(),
                    limits::commit_purges};
  if (commit.spaces.size() > limits::commit_spaces)
    return TooLarge{"the commit's number of changes to spaces", commit.spaces.size(),
                    limits::commit_spaces};
  for (const auto& event : commit.events)
    if (const std::size_t size = bytes_of(event); size > limits::event_bytes)
      return TooLarge{"an event of " + event.stream, size, limits::event_bytes};
  for (const auto& record : commit.records)
    if (const std::size_t size = bytes_of(record); size > limits::record_bytes)
      return TooLarge{"the record " + record.space + ' ' + record.key, size, limits::record_bytes};
  if (const std::size_t total = bytes_of(commit); total > limits::commit_bytes)
    return TooLarge{"the commit", total, limits::commit_bytes};
  return std::nullopt;
}

// The spaces that a commit changes: what each is like afterwards, nothing where it is gone.
std::map<std::string, std::optional<SpaceDeclaration>> changed_spaces(const Commit& commit) {
  std::map<std::string, std::optional<SpaceDeclaration>> spaces;
  for (const auto& change : commit.spaces) {
    if (const auto* created = std::get_if<CreateSpace>(&change))
      spaces[created->space.name] = created->space;
    if (const auto* dropped = std::get_if<DropSpace>(&change)) spaces[dropped->name].reset();
    if (const auto* renamed = std::get_if<RenameSpace>(&change)) {
      spaces[renamed->from].reset();
      spaces[renamed->to.name] = renamed->to;
    }
  }
  return spaces;
}

std::string fault_in_spaces(const Commit& commit) {
  const auto changed = changed_spaces(commit);
  for (const auto& [name, declared] : changed) {
    if (name.starts_with(own_spaces_prefix))
      return "the space " + quoted(name) + " is annal's own and stays as it is";
    if (!declared) continue;
    if (auto fault = annal::fault_in(*declared); !fault.empty()) return fault;
  }
  for (const auto& record : commit.records)
    if (changed.contains(record.space))
      return "the commit changes the space " + quoted(record.space) +
             " and records in it: use two commits";
  return {};
}

// How the log keeps which spaces there are.
RecordChange layout_record(const std::string& name,
                           const std::optional<SpaceDeclaration>& declared) {
  RecordChange change;
  change.space = space_space().name;
  change.key = name;
  if (declared) change.value = layout_text(*declared);
  return change;
}

std::string fault_in_purges(const Commit& commit) {
  std::set<Position> seen;
  for (const auto& [position, note] : commit.purges) {
    if (position.value == 0) return "the commit purges position 0, and positions start at 1";
    if (!seen.insert(position).second)
      return "the commit purges position " + std::to_string(position.value) + " twice";
  }
  return {};
}

std::string fault_in(const Commit& commit) {
  if (commit.events.empty() && commit.records.empty() && commit.spaces.empty() &&
      commit.purges.empty() && !commit.tracking)
    return "the commit is empty: it needs an event or a record";
  for (const auto& event : commit.events)
    if (auto fault = fault_in(event); !fault.empty()) return fault;
  for (const auto& condition : commit.conditions)
    if (auto fault = fault_in_stream(condition.stream); !fault.empty()) return fault;
  if (commit.query_conditions.size() > limits::query_conditions)
    return "the commit has " + std::to_string(commit.query_conditions.size()) +
           " conditions that are queries; " + std::to_string(limits::query_conditions) +
           " are the limit";
  for (const auto& condition : commit.query_conditions)
    if (condition.query.items.size() > limits::query_items)
      return "the condition \"" + condition.query.to_string().substr(0, 80) + "…\" has " +
             std::to_string(condition.query.items.size()) + " items; " +
             std::to_string(limits::query_items) + " are the limit";
  std::set<std::pair<std::string_view, std::string_view>> keys;
  for (const auto& record : commit.records) {
    if (record.key.empty() || record.key.size() > limits::record_key_bytes)
      return "the record key " + quoted(record.key) + " is not 1–" +
             std::to_string(limits::record_key_bytes) + " bytes long";
    if (!keys.insert({record.space, record.key}).second)
      return "the record " + quoted(record.key) + " is changed twice in one commit";
  }
  for (const auto& record : commit.records) {
    if (record.space == tracking_space().name)
      return "the records " + quoted(record.space) + " are changed by Commit::tracking alone";
    if (record.space == space_space().name)
      return "the records " + quoted(record.space) + " are changed by Commit::spaces alone";
  }
  if (auto fault = fault_in_spaces(commit); !fault.empty()) return fault;
  if (auto fault = fault_in_purges(commit); !fault.empty()) return fault;
  if (const auto& tracking = commit.tracking)
    if (tracking->source.empty() || tracking->source.size() > limits::name_bytes ||
        !is_plain(tracking->source) || tracking->position.value == 0)
      return "the tracking of " + quoted(tracking->source) + " at " +
             std::to_string(tracking->position.value) + " is not of a source named in 1–" +
             std::to_string(limits::name_bytes) + " bytes at a position from 1";
  if (const auto& key = commit.idempotency_key) {
    const auto visible = [](char c) { return c > 0x20 && c < 0x7f; };
    if (key->empty() || key->size() > limits::idempotency_key_bytes ||
        !std::all_of(key->begin(), key->end(), visible))
      return "the idempotency key " + quoted(*key) + " is not 1–128 visible ASCII characters";
    if (commit.events.empty()) return "an idempotency key needs an event to be kept with";
  }
  return {};
}

}  // namespace

Hash hash_of_request(const Commit& commit) {
  CanonicalBytes said;
  said.raw("annal.request.1\0"sv);
  for (const auto& event : commit.events) {
    for (const auto* part :
         {&event.stream, &event.type, &event.content_type, &event.source, &event.data})
      said.text(*part);
    said.u32(event.schema_version);
    said.u8(static_cast<std::uint8_t>(event.codec));
    said.u8(event.occurred_at.has_value());
    if (event.occurred_at) said.i64(event.occurred_at->time_since_epoch().count());
    said.u32(event.tags.size());
    for (const auto& tag : event.tags) said.text(tag);
    const auto is_noted = [](const auto& note) { return note.first == depth_key; };
    const auto noted = std::count_if(event.metadata.begin(), event.metadata.end(), is_noted);
    said.u32(event.metadata.size() - static_cast<std::size_t>(noted));
    for (const auto& note : event.metadata)
      if (!is_noted(note)) said.text(note.first), said.text(note.second);
    if (event.purged) said.raw(view_of(event.purged->data.bytes));
  }
  for (const auto& condition : commit.conditions)
    said.text(condition.stream), said.text(condition.expected.to_string());
  for (const auto& condition : commit.query_conditions)
    said.text(condition.query.to_string()), said.u64(condition.after.value);
  if (commit.tracking)
    said.text(commit.tracking->source), said.u64(commit.tracking->position.value);
  for (const auto& [position, note] : commit.purges) said.u64(position.value);
  return sha256({said.view()});
}

std::size_t bytes_of(const Commit& commit) {
  std::size_t bytes = 0;
  for (const auto& event : commit.events) bytes += bytes_of(event);
  for (const auto& record : commit.records) bytes += bytes_of(record);
  return bytes;
}

bool ExpectedVersion::holds(Version actual) const {
  switch (kind_) {
    case Kind::any:
      return true;
    case Kind::none:
      return actual.value == 0;
    case Kind::exists:
      return actual.value > 0;
    case Kind::exact:
      return actual == version_;
  }
  return false;
}

std::string ExpectedVersion::to_string() const {
  switch (kind_) {
    case Kind::any:
      return "any version";
    case Kind::none:
      return "no stream";
    case Kind::exists:
      return "an existing stream";
    case Kind::exact:
      break;
  }
  return "version " + std::to_string(version_.value);
}

std::string_view to_string(Durability durability) {
  switch (durability) {
    case Durability::ephemeral:
      return "ephemeral";
    case Durability::process:
      return "process";
    case Durability::power:
      break;
  }
  return "power";
}

std::string Rejected::message() const {
  struct Words {
    std::string operator()(const VersionConflict& r) const {
      const std::string actual = r.actual.value == 0
                                     ? "does not exist"
                                     : "is at version " + std::to_string(r.actual.value);
      return r.stream + ' ' + actual + ", the commit expects " + r.expected.to_string() +
             ": read it again and decide anew";
    }
    std::string operator()(const QueryConflict& r) const {
      std::string found;
      for (const Position position : r.found)
        found += (found.empty() ? "" : ", ") + std::to_string(position.value);
      return "since position " + std::to_string(r.after.value) + " there is " +
             r.query.to_string() + ", which the commit excludes: at " + found +
             "; read it again and decide anew";
    }
    std::string operator()(const RecordConflict& r) const {
      return "the record " + r.space + ' ' + r.key + " was derived at position " +
             std::to_string(r.actual.value) + ", the commit expects " +
             std::to_string(r.expected.value) + ": read it again and decide anew";
    }
    std::string operator()(const TrackingConflict& r) const {
      return "position " + std::to_string(r.asked.value) + " of " + quoted(r.source) +
             " has been processed already: it is tracked up to " + std::to_string(r.tracked.value);
    }
    std::string operator()(const IdempotencyMismatch& r) const {
      return "the idempotency key " + quoted(r.key) + " was used at position " +
             std::to_string(r.first_used_at.value) + " for another request: use a new key";
    }
    std::string operator()(const TooLarge& r) const {
      return r.what + " is too large: " + std::to_string(r.size) + ", the limit is " +
             std::to_string(r.limit);
    }
    std::string operator()(const Malformed& r) const { return r.what; }
    std::string operator()(const Busy& r) const {
      return std::to_string(r.queued) + " requests are waiting already: try again later";
    }
    std::string operator()(const DiskFull& r) const { return r.what; }
    std::string operator()(const Vetoed& r) const {
      return (r.skipped ? "passed over by " : "refused by ") + r.by + ": " + r.reason;
    }
    std::string operator()(const Closed& r) const { return r.why; }
  };
  return std::visit(Words{}, reason);
}

Hash commit_hash(const Hash& previous, Timestamp recorded_at, const std::vector<Envelope>& events) {
  CanonicalBytes sealed;
  sealed.reserve(64 + 48 * events.size());
  sealed.raw("annal.commit.1\0"sv);
  sealed.raw(view_of(previous.bytes));
  sealed.i64(recorded_at.time_since_epoch().count());
  sealed.u32(events.size());
  for (const auto& event : events) {
    sealed.u64(event.position.value);
    sealed.u64(event.version.value);
    sealed.raw(view_of(event.hash.bytes));
  }
  return sha256({sealed.view()});
}

std::optional<Rejected> prepare(Commit& commit, UlidGenerator& ids, Randomness& randomness) try {
  if (auto too_large = excess(commit)) return Rejected{*too_large};
  if (auto fault = fault_in(commit); !fault.empty()) return Rejected{Malformed{fault}};
  for (auto& event : commit.events) {
    if (event.id.is_nil()) event.id = ids.next();
    if (event.salt == Salt{} && !event.purged) randomness.fill(event.salt);
    event.hash = event_hash(event);
  }
  if (commit.idempotency_key && !commit.request_hash) commit.request_hash = hash_of_request(commit);
  if (const auto& tracking = commit.tracking) {
    RecordChange tracked;
    tracked.space = tracking_space().name;
    tracked.key = tracking->source;
    tracked.value = std::to_string(tracking->position.value);
    commit.records.push_back(std::move(tracked));
  }
  for (const auto& [name, space] : changed_spaces(commit))
    commit.records.push_back(layout_record(name, space));
  return std::nullopt;
} catch (const std::bad_alloc&) {
  return out_of_memory();
}

}  // namespace annal
