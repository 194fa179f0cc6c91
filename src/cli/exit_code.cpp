#include "exit_code.hpp"

#include "annal/log/point.hpp"

namespace annal::cli {
namespace {

template <class T>
bool is(const std::exception& error) {
  return dynamic_cast<const T*>(&error) != nullptr;
}

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

}  // namespace

// Children come before their parents.
ExitCode exit_code_of(const std::exception& error) {
  if (is<UnknownPoint>(error) || is<NotThere>(error) || is<DataPurged>(error))
    return ExitCode::not_found;
  if (is<InvalidInput>(error)) return ExitCode::usage;
  if (is<ConfigurationError>(error)) return ExitCode::configuration;
  if (is<PermissionDenied>(error)) return ExitCode::permission;
  if (is<StoreBusy>(error)) return ExitCode::busy;
  if (is<UnknownFormat>(error) || is<CorruptionError>(error) || is<DecodeError>(error) ||
      is<DamagedFile>(error))
    return ExitCode::corrupt;
  if (is<CannotOpen>(error)) return ExitCode::cannot_open;
  return ExitCode::input_output;
}

ExitCode exit_code_of(const document::Refusal& refusal) {
  using namespace document;
  return std::visit(Overloaded{
                        [](const NotFound&) { return ExitCode::not_found; },
                        [](const AlreadyExists&) { return ExitCode::conflict; },
                        [](const AlreadyDeleted&) { return ExitCode::conflict; },
                        [](const NotDeleted&) { return ExitCode::conflict; },
                        [](const AlreadyPurged&) { return ExitCode::not_found; },
                        [](const auto&) { return ExitCode::usage; },
                    },
                    refusal);
}

ExitCode exit_code_of(const Rejected& rejected) {
  return std::visit(Overloaded{
                        [](const TooLarge&) { return ExitCode::usage; },
                        [](const Malformed&) { return ExitCode::usage; },
                        [](const Busy&) { return ExitCode::busy; },
                        [](const DiskFull&) { return ExitCode::input_output; },
                        [](const Closed&) { return ExitCode::input_output; },
                        [](const auto&) { return ExitCode::conflict; },
                    },
                    rejected.reason);
}

ExitCode exit_code_of(const ChangeOutcome& outcome) {
  return std::visit(Overloaded{
                        [](const Changed&) { return ExitCode::ok; },
                        [](const Refused& refused) { return exit_code_of(refused.reason); },
                        [](const StaleVersion&) { return ExitCode::conflict; },
                        [](const Rejected& rejected) { return exit_code_of(rejected); },
                        [](const Unknown&) { return ExitCode::outcome_unknown; },
                    },
                    outcome);
}

}  // namespace annal::cli
