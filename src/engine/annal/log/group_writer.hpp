// The one writer of a log: a thread that takes whatever is queued and commits it as a group.
// For adapters.
#pragma once

#include "annal/log/event_log.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace annal {

// Blocks a thread until another one says that it may go on. Not a flag of the standard library's to
// wait for: that begins by yielding, and many who yield keep the writer from its processor.
class Answered {
 public:
  Answered();
  ~Answered();
  Answered(const Answered&) = delete;
  Answered& operator=(const Answered&) = delete;

  void say();
  void wait();

 private:
  struct Semaphore;
  const std::unique_ptr<Semaphore> semaphore_;
};

// A commit on its way through the writer.
struct Pending {
  Commit commit;
  // What the adapter made of the events' data on the caller's thread: of each, or nothing at all.
  std::vector<std::string> packed;
  AppendOutcome outcome = Unknown{"the writer never reached it"};
  Completion completion;  // empty: somebody waits in append()
  std::size_t bytes = 0;
  Answered answered;
};

// All memory a commit needs on its way is taken on its caller's thread, before it is queued; without
// it the commit is Rejected. The writer and the completions only pass requests on.
//   threads   submit, append, queued: any number of callers; close and the destructor: one
class GroupWriter {
 public:
  struct Options {
    std::size_t queue_requests = 1024;           // more are Busy
    std::size_t queue_bytes = 64 * 1024 * 1024;  // likewise
    std::size_t group_requests = 1024;
    std::size_t group_bytes = 16 * 1024 * 1024;  // a group takes at least one commit
    std::chrono::milliseconds idle_after{50};
  };
  using Group = std::vector<Pending*>;

  //   commit_group  writes a group and sets every outcome; runs on the writer's thread or that of a
  //                 lone caller of append, never on two at once, and must not throw
  //   idle          runs on the writer's thread once nothing has been written for `idle_after`, and
  //                 again after that time for as long as it returns true and nothing is written
  GroupWriter(Options options, std::function<void(Group&)> commit_group,
              std::function<bool()> idle = {});
  ~GroupWriter();

  // The commit must have been prepared. The completion runs on the completions' thread, or before
  // this returns if the commit is refused at once. A commit takes its place in the queue until its
  // completion has run, so that slow completions fill the queue and not the memory.
  //   packed    what the adapter's commit_group finds in Pending
  void submit(Commit commit, Completion completion, std::vector<std::string> packed = {});
  // A lone caller writes the commit itself: two changes of threads would cost it more than half of
  // what the disk does. Among others it waits, and is woken by the writer itself, without a detour
  // over the completions' thread.
  AppendOutcome append(Commit commit, std::vector<std::string> packed = {});

  std::size_t queued() const;
  // Refuses what comes, writes what is queued, runs what is to be completed.
  void close();

 private:
  using Requests = std::list<std::shared_ptr<Pending>>;  // handed on by splicing

  static Requests request_of(Commit& commit, std::vector<std::string>& packed);
  std::optional<Rejected> enqueue(Requests& request);
  bool take_turn();
  void end_turn();
  void wait_for_work(std::unique_lock<std::mutex>& lock);
  void write();
  Requests take_group();
  void answer(Requests& written);
  void run_completions();

  const Options options_;
  const std::function<void(Group&)> commit_group_;
  const std::function<bool()> idle_;

  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  Requests queue_;
  std::size_t queued_bytes_ = 0;
  std::atomic<std::size_t> uncompleted_{0};  // written, their completions waiting or running
  bool closed_ = false;
  bool writing_ = false;  // a group is on its way; by the writer's thread or by a lone caller
  bool wrote_ = false;    // since the writer's thread last looked
  bool resting_ = false;  // the writer's thread waits for somebody to write
  Group group_;           // the writer's thread's; never grows

  std::mutex completions_mutex_;
  std::condition_variable completed_;
  Requests completions_;
  bool completions_closed_ = false;

  std::thread writer_, completer_;
};

}  // namespace annal
