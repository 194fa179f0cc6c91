#include "annal/sqlite/names.hpp"

#include "annal/error.hpp"
#include "annal/sqlite/database.hpp"

namespace annal::sqlite {

namespace {

constexpr std::size_t names_at_once = 8;
constexpr const char* named_columns = "names(name)";

}  // namespace

Names::Names(SQLite::Database& database, std::size_t cached, Numbers numbers)
    : by_id_(database, "SELECT name FROM names WHERE id=?"),
      database_(database),
      numbers_(std::move(numbers)),
      ids_(cached),
      texts_(cached) {}

std::optional<std::int64_t> Names::find(const std::string& name) {
  if (const auto* id = ids_.find(name)) return *id;
  const auto found = look_up(name, key_of_name(name));
  if (found) ids_.put(name, *found);
  return found;
}

std::optional<std::int64_t> Names::look_up(std::string_view name, IndexKey key) {
  std::optional<std::int64_t> found;
  staged_.for_each(key, [&](const Posting& staged) {
    const auto id = static_cast<std::int64_t>(staged.version.value);
    if (text(id) == name) found = id;
    return !found;
  });
  if (found) return found;
  for (const std::int64_t id : numbers_(key))
    if (text(id) == name) return id;
  return std::nullopt;
}

const std::string& Names::text(std::int64_t id) {
  if (const auto* name = texts_.find(id)) return *name;
  if (newest_ && id <= *newest_ && id > written_to())
    return unwritten_[static_cast<std::size_t>(id - written_to() - 1)];
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

std::int64_t Names::give_number(const std::string& name, IndexKey key) {
  if (!newest_) newest_ = database_.execAndGet("SELECT coalesce(max(id),0) FROM names").getInt64();
  unwritten_.push_back(name);
  const std::int64_t id = ++*newest_;
  staged_.add({key, {}, Version{static_cast<std::uint64_t>(id)}});
  if (unwritten_.size() == names_at_once) write_many();
  return id;
}

void Names::write_many() {
  if (!insert_many_)
    insert_many_.emplace(database_, insertion(named_columns, "(?)", names_at_once));
  int at = 0;
  for (const std::string& name : unwritten_) insert_many_->bindNoCopy(++at, name);
  insert_many_->exec();
  insert_many_->reset();
  require_newest();
  unwritten_.clear();
}

void Names::write() {
  if (unwritten_.empty()) return;
  if (!insert_one_) insert_one_.emplace(database_, insertion(named_columns, "(?)", 1));
  for (const std::string& name : unwritten_) {
    insert_one_->bindNoCopy(1, name);
    insert_one_->exec();
    insert_one_->reset();
  }
  require_newest();
  unwritten_.clear();
}

// The file has numbered the names as they were numbered here.
void Names::require_newest() const {
  if (database_.getLastInsertRowid() != newest_)
    throw CorruptionError("name number " + std::to_string(*newest_) +
                          " does not follow the newest name in the file: run `annal verify`");
}

void Names::list_new(Position position, std::vector<Posting>& postings) {
  for (const auto staged = staged_.postings(); listed_ < staged.size(); ++listed_)
    postings.push_back({staged[listed_].key, position, staged[listed_].version});
}

void Names::settle() {
  staged_.clear();
  listed_ = 0;
}

void Names::forget() {
  ids_.clear();
  texts_.clear();
  newest_.reset();
  unwritten_.clear();
  settle();
}

}  // namespace annal::sqlite
