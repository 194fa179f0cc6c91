// What the fragments in docs/guides/bus.md take for granted.
#pragma once

#include "annal/bus/bus.hpp"
#include "annal/bus/policies/circuit_breaker.hpp"
#include "annal/bus/rules/count_rule.hpp"

#include <cereal/cereal.hpp>

#include <memory>
#include <string>

using namespace annal;
using namespace std::chrono_literals;

struct View {
  void show(const Envelope&) {}
};
struct Alert {
  std::string coder;
  std::uint64_t failures = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(coder), CEREAL_NVP(failures));
  }
};
inline void send(const Envelope&, std::stop_token) {}

inline Catalogue catalogue;
inline Bus bus{catalogue};
inline const TopicPattern pattern = TopicPattern::of("*");
inline const TopicPattern sent = pattern, bounced = pattern;
inline const Query requests;
inline const auto view = std::make_shared<View>();
