// A change of one document as an effect program: load, decide, let middleware see, write, tell.
#pragma once

#include "annal/aggregate/events.hpp"
#include "annal/effects/effect.hpp"
#include "annal/service/documents.hpp"
#include "annal/service/fold.hpp"
#include "annal/service/parts.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace annal {

// What somebody wants: the command for the document as it is found, or why there is none.
struct Proposal {
  using Answer = std::variant<document::Command, document::Refusal>;
  std::function<Answer(const Folded& current)> command;
  Hash request;  // of what was asked, so that a repeated request is known again
};

// Proposals of the service's operations.
namespace proposals {
Proposal command(const DocumentKey& key, document::Command command);
Proposal put(const DocumentKey& key, document::Create command);
//   written   the point in its asker's words, if there are any
Proposal restore(const ServiceParts& parts, const DocumentKey& key, const Point& at,
                 std::optional<std::string> editor, std::string_view written);
}  // namespace proposals

// The current state of a document: from its row, or from its events where there is no row to go by.
Folded load_current(const ServiceParts& parts, const DocumentKey& key);
// The same once a row was looked for in vain. Warns of a document whose row ought to be there.
//   cost      one look-up where no document ever was
Folded load_without_row(const ServiceParts& parts, const DocumentKey& key);

class Change {
 public:
  Change(const ServiceParts& parts, DocumentKey key, Proposal proposal, ChangeOptions options);

  // Performs DatabaseWrite; then Logging for a document that is new,
  // Notification to the author for another.
  //   throws    InvalidInput for a key no document may have, effects::MissingHandler: before
  //             anything is written
  ChangeOutcome run(const effects::Perform& perform) const;

 private:
  using Admitted = std::vector<AdmittedEvent<document::Aggregate>>;

  ChangeOutcome make(const effects::Perform& perform) const;
  std::optional<ChangeOutcome> earlier_outcome() const;
  ChangeOutcome attempt(const effects::Perform& perform, const Folded& current) const;
  // Adds to the commit what a purge takes away.
  //   returns   why that could not be begun; nothing once the commit says the rest
  std::optional<AppendOutcome> purge_with(Commit& commit, const effects::Perform& perform) const;
  // The document once more, after somebody else took it to a version.
  Folded reload(Version newest) const;
  std::variant<Admitted, Rejected> admit(const std::vector<document::Event>& events) const;
  // Folds the events into `state`.
  Commit commit_of(const Admitted& events, Folded& state) const;
  //   created   whether the commit makes the document
  ChangeOutcome answer(AppendOutcome outcome, bool created) const;
  Changed changed(const Appended& appended, bool created) const;
  // What the writing was for has happened: whoever fails now cannot undo it.
  void tell(const effects::Perform& perform, const Admitted& events,
            const document::State& after) const;

  ServiceParts parts_;
  DocumentKey key_;
  std::string stream_;
  Proposal proposal_;
  ChangeOptions options_;
};

// The program of a change; building it performs nothing.
// It must not outlive what the parts refer to.
effects::Effect<ChangeOutcome> change_program(const ServiceParts& parts, const DocumentKey& key,
                                              Proposal proposal, ChangeOptions options);

}  // namespace annal
