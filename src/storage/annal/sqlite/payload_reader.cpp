#include "annal/sqlite/payload_reader.hpp"

#include "annal/sqlite/record_tables.hpp"

#include <zstd_errors.h>

#include <new>

namespace annal::sqlite {

PayloadReader::PayloadReader(SQLite::Database& database, Dictionaries& dictionaries)
    : database_(database), dictionaries_(dictionaries) {}

std::optional<std::string> PayloadReader::read(std::string_view frame) {
  // Errors and sizes that are not told are very large numbers.
  const auto size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size > limits::event_bytes) return std::nullopt;
  const std::uint32_t number = dictionary_of(frame);
  const ZSTD_DDict* const with = number == 0 ? nullptr : dictionary(number);
  if (number != 0 && !with) return std::nullopt;
  if (!context_) context_.reset(ZSTD_createDCtx());
  if (!context_) throw std::bad_alloc();
  std::string data(static_cast<std::size_t>(size), '\0');
  const std::size_t result = ZSTD_decompress_usingDDict(context_.get(), data.data(), data.size(),
                                                        frame.data(), frame.size(), with);
  if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation) throw std::bad_alloc();
  if (result != data.size()) return std::nullopt;
  return data;
}

// Nothing if there is none.
const ZSTD_DDict* PayloadReader::dictionary(std::uint32_t number) {
  if (number > most_dictionaries) return nullptr;
  if (!known_[number])
    known_[number] =
        dictionaries_.find(number, [&](std::uint32_t wanted) -> std::optional<std::string> {
          auto record = record_in(database_, dictionary_space(), std::to_string(wanted));
          if (!record) return std::nullopt;
          return std::move(record->value);
        });
  return known_[number].get();
}

}  // namespace annal::sqlite
