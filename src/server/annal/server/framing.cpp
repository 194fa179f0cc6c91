#include "annal/server/framing.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace annal::server {

namespace {

constexpr std::array<std::string_view, 14> at_most_once = {
    "host",     "content-length", "transfer-encoding", "content-type",   "content-encoding",
    "expect",   "origin",         "sec-fetch-site",    "sec-fetch-mode", "sec-fetch-dest",
    "if-match", "if-none-match",  "idempotency-key",   "annal-editor"};

// Thrown and caught within this file: reading stops at the first fault, wherever that is.
struct Refusal {
  FramingFault fault;
};

[[noreturn]] void refuse(int status, std::string type, std::string detail) {
  throw Refusal{{status, std::move(type), std::move(detail)}};
}

[[noreturn]] void malformed(std::string detail) {
  refuse(400, "malformed-request", std::move(detail));
}

bool is_token(std::string_view text) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

// Cuts the first line off the text and returns it without its CR LF.
std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos || end == 0 || text[end - 1] != '\r')
    malformed("a line of the request's head does not end in CR LF");
  const std::string_view line = text.substr(0, end - 1);
  text.remove_prefix(end + 1);
  return line;
}

void read_request_line(std::string_view line, Head& head) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    malformed("the request line is not `METHOD target HTTP/1.1`");
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!is_token(method)) malformed("the request's method is no token");
  if (target.size() > target_limit)
    refuse(414, "target-too-long", "the address is longer than 2 KiB");
  const bool visible = std::all_of(target.begin(), target.end(),
                                   [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
  if (target.empty() || !visible)
    malformed("the address holds characters that must be percent-encoded");
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    if (version.starts_with("HTTP/") && version.size() == 8)
      refuse(505, "version-not-supported", "this server speaks HTTP/1.1");
    malformed("the request line does not end in HTTP/1.1");
  }
  head.request.method = method;
  head.request.target = target;
  head.keep_alive = version == "HTTP/1.1";
}

void read_field(std::string_view line, Headers& headers) {
  if (line.front() == ' ' || line.front() == '\t')
    malformed("a header field goes on over a line's end; write it on one line");
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
    malformed("a header field is not `Name: value`");
  const std::string_view value = trim(line.substr(colon + 1));
  if (!is_field_value(value)) malformed("a header field holds a control character");
  if (headers.size() == field_limit)
    refuse(431, "too-many-headers", "the request has more than 64 header fields");
  headers.add(std::string(line.substr(0, colon)), std::string(value));
}

void check_counts(const Headers& headers) {
  if (headers.count("host") == 0) malformed("the request has no Host header");
  for (const std::string_view name : at_most_once)
    if (headers.count(name) > 1)
      malformed("the request has more than one " + std::string(name) + " header");
}

// `http://host/path` becomes `/path`, if the host is the one the Host header names.
void reduce_target(Request& request) {
  constexpr std::string_view scheme = "http://";
  if (request.target.front() == '/') return;
  const std::string_view target = request.target;
  if (!equal_without_case(target.substr(0, scheme.size()), scheme))
    malformed("the address does not start with `/`");
  const auto slash = std::min(target.find_first_of("/?", scheme.size()), target.size());
  const std::string_view authority = target.substr(scheme.size(), slash - scheme.size());
  if (!equal_without_case(authority, *request.headers.find("host")))
    refuse(421, "misdirected", "the address and the Host header name different servers");
  std::string rest(target.substr(slash));
  request.target = rest.empty() || rest.front() != '/' ? "/" + rest : rest;
}

void read_length(Head& head, bool http_1_1) {
  const auto length = head.request.headers.find("content-length");
  const auto coding = head.request.headers.find("transfer-encoding");
  if (length && coding) malformed("the request has both Content-Length and Transfer-Encoding");
  if (coding) {
    if (!http_1_1) malformed("HTTP/1.0 has no Transfer-Encoding");
    if (!equal_without_case(*coding, "chunked"))
      refuse(501, "transfer-encoding-not-supported",
             "the only Transfer-Encoding taken is `chunked`");
    head.chunked = true;
  }
  if (length) {
    const char* end = length->data() + length->size();
    const auto [stop, fault] = std::from_chars(length->data(), end, head.content_length);
    const bool digits =
        std::all_of(length->begin(), length->end(), [](char c) { return c >= '0' && c <= '9'; });
    if (fault == std::errc::result_out_of_range && digits)
      refuse(413, "body-too-large", "the request's body is over every limit");
    if (fault != std::errc() || stop != end || !digits)
      malformed("Content-Length is not a number in digits");
  }
  if (head.request.headers.find("trailer")) malformed("this server takes no trailer fields");
}

void read_connection(Head& head) {
  for (const auto& [name, value] : head.request.headers) {
    if (!equal_without_case(name, "connection")) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const auto comma = std::min(rest.find(','), rest.size());
      const std::string_view option = trim(rest.substr(0, comma));
      if (equal_without_case(option, "close")) {
        head.keep_alive = false;
        return;
      }
      if (equal_without_case(option, "keep-alive")) head.keep_alive = true;
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
}

void read_expectations(Head& head) {
  if (const auto coding = head.request.headers.find("content-encoding");
      coding && !equal_without_case(*coding, "identity"))
    refuse(415, "encoding-not-supported", "send the body without Content-Encoding");
  if (const auto expectation = head.request.headers.find("expect")) {
    if (!equal_without_case(*expectation, "100-continue"))
      refuse(417, "expectation-failed", "the only expectation met is 100-continue");
    head.expects_continue = true;
  }
}

}  // namespace

std::size_t head_end(std::string_view bytes) {
  const auto crlf = bytes.find("\r\n\r\n");
  const auto bare = bytes.find("\n\n");  // refused by read_head, but an end nevertheless
  if (crlf == std::string_view::npos && bare == std::string_view::npos)
    return std::string_view::npos;
  if (crlf == std::string_view::npos || bare < crlf) return bare + 2;
  return crlf + 4;
}

FramingFault overlong_head(std::string_view bytes) {
  const auto line_end = bytes.find('\n');
  if (line_end == std::string_view::npos || line_end > target_limit + 64)
    return {414, "target-too-long", "the address is longer than 2 KiB"};
  return {431, "head-too-large", "the request's head is larger than 8 KiB"};
}

std::variant<Head, FramingFault> read_head(std::string_view bytes) {
  try {
    Head head;
    read_request_line(take_line(bytes), head);
    const bool http_1_1 = head.keep_alive;
    for (auto line = take_line(bytes); !line.empty(); line = take_line(bytes))
      read_field(line, head.request.headers);
    check_counts(head.request.headers);
    reduce_target(head.request);
    read_length(head, http_1_1);
    read_connection(head);
    read_expectations(head);
    return head;
  } catch (Refusal& refusal) {
    return std::move(refusal.fault);
  }
}

}  // namespace annal::server
