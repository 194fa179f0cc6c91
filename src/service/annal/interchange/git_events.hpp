// The events of one git commit, gathered into as few annal commits as the limits allow.
#pragma once

#include "annal/interchange/fast_export.hpp"
#include "annal/interchange/git_import.hpp"

#include <functional>
#include <string>

namespace annal::interchange {

// Whom and what the events of a git commit name.
struct GitOrigin {
  explicit GitOrigin(const CommitStart& commit);

  std::string sha;
  std::string author;  // never empty
  Timestamp committed_at{};
  Metadata metadata;  // author, email, message, shortened
  ImportCheckpoint checkpoint;
};

//   threads   one
class GitCommitBuilder {
 public:
  // Called with every commit that is full, and the last one.
  using Take = std::function<void(Commit commit)>;

  //   key          of the git commit: the last annal commit has this one,
  //                those before it `key:1`, …
  //   already      how many of those before it are in the log
  GitCommitBuilder(const Catalogue& catalogue, const GitOrigin& origin,
                   const std::string& collection, std::string key, std::uint64_t already,
                   Take take);

  //   row_bytes    of the document's title and content, for its row
  void add(const std::string& stream, const document::Event& event, std::size_t row_bytes,
           FileMode mode = FileMode::regular);
  // Adds the checkpoint, which the builder completes by what it counted.
  void close();

  // Documents changed in an earlier run.
  void count_document() { ++checkpoint_.documents; }
  void count_skipped() { ++checkpoint_.skipped; }

 private:
  Envelope about(const std::string& stream) const;
  void hand_over(const std::string& key);

  const Catalogue& catalogue_;
  const GitOrigin& origin_;
  const std::string stream_;
  const std::string key_;
  std::uint64_t parts_;
  const Take take_;
  ImportCheckpoint checkpoint_;
  const std::size_t room_;  // bytes for documents beside the checkpoint
  Commit commit_;
  std::size_t bytes_ = 0;
};

// The source of every event an import of git histories makes.
inline constexpr const char* git_source = "git";
// The stream of a collection's checkpoints.
std::string checkpoint_stream(const std::string& collection);
// The key of the last annal commit of a git commit.
std::string git_key(const std::string& collection, const std::string& sha);
// The key of the annal commit that is the `number`-th, from 1, of several, and not the last.
std::string git_part_key(const std::string& key, std::uint64_t number);

}  // namespace annal::interchange
