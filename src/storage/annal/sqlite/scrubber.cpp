#include "annal/sqlite/scrubber.hpp"

#include "annal/error.hpp"
#include "annal/sqlite/page_scan.hpp"

#include <algorithm>

namespace annal::sqlite {

namespace {

constexpr std::uint32_t pages_a_look = 64;
constexpr std::uint64_t events_a_look = 64;
constexpr std::size_t kept_findings = 1000;  // of pages, and of positions
constexpr std::chrono::nanoseconds second = std::chrono::seconds(1);

// True if it is new and there is room for it.
template <class Place>
bool keep(std::vector<Place>& places, Place place) {
  if (places.size() == kept_findings) return false;
  if (std::find(places.begin(), places.end(), place) != places.end()) return false;
  places.push_back(place);
  return true;
}

}  // namespace

Scrubber::Scrubber(Scrubbing options, const EventLog& log, const Clock& clock,
                   LookAtPages look_at_pages)
    : options_(std::move(options)),
      log_(log),
      clock_(clock),
      look_at_pages_(std::move(look_at_pages)),
      thread_([this] { run(); }) {}

Scrubber::~Scrubber() {
  {
    std::lock_guard lock(mutex_);
    stops_ = true;
  }
  stopped_.notify_all();
  thread_.join();
}

Scrubbed Scrubber::found() const {
  std::lock_guard lock(mutex_);
  return found_;
}

void Scrubber::run() {
  for (auto rest = options_.begins_after; waits(rest); rest = options_.rests) {
    try {
      if (!pass()) return;
    } catch (const Error& error) {
      report(std::string("looking the store over was given up for now: ") + error.what());
    }
  }
}

// False, as all below, when it is to stop.
bool Scrubber::pass() {
  if (!look_at_all_pages() || !look_at_all_events()) return false;
  std::lock_guard lock(mutex_);
  ++found_.passes;
  found_.finished_at = clock_.now();
  return true;
}

bool Scrubber::look_at_all_pages() {
  for (std::uint32_t first = 1;;) {
    const Pages pages = look_at_pages_(first, pages_a_look);
    for (const RefusedPage& page : pages.damaged) note(page);
    if (pages.seen == 0) return true;
    first += pages.seen;
    if (!paces(std::uint64_t{pages.seen} * page_bytes)) return false;
  }
}

// The hashes of the events are older than the checksums of the pages they lie on.
bool Scrubber::look_at_all_events() {
  const Position head = log_.head();
  for (Position from{1}; from <= head;) {
    const Position to = std::min(head, Position{from.value + events_a_look - 1});
    if (!paces(look_at_events(from, to))) return false;
    from = next(to);
  }
  return true;
}

// One by one: those beside a damaged one are sound.
//   returns   how many bytes that were
std::uint64_t Scrubber::look_at_events(Position from, Position to) {
  std::uint64_t bytes = 0;
  for (; from <= to; from = next(from)) {
    try {
      if (const auto event = log_.event_at(from)) bytes += event->data.size();
    } catch (const CorruptionError& error) {
      note(from, error.what());
    }
  }
  return bytes;
}

bool Scrubber::waits(std::chrono::nanoseconds time) {
  std::unique_lock lock(mutex_);
  return !stopped_.wait_for(lock, time, [this] { return stops_; });
}

bool Scrubber::paces(std::uint64_t bytes) {
  {
    std::lock_guard lock(mutex_);
    found_.bytes += bytes;
  }
  return waits(second * bytes / options_.bytes_per_second);
}

void Scrubber::note(const RefusedPage& page) {
  {
    std::lock_guard lock(mutex_);
    if (!keep(found_.damaged_pages, page.number)) return;
  }
  report(description_of(page));
}

void Scrubber::note(Position position, const std::string& why) {
  {
    std::lock_guard lock(mutex_);
    if (!keep(found_.damaged, position)) return;
  }
  report("position " + std::to_string(position.value) + ": " + why);
}

void Scrubber::report(const std::string& what) const {
  if (options_.report) options_.report(what);
}

}  // namespace annal::sqlite
