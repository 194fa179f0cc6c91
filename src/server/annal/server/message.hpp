// A request and an answer as the routes see them: values, without a socket.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace annal::server {

// Header fields in the order they came. Names compare without regard to case.
class Headers {
 public:
  void add(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
  }
  // Replaces every field of that name.
  void set(std::string name, std::string value);
  // The value of the first field of that name.
  std::optional<std::string_view> find(std::string_view name) const;
  std::size_t count(std::string_view name) const;

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  std::size_t size() const { return fields_.size(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

struct QueryParameter {
  std::string name, value;
};

// Where a request goes, percent-decoded exactly once.
struct Target {
  std::vector<std::string> segments;  // `/v1/documents/a%2Fb` → v1, documents, a/b; `/` → none
  std::vector<QueryParameter> query;  // `+` and %20 are both a space

  // Reads `/path?query`.
  //   throws    InvalidInput for anything else, for a broken %XX, a control character, and for a
  //             segment that is empty, `.` or `..`
  static Target parse(std::string_view text);
};

struct Request {
  std::string method;
  std::string target;  // as it came, `/v1/documents/orders?limit=10`
  Headers headers;
  std::string body;
};

struct Response {
  int status = 200;
  Headers headers;  // without those of framing: Content-Length, Connection
  std::string body;
};

bool equal_without_case(std::string_view a, std::string_view b);
// Without the spaces and tabs at both ends.
std::string_view trim(std::string_view text);
// Percent-encodes everything but letters, digits and `-._~`; what results is one path segment, or
// one value of a query.
std::string percent_encode(std::string_view text);

}  // namespace annal::server
