#include "annal/interchange/commit_scan.hpp"

#include <utility>

namespace annal::interchange {

void for_each_commit(const EventLog& log, Position from, Position to,
                     const std::function<bool(const CommitInfo&, std::vector<Envelope>)>& each) {
  ReadRequest request;
  request.from = from;
  request.to = to;
  request.limit = 1024;
  CommitInfo commit;
  std::vector<Envelope> events;
  while (*request.from <= to) {
    Page page = log.read(request);
    if (page.events.empty()) return;
    for (Envelope& event : page.events) {
      if (events.empty()) commit = log.commit_at(event.position);
      const bool is_last = event.position == commit.last;
      request.from = next(event.position);
      events.push_back(std::move(event));
      if (is_last && !each(commit, std::exchange(events, {}))) return;
    }
  }
}

}  // namespace annal::interchange
