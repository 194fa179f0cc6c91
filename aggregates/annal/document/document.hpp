// The document: a titled JSON value with an author, changed only by events, never forgotten.
#pragma once

#include "annal/aggregate/contract.hpp"
#include "annal/event/catalogue.hpp"
#include "annal/event/codec.hpp"

#include <cereal/cereal.hpp>

#include <bitset>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace annal {

// `collection/id`. The collection is one segment; the id may hold further `/`. No segment is empty,
// `.` or `..`; both are UTF-8 without NUL or other control characters, of at most 256 bytes each.
struct DocumentKey {
  std::string collection;
  std::string id;

  // Throws InvalidInput naming the text and the rule it breaks.
  static DocumentKey parse(std::string_view text);
  static DocumentKey of(std::string_view collection, std::string_view id);
  // The key of a stream `document/…`; nothing for other streams.
  static std::optional<DocumentKey> from_stream(std::string_view stream);
  // The key of a text that is known to be one, such as a row's: nothing is checked.
  static DocumentKey split(std::string_view text);

  static constexpr std::string_view stream_prefix = "document/";
  std::string to_string() const { return collection + '/' + id; }
  std::string stream() const { return std::string(stream_prefix) + to_string(); }
  friend auto operator<=>(const DocumentKey&, const DocumentKey&) = default;
};

// Throws InvalidInput naming the text and the rule it breaks.
void check_collection(std::string_view collection);

namespace document {

// A document's content and title together are at most 1 MiB less 4 KiB, so that its event fits.
inline constexpr std::size_t content_limit = 1024 * 1024 - 4096;

// --- events: what the log holds ------------------------------------------------------------------
struct Created {
  std::string title = {};
  Json content = {};
  std::string author = {};
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(title), CEREAL_NVP(content), CEREAL_NVP(author));
  }
  friend bool operator==(const Created&, const Created&) = default;
};

struct Updated {
  std::optional<std::string> title = {};
  std::optional<Json> content = {};
  std::optional<std::string> editor = {};
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(title), CEREAL_NVP(content), CEREAL_NVP(editor));
  }
  friend bool operator==(const Updated&, const Updated&) = default;
};

// A merge patch (RFC 7396) on an object of `title` and `content`.
struct Patched {
  Json patch = {};
  std::optional<std::string> editor = {};
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(patch), CEREAL_NVP(editor));
  }
  friend bool operator==(const Patched&, const Patched&) = default;
};

struct Deleted {
  std::optional<std::string> reason = {};
  std::optional<std::string> editor = {};
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(reason), CEREAL_NVP(editor));
  }
  friend bool operator==(const Deleted&, const Deleted&) = default;
};

// Undeleted, or taken back to an earlier version, whose title and content it carries so that a
// state can be rebuilt without looking back.
struct Restored {
  std::optional<std::uint64_t> at_version = {};
  std::optional<std::string> editor = {};
  std::optional<std::string> title = {};
  std::optional<Json> content = {};
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(at_version), CEREAL_NVP(editor), CEREAL_NVP(title), CEREAL_NVP(content));
  }
  friend bool operator==(const Restored&, const Restored&) = default;
};

// Of a deleted document, whose earlier events lost their data by this one's commit. The document
// begins anew with it, and with nothing in it.
struct Purged {
  std::optional<std::string> reason = {};
  std::optional<std::string> editor = {};
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(reason), CEREAL_NVP(editor));
  }
  friend bool operator==(const Purged&, const Purged&) = default;
};

using Event = std::variant<Created, Updated, Patched, Deleted, Restored, Purged>;

// One line about what a state cannot take from the event: content that is no JSON annal keeps, a
// patch of something else, a text that is not UTF-8. Nothing if all is well. decide never makes
// such an event; imports and middleware may.
std::optional<std::string> fault(const Event& event);

// --- commands: what is asked ---------------------------------------------------------------------
struct Create {
  std::string title = {};
  Json content = {};
  std::string author = {};
};
struct Update {
  std::optional<std::string> title = {};
  std::optional<Json> content = {};
  std::optional<std::string> editor = {};
};
struct Patch {
  Json patch = {};
  std::optional<std::string> editor = {};
};
struct Delete {
  std::optional<std::string> reason = {};
  std::optional<std::string> editor = {};
};
struct Undelete {
  std::optional<std::string> editor = {};
};
// Back to what the document was at a version; the caller has looked it up.
struct Restore {
  std::uint64_t at_version = 0;
  std::string title = {};
  Json content = {};
  std::optional<std::string> editor = {};
};
// Takes the data of everything that happened to a deleted document.
struct Purge {
  std::optional<std::string> reason = {};
  std::optional<std::string> editor = {};
};
using Command = std::variant<Create, Update, Patch, Delete, Undelete, Restore, Purge>;

