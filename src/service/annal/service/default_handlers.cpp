#include "annal/service/default_handlers.hpp"

#include "annal/effects/kinds.hpp"

#include <utility>

namespace annal {
namespace {

// What the log would answer if nothing stood in the way.
Appended imagined(const EventLog& log, const Commit& commit) {
  const Position head = log.head();
  Appended appended;
  appended.first = next(head);
  appended.last = {head.value + commit.events.size()};
  if (!commit.events.empty()) {
    const auto& stream = commit.events.back().stream;
    appended.version = log.stream_version(stream);
    for (const auto& event : commit.events)
      if (event.stream == stream) appended.version = next(appended.version);
  }
  appended.durability = log.durability();
  return appended;
}

}  // namespace

void add_default_handlers(effects::Handlers& handlers, EventLog& log, const LogLines& lines) {
  const auto look_up = [&log](const effects::DatabaseRead& read) {
    return log.record(read.space, read.key);
  };
  handlers.on<effects::DatabaseRead>(look_up);
  handlers.on_dry_run<effects::DatabaseRead>(look_up);
  handlers.on<effects::DatabaseWrite>(
      [&log](effects::DatabaseWrite write) { return log.append(std::move(write.commit)); });
  handlers.on_dry_run<effects::DatabaseWrite>(
      [&log](const effects::DatabaseWrite& write) -> AppendOutcome {
        return imagined(log, write.commit);
      });
  handlers.on<effects::Logging>([&lines](const effects::Logging& logging) {
    lines.write(logging.severity, logging.message, logging.request_id);
  });
  handlers.on<effects::Notification>([&lines](const effects::Notification& notification) {
    if (lines.takes(Severity::info))
      lines.write(Severity::info, "notification " + notification.describe());
  });
}

}  // namespace annal
