#include "annal/sqlite/posting_block.hpp"

#include "annal/error.hpp"
#include "annal/sqlite/varint.hpp"

#include <algorithm>
#include <cstring>

namespace annal::sqlite {

namespace {

// A block begins with the number of its keys, the width of the differences between them and the
// first, and the first key.
constexpr std::size_t header_bytes = 12;

// How the versions of a list go on.
enum class Versions : std::uint64_t { same = 0, rising = 1, listed = 2 };

[[noreturn]] void raise_damaged() {
  throw CorruptionError("a block of the index is damaged: run `annal verify`");
}

template <class Number>
void put(std::string& out, Number number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

template <class Number>
Number number_at(std::string_view bytes, std::size_t at) {
  Number number = 0;
  if (at + sizeof number > bytes.size()) raise_damaged();
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

std::uint64_t varint_in(std::string_view& bytes) {
  std::uint64_t number = 0;
  if (!take_varint(bytes, number)) raise_damaged();
  return number;
}

std::size_t width_of(std::uint64_t greatest) {
  if (greatest <= UINT16_MAX) return 2;
  return greatest <= UINT32_MAX ? 4 : 8;
}

std::uint64_t difference(IndexKey key, IndexKey first) {
  return static_cast<std::uint64_t>(key) - static_cast<std::uint64_t>(first);
}

Versions versions_of(std::span<const Entry> entries) {
  bool same = true, rising = true;
  for (std::size_t i = 1; i < entries.size(); ++i) {
    same = same && entries[i].version == entries[0].version;
    rising = rising && entries[i].version == next(entries[i - 1].version);
  }
  return same ? Versions::same : rising ? Versions::rising : Versions::listed;
}

// Goes through a list, entry by entry.
template <class Each>
void walk(std::string_view list, Position base, Each each) {
  Entry entry{Position{base.value + varint_in(list)}, {}};
  const std::uint64_t head = varint_in(list);
  const auto versions = static_cast<Versions>(head & 3);
  entry.version.value = head >> 2;
  while (each(entry) && !list.empty()) {
    entry.position.value += varint_in(list);
    if (versions == Versions::rising) entry.version = next(entry.version);
    if (versions == Versions::listed) entry.version.value = varint_in(list);
  }
}

}  // namespace

// --- packing -------------------------------------------------------------------------------------

std::size_t BlockBuilder::bytes_with(IndexKey key) const {
  const std::size_t count = keys_.size() + 1;
  const std::size_t width = width_of(keys_.empty() ? 0 : difference(key, keys_.front()));
  return header_bytes + count * (width + 2) + lists_.size();
}

std::size_t BlockBuilder::add(IndexKey key, std::span<const Entry> entries) {
  constexpr std::size_t greatest_entry = 20;  // bytes
  const std::size_t fixed = bytes_with(key);
  if (fixed + greatest_entry > block_bytes) return 0;
  if (keys_.empty()) first_position_ = entries.front().position;

  const auto versions = versions_of(entries);
  keys_.push_back(key);
  offsets_.push_back(static_cast<std::uint16_t>(lists_.size()));
  const std::size_t begin = lists_.size();
  put_varint(lists_, entries.front().position.value - base_.value);
  put_varint(lists_, entries.front().version.value << 2 | static_cast<std::uint64_t>(versions));
  std::size_t taken = 1;
  for (; taken < entries.size(); ++taken) {
    if (fixed + (lists_.size() - begin) + greatest_entry > block_bytes) break;
    put_varint(lists_, entries[taken].position.value - entries[taken - 1].position.value);
    if (versions == Versions::listed) put_varint(lists_, entries[taken].version.value);
  }
  return taken;
}

std::string BlockBuilder::take() {
  const std::size_t width = width_of(difference(keys_.back(), keys_.front()));
  const std::size_t lists_at = header_bytes + keys_.size() * (width + 2);
  std::string block;
  block.reserve(lists_at + lists_.size());
  put(block, static_cast<std::uint16_t>(keys_.size()));
  put(block, static_cast<std::uint16_t>(width));
  put(block, keys_.front());
  for (const IndexKey key : keys_) {
    const std::uint64_t delta = difference(key, keys_.front());
    block.append(reinterpret_cast<const char*>(&delta), width);
  }
  for (const std::uint16_t offset : offsets_)
    put(block, static_cast<std::uint16_t>(lists_at + offset));
  block += lists_;
  keys_.clear();
  offsets_.clear();
  lists_.clear();
  return block;
}

// --- reading -------------------------------------------------------------------------------------

BlockReader::BlockReader(std::string_view block, Position base) : block_(block), base_(base) {
  count_ = number_at<std::uint16_t>(block_, 0);
  width_ = number_at<std::uint16_t>(block_, 2);
  first_key_ = number_at<std::int64_t>(block_, 4);
  offsets_at_ = header_bytes + count_ * width_;
  const bool known_width = width_ == 2 || width_ == 4 || width_ == 8;
  if (count_ == 0 || !known_width || offsets_at_ + 2 * count_ > block_.size()) raise_damaged();
}

std::uint64_t BlockReader::delta(std::size_t which) const {
  const std::size_t at = header_bytes + which * width_;
  if (width_ == 2) return number_at<std::uint16_t>(block_, at);
  if (width_ == 4) return number_at<std::uint32_t>(block_, at);
  return number_at<std::uint64_t>(block_, at);
}

std::string_view BlockReader::list(std::size_t which) const {
  const std::size_t begin = number_at<std::uint16_t>(block_, offsets_at_ + 2 * which);
  const std::size_t end = which + 1 < count_
                              ? number_at<std::uint16_t>(block_, offsets_at_ + 2 * (which + 1))
                              : block_.size();
  if (begin >= end || end > block_.size()) raise_damaged();
  return block_.substr(begin, end - begin);
}

std::size_t BlockReader::lower_bound(std::uint64_t wanted) const {
  std::size_t low = 0, high = count_;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (delta(middle) < wanted)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

void BlockReader::decode(std::vector<Posting>& postings) const {
  for (std::size_t which = 0; which < count_; ++which) {
    const auto key = static_cast<IndexKey>(static_cast<std::uint64_t>(first_key_) + delta(which));
    walk(list(which), base_, [&](const Entry& entry) {
      postings.push_back({key, entry.position, entry.version});
      return true;
    });
  }
}

void BlockReader::find(IndexKey key, Position from, Position to,
                       std::vector<Entry>& entries) const {
  if (key < first_key_) return;
  const std::uint64_t wanted = difference(key, first_key_);
  for (std::size_t which = lower_bound(wanted); which < count_ && delta(which) == wanted; ++which)
    walk(list(which), base_, [&](const Entry& entry) {
      if (entry.position > to) return false;
      if (entry.position >= from) entries.push_back(entry);
      return true;
    });
}

}  // namespace annal::sqlite
