// The page for people, compiled into the library.
#include "annal/server/problem.hpp"
#include "annal/server/routes/route.hpp"
#include "annal/server/ui/assets.hpp"

#include <algorithm>

namespace annal::server {

namespace {

std::string_view media_type_of(std::string_view name) {
  if (name.ends_with(".html")) return "text/html; charset=utf-8";
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  return "image/svg+xml";
}

Response asset(Context& context, const Call& call, std::string_view name) {
  refuse_body(call.request);
  call.parameters(context, {});
  const auto all = ui::assets();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const ui::Asset& one) { return one.name == name; });
  if (found == all.end()) return problem(404, "unknown-route", "the page has no such part");
  Response response;
  response.headers.add("Content-Type", std::string(media_type_of(name)));
  response.headers.add("Cache-Control", "no-cache");
  response.body = found->bytes;
  return response;
}

Response page(Context& context, const Call& call) { return asset(context, call, "page.html"); }
Response part(Context& context, const Call& call) { return asset(context, call, call.names.at(0)); }

}  // namespace

std::vector<Route> ui_routes() { return {{"GET", "/", page}, {"GET", "/ui/*", part}}; }

}  // namespace annal::server
