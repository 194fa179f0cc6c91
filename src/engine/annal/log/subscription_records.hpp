// What a subscription keeps in the log: its checkpoint, and the events it has put aside.
#pragma once

#include "annal/log/name_claim.hpp"
#include "annal/log/subscription.hpp"

#include <optional>
#include <string>
#include <vector>

namespace annal {

//   threads   every member: any number of callers
//   throws    StorageError if the log does not take what is to be kept
class SubscriptionRecords {
 public:
  // Claims the name; throws ConfigurationError if another one in this process has it.
  SubscriptionRecords(EventLog& log, std::string name);
  // Lets somebody else have the name.
  void release() { claim_.release(); }

  std::optional<Position> checkpoint() const;
  void keep(Position checkpoint);

  void park(Position position, const std::string& error);
  void drop(Position position);
  std::vector<ParkedEvent> parked(std::size_t limit, Position after) const;
  std::uint64_t count_parked() const;

 private:
  void write(RecordChange change, Durability durability);

  EventLog& log_;
  const std::string name_;
  NameClaim claim_;
};

}  // namespace annal
