#include "annal/log/group_writer.hpp"

#include <utility>

namespace annal {

namespace {

// About what a commit takes in memory while it waits.
std::size_t footprint(const Commit& commit) {
  return bytes_of(commit) + 256 * commit.events.size() + 64 * commit.records.size();
}

}  // namespace

GroupWriter::GroupWriter(Options options, std::function<void(Group&)> commit_group,
                         std::function<bool()> idle)
    : options_(options), commit_group_(std::move(commit_group)), idle_(std::move(idle)) {
  writer_ = std::thread([this] { write(); });
  completer_ = std::thread([this] { run_completions(); });
}

GroupWriter::~GroupWriter() { close(); }

std::optional<Rejected> GroupWriter::enqueue(std::shared_ptr<Pending> pending) {
  {
    std::lock_guard lock(mutex_);
    if (closed_) return Rejected{Closed{"the store is closed"}};
    const bool full = queue_.size() + uncompleted_ >= options_.queue_requests ||
                      (!queue_.empty() && queued_bytes_ + pending->bytes > options_.queue_bytes);
    if (full) return Rejected{Busy{queue_.size() + uncompleted_}};
    queued_bytes_ += pending->bytes;
    queue_.push_back(std::move(pending));
  }
  arrived_.notify_one();
  return std::nullopt;
}

void GroupWriter::submit(Commit commit, Completion completion) {
  auto pending = std::make_shared<Pending>();
  pending->bytes = footprint(commit);
  pending->commit = std::move(commit);
  pending->completion = std::move(completion);
  if (auto refusal = enqueue(pending)) pending->completion(std::move(*refusal));
}

AppendOutcome GroupWriter::append(Commit commit) {
  auto pending = std::make_shared<Pending>();
  pending->bytes = footprint(commit);
  pending->commit = std::move(commit);
  if (take_turn()) {
    Group group{pending.get()};
    commit_group_(group);
    end_turn();
    return std::move(pending->outcome);
  }
  if (auto refusal = enqueue(pending)) return std::move(*refusal);
  pending->done.wait(false, std::memory_order_acquire);
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

void GroupWriter::complete(Completion completion, AppendOutcome outcome) {
  ++uncompleted_;
  std::lock_guard lock(completions_mutex_);
  completions_.emplace_back(std::move(completion), std::move(outcome));
  completed_.notify_one();
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

GroupWriter::Group GroupWriter::take_group(std::vector<std::shared_ptr<Pending>>& owned) {
  Group group;
  std::size_t bytes = 0;
  while (!queue_.empty() && group.size() < options_.group_requests) {
    bytes += queue_.front()->bytes;
    if (!group.empty() && bytes > options_.group_bytes) break;
    queued_bytes_ -= queue_.front()->bytes;
    owned.push_back(std::move(queue_.front()));
    queue_.pop_front();
    group.push_back(owned.back().get());
  }
  return group;
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

    std::vector<std::shared_ptr<Pending>> owned;
    Group group = take_group(owned);
    writing_ = wrote_ = true;
    lock.unlock();
    commit_group_(group);
    answer(owned);
    lock.lock();
    writing_ = false;
  }
}

void GroupWriter::answer(std::vector<std::shared_ptr<Pending>>& owned) {
  for (auto& pending : owned) {
    if (pending->completion) {
      complete(std::move(pending->completion), std::move(pending->outcome));
    } else {
      pending->done.store(true, std::memory_order_release);
      pending->done.notify_one();
    }
  }
}

void GroupWriter::run_completions() {
  std::unique_lock lock(completions_mutex_);
  for (;;) {
    completed_.wait(lock, [this] { return !completions_.empty() || completions_closed_; });
    if (completions_.empty()) return;
    auto [completion, outcome] = std::move(completions_.front());
    completions_.pop_front();
    lock.unlock();
    completion(std::move(outcome));
    completion = nullptr;
    --uncompleted_;
    lock.lock();
  }
}

}  // namespace annal
