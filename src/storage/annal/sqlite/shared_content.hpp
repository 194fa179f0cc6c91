// What the data of many streams have in common.
#pragma once

#include <cstddef>
#include <span>
#include <stop_token>
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
//   stop      gives up: then there is less
//   returns   views of the content, each of 256 bytes at most
//   cost      for each 8 bytes of the content up to four looks at each sample, and more where pieces
//             are long
std::vector<std::string_view> shared_content(std::string_view content,
                                             std::span<const Sample> samples,
                                             std::size_t least_streams,
                                             const std::stop_token& stop = {});

}  // namespace annal::sqlite
