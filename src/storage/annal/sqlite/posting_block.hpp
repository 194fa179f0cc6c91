// Postings packed into a block that fills one page of the store.
#pragma once

#include "annal/sqlite/posting.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace annal::sqlite {

// So many bytes are a row that fills a page of 4096, of which 16 are reserved.
inline constexpr std::size_t block_bytes = 4016;

// Packs postings in the order of their keys, and of one key in log order.
// Source: docs/reference/file-format.md
class BlockBuilder {
 public:
  // Positions are kept relative to this one, which is not greater than any.
  explicit BlockBuilder(Position base) : base_(base) {}

  bool empty() const { return keys_.empty(); }
  // The block's first posting; it must have one.
  IndexKey first_key() const { return keys_.front(); }
  Position first_position() const { return first_position_; }

  // Takes as many entries of the key as there is room for, and says how many.
  std::size_t add(IndexKey key, std::span<const Entry> entries);
  // The block; the builder is empty then.
  std::string take();

 private:
  std::size_t bytes_with(IndexKey key) const;

  Position base_, first_position_;
  std::vector<IndexKey> keys_;
  std::vector<std::uint16_t> offsets_;  // of each key's list in lists_
  std::string lists_;
};

// Reads a block where it lies.
//   throws    CorruptionError, from the constructor or later, where the bytes make no sense
class BlockReader {
 public:
  BlockReader(std::string_view block, Position base);

  // Every posting, in the order in which they were added.
  void decode(std::vector<Posting>& postings) const;
  // Appends the key's entries within [from, to], in log order.
  void find(IndexKey key, Position from, Position to, std::vector<Entry>& entries) const;

 private:
  std::uint64_t delta(std::size_t which) const;
  std::string_view list(std::size_t which) const;
  std::size_t lower_bound(std::uint64_t delta) const;

  std::string_view block_;
  Position base_;
  std::size_t count_ = 0, width_ = 0, offsets_at_ = 0;
  IndexKey first_key_ = 0;
};

}  // namespace annal::sqlite
