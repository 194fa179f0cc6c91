// Takes the JSON object in a request's body apart without losing a byte of its members.
#pragma once

#include "annal/error.hpp"
#include "annal/event/json.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace annal::server {

// A body that is not the JSON it should be.
class InvalidJson : public InvalidInput {
 public:
  InvalidJson(const std::string& what, std::size_t at) : InvalidInput(what), offset(at) {}
  std::size_t offset;  // in the body, from 0
};

// The members of one JSON object. Each value is a JSON annal keeps by itself
// (annal/event/json.hpp): a document's content may be as deep here as anywhere, the object around
// it does not count.
class JsonBody {
 public:
  // Keeps views into the text, which must outlive it.
  //   allowed   the names a member may have
  //   throws    InvalidJson; InvalidInput for a member that is not among the allowed ones
  JsonBody(std::string_view text, const std::vector<std::string_view>& allowed);

  // The member's bytes as they came, without spaces around them.
  std::optional<std::string_view> raw(std::string_view name) const;
  // The member as a text; null counts as not there.
  //   throws    InvalidInput if it is something else
  std::optional<std::string> text(std::string_view name) const;

 private:
  std::vector<JsonMember> members_;
};

}  // namespace annal::server
