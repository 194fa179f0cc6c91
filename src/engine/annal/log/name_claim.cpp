#include "annal/log/name_claim.hpp"

#include "annal/error.hpp"

#include <algorithm>
#include <mutex>
#include <set>
#include <utility>

namespace annal {

namespace {

struct Claims {
  std::mutex mutex;
  std::set<std::pair<const EventLog*, std::string>> names;
};

// Never destroyed: a handler that was left behind may end when the program has.
Claims& claims() {
  static Claims& made = *new Claims;
  return made;
}

}  // namespace

bool is_follower_name(std::string_view name) {
  const auto plain = [](char c) { return c > 0x20 && c < 0x7f && c != '@'; };
  return !name.empty() && name.size() <= limits::name_bytes &&
         std::all_of(name.begin(), name.end(), plain);
}

NameClaim::NameClaim(const EventLog& log, std::string what, std::string name)
    : log_(&log), name_(what + ' ' + name) {
  std::lock_guard lock(claims().mutex);
  if (!claims().names.emplace(log_, name_).second)
    throw ConfigurationError("the " + name_ +
                             " is open already: give this one another name, or close that one");
}

NameClaim::~NameClaim() { release(); }

void NameClaim::release() {
  std::lock_guard lock(claims().mutex);
  if (std::exchange(held_, false)) claims().names.erase({log_, name_});
}

}  // namespace annal
