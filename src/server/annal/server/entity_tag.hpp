// Entity tags and the conditions made of them. A document's tag is its version in quotes: `"7"`.
#pragma once

#include "annal/event/position.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace annal::server {

std::string entity_tag(Version version);

// The value of an If-Match or If-None-Match header.
struct TagCondition {
  bool any = false;  // `*`: whatever is there
  struct Tag {
    std::string opaque;  // without its quotes
    bool weak = false;
  };
  std::vector<Tag> tags;

  // Throws InvalidInput if the text is neither `*` nor a list of entity tags.
  static TagCondition parse(std::string_view text);

  // As If-Match compares: a weak tag equals nothing.
  bool matches_strongly(Version version) const;
  // As If-None-Match compares.
  bool matches_weakly(Version version) const;
  // The one version that would do, if the condition names exactly one.
  std::optional<Version> only_version() const;
};

}  // namespace annal::server
