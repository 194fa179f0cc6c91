#include "annal/effects/branches.hpp"

#include "annal/effects/limited.hpp"
#include "annal/time/bounded_wait.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

namespace annal::effects {

namespace {

// One of several programs, in a run of its own: asked to stop with the whole, or by itself.
class Branch {
 public:
  Branch(const Run& whole, std::optional<std::chrono::nanoseconds> deadline)
      : with_whole_(whole.context().stop, [this] { stop.request_stop(); }),
        request_id_(whole.options().request_id),
        trace_(whole.options().trace ? whole.options().trace->clock() : monotonic_clock()),
        run_(whole.handlers(), options_of(whole), RunMode::real, deadline) {
    trace_.share();
  }

  void execute(const NodePointer& program) noexcept {
    try {
      Machine machine(run_);
      machine.execute(program.borrow());
      value = std::move(machine.value);
    } catch (...) {
      thrown = std::current_exception();
    }
  }

  // The whole knows what was done here.
  void join(Run& whole) const {
    if (whole.options().trace != nullptr) whole.options().trace->adopt(trace_);
  }
  [[noreturn]] void throw_on(Run& whole) const {
    whole.learn(run_.failure(thrown));
    std::rethrow_exception(thrown);
  }

  std::stop_source stop;
  Value value;
  std::exception_ptr thrown;

 private:
  RunOptions options_of(const Run& whole) {
    RunOptions options = whole.options();
    if (options.trace != nullptr) options.trace = &trace_;
    options.stop = stop.get_token();
    options.request_id = request_id_;
    return options;
  }

  std::stop_callback<std::function<void()>> with_whole_;
  const std::string request_id_;  // it may outlive the whole
  Trace trace_;
  Run run_;
};

// Branches that several threads run, each the next that has not begun.
class Branches {
 public:
  Branches(const Programs& programs, Run& whole) : programs_(programs), whole_(whole) {
    for (std::size_t i = 0; i < programs.size(); ++i)
      all.push_back(std::make_unique<Branch>(whole, whole.context().deadline));
  }
  virtual ~Branches() = default;

  // On this thread and as many others as there are to have, until all that began are done.
  void run(std::size_t helpers) {
    {
      std::lock_guard lock(mutex_);
      while (helpers > 0 && begin_helpers(1)) --helpers;
    }
    run_here();
  }
  // On this thread and so many others.
  //   returns   false if they are not to be had; nothing has begun
  bool run_at_once(std::size_t helpers) {
    {
      std::lock_guard lock(mutex_);
      if (!begin_helpers(helpers)) return false;
    }
    run_here();
    return true;
  }

  std::vector<std::unique_ptr<Branch>> all;

 protected:
  void stop_all() {
    next_ = all.size();
    for (const auto& branch : all) branch->stop.request_stop();
  }

 private:
  virtual void is_done(Branch& branch) = 0;

  // With the mutex.
  bool begin_helpers(std::size_t helpers) {
    const auto done = [this] {
      std::lock_guard lock(mutex_);
      if (--running_ == 0) done_.notify_all();
    };
    running_ += helpers;
    if (helpers == 0 || whole_.options().workers->try_begin([this] { work(); }, done, helpers))
      return true;
    running_ -= helpers;
    return false;
  }

  void run_here() {
    work();
    std::unique_lock lock(mutex_);
    done_.wait(lock, [&] { return running_ == 0; });
    for (const auto& branch : all) branch->join(whole_);
  }

  void work() {
    for (;;) {
      const std::size_t at = next_++;
      if (at >= all.size()) return;
      all[at]->execute(programs_[at]);
      is_done(*all[at]);
    }
  }

  const Programs& programs_;
  Run& whole_;
  std::atomic<std::size_t> next_{0};
  std::mutex mutex_;
  std::condition_variable done_;
  std::size_t running_ = 0;
};

bool is_fault_of_wiring(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const MissingHandler&) {
    return true;
  } catch (...) {
    return false;
  }
}

class AllOfThem final : public Branches {
 public:
  using Branches::Branches;
  std::atomic<Branch*> first_failed{nullptr};

 private:
  void is_done(Branch& branch) override {
    Branch* none = nullptr;
    if (branch.thrown && first_failed.compare_exchange_strong(none, &branch)) stop_all();
  }
};

class AnyOfThem final : public Branches {
 public:
  using Branches::Branches;
  std::atomic<Branch*> first{nullptr}, first_failed{nullptr};
  std::atomic<Branch*> fault{nullptr};  // which nothing recovers from

