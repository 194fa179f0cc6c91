#include "annal/projection/projection.hpp"

#include "annal/log/name_claim.hpp"

#include <set>

namespace annal {

namespace {

constexpr std::size_t longest_space_name = 44;  // `__` and 18 digits fit behind it

}  // namespace

void check(const Projection& projection) {
  if (!is_follower_name(projection.name))
    throw InvalidInput('"' + projection.name + "\" names no projection: use 1–" +
                       std::to_string(limits::name_bytes) + " visible ASCII characters, no @");
  const auto refuse = [&](const std::string& why) {
    throw InvalidInput("the projection " + projection.name + ' ' + why);
  };
  if (!projection.fold) refuse("has no fold");
  if (projection.version == 0) refuse("has version 0; they start at 1");
  if (projection.spaces.empty()) refuse("declares no space to keep rows in");
  if (projection.spaces.size() > limits::commit_spaces / 2)
    refuse("declares " + std::to_string(projection.spaces.size()) + " spaces; " +
           std::to_string(limits::commit_spaces / 2) + " are the limit");
  std::set<std::string> names;
  for (const auto& space : projection.spaces) {
    if (const auto fault = fault_in(space); !fault.empty()) throw InvalidInput(fault);
    if (space.name.size() > longest_space_name)
      refuse("declares the space " + space.name + "; names of up to " +
             std::to_string(longest_space_name) + " characters leave room for its generation");
    if (!names.insert(space.name).second) refuse("declares the space " + space.name + " twice");
  }
}

}  // namespace annal
