#include "annal/effects/failure.hpp"

#include "annal/effects/handlers.hpp"
#include "annal/failure_text.hpp"

#include <array>
#include <utility>

namespace annal::effects {

namespace {

constexpr std::array<std::string_view, 11> kinds = {
    "permanent",  "transient", "timeout",   "missing handler", "circuit open",  "rate limited",
    "overloaded", "vetoed",    "cancelled", "in doubt",        "nondeterminism"};

std::string file_of(const std::source_location& where) {
  const std::string_view path = where.file_name();
  return std::string(path.substr(path.find_last_of('/') + 1));
}

}  // namespace

std::string_view to_string(FailureKind kind) { return kinds.at(static_cast<std::size_t>(kind)); }

std::string Failure::to_string() const {
  std::string text = effect.empty() ? "the program failed" : effect + " failed";
  if (attempts > 1) text += " after " + std::to_string(attempts) + " attempts";
  text += " (" + std::string(effects::to_string(kind)) + "): " + what;
  if (origin.line() > 0) text += " [" + file_of(origin) + ':' + std::to_string(origin.line()) + ']';
  return text;
}

EffectFailed::EffectFailed(Failure failure)
    : Error(failure.to_string()), failure_(std::move(failure)) {}

Failure failure_of(std::exception_ptr exception) {
  Failure failure;
  try {
    std::rethrow_exception(exception);
  } catch (const EffectFailed& failed) {
    failure = failed.failure();
  } catch (const Transient& transient) {
    failure.kind = FailureKind::transient;
    failure.what = transient.what();
  } catch (const MissingHandler& missing) {
    failure.kind = FailureKind::missing_handler;
    failure.effect = missing.effect();
    failure.what = missing.what();
  } catch (...) {
    failure.what = text_of_current_exception();
  }
  failure.cause = std::move(exception);
  return failure;
}

}  // namespace annal::effects
