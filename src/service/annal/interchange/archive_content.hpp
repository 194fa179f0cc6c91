// What is inside of an archive: its header, and its commits one after the other.
#pragma once

#include "annal/interchange/archive.hpp"
#include "annal/interchange/commit_reader.hpp"
#include "annal/interchange/zstd_stream.hpp"

#include <istream>

namespace annal::interchange {

// The first line of an archive, and back.
std::string to_line(const ArchiveHeader& header);
//   throws    InvalidInput
ArchiveHeader header_from_line(std::string_view line);

//   threads   one
class ArchiveContent {
 public:
  //   known     the types whose payloads can be read before a line describes them
  //   throws    InvalidInput for what is no archive
  ArchiveContent(std::istream& in, TypeBook known);

  const ArchiveHeader& header() const { return header_; }
  CommitReader& commits() { return commits_; }

 private:
  ArchiveHeader read_header();

  ZstdInput content_;
  StreamLines lines_;
  const ArchiveHeader header_;
  CommitReader commits_;
};

}  // namespace annal::interchange
