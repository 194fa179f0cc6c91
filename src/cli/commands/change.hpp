// What the commands that change a document have in common.
#pragma once

#include "commands/command.hpp"
#include "naming.hpp"

#include <optional>
#include <string>

namespace annal::cli {

struct ChangeArguments {
  std::string name;
  bool literal = false;
  std::optional<std::string> expect, idempotency_key;

  DocumentKey key(const Invocation& invocation) const {
    return document_to_change(name, literal, invocation.now());
  }
  // What the document must be. Throws InvalidInput.
  Expectation expectation() const { return expectation_of(expect); }
  // Source, idempotency key, and the version expected. Throws InvalidInput for another expectation.
  ChangeOptions options() const;
  // As above, leaving `none` and `exists` to the command.
  ChangeOptions options(const Expectation& expectation) const;
};

// NAME, --literal, --idempotency-key, --json.
void add_change_options(CLI::App& command, Invocation& invocation, ChangeArguments& arguments);
// --expect, of a command for documents that are there, or of one that also makes them.
void add_expected_version(CLI::App& command, ChangeArguments& arguments);
void add_expectation(CLI::App& command, ChangeArguments& arguments);
void add_idempotency_key(CLI::App& command, ChangeArguments& arguments);

// Prints what came of the change: `orders/7@v3 at @12 2026-01-02T03:04:05Z`, or one line why not.
ExitCode report(const ChangeOutcome& outcome, const DocumentKey& key,
                const ChangeArguments& arguments, Invocation& invocation);

}  // namespace annal::cli
