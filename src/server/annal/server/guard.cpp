#include "annal/server/guard.hpp"

#include "annal/server/problem.hpp"

#include <algorithm>

namespace annal::server {

namespace {

constexpr std::uint16_t http_port = 80;  // browsers leave it out

bool names_a_port(std::string_view name) {
  const auto colon = name.rfind(':');
  return colon != std::string_view::npos && name.find(']', colon) == std::string_view::npos;
}

bool follows_a_link_to_the_page(const Request& request) {
  return request.method == "GET" && request.target == "/" &&
         request.headers.find("Sec-Fetch-Mode") == "navigate" &&
         request.headers.find("Sec-Fetch-Dest") == "document";
}

}  // namespace

std::string in_brackets(std::string_view address) {
  const bool v6 = address.find(':') != std::string_view::npos;
  return v6 ? '[' + std::string(address) + ']' : std::string(address);
}

std::string authority_of(std::string_view host, std::uint16_t port) {
  return names_a_port(host) ? std::string(host) : std::string(host) + ':' + std::to_string(port);
}

Guard::Guard(std::string_view address, std::uint16_t port, const std::vector<std::string>& names) {
  std::vector<std::string> hosts = {"localhost", "127.0.0.1", "[::1]", in_brackets(address)};
  hosts.insert(hosts.end(), names.begin(), names.end());
  for (auto& host : hosts) {
    authorities_.push_back(authority_of(host, port));
    if (port == http_port && !names_a_port(host)) authorities_.push_back(std::move(host));
  }
}

std::optional<Response> Guard::refusal(const Request& request) const {
  const std::string_view host = request.headers.find("Host").value_or("");
  if (!is_ours(host))
    return problem(421, "misdirected",
                   "this server does not answer for the host `" + std::string(host) +
                       "`; if that is its name, start it with --host-name (in a program, "
                       "ServerOptions::host_names)");
  const auto origin = request.headers.find("Origin");
  if (origin && !equal_without_case(*origin, "http://" + std::string(host)))
    return problem(403, "foreign-origin", "pages of another origin may not use this server");
  if (request.headers.find("Sec-Fetch-Site") == "cross-site" &&
      !follows_a_link_to_the_page(request))
    return problem(403, "foreign-origin", "pages of another site may not use this server");
  return std::nullopt;
}

bool Guard::is_ours(std::string_view host) const {
  return std::any_of(authorities_.begin(), authorities_.end(), [&](const std::string& authority) {
    return equal_without_case(authority, host);
  });
}

void add_security_headers(Response& response) {
  Headers& headers = response.headers;
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("Content-Security-Policy",
              "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  headers.set("Referrer-Policy", "no-referrer");
  if (!headers.find("Cache-Control")) headers.set("Cache-Control", "no-store");
}

}  // namespace annal::server
