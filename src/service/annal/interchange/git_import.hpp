// Turns a git repository into documents: every path a document, every git commit one annal commit.
//
//   git -C REPO fast-export --first-parent --show-original-ids HEAD
//
//   annal::interchange::GitImport import(*store, {.collection = "project"});
//   annal::interchange::ImportReport report = import.run(std::cin);
#pragma once

#include "annal/event/catalogue.hpp"
#include "annal/interchange/report.hpp"
#include "annal/service/store.hpp"

#include <cereal/cereal.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <istream>
#include <string>

namespace annal::interchange {

// Closes every imported git commit, on the stream `import/git/COLLECTION`: a point in time also
// where no document changed. Texts that were not UTF-8 are read as ISO-8859-1.
struct ImportCheckpoint {
  static constexpr std::string_view type = "import.checkpoint";
  std::string commit;                             // the object's name
  std::string author, author_email, authored_at;  // `1234567890 +0200`, as git keeps it
  std::string committer, committer_email, committed_at;
  std::string message;          // whole, up to 512 KiB
  std::uint64_t documents = 0;  // changed
  std::uint64_t skipped = 0;    // files left out
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(commit), CEREAL_NVP(author), CEREAL_NVP(author_email),
            CEREAL_NVP(authored_at), CEREAL_NVP(committer), CEREAL_NVP(committer_email),
            CEREAL_NVP(committed_at), CEREAL_NVP(message), CEREAL_NVP(documents),
            CEREAL_NVP(skipped));
  }
  friend bool operator==(const ImportCheckpoint&, const ImportCheckpoint&) = default;
};

// Lists the import's own event.
void add_to(Catalogue& catalogue);

struct GitImportOptions {
  std::string collection;
  // Called now and then while it runs, on the caller's thread.
  std::function<void(const ImportProgress&)> progress;
  // Where file contents wait until they are needed;
  // the system's place for temporary files if empty.
  std::filesystem::path spill_folder;
};

// What becomes what is written in docs/guides/import-export.md.
class GitImport {
 public:
  // Throws InvalidInput if the collection cannot be one.
  GitImport(Store& store, GitImportOptions options);

  // Imports what the store does not have yet; commits it has are passed over.
  //   stream    of `git fast-export --show-original-ids`, one line of history
  //   throws    InvalidInput naming the line; ImportStopped; StorageError. What came before is
  //             imported, and the same call again goes on behind it
  //   cost      memory for the collection's paths, some 150 bytes a blob of the stream and at most
  //             32 MiB on their way to the log; a temporary file for the contents of the stream
  ImportReport run(std::istream& stream);

 private:
  Store& store_;
  GitImportOptions options_;
};

}  // namespace annal::interchange
