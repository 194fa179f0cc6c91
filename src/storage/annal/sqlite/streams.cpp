#include "annal/sqlite/streams.hpp"

namespace annal::sqlite {

namespace {

constexpr std::size_t cached_bytes = 34 * 1024 * 1024;

}  // namespace

Streams::Streams(Names& names, Index& index, const IndexTail& tail)
    : names_(names), index_(index), tail_(tail), cache_(cached_bytes) {}

void Streams::expect(const std::vector<Envelope>& events) const {
  for (const Envelope& event : events) cache_.prefetch(event.stream);
}

Version Streams::version(std::string_view stream) { return find(stream).version; }

Version Streams::next_version(std::string_view stream) {
  Version& version = find(stream).version;
  return version = next(version);
}

std::int64_t Streams::number(const std::string& stream) {
  IndexKey& key = find(stream).key;
  if (is_key_of_name(key)) key = names_.give_number(stream, key);
  return key;
}

std::int64_t Streams::number_of_name(const std::string& name) {
  if (const auto known = names_.find(name)) return *known;
  const std::int64_t number = names_.give_number(name, key_of_name(name));
  if (auto* const stream = cache_.find(name)) stream->key = number;
  return number;
}

StreamCache::Stream& Streams::find(std::string_view stream) {
  if (auto* const known = cache_.find(stream)) return *known;
  const IndexKey name = key_of_name(stream);
  const auto number = names_.look_up(stream, name);
  if (!number) return cache_.put(stream, {name, {}});
  auto newest = tail_.newest(*number);
  if (!newest) newest = index_.newest(*number, index_.state().indexed_to);
  return cache_.put(stream, {*number, newest ? newest->version : Version{}});
}

}  // namespace annal::sqlite
