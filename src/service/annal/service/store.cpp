// The composition: where log, bus, aspects, handlers and documents are put together.
#include "annal/service/store.hpp"

#include "annal/aggregate/snapshot.hpp"
#include "annal/bus/vocabulary.hpp"
#include "annal/effects/effect.hpp"
#include "annal/error.hpp"
#include "annal/memory/memory_log.hpp"
#include "annal/service/default_handlers.hpp"
#include "annal/service/document_service.hpp"
#include "annal/service/log_lines.hpp"
#include "annal/service/recording.hpp"
#include "annal/service/rows.hpp"
#include "annal/service/service_aspects.hpp"
#include "annal/service/vocabulary.hpp"
#include "annal/sqlite/sqlite_log.hpp"

#include <utility>

namespace annal {
namespace {

Catalogue catalogue_of(const OpenOptions& options) {
  Catalogue catalogue;
  document::add_to(catalogue);
  add_service_events(catalogue);
  add_bus_events(catalogue);
  if (options.types) options.types(catalogue);
  return catalogue;
}

std::vector<SpaceDeclaration> spaces() { return {rows::declaration(), snapshots::declaration()}; }

sqlite::Mode sqlite_mode(OpenOptions::Mode mode) {
  switch (mode) {
    case OpenOptions::Mode::read_write:
      return sqlite::Mode::read_write;
    case OpenOptions::Mode::create_new:
      return sqlite::Mode::create_new;
    case OpenOptions::Mode::read_only:
      break;
  }
  return sqlite::Mode::read_only;
}

BusOptions bus_options(const OpenOptions& options) {
  BusOptions bus = options.bus;
  if (!bus.clock) bus.clock = options.clock;
  if (!bus.randomness) bus.randomness = options.randomness;
  return bus;
}

// Published events are recorded as commits made elsewhere are: with the rows that follow from them.
class StoreRecorder final : public Recorder {
 public:
  StoreRecorder(ServiceParts parts, Dispatcher& dispatcher)
      : parts_(std::move(parts)), dispatcher_(dispatcher) {}

  AppendOutcome record(Commit commit) override {
    const auto program = effects::program(
        [&](effects::Perform perform) { return record_commit(parts_, commit, perform); });
    return program.run(parts_.handlers, {.request_id = parts_.ids.next().to_string()});
  }
  bool wait_until_told(Position position, std::chrono::milliseconds timeout) override {
    return dispatcher_.wait_until(position, timeout);
  }
  const EventLog& log() const override { return parts_.log; }

 private:
  const ServiceParts parts_;
  Dispatcher& dispatcher_;
};

sqlite::Scrubbing scrubbing(const OpenOptions& options, const std::filesystem::path& path) {
  sqlite::Scrubbing scrubbing;
  scrubbing.bytes_per_second = options.scrub_bytes_per_second;
  scrubbing.begins_after = options.scrub_begins_after;
  scrubbing.report = [lines = LogLines(options.log_lines, options.lowest_severity),
                      path](const std::string& what) {
    lines.write(Severity::error, path.string() + ": " + what);
  };
  return scrubbing;
}

}  // namespace

// Members are destroyed from the last to the first: the dispatcher stops before the log closes.
struct Store::State {
  State(OpenOptions options, std::unique_ptr<EventLog> opened)
      : read_only(options.mode == OpenOptions::Mode::read_only),
        clock(options.clock ? *options.clock : system_clock()),
        catalogue(catalogue_of(options)),
        lines(std::move(options.log_lines), options.lowest_severity),
        ids(clock, options.randomness ? *options.randomness : system_randomness()),
        log(std::move(opened)),
        bus(catalogue, bus_options(options)) {
    add_default_handlers(handlers, *log, lines);
    weave();
    if (read_only) return;
    log->declare_types(catalogue.descriptions());
    dispatcher = std::make_unique<Dispatcher>(*log, bus, log->head());
    bus.record_with(std::make_shared<StoreRecorder>(parts(), *dispatcher));
  }

  // While everything that its handlers and its recorder use is there.
  ~State() { bus.close(); }

  // The outermost aspect first.
  void weave() {
    const std::vector<std::pair<std::string, std::shared_ptr<Interceptor>>> aspects{
        {"logging", std::make_shared<ServiceLogging>(lines)},
        {"metrics", metrics},
        {"error events", std::make_shared<ErrorEvents>(bus, catalogue)},
        {"execution events", std::make_shared<ExecutionEvents>(bus, catalogue)}};
    for (const auto& [name, aspect] : aspects) {
      weaver.add(name, aspect);
      weaver.apply(name, "DocumentService::*");
    }
    handlers.surround({weaver.interceptor(std::string(effects::point_prefix))});
  }

  ServiceParts parts() { return {*log, bus, catalogue, handlers, ids, lines, read_only}; }

  const bool read_only;
  const Clock& clock;
  const Catalogue catalogue;
  const LogLines lines;
  UlidGenerator ids;
  std::unique_ptr<EventLog> log;
  Bus bus;
  Weaver weaver;
  std::shared_ptr<Metrics> metrics = std::make_shared<Metrics>();
  effects::Handlers handlers;
  std::unique_ptr<DocumentService> documents;
  std::unique_ptr<Dispatcher> dispatcher;
};

Store::Store(std::unique_ptr<State> state) : state_("the store", std::move(state)) {
  auto service = std::make_unique<DocumentService::State>(state_->parts(), state_->weaver);
  state_->documents.reset(new DocumentService(std::move(service)));
}

Store::~Store() = default;

DocumentService& Store::documents() { return *state_->documents; }
EventLog& Store::log() { return *state_->log; }
Bus& Store::bus() { return state_->bus; }
Weaver& Store::weaver() { return state_->weaver; }
Metrics& Store::metrics() { return *state_->metrics; }
effects::Handlers& Store::handlers() { return state_->handlers; }
const Catalogue& Store::catalogue() const { return state_->catalogue; }
const Clock& Store::clock() const { return state_->clock; }
bool Store::read_only() const { return state_->read_only; }

Dispatcher& Store::dispatcher() {
  if (!state_->dispatcher)
    throw ConfigurationError(
        "a store opened for reading only dispatches nothing: open it for writing, or read its log");
  return *state_->dispatcher;
}

std::unique_ptr<Store> open(const std::filesystem::path& path, OpenOptions options) {
  sqlite::Options sqlite;
  sqlite.mode = sqlite_mode(options.mode);
  sqlite.spaces = spaces();
  sqlite.queue_requests = options.queue_requests;
  sqlite.clock = options.clock;
  sqlite.randomness = options.randomness;
  sqlite.scrubbing = scrubbing(options, path);
  sqlite.compression.on = options.compress;
  sqlite.warn = [lines = LogLines(options.log_lines, options.lowest_severity)](
                    std::string_view line) { lines.write(Severity::warning, line); };
  auto log = sqlite::open(path, std::move(sqlite));
  return std::make_unique<Store>(
      std::make_unique<Store::State>(std::move(options), std::move(log)));
}

std::unique_ptr<Store> open_ephemeral(OpenOptions options) {
  if (options.mode == OpenOptions::Mode::read_only)
    throw ConfigurationError(
        "a store in memory begins empty: it cannot be opened for reading only");
  memory::Options memory;
  memory.spaces = spaces();
  memory.queue_requests = options.queue_requests;
  memory.clock = options.clock;
  memory.randomness = options.randomness;
  return std::make_unique<Store>(
      std::make_unique<Store::State>(std::move(options), memory::open(std::move(memory))));
}

}  // namespace annal
