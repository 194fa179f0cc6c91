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
  //   report    told of faults of ours; may be empty
  Routes(Store& store, Randomness& randomness, std::function<void(std::string_view)> report = {});

  // Answers a request that came in whole. Never throws: every fault is translated here, once.
  //   cost      what the store takes; a change waits for its fsync
  Response answer(const Request& request);

 private:
  Response dispatch(const Request& request, const std::string& request_id);

  Store& store_;
  UlidGenerator ids_;
  std::function<void(std::string_view)> report_;
  std::vector<Route> routes_;
};

}  // namespace annal::server
