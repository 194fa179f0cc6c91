// What is told of AI coders, as far as rules look at it, and what rules tell of them. A coder's
// stream is `coder/<id>`.
#pragma once

#include "annal/event/catalogue.hpp"

#include <cereal/cereal.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace annal::coder {

// --- payload families ----------------------------------------------------------------------------
// A coder's life: what its status was, and what it is now.
struct Lifecycle {
  std::string coder_id = {};
  std::string coder_name = {};
  std::string previous_status = {};
  std::string current_status = {};
  std::optional<std::string> reason = {};
  std::optional<std::string> error_message = {};
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(coder_id), CEREAL_NVP(coder_name), CEREAL_NVP(previous_status),
            CEREAL_NVP(current_status), CEREAL_NVP(reason), CEREAL_NVP(error_message));
  }
  friend bool operator==(const Lifecycle&, const Lifecycle&) = default;
};

// A call of the provider of a model.
struct Provider {
  std::string coder_id = {};
  std::string coder_name = {};
  std::string provider = {};
  std::string model = {};
  std::optional<std::uint64_t> tokens_used = {};
  std::optional<std::uint64_t> duration = {};  // microseconds
  std::optional<std::string> error_code = {};
  std::optional<std::string> error_message = {};
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(coder_id), CEREAL_NVP(coder_name), CEREAL_NVP(provider), CEREAL_NVP(model),
            CEREAL_NVP(tokens_used), CEREAL_NVP(duration), CEREAL_NVP(error_code),
            CEREAL_NVP(error_message));
  }
  friend bool operator==(const Provider&, const Provider&) = default;
};

// What a coder uses.
struct Resource {
  std::string coder_id = {};
  std::string coder_name = {};
  double memory_mb = 0;
  double cpu_percent = 0;
  double disk_usage_mb = 0;
  std::uint64_t network_bytes = 0;
  std::uint64_t file_count = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(coder_id), CEREAL_NVP(coder_name), CEREAL_NVP(memory_mb),
            CEREAL_NVP(cpu_percent), CEREAL_NVP(disk_usage_mb), CEREAL_NVP(network_bytes),
            CEREAL_NVP(file_count));
  }
  friend bool operator==(const Resource&, const Resource&) = default;
};

// --- events --------------------------------------------------------------------------------------
struct Created : Lifecycle {};         // `ai_coder.created`
struct Completed : Lifecycle {};       // `ai_coder.completed`
struct Failed : Lifecycle {};          // `ai_coder.failed`
struct RateLimited : Provider {};      // `ai_coder.rate_limit`
struct ResourceLimited : Resource {};  // `ai_coder.resource_limit`

// --- what rules tell -----------------------------------------------------------------------------
// `ai_coder.failure_alert`
struct FailureAlert {
  std::string coder_id = {};
  std::uint64_t failure_count = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(coder_id), CEREAL_NVP(failure_count));
  }
  friend bool operator==(const FailureAlert&, const FailureAlert&) = default;
};

// `ai_coder.completion_metrics`
struct CompletionMetrics {
  std::string coder_id = {};
  std::uint64_t duration = 0;  // microseconds
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(coder_id), CEREAL_NVP(duration));
  }
  friend bool operator==(const CompletionMetrics&, const CompletionMetrics&) = default;
};

// `ai_coder.system_warning`
struct SystemWarning {
  std::string kind = {};  // `rate_limit` or `resource_limit`
  std::string coder_id = {};
  std::string message = {};
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(kind), CEREAL_NVP(coder_id), CEREAL_NVP(message));
  }
  friend bool operator==(const SystemWarning&, const SystemWarning&) = default;
};

// Lists the eight.
void add_to(Catalogue& catalogue);

// Of which coder an event is, if of one: by its stream, or its tag `coder:<id>`.
std::optional<std::string> coder_of(const Envelope& event);

}  // namespace annal::coder
