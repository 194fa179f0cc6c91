// Reads the stream of `git fast-export`, item by item,
// without ever holding more of it than one file.
//
//   annal::interchange::FastExportReader reader(std::cin);
//   while (auto item = reader.next())
//     if (auto* blob = std::get_if<annal::interchange::Blob>(&*item))
//       keep(blob->mark, blob->content);
#pragma once

#include "annal/error.hpp"

#include <cstdint>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace annal::interchange {

// `1234567890 +0200`: seconds since the Unix epoch, and the zone it was written in.
struct GitTime {
  std::int64_t seconds = 0;
  std::string zone;  // `+0200`
  friend bool operator==(const GitTime&, const GitTime&) = default;
};

// Name and address as their bytes stand in the stream: any, in any encoding; either may be empty.
struct GitPerson {
  std::string name, email;
  GitTime time;
  friend bool operator==(const GitPerson&, const GitPerson&) = default;
};

// A file's bytes. Those beyond the reader's limit were read over: then `content` is empty.
struct FileContent {
  std::string bytes;
  std::uint64_t size = 0;
  bool over_limit = false;
};

// What names a file's content: a mark (`:12`), or the object's name in the repository.
using BlobName = std::variant<std::uint64_t, std::string>;

struct Blob {
  std::optional<std::uint64_t> mark;
  std::string original_oid;  // empty if the stream does not tell
  FileContent content;
};

struct CommitStart {
  std::string ref;
  std::optional<std::uint64_t> mark;
  std::string original_oid;
  std::optional<GitPerson> author;
  GitPerson committer;
  std::string encoding;  // of the message and the names; empty: UTF-8
  std::string message;
  std::string from;  // `:12`, an object's name or a ref; empty for a first commit
  std::vector<std::string> merges;
  std::uint64_t line = 0;  // where the commit began
};
struct CommitEnd {};

enum class FileMode : std::uint8_t { regular, executable, symlink, submodule, directory };

// Changes of the commit that was started, in order. Paths are bytes, unquoted.
struct FileModify {
  FileMode mode = FileMode::regular;
  std::variant<BlobName, FileContent> content;
  std::string path;
};
struct FileDelete {
  std::string path;
};  // a file, or a folder with everything in it
struct FileRename {
  std::string from, to;
};  // likewise
struct FileCopy {
  std::string from, to;
};  // likewise
struct DeleteAll {};

struct Reset {
  std::string ref, from;
};
struct Tag {
  std::string name, from;
};
struct Alias {
  std::uint64_t mark = 0;
  std::string to;
};
struct Progress {
  std::string text;
};

using FastExportItem = std::variant<Blob, CommitStart, FileModify, FileDelete, FileRename, FileCopy,
                                    DeleteAll, CommitEnd, Reset, Tag, Alias, Progress>;

//   threads   one
class FastExportReader {
 public:
  //   stream        must outlive the reader, which reads ahead of what it returns
  //   blob_limit    larger contents are read over and not kept
  explicit FastExportReader(std::istream& stream, std::uint64_t blob_limit = 16 * 1024 * 1024);
  ~FastExportReader();

  // The next item, or nothing after the last one. Notes (`N`), signatures and features that change
  // nothing are read over.
  //   throws    InvalidInput naming the line, what stood there and what was expected; also for a
  //             stream that ends inside a command, or before the `done` it promised
  //   cost      memory for one line (at most 1 MiB), one message (1 MiB)
  //             and one content (the limit)
  std::optional<FastExportItem> next();

  // Of the line, from 1, where the item returned last began.
  std::uint64_t line() const;
  std::uint64_t bytes_read() const;

 private:
  class Grammar;
  std::unique_ptr<Grammar> grammar_;
};

}  // namespace annal::interchange
