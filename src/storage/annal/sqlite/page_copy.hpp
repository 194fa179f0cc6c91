// The pages of a store as they are at one moment, in a file of their own.
#pragma once

#include "annal/log/receipt.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>

namespace annal::sqlite {

// Copies in steps of 1 MiB out of one read transaction.
//   into      a file that is not there
//   progress  bytes done, and all there are; after each step, on the caller's thread
//   returns   the receipt of what was copied; nothing if it was stopped: the file is no store then
//   throws    StorageError and its children
std::optional<Receipt> copy_pages(
    const std::filesystem::path& store, const std::filesystem::path& into,
    std::uint64_t bytes_per_second,
    const std::function<void(std::uint64_t done, std::uint64_t total)>& progress,
    const std::stop_token& stop);

}  // namespace annal::sqlite
