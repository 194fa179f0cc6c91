// A store that is made beside its place, and moved there once it is whole and on the disk.
#pragma once

#include "annal/sqlite/store_lock.hpp"

#include <filesystem>

namespace annal::sqlite {

//   threads   one; others, and other processes, are kept from making one at the same place
class NewStore {
 public:
  enum class Existing { refused, replaced };

  // Clears away what a crash left of an earlier attempt.
  //   source    the store it is made of
  //   existing  replaced: a store at the place stays there until put_in_place
  //   throws    StoreBusy if somebody writes or makes a store there; CannotOpen for a place where
  //             something is that is not to be replaced, or is no store closed in order, and if
  //             the source lies at `<place>.part`
  NewStore(const std::filesystem::path& place, const std::filesystem::path& source,
           Existing existing);
  // Leaves nothing behind that was not put in place.
  ~NewStore();
  NewStore(const NewStore&) = delete;
  NewStore& operator=(const NewStore&) = delete;

  // Where it is made: `<place>.part`.
  const std::filesystem::path& part() const { return part_; }

  // Durable when it returns.
  //   throws    CannotOpen if it was not closed in order, or cannot be moved
  void put_in_place();

 private:
  const std::filesystem::path place_, part_;
  const Existing existing_;
  StoreLock lock_;
};

}  // namespace annal::sqlite
