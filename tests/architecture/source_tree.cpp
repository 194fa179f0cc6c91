#include "architecture/source_tree.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace annal::architecture {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view text_endings[] = {".cpp", ".hpp",  ".md", ".txt", ".cmake",
                                             ".in",  ".json", ".js", ".css", ".html"};

bool is_text(const fs::path& path) {
  const std::string ending = path.extension().string();
  for (const std::string_view known : text_endings)
    if (ending == known) return true;
  return ending.empty() && fs::file_size(path) < 64 * 1024;
}

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool is_left_out(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with('.') || name.starts_with("build") ||
         name.find(".db") != std::string::npos;
}

Tree read_repository() {
  const fs::path top = ANNAL_SOURCE_DIR;
  Tree tree;
  for (auto entry = fs::recursive_directory_iterator(top); entry != fs::end(entry); ++entry) {
    if (is_left_out(entry->path())) {
      entry.disable_recursion_pending();
      continue;
    }
    if (!entry->is_regular_file()) continue;
    tree.emplace(entry->path().lexically_relative(top).generic_string(),
                 is_text(entry->path()) ? read(entry->path()) : std::string());
  }
  return tree;
}

std::vector<std::string> read_public_headers() {
  const std::string top = ANNAL_SOURCE_DIR;
  const std::string list = read(ANNAL_PUBLIC_HEADERS);
  std::vector<std::string> headers;
  for (const std::string_view line : lines_of(list))
    if (line.starts_with(top)) headers.emplace_back(line.substr(top.size() + 1));
  return headers;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  return text;
}

}  // namespace

const Tree& repository() {
  static const Tree tree = read_repository();
  return tree;
}

const std::vector<std::string>& public_headers() {
  static const std::vector<std::string> headers = read_public_headers();
  return headers;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::vector<Include> includes_of(std::string_view text) {
  std::vector<Include> includes;
  std::size_t number = 0;
  for (std::string_view line : lines_of(text)) {
    ++number;
    line = trimmed(line);
    if (!line.starts_with('#')) continue;
    line = trimmed(line.substr(1));
    if (!line.starts_with("include")) continue;
    line = trimmed(line.substr(7));
    const bool quoted = line.starts_with('"');
    if (!quoted && !line.starts_with('<')) continue;
    const std::size_t end = line.find(quoted ? '"' : '>', 1);
    if (end != std::string_view::npos)
      includes.push_back({std::string(line.substr(1, end - 1)), quoted, number});
  }
  return includes;
}

std::string_view root_of(std::string_view path) {
  for (const std::string_view root : include_roots)
    if (path.size() > root.size() && path.starts_with(root) && path[root.size()] == '/')
      return root;
  return {};
}

std::string resolve(const Tree& tree, std::string_view including, const Include& include) {
  if (!include.quoted) return {};
  const std::string_view own = root_of(including);
  if (const std::string path = std::string(own) + '/' + include.name; tree.contains(path))
    return path;
  for (const std::string_view root : include_roots)
    if (const std::string path = std::string(root) + '/' + include.name; tree.contains(path))
      return path;
  return {};
}

bool is_header(std::string_view path) { return path.ends_with(".hpp"); }
bool is_source(std::string_view path) { return path.ends_with(".cpp") || is_header(path); }

}  // namespace annal::architecture
