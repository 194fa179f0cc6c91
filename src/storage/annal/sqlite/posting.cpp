#include "annal/sqlite/posting.hpp"

#include "annal/event/hash.hpp"

#include <algorithm>
#include <cstring>

namespace annal::sqlite {

namespace {

constexpr std::int64_t half = std::int64_t{1} << 62;

// 62 bits of the text's SHA-256.
std::int64_t digest(std::string_view text) {
  const Hash hash = sha256({text});
  std::uint64_t number = 0;
  std::memcpy(&number, hash.bytes.data(), sizeof number);
  return static_cast<std::int64_t>(number % static_cast<std::uint64_t>(half));
}

}  // namespace

IndexKey key_of_idempotency_key(std::string_view idempotency_key) {
  return -1 - digest(idempotency_key);
}

IndexKey key_of_name(std::string_view name) { return -1 - half - digest(name); }

std::vector<Posting> in_key_order(std::vector<Posting> postings) {
  std::sort(postings.begin(), postings.end(), [](const Posting& a, const Posting& b) {
    return a.key != b.key ? a.key < b.key : a.position < b.position;
  });
  return postings;
}

std::uint64_t spread(std::uint64_t bits) {
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
  return bits ^ (bits >> 31);
}

bool is_key_of_name(IndexKey key) { return key < -half; }

}  // namespace annal::sqlite
