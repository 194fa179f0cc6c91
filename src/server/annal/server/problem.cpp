#include "annal/server/problem.hpp"

#include "annal/error.hpp"
#include "annal/log/point.hpp"
#include "annal/server/json_body.hpp"

namespace annal::server {

namespace {

std::string title_of(std::string_view type) {
  std::string title(type);
  for (char& c : title)
    if (c == '-') c = ' ';
  title[0] = static_cast<char>(title[0] - 'a' + 'A');
  return title;
}

Response corruption(const CorruptionError& error) {
  std::vector<std::string> positions;
  for (const auto position : error.positions) positions.push_back(std::to_string(position));
  return problem(500, "store-corrupt",
                 "recorded bytes are not what was recorded; check the store with `annal verify`",
                 JsonObject().json("positions", json_array(positions)));
}

}  // namespace

Response problem(int status, std::string_view type, std::string_view detail,
                 const JsonObject& members) {
  JsonObject body;
  body.text("type", "urn:annal:problem:" + std::string(type))
      .text("title", title_of(type))
      .number("status", static_cast<unsigned>(status))
      .text("detail", detail)
      .append(members);
  Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/problem+json");
  response.body = body.str();
  return response;
}

Response storage_failed() {
  return problem(503, "storage-failed",
                 "the store under this server has failed; it must be opened again");
}

Response problem_of(const std::exception& fault,
                    const std::function<void(std::string_view)>& report) {
  if (dynamic_cast<const UnknownPoint*>(&fault)) return problem(404, "unknown-point", fault.what());
  if (const auto* json = dynamic_cast<const InvalidJson*>(&fault))
    return problem(400, "invalid-json", fault.what(), JsonObject().number("offset", json->offset));
  if (dynamic_cast<const InvalidInput*>(&fault)) return problem(400, "invalid-input", fault.what());
  if (dynamic_cast<const DataPurged*>(&fault)) return problem(410, "data-purged", fault.what());
  if (report) report(fault.what());
  if (const auto* corrupt = dynamic_cast<const CorruptionError*>(&fault))
    return corruption(*corrupt);
  if (dynamic_cast<const StorageError*>(&fault)) return storage_failed();
  return problem(500, "internal-error",
                 "this server has a fault; its log names the request by its X-Request-Id");
}

}  // namespace annal::server
