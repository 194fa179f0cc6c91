// Keeps strange web pages out. A page anywhere can make its visitor's browser send requests to this
// machine, under a name of its own that resolves here (DNS rebinding) or straight to the address;
// what gives it away is the Host it names and the Origin the browser adds.
#pragma once

#include "annal/server/message.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace annal::server {

// An address in figures as it stands in a URL: `[::1]`, `127.0.0.1`.
std::string in_brackets(std::string_view address);

// A host with the port it is called at: its own, or the one given where it names none.
std::string authority_of(std::string_view host, std::uint16_t port);

class Guard {
 public:
  //   address   the one listened on, in figures
  //   names     further names, with a port or without one (then the server's)
  Guard(std::string_view address, std::uint16_t port, const std::vector<std::string>& names);

  // The answer to a request that may not be answered otherwise: 421 for a Host that is not ours,
  // 403 for a page of another origin. A link from elsewhere to the page at `/` may be followed.
  std::optional<Response> refusal(const Request& request) const;

 private:
  bool is_ours(std::string_view host) const;
  std::vector<std::string> authorities_;
};

// Adds what every answer carries so that browsers do nothing with it but what is meant.
void add_security_headers(Response& response);

}  // namespace annal::server
