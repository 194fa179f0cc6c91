#include "annal/sqlite/dictionary_trainer.hpp"

#include "annal/error.hpp"
#include "annal/sqlite/dictionary.hpp"

#include <algorithm>
#include <charconv>
#include <new>

namespace annal::sqlite {

namespace {

constexpr std::size_t sampled_bytes = 4 * 1024 * 1024;
constexpr std::size_t events_a_read = 256;

std::uint32_t number_in(const std::string& key) {
  std::uint32_t number = 0;
  std::from_chars(key.data(), key.data() + key.size(), number);
  return number;
}

}  // namespace

DictionaryTrainer::DictionaryTrainer(const Compression& options, EventLog& log, Use use,
                                     std::function<void(std::string_view)> warn)
    : options_(options), log_(log), use_(std::move(use)), warn_(std::move(warn)) {
  read_those_there();
  thread_ = std::thread([this] { run(); });
}

DictionaryTrainer::~DictionaryTrainer() {
  {
    std::lock_guard lock(mutex_);
    stops_ = true;
  }
  asked_.notify_all();
  thread_.join();
}

void DictionaryTrainer::ask(const std::string& type, std::uint64_t seen) {
  {
    std::lock_guard lock(mutex_);
    Type& wanted = types_[type];
    wanted.seen = seen;
    wanted.asked = seen >= wanted.not_before;
  }
  asked_.notify_all();
}

void DictionaryTrainer::read_those_there() {
  for (const Record& record : log_.records({.space = dictionary_space().name}).records) {
    newest_ = std::max(newest_, number_in(record.key));
    use_(std::get<std::string>(record.columns.at("type")), record.value);
  }
}

void DictionaryTrainer::run() {
  for (std::string type = take_type(); !type.empty(); type = take_type()) {
    try {
      make_one(type);
    } catch (const std::exception& error) {
      tell_of(type, error.what());
    }
  }
}

// Waits until one is asked for; empty when it is to stop.
std::string DictionaryTrainer::take_type() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (stops_) return {};
    for (auto& [type, wanted] : types_)
      if (std::exchange(wanted.asked, false)) return type;
    asked_.wait(lock);
  }
}

void DictionaryTrainer::make_one(const std::string& type) {
  if (newest_ == most_dictionaries) return;
  const auto events = samples_of(type);
  if (events.empty()) return;
  {
    std::lock_guard lock(mutex_);
    types_[type].not_before = 2 * types_[type].seen;
  }
  std::vector<Sample> samples;
  for (const Envelope& event : events) samples.push_back({event.stream, event.data});
  const auto dictionary = made_dictionary(samples, newest_ + 1, options_);
  if (!dictionary) return;
  RecordChange change;
  change.space = dictionary_space().name;
  change.key = std::to_string(newest_ + 1);
  change.value = *dictionary;
  change.columns = {{"type", type}};
  change.expected = Position{};
  Commit commit;
  commit.records.push_back(std::move(change));
  const AppendOutcome outcome = log_.append(std::move(commit));
  if (const auto* refused = std::get_if<Rejected>(&outcome)) tell_of(type, refused->message());
  if (!std::holds_alternative<Appended>(outcome)) return;
  ++newest_;
  use_(type, *dictionary);
  std::lock_guard lock(mutex_);
  types_[type] = {.not_before = UINT64_MAX};
}

// The type's newest events; none if there are too few.
std::vector<Envelope> DictionaryTrainer::samples_of(const std::string& type) const {
  std::vector<Envelope> events;
  ReadRequest request;
  request.query = Query::of_types({TopicPattern::of(type)});
  request.direction = Direction::backwards;
  std::size_t bytes = 0;
  while (events.size() < options_.samples && bytes < sampled_bytes) {
    request.limit = std::min(events_a_read, options_.samples - events.size());
    Page page = log_.read(request);
    for (Envelope& event : page.events) {
      request.to = Position{event.position.value - 1};
      bytes += event.data.size();
      if (!event.purged) events.push_back(std::move(event));
    }
    if (!page.more) break;
  }
  if (events.size() < options_.samples && bytes < sampled_bytes) events.clear();
  return events;
}

// The type is written as before, and asked for again when there are twice as many of its events.
void DictionaryTrainer::tell_of(const std::string& type, const std::string& why) const noexcept {
  try {
    if (warn_) warn_("no dictionary was made to compress " + type + ": " + why);
  } catch (const std::bad_alloc&) {
    return;
  }
}

}  // namespace annal::sqlite