// --- refusals: why not ---------------------------------------------------------------------------
struct AlreadyExists {
  friend bool operator==(AlreadyExists, AlreadyExists) { return true; }
};
struct NotFound {
  friend bool operator==(NotFound, NotFound) { return true; }
};
struct AlreadyDeleted {
  friend bool operator==(AlreadyDeleted, AlreadyDeleted) { return true; }
};
struct NotDeleted {
  friend bool operator==(NotDeleted, NotDeleted) { return true; }
};
// Nothing is left that could be brought back or purged.
struct AlreadyPurged {
  friend bool operator==(AlreadyPurged, AlreadyPurged) { return true; }
};
struct NothingToChange {
  friend bool operator==(NothingToChange, NothingToChange) { return true; }
};
// Not JSON annal keeps, a patch that is no object, a title that is no string.
struct InvalidContent {
  std::string what;
  friend bool operator==(const InvalidContent&, const InvalidContent&) = default;
};
struct TooBig {
  std::uint64_t size = 0, limit = content_limit;
  friend bool operator==(const TooBig&, const TooBig&) = default;
};
using Refusal = std::variant<AlreadyExists, NotFound, AlreadyDeleted, NotDeleted, AlreadyPurged,
                             NothingToChange, InvalidContent, TooBig>;

// --- state ---------------------------------------------------------------------------------------
struct State {
  std::string title;
  Json content;  // the bytes as they came
  std::string author;
  Timestamp created_at{};   // recorded_at of the newest document.created
  Timestamp modified_at{};  // recorded_at of the newest event
  Version version;          // rises by one with every event; 0: never created
  std::string last_editor;  // the author until someone edits
  bool is_deleted = false;
  std::optional<Timestamp> deleted_at;
  std::optional<std::string> deletion_reason;

  bool exists() const { return version.value > 0 && !is_deleted; }
  // No content is JSON, and JSON is never empty.
  bool is_purged() const { return is_deleted && content.text.empty(); }
  friend bool operator==(const State&, const State&) = default;
};

// --- purged history ------------------------------------------------------------------------------
// Parts of a state.
using Parts = std::bitset<5>;
namespace part {
inline const Parts title = 1, content = 2, author = 4, editor = 8, reason = 16;
}
// What is the same afterwards whatever was before.
Parts told_by(const Event& event);
// What may be another afterwards.
Parts changed_by(const Event& event);
// The note for the stub of an event, which tells what that changed.
std::uint8_t stub_note(const Event& event);
// What nobody knows any more behind a stub.
//   of_type   any event of its type, whose kind can change so much where there is no note
Parts lost_with(const Event& of_type, std::uint8_t note);
// `title and content`
std::string in_words(Parts parts);

// The aggregate. Creating over a deleted document is document.created again; the version goes on.
struct Aggregate {
  using Event = document::Event;
  using Command = document::Command;
  using Refusal = document::Refusal;
  using State = document::State;
  static constexpr std::string_view kind = "document";
  static constexpr std::uint32_t state_schema = 1;
  static constexpr std::uint32_t reducer = 1;

  // Checks content before it becomes an event (annal/event/json.hpp).
  static Decision<Aggregate> decide(const State& state, const Command& command);
  // Never throws: a patch that does not apply leaves title and content as they are.
  static void evolve(State& state, const Event& event, const Happened& happened);

  // How snapshots keep the state.
  static std::string encode_state(const State& state);
  static State decode_state(std::string_view bytes, Timestamp stamp);
};

// The time of the commit a state is recorded in, which nobody knows before it is recorded: stands
// in a State for the times of events in that very commit.
inline constexpr Timestamp at_commit = Timestamp::min();

// A state as bytes, for snapshots and current-state rows. Times equal to `stamp` are left out: they
// are read back as the time the record is stamped with.
// Source: docs/decisions/0008-document-rows-are-records.md
std::string encode_state(const State& state, Timestamp stamp = at_commit);
// Throws DecodeError.
State decode_state(std::string_view bytes, Timestamp stamp = at_commit);

// Lists the six events.
void add_to(Catalogue& catalogue);
// One line for people: "is already deleted", …
std::string to_string(const Refusal& refusal);

}  // namespace document
}  // namespace annal
