// What is told of tasks that are blocked, and what rules find in it. A task's stream is `task/<id>`.
#pragma once

#include "annal/event/catalogue.hpp"

#include <cereal/cereal.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace annal::task {

// `task.blocked`
struct Blocked {
  std::string task_id = {};
  std::string agent_id = {};
  std::string blocker_type = {};
  std::string description = {};
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(task_id), CEREAL_NVP(agent_id), CEREAL_NVP(blocker_type),
            CEREAL_NVP(description));
  }
  friend bool operator==(const Blocked&, const Blocked&) = default;
};

// `blocker.resolved`
struct BlockerResolved {
  std::string task_id = {};
  std::string agent_id = {};
  std::optional<std::string> description = {};
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(task_id), CEREAL_NVP(agent_id), CEREAL_NVP(description));
  }
  friend bool operator==(const BlockerResolved&, const BlockerResolved&) = default;
};

// `pattern.detected`
struct PatternDetected {
  std::string pattern = {};  // which one, `task_stays_blocked`
  std::string task_id = {};
  std::string description = {};
  std::uint64_t duration_minutes = 0;     // what it stretches over
  std::optional<double> confidence = {};  // 0–1
  std::optional<std::string> suggestion = {};
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(pattern), CEREAL_NVP(task_id), CEREAL_NVP(description),
            CEREAL_NVP(duration_minutes), CEREAL_NVP(confidence), CEREAL_NVP(suggestion));
  }
  friend bool operator==(const PatternDetected&, const PatternDetected&) = default;
};

// Lists the three.
void add_to(Catalogue& catalogue);

// Of which task an event is, if of one: by its stream, or its tag `task:<id>`.
std::optional<std::string> task_of(const Envelope& event);

}  // namespace annal::task
