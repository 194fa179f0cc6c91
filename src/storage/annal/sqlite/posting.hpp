// What the index is made of: under a key, the positions of the events that it leads to.
#pragma once

#include "annal/event/position.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace annal::sqlite {

// What an event is found by: the number of its stream's, type's or tag's name, or a negative number
// made from the hash of an idempotency key or of a name.
using IndexKey = std::int64_t;

struct Entry {
  Position position;
  // Of the event in its stream, if the key is a stream's; the number of the name, if the key is the
  // hash of a name; 0 otherwise.
  Version version;
  friend bool operator==(const Entry&, const Entry&) = default;
};

struct Posting {
  IndexKey key = 0;
  Position position;
  Version version;
};

// Spreads a number over all 64 bits: the finaliser of SplitMix64.
std::uint64_t spread(std::uint64_t bits);

// By key, and of one key in log order.
std::vector<Posting> in_key_order(std::vector<Posting> postings);

// Different texts may have one key: whoever finds something under it compares the text.
IndexKey key_of_idempotency_key(std::string_view idempotency_key);
IndexKey key_of_name(std::string_view name);
bool is_key_of_name(IndexKey key);

}  // namespace annal::sqlite
