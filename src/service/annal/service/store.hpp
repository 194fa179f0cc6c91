// What an embedding program opens: the log, the documents, the bus, the aspects, put together.
//
//   auto store = annal::open("orders.db");
//   auto key = annal::DocumentKey::parse("orders/7");
//   store->documents().create(
//       key, {.title = "Order 7", .content = {"{\"total\":12}"}, .author = "ann"});
//   auto yesterday = store->documents().get(
//       key, *annal::parse_point("yesterday", store->clock().now()));
#pragma once

#include "annal/aspects/metrics.hpp"
#include "annal/aspects/weaver.hpp"
#include "annal/bus/bus.hpp"
#include "annal/bus/dispatcher.hpp"
#include "annal/effects/handlers.hpp"
#include "annal/log/event_log.hpp"
#include "annal/owned_here.hpp"
#include "annal/service/documents.hpp"
#include "annal/severity.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace annal {

struct OpenOptions {
  enum class Mode { read_write, create_new, read_only };
  Mode mode = Mode::read_write;       // read_write creates a store where there is none
  std::size_t queue_requests = 1024;  // waiting appends beyond these are Busy
  BusOptions bus = {};
  std::function<void(Catalogue&)> types = {};  // lists the program's own event types
  // Takes the lines the service logs, from any thread; standard error when empty.
  std::function<void(Severity severity, std::string_view line)> log_lines = {};
  // Lines below this are not made.
  // At info: documents created, people notified; at debug: every call.
  Severity lowest_severity = Severity::warning;
  // A store open for writing reads itself in the background, once a day, and logs damage as errors:
  // at most so many bytes a second; 0: never.
  std::uint64_t scrub_bytes_per_second = 4 * 1024 * 1024;
  std::chrono::seconds scrub_begins_after{60};  // of its being opened
  // What is appended is compressed with zstd where that makes it shorter, in time with dictionaries of
  // what the events of a type have in common. Whoever opens the store reads it. Nothing is where
  // nothing is written to a file.
  bool compress = false;
  const Clock* clock = nullptr;      // the machine's when null; must outlive the store
  Randomness* randomness = nullptr;  // the system's when null; must outlive the store
};

//   threads   any number of callers; destroyed by one, when no call is under way; a process forked
//             off later is refused every call with StorageError, and destroys nothing
class Store {
 public:
  DocumentService& documents();
  EventLog& log();
  Bus& bus();
  Dispatcher& dispatcher();  // throws ConfigurationError on a read-only store
  // Woven around `DocumentService::*` from the start: the aspects "logging", "metrics",
  // "error events" (`error.raised`) and "execution events" (`command.executed`, `query.executed`,
  // where subscribed to or recorded). Around effects, `effect::database_write` and so on, nothing is woven until
  // somebody applies it; a run goes by what is applied when it begins.
  Weaver& weaver();
  Metrics& metrics();  // the metrics aspect that is woven from the start
  effects::Handlers&
  handlers();  // what performs the service's effects; replace to test or to extend
  const Catalogue& catalogue() const;
  const Clock& clock() const;
  bool read_only() const;

  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  struct State;
  explicit Store(std::unique_ptr<State> state);

 private:
  OwnedHere<State> state_;
};

// Opens the store in a file, creating it where there is none unless the mode says otherwise.
//   throws    CannotOpen and its children, CorruptionError
std::unique_ptr<Store> open(const std::filesystem::path& path, OpenOptions options = {});
// A store in memory, gone with the process; every answer says `ephemeral`.
//   throws    ConfigurationError for a mode other than to create or to write
std::unique_ptr<Store> open_ephemeral(OpenOptions options = {});

}  // namespace annal
