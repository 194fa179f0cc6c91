#include "annal/log/event_log.hpp"

#include <algorithm>

namespace annal {

bool Query::matches(const Envelope& event) const {
  const auto carried = [&](const std::string& tag) {
    return std::find(event.tags.begin(), event.tags.end(), tag) != event.tags.end();
  };
  return (!stream || *stream == event.stream) && matches_any(types, event.type) &&
         std::all_of(tags.begin(), tags.end(), carried);
}

AppendOutcome EventLog::append(Commit commit) { return append_async(std::move(commit)).get(); }

std::future<AppendOutcome> EventLog::append_async(Commit commit) {
  auto promise = std::make_shared<std::promise<AppendOutcome>>();
  auto future = promise->get_future();
  submit(std::move(commit),
         [promise](AppendOutcome outcome) { promise->set_value(std::move(outcome)); });
  return future;
}

void check(const ReadRequest& request) {
  if (request.limit == 0 || request.limit > 4096)
    throw InvalidInput("a page of " + std::to_string(request.limit) + " events: ask for 1–4096");
  if ((request.from_version || request.to_version) && !request.query.stream)
    throw InvalidInput("versions bound a read of one stream: name the stream");
}

void check(const RecordRequest& request, const SpaceDeclaration& space) {
  if (request.limit == 0 || request.limit > 4096)
    throw InvalidInput("a page of " + std::to_string(request.limit) + " records: ask for 1–4096");
  for (const auto& [column, value] : request.where)
    if (std::find(space.columns.begin(), space.columns.end(), column) == space.columns.end())
      throw InvalidInput("records \"" + space.name + "\" are not looked up by \"" + column + '"');
}

}  // namespace annal
