#include "architecture/include_rules.hpp"

#include <algorithm>
#include <set>

namespace annal::architecture {

namespace {

constexpr std::string_view pure_rooms[] = {"src/engine", "aggregates", "effects", "aspects"};

// Whole names, or the beginning of names where it ends with `/`.
constexpr std::string_view outside_world[] = {"fstream",
                                              "filesystem",
                                              "iostream",
                                              "syncstream",
                                              "unistd.h",
                                              "fcntl.h",
                                              "poll.h",
                                              "netdb.h",
                                              "dlfcn.h",
                                              "signal.h",
                                              "csignal",
                                              "sys/",
                                              "netinet/",
                                              "arpa/",
                                              "sqlite3.h",
                                              "SQLiteCpp/",
                                              "boost/asio.hpp",
                                              "boost/asio/",
                                              "boost/beast.hpp",
                                              "boost/beast/",
                                              "boost/process/",
                                              "boost/process.hpp",
                                              "boost/interprocess/",
                                              "openssl/ssl.h",
                                              "openssl/bio.h",
                                              "spdlog/"};

template <class Names>
bool is_among(std::string_view name, const Names& names) {
  return std::any_of(std::begin(names), std::end(names), [&](std::string_view known) {
    return known.ends_with('/') ? name.starts_with(known) : name == known;
  });
}

bool is_standard(const Include& include) {
  return !include.quoted && include.name.find_first_of("./") == std::string::npos;
}

std::string at(const std::string& path, const Include& include) {
  return path + ':' + std::to_string(include.line) + ": ";
}

bool reaches_beast(const Tree& tree, const std::string& path, std::set<std::string>& seen) {
  if (!seen.insert(path).second) return false;
  for (const Include& include : includes_of(tree.at(path))) {
    if (include.name.starts_with("boost/beast")) return true;
    const std::string target = resolve(tree, path, include);
    if (!target.empty() && reaches_beast(tree, target, seen)) return true;
  }
  return false;
}

}  // namespace

Faults reaching_out_of_pure_rooms(const Tree& tree) {
  Faults faults;
  for (const auto& [path, text] : tree) {
    if (!is_source(path) || !is_among(root_of(path), pure_rooms)) continue;
    for (const Include& include : includes_of(text))
      if (is_among(include.name, outside_world))
        faults.push_back(at(path, include) + std::string(root_of(path)) + " is pure: no <" +
                         include.name + '>');
  }
  return faults;
}

Faults leaks_of_public_headers(const Tree& tree, const std::vector<std::string>& headers) {
  Faults faults;
  for (const std::string& path : headers) {
    for (const Include& include : includes_of(tree.at(path))) {
      if (is_standard(include) || include.name == "cereal/cereal.hpp") continue;
      const std::string target = resolve(tree, path, include);
      if (target.empty())
        faults.push_back(at(path, include) + include.name + " leaks into a public header");
      else if (std::find(headers.begin(), headers.end(), target) == headers.end())
        faults.push_back(at(path, include) + target + " is not installed");
    }
  }
  return faults;
}

Faults heavy_includes_in_headers(const Tree& tree) {
  Faults faults;
  for (const auto& [path, text] : tree) {
    if (!is_header(path) || root_of(path).empty()) continue;
    for (const Include& include : includes_of(text))
      if (include.name.starts_with("nlohmann/") || include.name.starts_with("boost/signals2"))
        faults.push_back(at(path, include) + "include <" + include.name + "> in the .cpp file");
  }
  return faults;
}

std::vector<std::string> files_compiled_with_beast(const Tree& tree) {
  std::vector<std::string> files;
  for (const auto& [path, text] : tree) {
    std::set<std::string> seen;
    if (is_source(path) && !is_header(path) && !root_of(path).empty() &&
        reaches_beast(tree, path, seen))
      files.push_back(path);
  }
  return files;
}

}  // namespace annal::architecture
