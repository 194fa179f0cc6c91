// The document service: what the HTTP API, the program and an embedding program all call, woven with
// aspects. Changes, record and get(key) are effect programs run by handlers, their events published
// on the bus; whatever else is read is read from the log.
#pragma once

#include "annal/document/document.hpp"
#include "annal/effects/effect.hpp"
#include "annal/log/point.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace annal {

// A document as it is, or was.
struct Document {
  DocumentKey key;
  document::State state;
  Position position;  // of the newest event it depends on
};

// The document is not there at that point.
struct DocumentNotFound {
  DocumentKey key;
};
struct DocumentGone {  // deleted or purged; the last version before a deletion can still be read
  DocumentKey key;
  Version version;       // of the deletion; where it was purged, the document's
  Version last_version;  // the newest before it that can be read; 0 where it was purged
  std::optional<Timestamp> deleted_at;
  std::optional<std::string> reason;
  Position position;
  bool purged = false;  // what it was at that point is gone for ever
};
struct FoundDocument {
  Document document;
  Position at;  // the position it was read at: what the point resolved to
};
using DocumentAnswer = std::variant<FoundDocument, DocumentGone, DocumentNotFound>;

// A change was made.
struct Changed {
  DocumentKey key;
  Version version;
  Position position;
  Timestamp recorded_at{};
  Durability durability = Durability::power;
  Hash commit;
  bool replayed = false;  // an earlier request with the same idempotency key did it
  bool created = false;   // it made the document, perhaps in the place of a deleted one
};
// The document's rules say no.
struct Refused {
  document::Refusal reason;
  DocumentKey key;
  Version version;
};
// The version asked for is not the document's.
// `actual` 0: there is none; it may be a deleted one's.
struct StaleVersion {
  DocumentKey key;
  ExpectedVersion expected;
  Version actual;
};

using ChangeOutcome = std::variant<Changed, Refused, StaleVersion, Rejected, Unknown>;

// What every change may carry.
struct ChangeOptions {
  ExpectedVersion expected = ExpectedVersion::any();
  std::optional<std::string> idempotency_key = {};
  std::string source = {};
  std::string request_id = {};  // correlation id of the events; made up when empty
  std::string causation_id = {};
  std::vector<std::string> tags = {};
  Metadata metadata = {};
};

struct ListRequest {
  std::string collection = {};
  std::optional<std::string> after = {};  // ListPage::last of the page before
  std::string prefix = {};                // of ids
  bool include_deleted = false;
  std::size_t limit = 100;       // 1–1000
  std::optional<Point> at = {};  // as it was then; absent: now
};
struct ListPage {
  std::vector<Document> documents;  // in id order
  // Those among them, in id order, that were there then and of which nothing else is known any more:
  // deleted ones only where those are asked for.
  std::vector<DocumentKey> purged;
  std::string last;  // the id of the last one of both; empty if there is none
  Position at;
  bool more = false;
};

struct HistoryPage {
  std::vector<Envelope> events;  // newest first
  Position at;
  bool more = false;
};

struct DocumentDiff {
  Position from, to;
  std::optional<Version> from_version, to_version;  // absent: the document was not there then
  std::string
      patch;  // RFC 6902, over {"title": …, "content": …}; from nothing or a deleted document: null
};

// Which versions to purge: those recorded within the range that a later one within it makes
// superfluous.
struct SupersededRequest {
  Position from = {1}, to = {};
  // Now and then, on the caller's thread: documents done, of all there are.
  std::function<void(std::uint64_t done, std::uint64_t all)> progress = {};
  std::stop_token stop = {};
};
struct SupersededVersions {
  std::uint64_t documents = 0, versions = 0;  // of how many documents, and how many
  std::uint64_t bytes = 0;                    // of their data and metadata
  bool stopped = false;                       // what was purged so far is
};

class Store;

