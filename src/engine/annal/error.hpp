// What annal throws when something happens that a caller cannot be expected to foresee. What a
// caller must expect (a stale version, a missing document) is a return value instead.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace annal {

// Every exception annal throws. Its message names the thing, the value and what to do about it.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// An argument that no store could accept: a malformed name, point in time, JSON text or stream.
class InvalidInput : public Error {
 public:
  using Error::Error;
};

// A combination of options that cannot work.
class ConfigurationError : public Error {
 public:
  using Error::Error;
};

// The disk or the database under the store failed;
// the store refuses everything until it is reopened.
class StorageError : public Error {
 public:
  using Error::Error;
};

// The store could not be created or opened at the place it was asked for.
class CannotOpen : public StorageError {
 public:
  using StorageError::StorageError;
};

// The operating system denies access to the store or its directory.
class PermissionDenied : public CannotOpen {
 public:
  using CannotOpen::CannotOpen;
};

// Another process holds the store open for writing; the message names its process id.
class StoreBusy : public CannotOpen {
 public:
  using CannotOpen::CannotOpen;
};

// The file is no annal store, or one of a format newer than this program knows.
class UnknownFormat : public CannotOpen {
 public:
  using CannotOpen::CannotOpen;
};

// Recorded bytes are not what was recorded. `positions` are the damaged places, as far as known.
class CorruptionError : public StorageError {
 public:
  explicit CorruptionError(const std::string& what, std::vector<std::uint64_t> damaged = {})
      : StorageError(what), positions(std::move(damaged)) {}
  std::vector<std::uint64_t> positions;
};

// What was asked for is told by events whose data was purged: it existed, and is gone for ever.
// `positions` are those events, or the first of them.
class DataPurged : public Error {
 public:
  explicit DataPurged(const std::string& what, std::vector<std::uint64_t> at = {})
      : Error(what), positions(std::move(at)) {}
  std::vector<std::uint64_t> positions;
};

// A handler waits for something that only its own thread could bring about.
class WouldDeadlock : public Error {
 public:
  using Error::Error;
};

}  // namespace annal
