// The files of a collection as the newest imported commit has them, and what the commit under way
// changes of them.
#pragma once

#include "annal/event/hash.hpp"
#include "annal/interchange/fast_export.hpp"
#include "annal/interchange/spill.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace annal::interchange {

// Where the bytes of a file are.
struct Absent {
  friend bool operator==(Absent, Absent) { return true; }
};  // there is no such file
struct Spilled {
  Spill::Place place;
  FileMode mode = FileMode::regular;
};
struct Recorded {
  std::string path;
};  // in the document of that path, as the import left it
struct TooLargeFile {
  std::uint64_t size = 0;
};
struct Submodule {};
struct NotImported {
  std::string from;
};  // renamed or copied from a file that is not there
using FileSource = std::variant<Absent, Spilled, Recorded, TooLargeFile, Submodule, NotImported>;

struct TrackedFile {
  FileSource source;
  // Of its document, which may have been there before the import:
  bool is_live = false;
  Hash content_hash;               // while it is live
  std::size_t document_bytes = 0;  // title and content, also of a deleted one
};

//   threads   one
//   cost      memory for every path there ever was
class GitTree {
 public:
  // --- the commit under way, change by change
  void modify(const std::string& path, FileSource source);
  // A file, or everything below a folder.
  void remove(const std::string& path);
  void rename(const std::string& from, const std::string& to);
  void copy(const std::string& from, const std::string& to);
  void remove_all();

  // The paths it changes, in the order it named them first; a path may have become what it was.
  const std::vector<std::string>& changed() const { return order_; }
  const FileSource& change(const std::string& path) const { return changes_.at(path); }
  // Makes what it changed part of the tree, and forgets the rest.
  void apply();
  void discard();

  // The file as the commit before left it; a new one where there is none.
  TrackedFile& file(const std::string& path) { return files_[path]; }

 private:
  const FileSource& now(const std::string& path) const;
  bool was_there(const std::string& path) const;
  std::vector<std::string> below(const std::string& folder) const;
  std::vector<std::pair<std::string, std::string>> pairs(const std::string& from,
                                                         const std::string& to) const;
  void set(const std::string& path, FileSource source);

  std::map<std::string, TrackedFile> files_;
  std::map<std::string, FileSource> changes_;
  std::vector<std::string> order_;
};

}  // namespace annal::interchange
