// Dictionaries of zstd: what the data of an event type has in common, so that each of its events need
// not say it again.
#pragma once

#include "annal/log/commit.hpp"
#include "annal/sqlite/shared_content.hpp"
#include "annal/sqlite/sqlite_log.hpp"

#include <zstd.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

namespace annal::sqlite {

// Numbered from 1; a store has no more. It bounds what all of them take in memory where they are in
// use for writing and reading: 30 MiB at zstd's level 3, 40 MiB at 19.
inline constexpr std::uint32_t most_dictionaries = 64;

// Records of the dictionaries, under their numbers in digits, with the column `type`.
const SpaceDeclaration& dictionary_space();

//   number    that the frames made with it will name
//   stop      gives up
//   returns   at most 16 KiB; nothing if it would not save a tenth of what the samples take without
//   cost      some 0.1 s for 2000 samples of 256 bytes; up to some seconds and 100 MiB for 2 MiB that
//             say the same again and again
std::optional<std::string> made_dictionary(std::span<const Sample> samples, std::uint32_t number,
                                           const Compression& options,
                                           const std::stop_token& stop = {});

using CompressionDictionary = std::shared_ptr<const ZSTD_CDict>;
// Nothing if the bytes are no dictionary of that number.
CompressionDictionary for_compression(std::string_view bytes, std::uint32_t number, int level);

// The frame of the data, in `room`, which grows as it must.
//   dictionary  null where there is none
//   throws      std::bad_alloc: there is room, and nothing else that could go wrong
std::string_view frame_of(std::string_view data, const ZSTD_CDict* dictionary, int level,
                          ZSTD_CCtx* context, std::string& room);

// The number of the dictionary that the frame names; 0 if it names none, or is no frame.
std::uint32_t dictionary_of(std::string_view frame);

// The dictionaries of a store for all who read it; each is prepared once.
//   threads   any number of callers
class Dictionaries {
 public:
  using Prepared = std::shared_ptr<const ZSTD_DDict>;
  // Its bytes as the store has them; nothing if it has no such dictionary.
  using Load = std::function<std::optional<std::string>(std::uint32_t number)>;

  //   returns   nothing where `load` does, or what it gives is no dictionary of that number
  Prepared find(std::uint32_t number, const Load& load);

 private:
  std::mutex mutex_;
  std::array<Prepared, most_dictionaries + 1> prepared_;
};

}  // namespace annal::sqlite
