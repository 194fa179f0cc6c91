// What the log keeps of a projection beside its rows: its generations, and how far each of them is.
//
// In the space `annal_projections`: `name` says which generation is the one that readers see, and
// `name@2` what generation 2 is made of; where it was derived is its checkpoint.
#pragma once

#include "annal/projection/projection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace annal {

// The rows of a projection as one version of its code makes them.
struct Generation {
  std::uint64_t number = 0;         // from 1, never used again
  std::uint32_t version = 0;        // of the code
  Position checkpoint;              // everything up to here is in the rows
  std::vector<std::string> spaces;  // where the rows are, in the order they are declared
};

//   throws    StorageError if the log does not take a change, or does not now
//   threads   any number of callers
class ProjectionRecords {
 public:
  //   log and projection must outlive this
  ProjectionRecords(EventLog& log, const Projection& projection)
      : log_(log), projection_(projection) {}

  // What readers see.
  std::optional<Generation> current() const;
  // What is being made to take its place.
  std::optional<Generation> unfinished() const;
  // What readers have seen before, and is not gone yet.
  std::optional<Generation> retired() const;

  // Whether the generation is what the projection makes today: of its version, in its spaces, laid
  // out as it declares them.
  bool is_of_today(const Generation& generation) const;

  // Begins the first one, which readers see at once, or one to take the place of the current one.
  Generation begin_first();
  Generation begin_next();

  // Rows and checkpoint in one commit.
  //   generation   its checkpoint is moved
  //   throws       ProjectionTaken if somebody else has moved the checkpoint
  void keep(Generation& generation, std::vector<RecordChange> rows, Position checkpoint);

  // `next` takes the place of `current`, which is retired, in one commit.
  //   returns   `next` as it is called from then on
  Generation swap(const Generation& current, const Generation& next);

  // Nobody goes on with the generation after this.
  void discard(Generation& unfinished);
  // Takes some rows of a retired or discarded generation away, and in the end the generation.
  //   returns   true if nothing is left of it
  bool erase_some(const Generation& generation);

 private:
  std::optional<Generation> generation(std::uint64_t number) const;
  std::uint64_t number_in(const char* member) const;
  RecordChange names(std::uint64_t current, std::uint64_t newest, std::uint64_t retired) const;
  RecordChange state(const Generation& generation) const;
  RecordChange discarded(const Generation& generation) const;
  RecordChange no_state(const Generation& generation) const;
  std::vector<SpaceDeclaration> spaces_of(std::uint64_t generation) const;
  void append(Commit commit) const;

  EventLog& log_;
  const Projection& projection_;
};

// Another instance keeps the projection.
class ProjectionTaken : public StorageError {
 public:
  using StorageError::StorageError;
};

}  // namespace annal
