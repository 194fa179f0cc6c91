// Reads the head of an HTTP/1.1 request strictly, before any other parser sees it: whatever two
// parsers could understand differently is refused, so that no proxy and no library in between can
// be made to disagree with us on where a request ends.
#pragma once

#include "annal/server/message.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace annal::server {

inline constexpr std::size_t head_limit = 8 * 1024;  // request line, fields and the empty line
inline constexpr std::size_t target_limit = 2 * 1024;
inline constexpr std::size_t field_limit = 64;

// A head that is refused. The connection is closed after the answer: where the next request would
// start is not certain.
struct FramingFault {
  int status = 400;
  std::string type;    // last part of the problem's type
  std::string detail;  // one line for people
};

struct Head {
  Request request;  // the body still missing; an absolute target is cut down to its path and query
  std::uint64_t content_length = 0;
  bool chunked = false;
  bool keep_alive = true;
  bool expects_continue = false;

  bool has_body() const { return chunked || content_length > 0; }
};

// Where the head ends, behind its empty line; npos if it is not complete yet.
std::size_t head_end(std::string_view bytes);

// What is wrong with a head that has not ended within head_limit bytes.
FramingFault overlong_head(std::string_view bytes);

// Reads a complete head, empty line included.
//
// Refused are: line ends other than CR LF; control characters; a method or field name that is no
// token; a target over 2 KiB (414), more than 64 fields (431), versions other than 1.0 and 1.1
// (505); folded lines; no Host, or two; two fields of a kind that may be there once; Content-Length
// that is not plain digits; Transfer-Encoding other than one `chunked` (501 for others), with
// Content-Length, or in HTTP/1.0; Trailer; Content-Encoding other than identity (415); Expect other
// than 100-continue (417).
std::variant<Head, FramingFault> read_head(std::string_view bytes);

}  // namespace annal::server
