// Whether a key may be among many: a Bloom filter of ten bits a key.
#pragma once

#include "annal/sqlite/posting.hpp"

#include <span>
#include <string>
#include <string_view>

namespace annal::sqlite {

// Source: docs/reference/file-format.md
std::string filter_of(std::span<const IndexKey> keys);

// False only if the key is not among those the filter was made of; true for one in a hundred others.
bool may_contain(std::string_view filter, IndexKey key);

}  // namespace annal::sqlite
