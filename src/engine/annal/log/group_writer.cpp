#include "annal/log/group_writer.hpp"

#include <semaphore.h>

#include <new>
#include <utility>

namespace annal {

namespace {

// About what a commit takes in memory while it waits.
std::size_t footprint(const Commit& commit, const std::vector<std::string>& packed) {
  std::size_t bytes = bytes_of(commit) + 256 * commit.events.size() + 64 * commit.records.size();
  for (const std::string& data : packed) bytes += sizeof data + data.size();
  return bytes;
}

}  // namespace

struct Answered::Semaphore {
  Semaphore() { sem_init(&system, 0, 0); }
  ~Semaphore() { sem_destroy(&system); }
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;
  sem_t system;
};

Answered::Answered() : semaphore_(std::make_unique<Semaphore>()) {}
Answered::~Answered() = default;

void Answered::say() { sem_post(&semaphore_->system); }

void Answered::wait() {
  while (sem_wait(&semaphore_->system) != 0) continue;  // a signal was handled
}

GroupWriter::GroupWriter(Options options, std::function<void(Group&)> commit_group,
                         std::function<bool()> idle)
    : options_(options), commit_group_(std::move(commit_group)), idle_(std::move(idle)) {
  group_.reserve(options_.group_requests);
  writer_ = std::thread([this] { write(); });
  try {
    completer_ = std::thread([this] { run_completions(); });
  } catch (...) {
    close();
    throw;
  }
}

GroupWriter::~GroupWriter() { close(); }

// Takes the commit, or throws and leaves it.
GroupWriter::Requests GroupWriter::request_of(Commit& commit, std::vector<std::string>& packed) {
  Requests request(1, std::make_shared<Pending>());
  Pending& pending = *request.front();
  pending.bytes = footprint(commit, packed);
  pending.commit = std::move(commit);
  pending.packed = std::move(packed);
  return request;
}

std::optional<Rejected> GroupWriter::enqueue(Requests& request) {
  const std::size_t bytes = request.front()->bytes;
  {
    std::lock_guard lock(mutex_);
    if (closed_) return Rejected{Closed{"the store is closed"}};
    const bool full = queue_.size() + uncompleted_ >= options_.queue_requests ||
                      (!queue_.empty() && queued_bytes_ + bytes > options_.queue_bytes);
    if (full) return Rejected{Busy{queue_.size() + uncompleted_}};
    queued_bytes_ += bytes;
    queue_.splice(queue_.end(), request);
  }
  arrived_.notify_one();
  return std::nullopt;
}

void GroupWriter::submit(Commit commit, Completion completion, std::vector<std::string> packed) {
  Requests request;
  try {
    request = request_of(commit, packed);
  } catch (const std::bad_alloc&) {
    return completion(out_of_memory());
  }
  const auto pending = request.front();
  pending->completion = std::move(completion);
  if (auto refusal = enqueue(request)) pending->completion(std::move(*refusal));
}

AppendOutcome GroupWriter::append(Commit commit, std::vector<std::string> packed) {
  Requests request;
  Group alone;
  try {
    request = request_of(commit, packed);
    alone.push_back(request.front().get());
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  }
  const auto pending = request.front();
  if (take_turn()) {
    commit_group_(alone);
    end_turn();
    return std::move(pending->outcome);
  }
  if (auto refusal = enqueue(request)) return std::move(*refusal);
  pending->answered.wait();
  return std::move(pending->outcome);
}

// True if nobody is writing or waiting to: then the caller may write.
bool GroupWriter::take_turn() {
  std::lock_guard lock(mutex_);
  if (writing_ || closed_ || !queue_.empty()) return false;
  writing_ = true;
  return true;
}

void GroupWriter::end_turn() {
  std::lock_guard lock(mutex_);
  writing_ = false;
  wrote_ = true;
  if (resting_ || closed_ || !queue_.empty()) arrived_.notify_one();
}

std::size_t GroupWriter::queued() const {
  std::lock_guard lock(mutex_);
  return queue_.size();
}

void GroupWriter::close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  arrived_.notify_all();
  if (writer_.joinable()) writer_.join();
  {
    std::lock_guard lock(completions_mutex_);
    completions_closed_ = true;
  }
  completed_.notify_all();
  if (completer_.joinable()) completer_.join();
}

// The oldest requests, which group_ then names.
GroupWriter::Requests GroupWriter::take_group() {
  Requests taken;
  group_.clear();
  std::size_t bytes = 0;
  while (!queue_.empty() && group_.size() < options_.group_requests) {
    Pending& pending = *queue_.front();
    bytes += pending.bytes;
    if (!group_.empty() && bytes > options_.group_bytes) break;
    queued_bytes_ -= pending.bytes;
    taken.splice(taken.end(), queue_, queue_.begin());
    group_.push_back(&pending);
  }
  return taken;
}

// Until it is this thread's turn, or closed. Once nothing has been written for a while it calls
// `idle`, and rests until somebody writes again.
void GroupWriter::wait_for_work(std::unique_lock<std::mutex>& lock) {
  const auto waiting = [this] { return (!queue_.empty() || closed_) && !writing_; };
  for (;;) {
    if (arrived_.wait_for(lock, options_.idle_after, waiting)) return;
    if (writing_ || std::exchange(wrote_, false)) continue;
    if (idle_) {
      lock.unlock();
      const bool again = idle_();
      lock.lock();
      if (again) continue;
    }
    resting_ = true;
    arrived_.wait(lock, [&] { return waiting() || wrote_; });
    resting_ = false;
    if (waiting()) return;
  }
}

void GroupWriter::write() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wait_for_work(lock);
    if (queue_.empty()) return;  // closed, and nothing left

    Requests taken = take_group();
    writing_ = wrote_ = true;
    lock.unlock();
    commit_group_(group_);
    answer(taken);
    lock.lock();
    writing_ = false;
  }
}

void GroupWriter::answer(Requests& written) {
  while (!written.empty()) {
    Pending& pending = *written.front();
    if (pending.completion) {
      pending.commit = {};
      pending.packed = {};
      ++uncompleted_;
      std::lock_guard lock(completions_mutex_);
      completions_.splice(completions_.end(), written, written.begin());
      completed_.notify_one();
    } else {
      pending.answered.say();
      written.pop_front();
    }
  }
}

void GroupWriter::run_completions() {
  std::unique_lock lock(completions_mutex_);
  for (;;) {
    completed_.wait(lock, [this] { return !completions_.empty() || completions_closed_; });
    if (completions_.empty()) return;
    Requests next;
    next.splice(next.end(), completions_, completions_.begin());
    lock.unlock();
    next.front()->completion(std::move(next.front()->outcome));
    next.clear();
    --uncompleted_;
    lock.lock();
  }
}

}  // namespace annal