// Events of documents are appended here and nowhere else: one appended to the log directly is seen
// by the next change of its document, but its row does not know of it before.
//   threads   every member: any number of callers
//   throws    StorageError, CorruptionError, UnknownPoint, InvalidInput; DataPurged where the answer
//             has no room for what was purged; effects::MissingHandler, before anything is written
class DocumentService {
 public:
  ChangeOutcome create(const DocumentKey& key, document::Create command,
                       ChangeOptions options = {});
  ChangeOutcome update(const DocumentKey& key, document::Update command,
                       ChangeOptions options = {});
  // Creates the document, or replaces title and content of the one that is there.
  ChangeOutcome put(const DocumentKey& key, document::Create command, ChangeOptions options = {});
  ChangeOutcome patch(const DocumentKey& key, document::Patch command, ChangeOptions options = {});
  ChangeOutcome remove(const DocumentKey& key, document::Delete command,
                       ChangeOptions options = {});
  ChangeOutcome undelete(const DocumentKey& key, document::Undelete command,
                         ChangeOptions options = {});
  // Takes the data of everything that happened to a deleted document, and its snapshots. What is
  // left is that it was there, when it changed, and the stubs of its events. Several commits where
  // it has more than 4096 versions or 8 MiB of them; asked again after a crash between them, it goes
  // on. If it is undeleted meanwhile, what was purged by then stays so.
  ChangeOutcome purge(const DocumentKey& key, document::Purge command, ChangeOptions options = {});
  // Back to what it was at the point, as a new version.
  //   written   how the point was put, `2 hours ago`: by these words a time is known again in a
  //             request repeated with its idempotency key. Empty: by the time itself
  ChangeOutcome restore(const DocumentKey& key, const Point& at, std::optional<std::string> editor,
                        ChangeOptions options = {}, std::string_view written = {});

  // The effect program of a change, as the methods above run it: DatabaseWrite, then Logging for a
  // document that is new, Notification to the author for another. To be looked at in a dry run, run
  // with other handlers, or made part of a larger program. Every run without a request_id makes one
  // up. It is not woven, and must not outlive the store.
  effects::Effect<ChangeOutcome> changing(const DocumentKey& key, document::Command command,
                                          ChangeOptions options = {}) const;

  // As it is now. A DatabaseRead.
  //   cost      one look-up, however long its history; one more where there is no such document,
  //             and the newest events of a deleted one
  DocumentAnswer get(const DocumentKey& key) const;
  // As it was at the point.
  //   cost      the point's resolution, a look-up,
  //             and the events since the snapshot before it (≤ 100)
  DocumentAnswer get(const DocumentKey& key, const Point& at) const;

  // Everything on a page is as it was at one position. A page may be shorter than its limit: beyond
  // 8 MiB, or when somebody writes meanwhile.
  //   throws    InvalidInput for a limit out of bounds or a collection that cannot be
  //   cost      rows in key order. As it was then: a look-up for every document the collection has
  //             ever had, and the cost of get(key, at) for each that has changed since
  ListPage list(const ListRequest& request) const;
  // Names of collections that have or had documents, beyond `after`, in the order of `name/`.
  //   limit     1–1000
  //   cost      one look-up each
  std::vector<std::string> collections(std::optional<std::string> after = {},
                                       std::size_t limit = 100) const;

  // The document's events at or before `at`, newest first; `before` pages on from a version.
  //   limit     1–1000
  HistoryPage history(const DocumentKey& key, std::optional<Version> before = {},
                      std::size_t limit = 50, std::optional<Point> at = {}) const;
  DocumentDiff diff(const DocumentKey& key, const Point& from, const Point& to) const;

  // Commits document events made elsewhere (an import) with the rows that follow from them. Events
  // of other streams may be among them. A DatabaseWrite;
  // middleware is not asked, what has happened has.
  //   returns   Rejected{Malformed} where an event of a document's stream holds content no document
  //             may have; Rejected{TooLarge} also where events and rows together are more than a
  //             commit takes: a row is as large as its document
  AppendOutcome record(Commit commit);

  // Throws away every document row and snapshot and makes them again from the log. Performs no
  // effect. A row is replaced by the new one, so that no document is missing meanwhile;
  // changes may go on.
  //   returns   the number of documents, deleted ones included
  //   throws    StorageError if the log does not take them: a read-only store
  //   cost      reads the log, and every document's events once more; keeps every key in memory
  std::uint64_t rebuild();
  // Purges old versions of documents, deleted ones included, and their snapshots. What every document
  // was at `to` and after it stays known; what it was before is known only where nothing was purged.
  // Events of other kinds of streams stay whole.
  //   throws    InvalidInput for a range without events; StorageError if the log does not take it
  //   cost      as rebuild; a commit for each 4096 versions. It can be stopped, and run again
  SupersededVersions purge_superseded(const SupersededRequest& request);
  // Compares every row with the fold of its events.
  //   returns   the documents whose rows differ, are missing, or should not be there, in key order
  //   cost      as rebuild
  std::vector<DocumentKey> verify_rows() const;

  ~DocumentService();

 private:
  friend class Store;
  struct State;
  explicit DocumentService(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace annal
