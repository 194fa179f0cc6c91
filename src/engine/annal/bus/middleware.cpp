#include "annal/bus/middleware.hpp"

#include "annal/bus/roster.hpp"
#include "annal/failure_text.hpp"

#include <atomic>
#include <mutex>

namespace annal {

namespace {

struct Stage {
  std::string name;
  Middleware middleware;
  std::atomic<bool> in_place{true};
};

std::string changed(std::string_view what, const std::string& from, const std::string& to) {
  return "changed the " + std::string(what) + " from \"" + from + "\" to \"" + to + '"';
}

// Nothing but the reason is left of an event that a stage spoilt.
Bus::Admission run_stage(const Stage& stage, Envelope event) {
  const std::string type = event.type, stream = event.stream;
  try {
    auto result = stage.middleware(std::move(event));
    if (!result) return {std::nullopt, stage.name, "dropped"};
    if (result->type != type)
      return {std::nullopt, stage.name, changed("type", type, result->type)};
    if (result->stream != stream)
      return {std::nullopt, stage.name, changed("stream", stream, result->stream)};
    return {std::move(result), {}, {}};
  } catch (...) {
    return {std::nullopt, stage.name, "failed: " + text_of_current_exception(), true};
  }
}

}  // namespace

struct MiddlewareChain::State {
  std::mutex mutex;
  Roster<Stage> stages;
  std::uint64_t last_sequence = 0;

  std::uint64_t join(std::shared_ptr<Stage> stage) {
    std::lock_guard lock(mutex);
    stages.join(++last_sequence, std::move(stage));
    return last_sequence;
  }

  void leave(std::uint64_t sequence) {
    std::shared_ptr<Stage> gone;  // the user's code dies outside the lock
    std::lock_guard lock(mutex);
    gone = stages.leave(sequence);
    if (gone) gone->in_place = false;
  }

  std::shared_ptr<const Roster<Stage>::Table> table() {
    std::lock_guard lock(mutex);
    return stages.table();
  }
};

MiddlewareChain::MiddlewareChain() : state_(std::make_shared<State>()) {}

Connection MiddlewareChain::add(std::string name, Middleware middleware) {
  if (!middleware) throw InvalidInput("the middleware \"" + name + "\" holds no function to call");
  auto stage = std::make_shared<Stage>();
  stage->name = std::move(name);
  stage->middleware = std::move(middleware);
  const auto sequence = state_->join(std::move(stage));
  return Connection([chain = std::weak_ptr(state_), sequence] {
    if (const auto state = chain.lock()) state->leave(sequence);
  });
}

Bus::Admission MiddlewareChain::run(Envelope event) const {
  Bus::Admission admission{std::move(event), {}, {}};
  const auto stages = state_->table();
  for (const auto& stage : *stages) {
    if (!stage->in_place) continue;
    admission = run_stage(*stage, std::move(*admission.event));
    if (!admission.event) break;
  }
  return admission;
}

}  // namespace annal
