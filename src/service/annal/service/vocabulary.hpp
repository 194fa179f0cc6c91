// What the service tells of itself on the bus: transient events, never recorded.
#pragma once

#include "annal/event/catalogue.hpp"

#include <cereal/cereal.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace annal {

// `error.raised`: a call ended with an exception, which was thrown on.
struct ErrorRaised {
  std::string message;
  std::optional<std::string> request_id;
  std::optional<std::string> class_name;  // `class` on the wire
  std::optional<std::string> method;
  std::optional<std::string> error_type;        // the exception's type
  std::optional<std::uint64_t> execution_time;  // microseconds until it was thrown

  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(message), CEREAL_NVP(request_id), cereal::make_nvp("class", class_name),
            CEREAL_NVP(method), CEREAL_NVP(error_type), CEREAL_NVP(execution_time));
  }
  friend bool operator==(const ErrorRaised&, const ErrorRaised&) = default;
};

// `command.executed`: a change was asked for, whatever came of it.
struct CommandExecuted {
  std::string name;    // `create`
  std::string target;  // `orders/7`
  // `changed`, `replayed`, `refused`, `stale`, `rejected`, `unknown`; `completed` where there is no
  // more to say, `failed` with an exception
  std::string outcome;
  std::uint64_t duration = 0;  // microseconds

  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(name), CEREAL_NVP(target), CEREAL_NVP(outcome), CEREAL_NVP(duration));
  }
  friend bool operator==(const CommandExecuted&, const CommandExecuted&) = default;
};

// `query.executed`: something was read.
struct QueryExecuted {
  std::string name;
  std::string target;
  std::string outcome;         // `found`, `gone`, `not_found`; `completed`, `failed` as above
  std::uint64_t duration = 0;  // microseconds

  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(name), CEREAL_NVP(target), CEREAL_NVP(outcome), CEREAL_NVP(duration));
  }
  friend bool operator==(const QueryExecuted&, const QueryExecuted&) = default;
};

// Lists the three.
void add_service_events(Catalogue& catalogue);

}  // namespace annal
