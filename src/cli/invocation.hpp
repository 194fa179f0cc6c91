// One run of the program: which store, which command, and where its output goes.
#pragma once

#include "annal/log/point.hpp"
#include "annal/service/store.hpp"
#include "exit_code.hpp"
#include "print/output.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace annal::cli {

struct Invocation {
  Output out{stdout};
  Output err{stderr};
  std::string store;                  // --store; empty: ANNAL_STORE, or annal.db
  bool json = false;                  // --json
  std::function<ExitCode()> command;  // what the arguments ask for

  std::filesystem::path store_path() const;
  // The same; throws CannotOpen if there is no such file.
  std::filesystem::path store_to_read() const;
  // Reads a store that exists, also while another process writes to it.
  //   throws    CannotOpen if there is none
  std::unique_ptr<Store> open_to_read() const;
  // Creates the store where there is none.
  std::unique_ptr<Store> open_to_write(OpenOptions options = {}) const;
  // Changes a store that exists.
  std::unique_ptr<Store> open_to_change() const;
  Timestamp now() const;

  // Says on standard error which position was read, unless the answer's JSON does.
  void announce(Store& store, Position at);
  void announce(Store& store, Position from, Position to);
  // One line on standard error: `annal: orders/7: …`.
  void complain(std::string_view message);
  // A line of news about what goes on, on standard error.
  void note(std::string_view message);
};

// Throws CannotOpen if there is neither a file at the path nor something that hides whether there is.
void must_exist(const std::filesystem::path& path);

// `@1234 2026-01-02T03:04:05Z`
std::string position_in_words(const EventLog& log, Position position);

}  // namespace annal::cli
