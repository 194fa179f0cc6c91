#include "annal/sqlite/names.hpp"

#include "annal/error.hpp"

namespace annal::sqlite {

Names::Names(SQLite::Database& database, std::size_t cached, Numbers numbers)
    : by_id_(database, "SELECT name FROM names WHERE id=?"),
      database_(database),
      numbers_(std::move(numbers)),
      ids_(cached),
      texts_(cached) {}

std::optional<std::int64_t> Names::find(const std::string& name) {
  if (const auto* id = ids_.find(name)) return *id;
  return look_up(name, key_of_name(name));
}

std::optional<std::int64_t> Names::look_up(const std::string& name, IndexKey key) {
  for (const std::int64_t id : numbers_(key))
    if (text(id) == name) return ids_.put(name, id);
  return std::nullopt;
}

std::optional<std::int64_t> Names::find_to_intern(const std::string& name) {
  if (const auto* id = ids_.find(name)) return *id;
  if (const auto staged = staged_.find(name); staged != staged_.end())
    return ids_.put(name, staged->second);
  if (nameless_.contains(name)) return std::nullopt;
  const IndexKey key = key_of_name(name);
  const auto found = look_up(name, key);
  if (!found) nameless_.emplace(name, key);
  return found;
}

const std::string& Names::text(std::int64_t id) {
  if (const auto* name = texts_.find(id)) return *name;
  by_id_.tryReset();
  by_id_.bind(1, id);
  if (!by_id_.executeStep()) {
    by_id_.reset();
    throw CorruptionError("the store has no name number " + std::to_string(id) +
                          ", but an event uses it: run `annal verify`");
  }
  std::string name = by_id_.getColumn(0).getString();
  by_id_.reset();
  return texts_.put(id, std::move(name));
}

std::int64_t Names::intern(const std::string& name) {
  if (const auto known = find_to_intern(name)) return *known;
  if (!insert_) insert_.emplace(database_, "INSERT INTO names(name) VALUES(?)");
  insert_->reset();
  insert_->bindNoCopy(1, name);
  insert_->exec();
  insert_->reset();
  const std::int64_t id = database_.getLastInsertRowid();
  const auto nameless = nameless_.extract(name);
  staged_.emplace(name, id);
  new_.emplace_back(nameless.mapped(), id);
  return ids_.put(name, id);
}

void Names::settle() {
  staged_.clear();
  nameless_.clear();
}

void Names::forget() {
  ids_.clear();
  texts_.clear();
  settle();
  new_.clear();
}

}  // namespace annal::sqlite
