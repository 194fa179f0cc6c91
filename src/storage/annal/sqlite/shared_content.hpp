// What the data of many streams have in common.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace annal::sqlite {

struct Sample {
  std::string_view stream, data;
};

// The pieces of `content`, each at least 8 bytes, that occur as they are in the data of at least
// `least_streams` streams: each once, what more streams have behind what fewer have, so that nothing
// tells what stood beside what.
//   samples   fewer than 2³²
//   returns   views of the content
//   cost      the content's bytes times how often the samples have them
std::vector<std::string_view> shared_content(std::string_view content,
                                             std::span<const Sample> samples,
                                             std::size_t least_streams);

}  // namespace annal::sqlite
