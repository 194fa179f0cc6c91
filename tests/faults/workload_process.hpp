// The workload in a process of its own, which is killed, and what it had acknowledged by then.
#pragma once

#include "faults/workload.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <sstream>
#include <stdexcept>
#include <thread>

extern char** environ;

namespace annal::test {

class WorkloadProcess {
 public:
  //   version   of the code of the projection that is kept; 0: nothing follows the log
  WorkloadProcess(std::string store, int callers, int version = 0,
                  std::string program = ANNAL_WORKLOAD_CHILD) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::string count = std::to_string(callers), followed = std::to_string(version);
    char* arguments[] = {program.data(), store.data(), count.data(),
                         version > 0 ? followed.data() : nullptr, nullptr};
    const int error = ::posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    out_ = ends[0];
    if (error != 0) throw std::runtime_error("cannot start " + program);
  }
  ~WorkloadProcess() { ::close(out_); }
  WorkloadProcess(const WorkloadProcess&) = delete;
  WorkloadProcess& operator=(const WorkloadProcess&) = delete;

  // Reads so many bytes of acknowledgements at least, waits a moment more, kills, reads the rest.
  void kill_after(std::size_t bytes, std::chrono::microseconds moment) {
    while (text_.size() < bytes && read_some()) {
    }
    std::this_thread::sleep_for(moment);
    ::kill(pid_, SIGKILL);
    while (read_some()) {
    }
    int status = 0;
    ::waitpid(pid_, &status, 0);
    killed_ = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  }

  bool killed() const { return killed_; }

  void acknowledgements(Acknowledged& all) const {
    for_each_line([&](int caller, std::uint64_t number) {
      if (caller >= 0) all[caller] = std::max(all[caller], number);
    });
  }

  // Adds the positions that its subscription had handled.
  void handled(std::set<std::uint64_t>& positions) const {
    for_each_line([&](int caller, std::uint64_t number) {
      if (caller < 0) positions.insert(number);
    });
  }

 private:
  template <class Each>
  void for_each_line(Each each) const {
    std::istringstream lines(text_);
    int caller = 0;
    std::uint64_t number = 0;
    while (lines >> caller >> number) each(caller, number);
  }

  bool read_some() {
    char bytes[4096];
    const auto size = ::read(out_, bytes, sizeof bytes);
    if (size <= 0) return false;
    text_.append(bytes, static_cast<std::size_t>(size));
    return true;
  }

  pid_t pid_ = -1;
  int out_ = -1;
  std::string text_;
  bool killed_ = false;
};

}  // namespace annal::test
