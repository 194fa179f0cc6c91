// Every route there is, and the one place where a request becomes an answer.
#pragma once

#include "annal/event/randomness.hpp"
#include "annal/event/ulid.hpp"
#include "annal/server/routes/route.hpp"

#include <functional>
#include <string_view>
#include <vector>

namespace annal::server {

//   threads   answer: any number of callers
class Routes {
 public:
  using Report = std::function<void(std::string_view)>;

  //   report    told of faults of ours; may be empty; what it throws is dropped
  Routes(Store& store, Randomness& randomness, Report report = {});

  // Answers a request that came in whole. Every fault is translated here, once.
  //   throws    std::bad_alloc, when there is no memory for an answer
  //   cost      what the store takes; a change waits for its fsync
  Response answer(const Request& request);

 private:
  Response dispatch(const Request& request, const std::string& request_id, const Report& report);

  Store& store_;
  UlidGenerator ids_;
  Report report_;
  std::vector<Route> routes_;
};

}  // namespace annal::server
