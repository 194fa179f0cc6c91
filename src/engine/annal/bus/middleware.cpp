#include "annal/bus/middleware.hpp"

#include "annal/bus/audience.hpp"
#include "annal/bus/seat.hpp"
#include "annal/failure_text.hpp"

#include <atomic>

namespace annal {

namespace {

struct Stage {
  std::string name;
  Middleware middleware;
  Interest interest{Query()};
  Rank rank;
  std::atomic<bool> gone{false}, paused{false};
};

using Stages = Audience<Stage>;

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
  std::atomic<std::int64_t> last_sequence{0};
  std::shared_ptr<Stages> stages = std::make_shared<Stages>(1024);
};

MiddlewareChain::MiddlewareChain() : state_(std::make_unique<State>()) {}
MiddlewareChain::~MiddlewareChain() = default;

Connection MiddlewareChain::add(std::string name, Middleware middleware) {
  if (!middleware) throw InvalidInput("the middleware \"" + name + "\" holds no function to call");
  auto stage = std::make_shared<Stage>();
  stage->name = std::move(name);
  stage->middleware = std::move(middleware);
  stage->rank.sequence = ++state_->last_sequence;
  Connection connection(std::make_shared<Seat<Stages, Stage>>(state_->stages, stage));
  state_->stages->join(std::move(stage));
  return connection;
}

Bus::Admission MiddlewareChain::run(Envelope event) const {
  Bus::Admission admission{std::move(event), {}, {}};
  if (empty()) return admission;
  Stages::Visit visit(*state_->stages);
  const Turn turn(state_->stages.get(), Turn::Of::middleware, 1);
  for (const auto& stage : visit.topic(admission.event->type).table) {
    if (stage->gone || stage->paused) continue;
    admission = run_stage(*stage, std::move(*admission.event));
    if (!admission.event) break;
  }
  return admission;
}

bool MiddlewareChain::empty() const { return state_->stages->empty(); }

}  // namespace annal
