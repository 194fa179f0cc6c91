#include "annal/sqlite/record_cache.hpp"

#include <new>
#include <utility>

namespace annal::sqlite {

// Names of spaces hold no line break.
std::string RecordCache::name_of(std::string_view space, std::string_view key) {
  std::string name;
  name.reserve(space.size() + 1 + key.size());
  name.append(space).append(1, '\n').append(key);
  return name;
}

std::size_t RecordCache::footprint(const std::string& name, const Record& record) {
  return 2 * name.size() + record.value.size() + 80 * record.columns.size() + 256;
}

std::shared_ptr<const Record> RecordCache::find(const std::string& name, std::uint64_t& settled) {
  std::lock_guard lock(mutex_);
  settled = settled_;
  if (const auto young = young_.find(name); young != young_.end()) return young->second;
  const auto old = old_.find(name);
  if (old == old_.end()) return nullptr;
  auto record = std::move(old->second);
  old_.erase(old);
  keep(name, record);
  return record;
}

void RecordCache::put(const std::string& name, const Record& record, std::uint64_t settled) {
  auto kept = std::make_shared<const Record>(record);
  std::lock_guard lock(mutex_);
  if (!changing_ && settled == settled_) keep(name, std::move(kept));
}

std::size_t RecordCache::forget(const std::string& name) {
  const auto young = young_.find(name);
  if (young == young_.end()) return old_.erase(name);
  young_bytes_ -= footprint(name, *young->second);
  young_.erase(young);
  return 1;
}

void RecordCache::keep(const std::string& name, std::shared_ptr<const Record> record) {
  forget(name);
  const std::size_t bytes = footprint(name, *record);
  if (young_bytes_ + bytes > generation_bytes_) {
    old_ = std::move(young_);
    young_.clear();
    young_bytes_ = 0;
  }
  young_bytes_ += bytes;
  young_.insert_or_assign(name, std::move(record));
}

bool RecordCache::change(std::string_view space, std::string_view key) {
  const std::string name = name_of(space, key);
  std::lock_guard lock(mutex_);
  changing_ = true;
  return forget(name) + changed_.erase(name) > 0;
}

void RecordCache::become(std::string_view space, Record record) {
  if (record.value.size() > greatest_record) return;
  std::string name = name_of(space, record.key);
  auto kept = std::make_shared<const Record>(std::move(record));
  std::lock_guard lock(mutex_);
  changed_.insert_or_assign(std::move(name), std::move(kept));
}

void RecordCache::change_everything() {
  std::lock_guard lock(mutex_);
  changing_ = true;
  young_.clear();
  old_.clear();
  changed_.clear();
  young_bytes_ = 0;
}

// What there is no memory to keep is read again.
void RecordCache::settle() noexcept {
  std::lock_guard lock(mutex_);
  try {
    for (auto& [name, record] : changed_) keep(name, std::move(record));
  } catch (const std::bad_alloc&) {
    young_.clear();
    young_bytes_ = 0;
  }
  changed_.clear();
  if (std::exchange(changing_, false)) ++settled_;
}

void RecordCache::undo() noexcept {
  std::lock_guard lock(mutex_);
  changed_.clear();
  if (std::exchange(changing_, false)) ++settled_;
}

}  // namespace annal::sqlite
