#include "cli/process.hpp"

#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace annal::cli::test {
namespace {

struct Pipe {
  int read = -1, write = -1;
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
    read = ends[0];
    write = ends[1];
  }
};

void close_descriptor(int& descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

const annal::test::TemporaryFolder& open_to_all() {
  static const annal::test::TemporaryFolder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
  return folder;
}

std::vector<std::string> environment_of(const Start& start) {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text = *entry;
    const auto sign = text.find('=');
    variables[std::string(text.substr(0, sign))] = text.substr(sign + 1);
  }
  for (const char* name : {"ANNAL_STORE", "NO_COLOR"}) variables.erase(name);
  variables["TERM"] = "xterm";
  // Where lines are counted, a user who may write nowhere else keeps the counts there.
  if (start.as_nobody) variables["GCOV_PREFIX"] = open_to_all().path().string();
  for (const auto& [name, value] : start.environment) variables[name] = value;
  std::vector<std::string> entries;
  for (const auto& [name, value] : variables) entries.push_back(name + '=' + value);
  return entries;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

constexpr uid_t nobody = 65534;

// In the child. The program is opened before its rights go,
// which may keep it from being reached by path.
[[noreturn]] void become(const Start& start, std::vector<char*> arguments,
                         std::vector<char*> environment) {
  const int file = ::open(arguments[0], O_RDONLY | O_CLOEXEC);
  if (!start.folder.empty() && ::chdir(start.folder.c_str()) != 0) ::_exit(126);
  if (start.as_nobody && ::geteuid() == 0 &&
      (::setgroups(0, nullptr) != 0 || ::setgid(nobody) != 0 || ::setuid(nobody) != 0))
    ::_exit(126);
  if (file >= 0) ::fexecve(file, arguments.data(), environment.data());
  ::execvpe(arguments[0], arguments.data(), environment.data());
  ::_exit(127);
}

int code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return code_of(status);
}

// What can be read now is appended; false at the end.
bool read_some(int descriptor, std::string& out) {
  std::array<char, 65536> buffer;
  const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
  if (count < 0 && errno == EINTR) return true;
  if (count <= 0) return false;  // a terminal ends with EIO
  out.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

}  // namespace

Running::Running(const Start& start)
    : input_(start.input), keep_input_open_(start.keep_input_open) {
  ::signal(SIGPIPE, SIG_IGN);  // a program may end before it has read its input
  Pipe in, out, err;
  auto environment = environment_of(start);
  auto arguments = start.arguments;
  const auto argument_pointers = pointers(arguments), environment_pointers = pointers(environment);
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("fork failed");
  if (pid_ == 0) {
    ::signal(SIGPIPE, SIG_DFL);
    ::dup2(in.read, 0);
    ::dup2(out.write, 1);
    ::dup2(err.write, 2);
    become(start, argument_pointers, environment_pointers);
  }
  ::close(in.read);
  ::close(out.write);
  ::close(err.write);
  in_ = in.write;
  out_ = out.read;
  err_ = err.read;
  ::fcntl(in_, F_SETFL, O_NONBLOCK);
}

Running::~Running() {
  close_descriptor(in_);
  close_descriptor(out_);
  close_descriptor(err_);
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    wait_for(pid_);
  }
}

void Running::signal(int number) const { ::kill(pid_, number); }

void Running::close_input() { keep_input_open_ = false; }

// Waits until something can be read or written, and does it.
void Running::pump_once() {
  if (input_.empty() && !keep_input_open_) close_descriptor(in_);
  pollfd files[3] = {{input_.empty() ? -1 : in_, POLLOUT, 0}, {out_, POLLIN, 0}, {err_, POLLIN, 0}};
  if (::poll(files, 3, -1) < 0) return;
  if (files[0].revents != 0) {
    const ssize_t count = ::write(in_, input_.data(), input_.size());
    if (count >= 0)
      input_.erase(0, static_cast<std::size_t>(count));
    else if (errno != EAGAIN && errno != EINTR)
      input_.clear(), close_descriptor(in_);
  }
  if (files[1].revents != 0 && !read_some(out_, result_.out)) close_descriptor(out_);
  if (files[2].revents != 0 && !read_some(err_, result_.err)) close_descriptor(err_);
}

std::string Running::read_line() {
  while (out_ >= 0 && result_.out.find('\n') == std::string::npos) pump_once();
  const auto end = result_.out.find('\n');
  if (end == std::string::npos) return {};
  std::string line = result_.out.substr(0, end);
  result_.out.erase(0, end + 1);
  return line;
}

void Running::feed(std::string_view bytes) {
  input_.append(bytes);
  while (!input_.empty() && in_ >= 0) pump_once();
}

Finished Running::finish() {
  keep_input_open_ = false;
  while (out_ >= 0 || err_ >= 0) pump_once();
  result_.code = wait_for(pid_);
  pid_ = -1;
  return result_;
}

Finished run(const Start& start) { return Running(start).finish(); }

Finished run_on_terminal(const Start& start, unsigned short columns) {
  winsize size{};
  size.ws_row = 40;
  size.ws_col = columns;
  auto environment = environment_of(start);
  auto arguments = start.arguments;
  const auto argument_pointers = pointers(arguments), environment_pointers = pointers(environment);
  int terminal = -1;
  const pid_t pid = ::forkpty(&terminal, nullptr, nullptr, &size);
  if (pid < 0) throw std::runtime_error("forkpty failed");
  if (pid == 0) become(start, argument_pointers, environment_pointers);
  Finished result;
  while (read_some(terminal, result.out)) {
  }
  ::close(terminal);
  result.code = wait_for(pid);
  return result;
}

std::string program() { return ANNAL_PROGRAM; }

Start Shell::start_of(std::vector<std::string> arguments, std::string input) const {
  arguments.insert(arguments.begin(), program());
  Start start;
  start.arguments = std::move(arguments);
  start.input = std::move(input);
  start.environment["ANNAL_STORE"] = store().string();
  start.folder = folder_.path();
  return start;
}

Finished Shell::annal(std::vector<std::string> arguments, std::string input) const {
  return run(start_of(std::move(arguments), std::move(input)));
}

Finished Shell::annal_on_terminal(std::vector<std::string> arguments) const {
  return run_on_terminal(start_of(std::move(arguments)));
}

std::string Shell::ok(std::vector<std::string> arguments, std::string input) const {
  const std::string command = arguments.front();
  const Finished finished = annal(std::move(arguments), std::move(input));
  EXPECT_EQ(finished.code, 0) << command << ": " << finished.err;
  return finished.out;
}

std::uint64_t Shell::head() const {
  return nlohmann::json::parse(ok({"stats", "--json"})).at("head").get<std::uint64_t>();
}

void Shell::write(std::string_view name, std::string_view bytes) const {
  std::ofstream(folder_ / name, std::ios::binary) << bytes;
}

std::string Shell::read(std::string_view name) const {
  std::ifstream file(folder_ / name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace annal::cli::test
