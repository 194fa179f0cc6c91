// A log in front of another, for tests in which something has to happen at one certain moment.
#pragma once

#include "annal/log/event_log.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace annal::test {

class HookedLog : public EventLog {
 public:
  explicit HookedLog(EventLog& inner) : inner_(inner) {}

  // Called before a commit is handed on, and after a key was looked up. They are not called for
  // what they do to this log themselves.
  std::function<void(const Commit&)> before_append;
  std::function<void()> after_find_commit;

  void submit(Commit commit, Completion completion) override {
    call(before_append, commit);
    inner_.submit(std::move(commit), std::move(completion));
  }
  AppendOutcome append(Commit commit) override {
    call(before_append, commit);
    return inner_.append(std::move(commit));
  }
  std::optional<KeyedCommit> find_commit(std::string_view key) const override {
    auto found = inner_.find_commit(key);
    call(after_find_commit);
    return found;
  }

  Page read(const ReadRequest& request) const override { return inner_.read(request); }
  std::optional<Envelope> event_at(Position position) const override {
    return inner_.event_at(position);
  }
  Version stream_version(std::string_view stream) const override {
    return inner_.stream_version(stream);
  }
  Position head() const override { return inner_.head(); }
  Position durable_position() const override { return inner_.durable_position(); }
  Position position_at(Timestamp time) const override { return inner_.position_at(time); }
  CommitInfo commit_at(Position position) const override { return inner_.commit_at(position); }
  std::optional<Record> record(std::string_view space, std::string_view key) const override {
    return inner_.record(space, key);
  }
  RecordPage records(const RecordRequest& request) const override {
    return inner_.records(request);
  }
  Position wait_for(Position position, std::chrono::milliseconds timeout,
                    std::stop_token stop) const override {
    return inner_.wait_for(position, timeout, std::move(stop));
  }
  std::vector<TypeDescription> type_descriptions() const override {
    return inner_.type_descriptions();
  }
  void declare_types(const std::vector<TypeDescription>& types) override {
    inner_.declare_types(types);
  }
  Verification verify(const std::function<void(Position)>& progress) const override {
    return inner_.verify(progress);
  }
  LogStatistics statistics() const override { return inner_.statistics(); }
  Durability durability() const override { return inner_.durability(); }
  std::string failure() const override { return inner_.failure(); }
  Scrubbed scrubbed() const override { return inner_.scrubbed(); }

 private:
  template <class Hook, class... Arguments>
  void call(const Hook& hook, const Arguments&... arguments) const {
    if (!hook || calling_) return;
    calling_ = true;
    hook(arguments...);
    calling_ = false;
  }

  EventLog& inner_;
  mutable bool calling_ = false;
};

}  // namespace annal::test
