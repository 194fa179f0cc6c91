// The repository as text, for rules that read it: a rule takes a tree and returns what breaks it,
// so that every rule can be tried on a tree made up for it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace annal::architecture {

// Text by path, relative to the repository, with `/`. Files that are no text are there, but empty.
using Tree = std::map<std::string, std::string, std::less<>>;

// One line each: the place, and what is wrong with it.
using Faults = std::vector<std::string>;

// Everything but builds, stores, and what begins with a dot.
const Tree& repository();
// Paths of the headers that are installed.
const std::vector<std::string>& public_headers();

struct Include {
  std::string name;  // as written, without its quotes or brackets
  bool quoted = false;
  std::size_t line = 0;
};
std::vector<Include> includes_of(std::string_view text);

// `engine` of `src/engine/annal/log/commit.hpp`: the longest of the roots the path lies under.
inline constexpr std::string_view include_roots[] = {"src/engine", "src/storage", "src/service",
                                                     "src/server", "src/cli",     "aggregates",
                                                     "effects",    "aspects"};
// The include root the path lies under; empty if it lies under none.
std::string_view root_of(std::string_view path);
// The file of ours that is included by it; empty if it is none.
std::string resolve(const Tree& tree, std::string_view including, const Include& include);

bool is_source(std::string_view path);  // .cpp, .hpp
bool is_header(std::string_view path);  // .hpp
std::vector<std::string_view> lines_of(std::string_view text);

}  // namespace annal::architecture
