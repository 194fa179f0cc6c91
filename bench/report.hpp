// The table for people, and the same as JSON.
#pragma once

#include "measure.hpp"

#include <nlohmann/json_fwd.hpp>

namespace annal::bench {

void print(const Result& result);
nlohmann::json to_json(const Result& result);

}  // namespace annal::bench
