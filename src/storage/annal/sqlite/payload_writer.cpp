#include "annal/sqlite/payload_writer.hpp"

#include <algorithm>
#include <new>

namespace annal::sqlite {

namespace {

constexpr std::size_t least_with = 24, least_without = 256;  // bytes worth trying
constexpr std::size_t followed_types = 1024;
constexpr std::uint64_t first_asked_at = 64;                            // events of a type
constexpr std::size_t kept_contexts = 4, kept_bytes = 4 * 1024 * 1024;  // of each

}  // namespace

struct PayloadWriter::Context {
  // The frame of the data, which stays here until the next; empty if that is not shorter.
  std::string_view shorter_frame_of(std::string_view data, const ZSTD_CDict* dictionary,
                                    int level) {
    if (data.size() < (dictionary ? least_with : least_without)) return {};
    const std::string_view frame = frame_of(data, dictionary, level, zstd.get(), room);
    return frame.size() < data.size() ? frame : std::string_view();
  }

  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> zstd{ZSTD_createCCtx(), &ZSTD_freeCCtx};
  std::string room;
};

PayloadWriter::PayloadWriter(const Compression& options, Wanted wanted)
    : level_(options.level),
      wanted_every_(std::max<std::uint64_t>(options.samples / 8, 1)),
      wanted_(std::move(wanted)) {}

PayloadWriter::~PayloadWriter() = default;

std::vector<std::string> PayloadWriter::pack(std::span<const Envelope> events) {
  try {
    return packed(events);
  } catch (const std::bad_alloc&) {
    return {};
  }
}

std::vector<std::string> PayloadWriter::packed(std::span<const Envelope> events) {
  if (events.empty()) return {};
  const auto dictionaries = dictionaries_of(events);
  auto context = take_context();
  std::vector<std::string> packed;
  std::uint64_t bytes = 0, packed_bytes = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const std::string_view frame =
        context->shorter_frame_of(events[i].data, dictionaries[i].get(), level_);
    bytes += events[i].data.size();
    packed_bytes += frame.empty() ? events[i].data.size() : frame.size();
    if (frame.empty()) continue;
    packed.resize(events.size());
    packed[i] = frame;
  }
  give_back(std::move(context));
  bytes_ += bytes;
  packed_bytes_ += packed_bytes;
  return packed;
}

// Early once, for earlier openings may have left enough.
bool PayloadWriter::is_time_to_ask(std::uint64_t seen) const {
  return seen == std::min(first_asked_at, wanted_every_) || seen % wanted_every_ == 0;
}

// Of each event its type's, which may be none.
std::vector<CompressionDictionary> PayloadWriter::dictionaries_of(
    std::span<const Envelope> events) {
  std::vector<CompressionDictionary> dictionaries;
  dictionaries.reserve(events.size());
  std::vector<std::pair<std::string, std::uint64_t>> wanted;
  {
    std::lock_guard lock(mutex_);
    for (const Envelope& event : events) {
      const bool followed = types_.size() < followed_types || types_.contains(event.type);
      Type none;
      Type& type = followed ? types_[event.type] : none;
      dictionaries.push_back(type.dictionary);
      if (followed && !type.dictionary && is_time_to_ask(++type.seen))
        wanted.emplace_back(event.type, type.seen);
    }
  }
  for (const auto& [type, seen] : wanted) wanted_(type, seen);
  return dictionaries;
}

std::unique_ptr<PayloadWriter::Context> PayloadWriter::take_context() {
  {
    std::lock_guard lock(mutex_);
    if (!contexts_.empty()) {
      auto context = std::move(contexts_.back());
      contexts_.pop_back();
      return context;
    }
  }
  auto context = std::make_unique<Context>();
  if (!context->zstd) throw std::bad_alloc();
  return context;
}

void PayloadWriter::give_back(std::unique_ptr<Context> context) {
  if (ZSTD_sizeof_CCtx(context->zstd.get()) + context->room.size() > kept_bytes) return;
  std::lock_guard lock(mutex_);
  if (contexts_.size() < kept_contexts) contexts_.push_back(std::move(context));
}

void PayloadWriter::use(const std::string& type, CompressionDictionary dictionary) {
  std::lock_guard lock(mutex_);
  types_[type].dictionary = std::move(dictionary);
}

void PayloadWriter::count(LogStatistics& statistics) const {
  statistics.payload_bytes = bytes_;
  statistics.packed_bytes = packed_bytes_;
}

}  // namespace annal::sqlite
