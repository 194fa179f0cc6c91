// Names as the file knows them: streams, types, tags and sources are stored once and numbered in
// the order they were first seen.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace annal::sqlite {

// A cache of at most 2 × `bound` entries:
// what was not asked for while `bound` others came is forgotten.
template <class Key, class Value>
class RecentlyUsed {
 public:
  explicit RecentlyUsed(std::size_t bound) : bound_(bound) {}

  const Value* find(const Key& key) {
    if (const auto found = young_.find(key); found != young_.end()) return &found->second;
    const auto found = old_.find(key);
    if (found == old_.end()) return nullptr;
    Value value = std::move(found->second);
    old_.erase(found);
    return &put(key, std::move(value));
  }

  Value& put(const Key& key, Value value) {
    if (young_.size() >= bound_) {
      old_ = std::move(young_);
      young_.clear();
    }
    return young_.insert_or_assign(key, std::move(value)).first->second;
  }

  void clear() {
    young_.clear();
    old_.clear();
  }

 private:
  std::size_t bound_;
  std::unordered_map<Key, Value> young_, old_;
};

// A connection's view of the names. Belongs to whoever holds the connection.
class Names {
 public:
  Names(SQLite::Database& database, std::size_t cached);

  // The name's number; nothing if nobody has used the name.
  std::optional<std::int64_t> find(const std::string& name);
  const std::string& text(std::int64_t id);
  // The name's number, given now if need be. In the writer's transaction only.
  std::int64_t intern(const std::string& name);
  // After a transaction that interned names was rolled back.
  void forget();

 private:
  SQLite::Statement by_name_, by_id_;
  std::optional<SQLite::Statement> insert_;
  SQLite::Database& database_;
  RecentlyUsed<std::string, std::int64_t> ids_;
  RecentlyUsed<std::int64_t, std::string> texts_;
};

}  // namespace annal::sqlite
