// The table for people, and the same as JSON.
#pragma once

#include "measure.hpp"

#include <nlohmann/json_fwd.hpp>

#include <vector>

namespace annal::bench {

void print(const Result& result);
// The facts of logs of each size, in the order of the sizes.
void print(const std::vector<int>& sizes, const std::vector<std::vector<Fact>>& facts);
nlohmann::json to_json(const std::vector<Fact>& facts);
nlohmann::json to_json(const Result& result);

}  // namespace annal::bench
