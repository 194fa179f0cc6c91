#include "annal/sqlite/dictionary_trainer.hpp"

#include "annal/error.hpp"
#include "annal/sqlite/dictionary.hpp"

#include <algorithm>
#include <charconv>
#include <new>

namespace annal::sqlite {

namespace {

constexpr std::size_t sampled_bytes = 2 * 1024 * 1024;
constexpr std::size_t events_a_read = 256;
constexpr std::size_t looked_at_for_a_sample = 4;  // events, of which some were purged

std::uint32_t number_in(const std::string& key) {
  std::uint32_t number = 0;
  std::from_chars(key.data(), key.data() + key.size(), number);
  return number;
}

}  // namespace

DictionaryTrainer::DictionaryTrainer(const Compression& options, const EventLog& log, Append append,
                                     Use use, std::function<void(std::string_view)> warn)
    : options_(options),
      log_(log),
      append_(std::move(append)),
      use_(std::move(use)),
      warn_(std::move(warn)) {
  read_those_there();
  thread_ = std::thread([this] {
    while (make_next()) continue;
  });
}

DictionaryTrainer::~DictionaryTrainer() { stop(); }

void DictionaryTrainer::stop() {
  {
    std::lock_guard lock(mutex_);
    stops_.request_stop();
  }
  asked_.notify_all();
  if (thread_.joinable()) thread_.join();
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

// One that is damaged is not used, and its type gets another.
void DictionaryTrainer::read_those_there() {
  for (const Record& record : log_.records({.space = dictionary_space().name}).records) {
    const std::uint32_t number = number_in(record.key);
    newest_ = std::max(newest_, number);
    const std::string& type = std::get<std::string>(record.columns.at("type"));
    if (const auto dictionary = for_compression(record.value, number, options_.level))
      use_(type, dictionary);
    else
      tell_of(type,
              ("dictionary " + record.key + " is damaged: run `annal verify` and restore a backup")
                  .c_str());
  }
}

// Waits until one is asked for; false when it is to stop.
bool DictionaryTrainer::make_next() {
  std::unique_lock lock(mutex_);
  auto next = types_.end();
  const auto asked = [&] {
    next = std::find_if(types_.begin(), types_.end(),
                        [](const auto& type) { return type.second.asked; });
    return next != types_.end() || stops_.stop_requested();
  };
  asked_.wait(lock, asked);
  if (stops_.stop_requested()) return false;
  next->second.asked = false;
  const std::string& type = next->first;  // which stays: nothing is ever taken out
  lock.unlock();
  try {
    make_one(type);
  } catch (const std::exception& error) {
    tell_of(type, error.what());
  }
  return true;
}

void DictionaryTrainer::make_one(const std::string& type) {
  if (newest_ == most_dictionaries) return;
  std::uint64_t seen = 0;
  {
    std::lock_guard lock(mutex_);
    seen = types_.find(type)->second.seen;
  }
  not_before(type, 2 * seen);  // unless there is more to say below
  bool too_few = false;
  const auto events = samples_of(type, too_few);
  if (too_few) return not_before(type, 0);
  std::vector<Sample> samples;
  for (const Envelope& event : events) samples.push_back({event.stream, event.data});
  const auto dictionary = made_dictionary(samples, newest_ + 1, options_, stops_.get_token());
  if (!dictionary) return;
  RecordChange change;
  change.space = dictionary_space().name;
  change.key = std::to_string(newest_ + 1);
  change.value = *dictionary;
  change.columns = {{"type", type}};
  change.expected = Position{};
  Commit commit;
  commit.records.push_back(std::move(change));
  const AppendOutcome outcome = append_(std::move(commit));
  if (const auto* refused = std::get_if<Rejected>(&outcome)) {
    if (std::holds_alternative<Busy>(refused->reason)) return not_before(type, 0);
    tell_of(type, refused->message().c_str());
  }
  if (!std::holds_alternative<Appended>(outcome)) return;
  ++newest_;
  use_(type, for_compression(*dictionary, newest_, options_.level));
  not_before(type, UINT64_MAX);
}

// The type is not looked at again before so many of its events have been seen.
void DictionaryTrainer::not_before(const std::string& type, std::uint64_t seen) {
  std::lock_guard lock(mutex_);
  Type& wanted = types_.find(type)->second;
  wanted.not_before = seen;
  if (wanted.seen < seen) wanted.asked = false;
}

// The type's newest events, without those that were purged.
//   too_few   the log has no more of them
std::vector<Envelope> DictionaryTrainer::samples_of(const std::string& type, bool& too_few) const {
  std::vector<Envelope> events;
  ReadRequest request;
  request.query = Query::of_types({TopicPattern::of(type)});
  request.direction = Direction::backwards;
  std::size_t bytes = 0, looked_at = 0;
  while (events.size() < options_.samples && bytes < sampled_bytes &&
         looked_at < looked_at_for_a_sample * options_.samples && !stops_.stop_requested()) {
    request.limit = std::min(events_a_read, options_.samples - events.size());
    Page page = log_.read(request);
    looked_at += page.events.size();
    for (Envelope& event : page.events) {
      request.to = Position{event.position.value - 1};
      bytes += event.data.size();
      if (!event.purged) events.push_back(std::move(event));
    }
    if (page.more) continue;
    too_few = events.size() < options_.samples && bytes < sampled_bytes;
    break;
  }
  return events;
}

// The type is written as before.
void DictionaryTrainer::tell_of(const std::string& type, const char* why) const noexcept {
  try {
    if (warn_) warn_("no dictionary compresses " + type + ": " + why);
  } catch (const std::bad_alloc&) {
    return;
  }
}

}  // namespace annal::sqlite