 private:
  void is_done(Branch& branch) override {
    Branch* none = nullptr;
    if (branch.thrown && is_fault_of_wiring(branch.thrown)) fault = &branch;
    if (branch.thrown)
      first_failed.compare_exchange_strong(none, &branch);
    else
      first.compare_exchange_strong(none, &branch);
    if (!branch.thrown || fault != nullptr) stop_all();
  }
};

std::vector<Value> one_after_another(const Programs& programs, Run& run) {
  std::vector<Value> values;
  for (const auto& program : programs) {
    Machine machine(run);
    machine.execute(program.borrow());
    values.push_back(std::move(machine.value));
  }
  return values;
}

EffectFailed too_few_workers(std::string what) {
  return EffectFailed({.kind = FailureKind::overloaded, .what = std::move(what)});
}

// A program that may be left behind.
struct LimitedProgram final : Limited {
  LimitedProgram(Run& whole, std::chrono::nanoseconds deadline, NodePointer of)
      : program(std::move(of)),
        branch(whole, deadline),
        with_limit(stop.get_token(), [this] { branch.stop.request_stop(); }) {}
  void work() override {
    branch.execute(program);
    if (branch.thrown) std::rethrow_exception(branch.thrown);
  }

  const NodePointer program;
  Branch branch;
  std::stop_callback<std::function<void()>> with_limit;
};

}  // namespace

std::vector<Value> run_all(const Programs& programs, std::size_t at_most, Machine& machine) {
  Run& run = machine.run();
  const std::size_t at_once = std::min(at_most == 0 ? programs.size() : at_most, programs.size());
  if (run.dry() || at_once < 2 || run.options().workers == nullptr)
    return one_after_another(programs, run);
  AllOfThem branches(programs, run);
  branches.run(at_once - 1);
  if (const Branch* failed = branches.first_failed) failed->throw_on(run);
  std::vector<Value> values;
  for (const auto& branch : branches.all) values.push_back(std::move(branch->value));
  return values;
}

Value run_race(const Programs& programs, Machine& machine) {
  Run& run = machine.run();
  if (run.dry()) {
    auto values = one_after_another(programs, run);
    return std::move(values.front());
  }
  const std::size_t helpers = programs.size() - 1;
  AnyOfThem branches(programs, run);
  if (helpers > 0 && run.options().workers == nullptr)
    throw too_few_workers(
        "a race of several programs needs workers: give the run some, in "
        "RunOptions::workers");
  if (!branches.run_at_once(helpers))
    throw too_few_workers("a race of " + std::to_string(programs.size()) + " needs " +
                          std::to_string(helpers) + " free workers, and has " +
                          std::to_string(run.options().workers->free()) +
                          ": give the run more, in RunOptions::workers");
  if (const Branch* fault = branches.fault) fault->throw_on(run);
  if (Branch* first = branches.first) return std::move(first->value);
  branches.first_failed.load()->throw_on(run);
}

Value run_within(const NodePointer& program, std::chrono::nanoseconds limit,
                 const std::source_location& where, Machine& machine) {
  Run& run = machine.run();
  if (run.dry()) {
    auto values = one_after_another({program}, run);
    return std::move(values.front());
  }
  limit = bounded_wait(limit);
  auto deadline = run.time().reading() + limit;
  if (run.context().deadline) deadline = std::min(deadline, *run.context().deadline);
  const auto limited = std::make_shared<LimitedProgram>(run, deadline, program);
  const bool is_in_time = perform_within(limit, limited, run.options().workers, run.time());
  Branch& branch = limited->branch;
  branch.join(run);
  if (!is_in_time)
    throw EffectFailed({.kind = FailureKind::timeout, .what = time_is_up(limit), .origin = where});
  if (branch.thrown) branch.throw_on(run);
  return std::move(branch.value);
}

NodePointer AllNode::start(NodePointer, Machine& machine) const {
  auto values = run_all(programs_, at_most_, machine);
  machine.value.reset();
  const bool is_known =
      std::none_of(values.begin(), values.end(), [](const Value& value) { return value.empty(); });
  if (is_known) machine.value = collect_(std::move(values));
  return {};
}

NodePointer RaceNode::start(NodePointer, Machine& machine) const {
  machine.value = run_race(programs_, machine);
  return {};
}

NodePointer TimeoutNode::start(NodePointer, Machine& machine) const {
  machine.value = run_within(source_, limit_, where_, machine);
  return {};
}

}  // namespace annal::effects
