#include "architecture/text_rules.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <regex>
#include <set>

namespace annal::architecture {

namespace {

bool is_page(std::string_view path) { return path.ends_with(".md"); }

bool exists(const Tree& tree, const std::string& path) {
  if (path.empty() || tree.contains(path)) return true;
  const auto inside = tree.lower_bound(path.ends_with('/') ? path : path + '/');
  return inside != tree.end() && inside->first.starts_with(path);
}

// The page without what stands between fences.
std::string prose_of(std::string_view page) {
  std::string prose;
  bool fenced = false;
  for (const std::string_view line : lines_of(page)) {
    if (line.starts_with("```"))
      fenced = !fenced;
    else if (!fenced)
      prose.append(line);
    prose += '\n';
  }
  return prose;
}

// `## The way of a write` is `#the-way-of-a-write`.
std::string anchor_of(std::string_view heading) {
  heading.remove_prefix(std::min(heading.find_first_not_of("# "), heading.size()));
  std::string anchor;
  for (const char c : heading) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == ' ')
      anchor += '-';
    else if (std::isalnum(byte) || c == '-' || c == '_' || byte >= 0x80)
      anchor += static_cast<char>(std::tolower(byte));
  }
  return anchor;
}

std::set<std::string> anchors_of(std::string_view page) {
  std::set<std::string> anchors;
  const std::string prose = prose_of(page);
  for (const std::string_view line : lines_of(prose))
    if (line.starts_with('#')) anchors.insert(anchor_of(line));
  return anchors;
}

template <class Found>
void for_each_match(const std::string& text, const std::regex& pattern, Found found) {
  for (std::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end; ++match)
    found((*match)[1].str());
}

std::string with_single_spaces(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool space = std::isspace(static_cast<unsigned char>(c)) != 0;
    if (!space)
      result += c;
    else if (!result.empty() && result.back() != ' ')
      result += ' ';
  }
  return result;
}

// Every `docs/….md` in the text that is no part of a longer path.
std::vector<std::string> pages_named_in(std::string_view text) {
  const auto of_a_path = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '/' ||
           c == '.';
  };
  std::vector<std::string> pages;
  for (auto start = text.find("docs/"); start != std::string_view::npos;
       start = text.find("docs/", start + 1)) {
    if (start > 0 && of_a_path(text[start - 1])) continue;
    std::size_t end = start;
    while (end < text.size() && of_a_path(text[end])) ++end;
    std::string_view page = text.substr(start, end - start);
    if (page.ends_with('.')) page.remove_suffix(1);
    if (is_page(page)) pages.emplace_back(page);
  }
  return pages;
}

// What makes the link dead; empty if nothing does.
std::string fault_of_link(const Tree& tree, const std::string& page, const std::string& link) {
  if (link.find("://") != std::string::npos || link.starts_with("mailto:")) return {};
  const std::size_t hash = link.find('#');
  const std::string file = link.substr(0, hash);
  const std::string target =
      file.empty()
          ? page
          : (std::filesystem::path(page).parent_path() / file).lexically_normal().generic_string();
  if (!exists(tree, target)) return "there is no " + target;
  if (hash == std::string::npos || !is_page(target)) return {};
  const std::string anchor = link.substr(hash + 1);
  return anchors_of(tree.at(target)).contains(anchor) ? "" : target + " has no heading #" + anchor;
}

}  // namespace

Faults files_too_long(const Tree& tree) {
  Faults faults;
  for (const auto& [path, text] : tree) {
    const bool counted = is_source(path) || path.ends_with(".js") || path.ends_with(".css");
    if (const auto lines = lines_of(text).size(); counted && lines > longest_file)
      faults.push_back(path + ": " + std::to_string(lines) + " lines");
  }
  return faults;
}

Faults headers_without_opening(const Tree& tree) {
  Faults faults;
  for (const auto& [path, text] : tree)
    if (is_header(path) && !text.starts_with("// "))
      faults.push_back(path + ": say first what it is");
  return faults;
}

Faults dead_links(const Tree& tree) {
  static const std::regex link(R"(\]\(([^)\s]+)\))");
  Faults faults;
  for (const auto& [path, text] : tree) {
    if (!is_page(path)) continue;
    const std::string& page = path;
    for_each_match(prose_of(text), link, [&](const std::string& target) {
      if (const std::string fault = fault_of_link(tree, page, target); !fault.empty())
        faults.push_back(page + ": (" + target + "): " + fault);
    });
  }
  return faults;
}

Faults dead_mentions(const Tree& tree) {
  Faults faults;
  for (const auto& [path, text] : tree) {
    if (path.starts_with("tests/architecture/")) continue;  // plants some
    for (const std::string& page : pages_named_in(text))
      if (!tree.contains(page)) faults.push_back(path + ": there is no " + page);
  }
  return faults;
}

Faults dead_tests(const Tree& tree, std::string_view page) {
  static const std::regex test(R"(`([A-Z]\w*\.[a-z]\w*)`)");
  std::string tests;
  for (const auto& [path, text] : tree)
    if (path.starts_with("tests/") && path.ends_with(".cpp")) tests += with_single_spaces(text);
  Faults faults;
  const auto found = tree.find(page);
  if (found == tree.end()) return {"there is no " + std::string(page)};
  for_each_match(found->second, test, [&](const std::string& name) {
    const std::size_t dot = name.find('.');
    if (tests.find('(' + name.substr(0, dot) + ", " + name.substr(dot + 1) + ')') ==
        std::string::npos)
      faults.push_back(std::string(page) + ": there is no test " + name);
  });
  return faults;
}

}  // namespace annal::architecture
