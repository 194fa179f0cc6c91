// What is measured; one function a row of the table.
#pragma once

#include "measure.hpp"

namespace annal::bench {

Result append_one(const Settings& settings);        // P1
Result put_one_document(const Settings& settings);  // P1d
std::vector<Result> get_one_document(
    const Settings& settings);  // P8, with 1 and 100,000 versions behind

}  // namespace annal::bench
