// Stores in memory to import into, and what they hold afterwards.
#pragma once

#include "annal/interchange/cloud_events.hpp"
#include "annal/interchange/git_import.hpp"
#include "annal/service/store.hpp"
#include "fakes.hpp"

#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace annal::test {

// A store in memory with a clock moved by hand, at 2026-01-02T03:04:05Z.
struct MemoryStore {
  explicit MemoryStore(std::uint64_t seed = 1);
  Store* operator->() { return store.get(); }
  Store& operator*() { return *store; }

  ManualClock clock;
  SeededRandomness randomness;
  std::unique_ptr<Store> store;
};

// The text of a fast-export stream, made commit by commit. Commits are named by numbers.
class StreamText {
 public:
  // Changes are lines such as `D path`; a commit follows the one before it.
  StreamText& commit(unsigned number, const std::vector<std::string>& changes,
                     std::int64_t seconds = 1'700'000'000);
  // A change: a text file.
  static std::string file(const std::string& path, const std::string& text);
  const std::string& text() const { return text_; }

  static std::string sha(unsigned number);

 private:
  std::string text_;
  std::string last_;
};

interchange::ImportReport import_git(Store& store, const std::string& stream,
                                     const std::string& collection = "c");
interchange::ImportReport import_lines(Store& store, const std::string& lines);
std::string export_lines(const EventLog& log, const interchange::ExportOptions& options = {});

std::vector<Envelope> all_events(const EventLog& log);
// The first 256 events that carry a tag, or are of a stream.
std::vector<Envelope> tagged(const EventLog& log, const std::string& tag);
std::vector<Envelope> of_stream(const EventLog& log, const std::string& stream);
std::vector<CommitInfo> all_commits(const EventLog& log);

// The live documents of a collection: id → content.
std::map<std::string, std::string> documents(Store& store, const std::string& collection = "c",
                                             std::optional<Point> at = {});

// The bytes a file's content stands for.
std::string bytes_of_content(const std::string& content);

// What the log says, but for ids, salts, times of recording and hashes:
// a line an event, commits set apart.
std::vector<std::string> sayings(const EventLog& log);

// A store whose log is that of `whole` up to and including its n-th commit.
std::unique_ptr<MemoryStore> beginning_of(MemoryStore& whole, std::size_t commits);

}  // namespace annal::test
