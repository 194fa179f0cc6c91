#include "annal/sqlite/dictionary.hpp"

#include <zdict.h>

#include <algorithm>
#include <new>
#include <vector>

namespace annal::sqlite {

namespace {

constexpr std::size_t most_bytes = 16 * 1024;
constexpr std::size_t least_bytes = 128;  // of content, or zstd makes nothing of it
// What zstd 1.5 is given to learn from. Of samples of a byte or two, and of a few bytes in all, it
// reads beyond the end or divides by zero.
constexpr std::size_t least_sample = 24, least_samples = 8 * 1024, beyond_the_end = 16;
constexpr double worth_it = 0.9;  // of what the samples take without

// The samples one behind the other, as zstd wants them.
struct Joined {
  explicit Joined(std::span<const Sample> samples) {
    for (const Sample& sample : samples) {
      bytes += sample.data;
      sizes.push_back(sample.data.size());
    }
    bytes.append(beyond_the_end, '\0');
  }
  unsigned count() const { return static_cast<unsigned>(sizes.size()); }

  std::string bytes;
  std::vector<std::size_t> sizes;
};

std::vector<Sample> worth_learning_from(std::span<const Sample> samples) {
  std::vector<Sample> worth;
  for (const Sample& sample : samples)
    if (sample.data.size() >= least_sample) worth.push_back(sample);
  return worth;
}

// What zstd thinks worth having, without the statistics it puts before it.
std::optional<std::string> content_of(const Joined& samples) {
  std::string bytes(most_bytes, '\0');
  const std::size_t size = ZDICT_trainFromBuffer(bytes.data(), bytes.size(), samples.bytes.data(),
                                                 samples.sizes.data(), samples.count());
  if (ZDICT_isError(size)) return std::nullopt;  // the samples have too little in common
  bytes.resize(size);
  const std::size_t header = ZDICT_getDictHeaderSize(bytes.data(), bytes.size());
  if (ZDICT_isError(header)) return std::nullopt;
  return bytes.substr(header);
}

std::optional<std::string> finished(const std::string& content, const Joined& samples,
                                    std::uint32_t number, int level) {
  if (content.size() < least_bytes) return std::nullopt;
  std::string bytes(most_bytes, '\0');
  const std::size_t size = ZDICT_finalizeDictionary(
      bytes.data(), bytes.size(), content.data(), content.size(), samples.bytes.data(),
      samples.sizes.data(), samples.count(),
      {.compressionLevel = level, .notificationLevel = 0, .dictID = number});
  if (ZDICT_isError(size)) return std::nullopt;
  bytes.resize(size);
  return bytes;
}

// What the samples take, each as it is or compressed.
std::size_t bytes_with(const ZSTD_CDict* dictionary, std::span<const Sample> samples, int level) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(),
                                                                     &ZSTD_freeCCtx);
  if (!context) throw std::bad_alloc();
  std::string room;
  std::size_t bytes = 0;
  for (const auto& [stream, data] : samples)
    bytes += std::min(frame_of(data, dictionary, level, context.get(), room).size(), data.size());
  return bytes;
}

// What has no number is no dictionary to zstd, and would be taken for mere content.
bool is_numbered(std::string_view bytes, std::uint32_t number) {
  return number != 0 && ZSTD_getDictID_fromDict(bytes.data(), bytes.size()) == number;
}

// Zstd makes nothing of a dictionary that is damaged, and nothing without memory for it.
void require_memory() {
  constexpr std::size_t more_than_one_takes = 2 * 1024 * 1024;
  ::operator delete(::operator new(more_than_one_takes));  // a call no compiler leaves out
}

}  // namespace

const SpaceDeclaration& dictionary_space() {
  static const SpaceDeclaration space{"annal_dictionaries", {{"type", ColumnKind::text, false}}};
  return space;
}

std::optional<std::string> made_dictionary(std::span<const Sample> given, std::uint32_t number,
                                           const Compression& options,
                                           const std::stop_token& stop) {
  const int level = options.level;
  const auto samples = worth_learning_from(given);
  const Joined joined(samples);
  if (joined.bytes.size() < least_samples + beyond_the_end || stop.stop_requested())
    return std::nullopt;
  const auto content = content_of(joined);
  if (!content) return std::nullopt;
  std::string shared;
  for (const std::string_view piece : shared_content(*content, samples, options.streams, stop))
    shared += piece;
  if (stop.stop_requested()) return std::nullopt;
  auto bytes = finished(shared, joined, number, level);
  if (!bytes) return std::nullopt;
  const auto dictionary = for_compression(*bytes, number, level);
  if (!dictionary) return std::nullopt;
  const auto with = static_cast<double>(bytes_with(dictionary.get(), samples, level));
  const auto without = static_cast<double>(bytes_with(nullptr, samples, level));
  if (with > worth_it * without) return std::nullopt;
  return bytes;
}

CompressionDictionary for_compression(std::string_view bytes, std::uint32_t number, int level) {
  if (!is_numbered(bytes, number)) return nullptr;
  ZSTD_CDict* const dictionary = ZSTD_createCDict(bytes.data(), bytes.size(), level);
  if (!dictionary) require_memory();
  return {dictionary, &ZSTD_freeCDict};
}

std::string_view frame_of(std::string_view data, const ZSTD_CDict* dictionary, int level,
                          ZSTD_CCtx* context, std::string& room) {
  room.resize(std::max(room.size(), ZSTD_compressBound(data.size())));
  const std::size_t size =
      dictionary
          ? ZSTD_compress_usingCDict(context, room.data(), room.size(), data.data(), data.size(),
                                     dictionary)
          : ZSTD_compressCCtx(context, room.data(), room.size(), data.data(), data.size(), level);
  if (ZSTD_isError(size)) throw std::bad_alloc();
  return std::string_view(room).substr(0, size);
}

std::uint32_t dictionary_of(std::string_view frame) {
  return ZSTD_getDictID_fromFrame(frame.data(), frame.size());
}

Dictionaries::Prepared Dictionaries::find(std::uint32_t number, const Load& load) {
  if (number == 0 || number > most_dictionaries) return nullptr;
  std::lock_guard lock(mutex_);
  Prepared& prepared = prepared_[number];
  if (prepared) return prepared;
  const auto bytes = load(number);
  if (!bytes || !is_numbered(*bytes, number)) return nullptr;
  ZSTD_DDict* const dictionary = ZSTD_createDDict(bytes->data(), bytes->size());
  if (!dictionary) require_memory();
  return prepared = {dictionary, &ZSTD_freeDDict};
}

}  // namespace annal::sqlite
