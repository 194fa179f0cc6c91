// What an import or an export did, and how an import that cannot go on says so.
#pragma once

#include "annal/error.hpp"
#include "annal/log/commit.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace annal::interchange {

// A file or event that was left out, and why.
struct Skipped {
  std::string commit;  // where it stood
  std::string path;    // one that is not UTF-8 is read as ISO-8859-1
  std::string reason;
};

struct ImportReport {
  std::uint64_t source_commits = 0;   // read: git commits, or the commits of an exported log
  std::uint64_t already_present = 0;  // of these, in the store before
  std::uint64_t commits = 0;          // annal commits appended
  std::uint64_t events = 0;           // appended
  std::uint64_t clamped = 0;          // commits whose time could not be recorded as asked
  std::uint64_t bytes_read = 0;
  std::uint64_t skipped_files = 0;  // versions of files that were left out, all counted
  std::vector<Skipped> skipped;     // the first 100 of them
  Position head;                    // of the log afterwards
};

struct ExportReport {
  std::uint64_t commits = 0, events = 0, bytes_written = 0;
  Position from, to;  // what was written, both included; 0 if nothing was
};

// Told now and then, on the caller's thread, how far an import has come.
struct ImportProgress {
  std::uint64_t source_commits = 0, events = 0, bytes_read = 0;
};

// The log did not take a commit, or not where it was to be: everything before it is there, and the
// same import run again goes on from there. `outcome` holds Rejected or Unknown.
class ImportStopped : public Error {
 public:
  ImportStopped(const std::string& what, AppendOutcome why, ImportReport so_far)
      : Error(what), outcome(std::move(why)), report(std::move(so_far)) {}
  AppendOutcome outcome;
  ImportReport report;
};

}  // namespace annal::interchange
