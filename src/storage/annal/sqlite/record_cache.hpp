// Records that were read of late, in the process that writes them.
#pragma once

#include "annal/log/commit.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace annal::sqlite {

// Only the writer changes records, so it alone says what is no longer true, and what is instead:
// before its transaction is committed. Until that has ended nothing that is read is kept.
//   threads   any number of callers
class RecordCache {
 public:
  //   bytes     about what it takes at most; records of more than 16 KiB are not kept
  explicit RecordCache(std::size_t bytes) : generation_bytes_(bytes / 2) {}

  // The record as it was read, or as `read` reads it now.
  template <class Read>
  std::optional<Record> get(std::string_view space, std::string_view key, Read read) {
    const std::string name = name_of(space, key);
    asked_.fetch_add(1, std::memory_order_relaxed);
    std::uint64_t settled = 0;
    if (auto known = find(name, settled)) {
      known_.fetch_add(1, std::memory_order_relaxed);
      return *known;
    }
    std::optional<Record> record = read();
    if (record && record->value.size() <= greatest_record) put(name, *record, settled);
    return record;
  }

  // For the writer: the transaction at hand changes the record.
  //   returns   true if it was known, and so is worth to be told of
  bool change(std::string_view space, std::string_view key);
  // What a record that was changed is once the transaction is committed.
  void become(std::string_view space, Record record);
  void change_everything();
  // The transaction has ended, and was committed …
  void settle() noexcept;
  // … or was not.
  void undo() noexcept;

  // Since it was made: how often it was asked, and knew.
  std::uint64_t asked() const { return asked_; }
  std::uint64_t known() const { return known_; }

 private:
  static constexpr std::size_t greatest_record = 16 * 1024;
  static std::string name_of(std::string_view space, std::string_view key);
  std::shared_ptr<const Record> find(const std::string& name, std::uint64_t& settled);
  void put(const std::string& name, const Record& record, std::uint64_t settled);

  std::size_t forget(const std::string& name);  // returns how many were known by it
  void keep(const std::string& name, std::shared_ptr<const Record> record);
  static std::size_t footprint(const std::string& name, const Record& record);

  using Records = std::unordered_map<std::string, std::shared_ptr<const Record>>;

  const std::size_t generation_bytes_;
  std::mutex mutex_;
  // What is used enters the young generation; when that is full it becomes the old one, and the old
  // one is forgotten.
  Records young_, old_;
  std::size_t young_bytes_ = 0;
  Records changed_;  // by the transaction at hand
  std::atomic<std::uint64_t> asked_{0}, known_{0};
  std::uint64_t settled_ = 0;  // transactions: what was read before the newest ended may be old
  bool changing_ = false;
};

}  // namespace annal::sqlite
