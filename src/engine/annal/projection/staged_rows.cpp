#include "annal/projection/staged_rows.hpp"

#include "annal/error.hpp"

#include <algorithm>

namespace annal {

namespace {

std::size_t bytes_of(const ProjectedRow& row) {
  std::size_t bytes = row.value.size();
  for (const auto& [name, value] : row.columns)
    if (const auto* text = std::get_if<std::string>(&value)) bytes += text->size();
  return bytes;
}

std::size_t bytes_of(const StagedRows::Change& change) {
  return change.row ? bytes_of(*change.row) : 0;
}

void check_key(const std::string& space, const std::string& key) {
  if (key.empty() || key.size() > limits::record_key_bytes)
    throw InvalidInput("a row of " + space + " has a key of " + std::to_string(key.size()) +
                       " bytes: give it 1–" + std::to_string(limits::record_key_bytes));
}

void check_row(const SpaceDeclaration& space, const std::string& key, const ProjectedRow& row) {
  const auto declared = [&](const auto& given) {
    const Column* const column = space.column(given.first);
    return column && given.second.index() == static_cast<std::size_t>(column->kind);
  };
  if (row.columns.size() != space.columns.size() ||
      !std::all_of(row.columns.begin(), row.columns.end(), declared))
    throw InvalidInput("the row " + space.name + ' ' + key +
                       " does not give the columns its space declares");
  if (bytes_of(row) > limits::record_bytes)
    throw InvalidInput("the row " + space.name + ' ' + key + " has " +
                       std::to_string(bytes_of(row)) + " bytes; " +
                       std::to_string(limits::record_bytes) + " are the limit");
}

}  // namespace

const SpaceDeclaration& StagedRows::space(const std::string& name) const {
  const auto found = std::find_if(spaces_->begin(), spaces_->end(),
                                  [&](const auto& declared) { return declared.name == name; });
  if (found == spaces_->end())
    throw InvalidInput("the projection declares no space \"" + name + '"');
  return *found;
}

std::optional<ProjectedRow> StagedRows::find(const std::string& in, const std::string& key) const {
  space(in);
  const auto found = changes_.find({in, key});
  return found == changes_.end() ? beneath_(in, key) : found->second.row;
}

void StagedRows::put(const std::string& in, const std::string& key, ProjectedRow row) {
  check_key(in, key);
  check_row(space(in), key, row);
  set({in, key}, {std::move(row), event_});
}

void StagedRows::erase(const std::string& in, const std::string& key) {
  space(in);
  check_key(in, key);
  set({in, key}, {std::nullopt, event_});
}

void StagedRows::take(StagedRows& upon) {
  for (auto& [key, change] : upon.changes_) set(key, std::move(change));
  upon.clear();
}

void StagedRows::clear() {
  changes_.clear();
  bytes_ = 0;
}

void StagedRows::set(Key key, Change change) {
  Change& place = changes_[std::move(key)];
  bytes_ += bytes_of(change) - bytes_of(place);
  place = std::move(change);
}

}  // namespace annal
