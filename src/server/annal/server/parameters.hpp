// The parameters of a request's query, each asked for by name and checked.
#pragma once

#include "annal/log/point.hpp"
#include "annal/server/message.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace annal::server {

class Parameters {
 public:
  //   allowed   the names there may be
  //   now       what "2 hours ago" is counted from
  //   throws    InvalidInput for a name that is not allowed
  Parameters(std::vector<QueryParameter> query, const std::vector<std::string_view>& allowed,
             Timestamp now);

  // Throw InvalidInput where a parameter is there twice (but for all)
  // or does not read as what is asked.
  std::optional<std::string> one(std::string_view name) const;
  std::vector<std::string> all(std::string_view name) const;
  bool flag(std::string_view name) const;  // `true` or nothing, `false`
  std::optional<Point> point(std::string_view name) const;
  std::optional<Version> version(std::string_view name) const;  // `7` or `v7`
  std::size_t limit(std::size_t otherwise, std::size_t highest) const;

 private:
  std::vector<QueryParameter> query_;
  Timestamp now_;
};

// Reads a point.
//   name      what it is called in the message
//   throws    InvalidInput if it does not read as one
Point point_of(std::string_view text, std::string_view name, Timestamp now);

}  // namespace annal::server
