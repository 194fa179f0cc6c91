// Payloads that the file has as zstd frames.
#pragma once

#include "annal/sqlite/dictionary.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace annal::sqlite {

// Belongs to whoever holds the connection.
class PayloadReader {
 public:
  // Both must outlive it.
  PayloadReader(SQLite::Database& database, Dictionaries& dictionaries);

  // What the frame was made of.
  //   returns   nothing if it is damaged, is of more bytes than an event has, or names a dictionary
  //             that is not there
  //   cost      some 0.5 µs for 256 bytes; a look-up the first time a dictionary is named
  std::optional<std::string> read(std::string_view frame);

 private:
  const ZSTD_DDict* dictionary(std::uint32_t number);

  SQLite::Database& database_;
  Dictionaries& dictionaries_;
  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context_{nullptr, &ZSTD_freeDCtx};
  std::array<Dictionaries::Prepared, most_dictionaries + 1> known_;
};

}  // namespace annal::sqlite
