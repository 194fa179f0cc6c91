// The kinds of effects there are handlers for: what a document store's service asks the world to do,
// and what programs of its users mostly do.
#pragma once

#include "annal/log/commit.hpp"
#include "annal/severity.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace annal::effects {

// Appends a commit to the log.
struct DatabaseWrite {
  using result = AppendOutcome;
  static constexpr std::string_view name = "database_write";
  Commit commit;
  std::string describe() const;  // `2 events, 1 record: document/orders/7`
};

// Looks a record up; nothing if there is none.
struct DatabaseRead {
  using result = std::optional<Record>;
  static constexpr std::string_view name = "database_read";
  std::string space;
  std::string key;
  std::string describe() const;  // `documents/orders/7`
};

// Tells a person something.
struct Notification {
  using result = void;
  static constexpr std::string_view name = "notification";
  std::string recipient;
  std::string subject;
  std::string message;
  std::string describe() const;  // `to ann: Rates was updated`
};

// Writes a file, whole or not at all: whoever reads it sees what was there before, or all of this.
struct FileWrite {
  using result = void;
  static constexpr std::string_view name = "file_write";
  std::string path;  // within the folder its handler is for: `reports/today.txt`
  std::string content;
  std::string describe() const;  // `reports/today.txt, 12 bytes`
};

// The content of a file; nothing if there is none.
struct FileRead {
  using result = std::optional<std::string>;
  static constexpr std::string_view name = "file_read";
  std::string path;
  std::string describe() const { return path; }
};

// Removes a file. Whether there was one.
struct FileRemoval {
  using result = bool;
  static constexpr std::string_view name = "file_removal";
  std::string path;
  std::string describe() const { return path; }
};

// Writes a line for whoever runs the program.
struct Logging {
  using result = void;
  static constexpr std::string_view name = "logging";
  Severity severity = Severity::info;
  std::string message;
  std::string request_id = {};
  std::string describe() const;  // `info: created orders/7`
};

}  // namespace annal::effects
