// The effects of a document store: what its service asks the world to do.
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
