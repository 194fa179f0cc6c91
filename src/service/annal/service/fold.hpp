// A document's state as its events make it:
// whatever is asked about the past, and what rows are checked against.
#pragma once

#include "annal/aggregate/snapshot.hpp"
#include "annal/document/document.hpp"
#include "annal/log/event_log.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace annal {

// What the events of a document's stream come to. Events of other kinds in the stream change
// nothing but the version.
struct Folded {
  document::State state;
  Version version;    // of the stream; 0: nothing has happened
  Position position;  // of its newest event
  // What of the state nobody can tell, because events that told it were purged.
  document::Parts lost = {};

  bool is_known() const { return lost.none(); }

  // The next event of the stream, which may be a stub; positions and times as the envelope has them.
  //   throws    DecodeError if it is a document's event that does not decode
  void apply(const Catalogue& catalogue, const Envelope& event);
  // The same where the event has been decoded, if it is a document's.
  void apply(const std::optional<document::Event>& event, const Happened& happened);
  // The same where it is a stub.
  //   of_type   an event of its type
  void apply(const Stub& stub, const std::optional<document::Event>& of_type,
             const Happened& happened);
};

// The state, which must be known. Throws DataPurged naming the stream, and what of it is gone.
void require_known(const std::string& stream, const Folded& folded);

// What can be used of the snapshots of documents.
snapshots::Maker snapshot_maker();
inline bool is_snapshot_version(Version version) { return version.value % snapshots::every == 0; }

//   threads   any number of callers; log and catalogue must outlive it
class DocumentPast {
 public:
  DocumentPast(const EventLog& log, const Catalogue& catalogue)
      : log_(log), catalogue_(catalogue) {}

  // As it was when the log's head was at the position.
  //   cost      one read of at most 16 events;
  //             beyond those a snapshot's look-up and at most 100 more
  Folded at(const std::string& stream, Position position) const;
  // As it was right after the version, which it must have reached.
  Folded at(const std::string& stream, Version version) const;

  // Folds every event up to the version without snapshots.
  //   each      called with the state after every event
  Folded from_the_start(const std::string& stream, Version version,
                        const std::function<void(const Folded&)>& each = {}) const;

 private:
  Folded newest_first(ReadRequest request) const;
  Folded base(const std::string& stream, Version up_to) const;
  void advance(Folded& folded, const std::string& stream, Version version,
               const std::function<void(const Folded&)>& each = {}) const;

  const EventLog& log_;
  const Catalogue& catalogue_;
};

}  // namespace annal
