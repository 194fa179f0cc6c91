// Rows that a fold has changed and nobody has kept yet, upon those that are there.
#pragma once

#include "annal/projection/projection.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace annal {

//   threads   one at a time
class StagedRows final : public ProjectedRows {
 public:
  using Key = std::pair<std::string, std::string>;  // space and key
  struct Change {
    std::optional<ProjectedRow> row;  // absent: erased
    Position derived_at;              // of the event that made it
  };
  using Beneath =
      std::function<std::optional<ProjectedRow>(const std::string&, const std::string&)>;

  //   spaces    must outlive this
  //   beneath   the rows that are there
  StagedRows(const std::vector<SpaceDeclaration>& spaces, Beneath beneath)
      : spaces_(&spaces), beneath_(std::move(beneath)) {}

  // The event that what follows is due to.
  void begin(Position event) { event_ = event; }

  std::optional<ProjectedRow> find(const std::string& space, const std::string& key) const override;
  void put(const std::string& space, const std::string& key, ProjectedRow row) override;
  void erase(const std::string& space, const std::string& key) override;

  // Takes the changes of another stage, made upon this one.
  void take(StagedRows& upon);
  void clear();

  const std::map<Key, Change>& changes() const { return changes_; }
  std::size_t bytes() const { return bytes_; }  // of values and texts

 private:
  const SpaceDeclaration& space(const std::string& name) const;
  void set(Key key, Change change);

  const std::vector<SpaceDeclaration>* spaces_;
  Beneath beneath_;
  Position event_;
  std::map<Key, Change> changes_;
  std::size_t bytes_ = 0;
};

}  // namespace annal
