// Runs the built program, and others, as processes: with arguments, input, an environment of their
// own, on pipes or on a terminal.
#pragma once

#include "fakes.hpp"

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace annal::cli::test {

// How a process ended; 128 + the signal's number if one killed it.
struct Finished {
  int code = -1;
  std::string out, err;  // on a terminal everything is in `out`
};

struct Start {
  std::vector<std::string> arguments;  // the first one is the program; a bare name is looked up
  std::string input;
  std::map<std::string, std::string> environment;  // beside what this process has
  std::filesystem::path folder;                    // to run in; this process's own if empty
  bool as_nobody = false;                          // gives up root's rights, where it has them
  bool keep_input_open = false;                    // Running::feed goes on, until close_input
};

// A process that is under way. Killed and waited for when the object goes.
class Running {
 public:
  explicit Running(const Start& start);
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  pid_t pid() const { return pid_; }
  // Waits until a line has come on standard output; empty if the output ended.
  std::string read_line();
  // Writes to the standard input until all of it is taken. Only with keep_input_open.
  void feed(std::string_view bytes);
  void close_input();
  void signal(int number) const;
  // Takes what it still writes, and waits for its end.
  Finished finish();

 private:
  void pump_once();
  pid_t pid_ = -1;
  int in_ = -1, out_ = -1, err_ = -1;
  std::string input_;
  bool keep_input_open_ = false;
  Finished result_;
};

Finished run(const Start& start);
// The same on a terminal of the given width, with standard input, output and error on it.
Finished run_on_terminal(const Start& start, unsigned short columns = 100);

// The built program.
std::string program();

// A folder with a store of its own, and the program to use it with.
class Shell {
 public:
  // `annal ARGUMENTS…`, ANNAL_STORE naming the folder's store.
  Finished annal(std::vector<std::string> arguments, std::string input = "") const;
  Finished annal_on_terminal(std::vector<std::string> arguments) const;
  Start start_of(std::vector<std::string> arguments, std::string input = "") const;

  // As annal, but fails the test unless the exit code is 0.
  std::string ok(std::vector<std::string> arguments, std::string input = "") const;
  // The newest position.
  std::uint64_t head() const;

  std::filesystem::path store() const { return folder_ / "store.db"; }
  std::filesystem::path operator/(std::string_view name) const { return folder_ / name; }
  void write(std::string_view name, std::string_view bytes) const;
  std::string read(std::string_view name) const;

 private:
  annal::test::TemporaryFolder folder_;
};

}  // namespace annal::cli::test
