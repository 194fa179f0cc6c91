#include "annal/interchange/git_tree.hpp"

#include <set>
#include <utility>

namespace annal::interchange {
namespace {

const FileSource absent = Absent{};

bool is_there(const FileSource& source) { return !std::holds_alternative<Absent>(source); }

}  // namespace

const FileSource& GitTree::now(const std::string& path) const {
  if (const auto changed = changes_.find(path); changed != changes_.end()) return changed->second;
  const auto file = files_.find(path);
  return file == files_.end() ? absent : file->second.source;
}

bool GitTree::was_there(const std::string& path) const {
  const auto file = files_.find(path);
  return file != files_.end() && is_there(file->second.source);
}

// The files below a folder as they are now.
std::vector<std::string> GitTree::below(const std::string& folder) const {
  const std::string prefix = folder + '/';
  std::set<std::string> paths;
  const auto collect = [&](const auto& entries) {
    for (auto entry = entries.lower_bound(prefix);
         entry != entries.end() && entry->first.starts_with(prefix); ++entry)
      if (is_there(now(entry->first))) paths.insert(entry->first);
  };
  collect(files_);
  collect(changes_);
  return {paths.begin(), paths.end()};
}

void GitTree::set(const std::string& path, FileSource source) {
  const auto [entry, is_new] = changes_.insert_or_assign(path, std::move(source));
  if (is_new) order_.push_back(path);
}

// A file takes the place of a folder of its name,
// and of files whose names were folders of its path.
void GitTree::modify(const std::string& path, FileSource source) {
  for (const auto& file : below(path)) set(file, Absent{});
  for (auto slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1))
    if (const auto parent = path.substr(0, slash); is_there(now(parent))) set(parent, Absent{});
  set(path, std::move(source));
}

// Where a file became a folder, git names the folder's new files first and the old file's end
// later: so a name that was a file's when the commit began is that file.
void GitTree::remove(const std::string& path) {
  if (was_there(path) || is_there(now(path))) return set(path, Absent{});
  for (const auto& file : below(path)) set(file, Absent{});
}

std::vector<std::pair<std::string, std::string>> GitTree::pairs(const std::string& from,
                                                                const std::string& to) const {
  std::vector<std::pair<std::string, std::string>> pairs;
  if (is_there(now(from))) {
    pairs.emplace_back(from, to);
  } else {
    for (const auto& file : below(from)) pairs.emplace_back(file, to + file.substr(from.size()));
  }
  return pairs;
}

void GitTree::copy(const std::string& from, const std::string& to) {
  const auto all = pairs(from, to);
  if (all.empty()) modify(to, NotImported{from});
  std::vector<FileSource> sources;
  for (const auto& [source, target] : all) sources.push_back(now(source));
  for (std::size_t i = 0; i < all.size(); ++i) modify(all[i].second, std::move(sources[i]));
}

void GitTree::rename(const std::string& from, const std::string& to) {
  const auto all = pairs(from, to);
  if (all.empty()) modify(to, NotImported{from});
  std::vector<FileSource> sources;
  for (const auto& [source, target] : all) {
    sources.push_back(now(source));
    set(source, Absent{});
  }
  for (std::size_t i = 0; i < all.size(); ++i) modify(all[i].second, std::move(sources[i]));
}

void GitTree::remove_all() {
  for (const auto& [path, file] : files_)
    if (is_there(now(path))) set(path, Absent{});
  for (auto& [path, source] : changes_) source = Absent{};
}

void GitTree::apply() {
  for (const auto& path : order_) files_[path].source = std::move(changes_.at(path));
  discard();
}

void GitTree::discard() {
  changes_.clear();
  order_.clear();
}

}  // namespace annal::interchange
