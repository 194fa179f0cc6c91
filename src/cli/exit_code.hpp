// What the program's exit code says. The numbers are documented in docs/reference/cli.md; those
// from 65 are those of sysexits.h.
#pragma once

#include "annal/error.hpp"
#include "annal/service/documents.hpp"

#include <exception>
#include <string>

namespace annal::cli {

enum class ExitCode : int {
  ok = 0,
  not_found = 1,        // no such document, or no such point in its history
  usage = 2,            // arguments or input no store could accept
  conflict = 3,         // the document is not as the command expects it
  outcome_unknown = 4,  // ask again with the same idempotency key
  corrupt = 65,         // a damaged store, or a file that is no store of this program's format
  cannot_open = 73,     // the store cannot be created or is not there
  input_output = 74,    // disk, database, or a file given as an argument
  busy = 75,            // another process writes to the store
  permission = 77,
  configuration = 78,
  interrupted = 130,  // by a signal, after clearing up
};

// A file the user named, or standard input or output, failed.
class InputOutputError : public Error {
 public:
  using Error::Error;
};

// A file the user named is not what it was written as. Exit code 65.
class DamagedFile : public Error {
 public:
  using Error::Error;
};

// Something a command asked for is not there. Exit code 1.
class NotThere : public Error {
 public:
  using Error::Error;
};

ExitCode exit_code_of(const std::exception& error);
ExitCode exit_code_of(const document::Refusal& refusal);
ExitCode exit_code_of(const Rejected& rejected);
ExitCode exit_code_of(const ChangeOutcome& outcome);

}  // namespace annal::cli
