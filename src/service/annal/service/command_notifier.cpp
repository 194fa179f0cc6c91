#include "annal/service/command_notifier.hpp"

#include "annal/effects/failure.hpp"
#include "annal/effects/kinds.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace annal {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds look_at_stop{20};
constexpr int try_again_later = 75;  // sysexits.h
constexpr std::size_t complaint_bytes = 1000;

class Owned {
 public:
  explicit Owned(int number) : number_(number) {}
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }

 private:
  const int number_;
};

[[noreturn]] void cannot_start(const std::string& program, int error) {
  const std::string message = program + ": cannot be started: " + std::strerror(error);
  if (error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE)
    throw effects::Transient(message);
  throw Error(message);
}

// What a process reads or writes, without anybody at the other end who might have to wait.
int memory_file(const std::string& program) {
  const int number = ::memfd_create("annal-notification", MFD_CLOEXEC);
  if (number < 0) cannot_start(program, errno);
  return number;
}

class Process {
 public:
  Process(const std::vector<std::string>& arguments, const std::string& input,
          const std::vector<std::string>& variables)
      : program_(arguments.front()),
        input_(memory_file(program_)),
        complaint_(memory_file(program_)) {
    if (::pwrite(input_.number(), input.data(), input.size(), 0) !=
        static_cast<ssize_t>(input.size()))
      cannot_start(program_, errno);
    start(arguments, variables);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() {
    if (!has_ended_) kill();
  }

  //   returns   whether it has ended
  bool wait(milliseconds time) {
    const Owned ending(static_cast<int>(::syscall(SYS_pidfd_open, number_, 0)));
    if (ending.number() < 0) cannot_start(program_, errno);
    ::pollfd waiting{ending.number(), POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(time.count())) <= 0) return false;
    ::waitpid(number_, &status_, 0);
    has_ended_ = true;
    return true;
  }
  // And what it has started.
  void kill() {
    ::kill(-number_, SIGKILL);
    ::waitpid(number_, &status_, 0);
    has_ended_ = true;
  }

  int status() const { return status_; }
  // The first line that it wrote to its standard error.
  std::string complaint() const {
    std::string text(complaint_bytes, '\0');
    const auto got = ::pread(complaint_.number(), text.data(), text.size(), 0);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text.substr(0, text.find('\n'));
  }

 private:
  void start(const std::vector<std::string>& arguments, const std::vector<std::string>& variables) {
    std::vector<char*> called, environment;
    for (const auto& each : arguments) called.push_back(const_cast<char*>(each.c_str()));
    called.push_back(nullptr);
    for (char** each = environ; *each != nullptr; ++each) environment.push_back(*each);
    for (const auto& each : variables) environment.push_back(const_cast<char*>(each.c_str()));
    environment.push_back(nullptr);
    ::posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, input_.number(), STDIN_FILENO);
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, complaint_.number(), STDERR_FILENO);
    ::posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    const int error = ::posix_spawnp(&number_, called.front(), &actions, &attributes, called.data(),
                                     environment.data());
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) cannot_start(program_, error);
  }

  const std::string program_;
  const Owned input_, complaint_;
  ::pid_t number_ = 0;
  int status_ = 0;
  bool has_ended_ = false;
};

effects::EffectFailed failed(effects::FailureKind kind, std::string what) {
  return effects::EffectFailed(
      {.kind = kind, .effect = std::string(effects::Notification::name), .what = std::move(what)});
}

void judge(const Process& process, const std::string& program) {
  const int status = process.status();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  std::string message =
      program + (WIFEXITED(status) ? " ended with " + std::to_string(WEXITSTATUS(status))
                                   : " was ended by signal " + std::to_string(WTERMSIG(status)));
  if (const auto complaint = process.complaint(); !complaint.empty()) message += ": " + complaint;
  if (WIFEXITED(status) && WEXITSTATUS(status) == try_again_later)
    throw effects::Transient(message);
  throw Error(message);
}

void notify(const NotifyingCommand& command, const effects::Notification& notification,
            const effects::EffectContext& context) {
  auto arguments = command.command;
  arguments.push_back(notification.recipient);
  arguments.push_back(notification.subject);
  std::vector<std::string> variables;
  if (!context.key.empty())
    variables.push_back("ANNAL_IDEMPOTENCY_KEY=" + std::string(context.key));
  Process process(arguments, notification.message, variables);
  const auto until = steady_clock::now() + command.timeout;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
    if (process.wait(std::clamp(left, milliseconds(0), look_at_stop))) break;
    if (context.stop.stop_requested())
      throw failed(effects::FailureKind::cancelled,
                   arguments.front() + " was killed: the run was asked to stop");
    if (steady_clock::now() >= until)
      throw failed(effects::FailureKind::timeout, arguments.front() + " was killed after " +
                                                      std::to_string(command.timeout.count()) +
                                                      " ms");
  }
  judge(process, arguments.front());
}

}  // namespace

void notify_by_command(effects::Handlers& handlers, NotifyingCommand command) {
  if (command.command.empty() || command.command.front().empty())
    throw InvalidInput("notifications need a program to run, and none is named");
  if (command.timeout.count() <= 0)
    throw InvalidInput(command.command.front() +
                       " would be killed at once: its timeout must be above 0");
  handlers.on<effects::Notification>(
      [command = std::move(command)](const effects::Notification& notification,
                                     const effects::EffectContext& context) {
        notify(command, notification, context);
      });
}

}  // namespace annal
