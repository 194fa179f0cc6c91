#include "annal/aggregate/snapshot.hpp"

#include "annal/event/codec.hpp"

#include <charconv>
#include <limits>
#include <utility>
#include <variant>

namespace annal::snapshots {
namespace {

constexpr std::size_t digits = std::numeric_limits<std::uint64_t>::digits10 + 1;

struct Sealed {
  std::string kind;
  std::uint32_t state_schema = 0;
  std::uint32_t reducer = 0;
  std::uint64_t version = 0;
  std::uint64_t events_behind =
      0;  // between the version's event and the position the record is stamped with
  std::string state;
  std::string checksum;  // the first 8 bytes of the SHA-256 of the stream and all of the above

  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(kind), CEREAL_NVP(state_schema), CEREAL_NVP(reducer), CEREAL_NVP(version),
            CEREAL_NVP(events_behind), CEREAL_NVP(state), CEREAL_NVP(checksum));
  }
};

std::string checksum(std::string_view stream, const Sealed& sealed) {
  Sealed unsealed = sealed;
  unsealed.checksum.clear();
  const auto hash = sha256({stream, "\n", encode(unsealed)});
  return {hash.bytes.begin(), hash.bytes.begin() + 8};
}

std::string key(std::string_view stream, Version version) {
  const auto number = std::to_string(version.value);
  return std::string(stream) + '@' + std::string(digits - number.size(), '0') + number;
}

// The version in a key of this stream.
// Other streams' keys may lie between: an id may hold `@` itself.
std::optional<Version> version_in(std::string_view key, std::size_t prefix_size) {
  const auto number = key.substr(prefix_size);
  Version version;
  const auto end = number.data() + number.size();
  const auto read = std::from_chars(number.data(), end, version.value);
  if (number.size() != digits || read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return version;
}

std::variant<Snapshot, std::string> open(const Record& record, std::string_view stream,
                                         Version version, const Maker& maker) {
  try {
    auto sealed = decode<Sealed>(record.value);
    if (sealed.checksum != checksum(stream, sealed)) return "its checksum does not match";
    if (Maker{sealed.kind, sealed.state_schema, sealed.reducer} != maker ||
        sealed.version != version.value)
      return "it was made by other code";
    if (sealed.events_behind >= record.derived_at.value)
      return "it is stamped with a wrong position";
    const Position position{record.derived_at.value - sealed.events_behind};
    return Snapshot{version, std::move(sealed.state), position, record.derived_time};
  } catch (const DecodeError& error) {
    return std::string(error.what());
  }
}

}  // namespace

RecordChange keep(const std::string& stream, const Maker& maker, const Snapshot& snapshot) {
  auto change = keep_with_commit(stream, maker, snapshot.version, snapshot.state, 0);
  change.derived_at = snapshot.position;
  return change;
}

RecordChange keep_with_commit(const std::string& stream, const Maker& maker, Version version,
                              std::string_view state, std::uint64_t events_behind) {
  Sealed sealed{maker.kind,
                maker.state_schema,
                maker.reducer,
                version.value,
                events_behind,
                std::string(state),
                {}};
  sealed.checksum = checksum(stream, sealed);
  RecordChange change;
  change.space = space;
  change.key = key(stream, version);
  change.value = encode(sealed);
  return change;
}

bool fits(const RecordChange& snapshot) {
  return snapshot.key.size() <= limits::record_key_bytes &&
         (!snapshot.value || snapshot.value->size() <= limits::record_bytes);
}

void add_what_fits(Commit& commit, std::vector<RecordChange> snapshots) {
  std::size_t bytes = bytes_of(commit);
  for (auto& snapshot : snapshots) {
    if (commit.records.size() == limits::commit_records) return;
    const std::size_t size = snapshot.value->size();
    if (!fits(snapshot) || bytes + size > limits::commit_bytes) continue;
    bytes += size;
    commit.records.push_back(std::move(snapshot));
  }
}

std::optional<Snapshot> newest(const EventLog& log, std::string_view stream, Version up_to,
                               const Maker& maker,
                               const std::function<void(const std::string& why)>& ignored) {
  RecordRequest request;
  request.space = space;
  request.prefix = std::string(stream) + '@';
  request.after = key(stream, next(up_to));
  request.to = key(stream, Version{1});
  request.direction = Direction::backwards;
  request.limit = 1;
  for (;;) {
    const auto page = log.records(request);
    if (page.records.empty()) return std::nullopt;
    const auto& record = page.records.front();
    if (const auto version = version_in(record.key, request.prefix.size())) {
      auto opened = open(record, stream, *version, maker);
      if (auto* snapshot = std::get_if<Snapshot>(&opened)) return std::move(*snapshot);
      if (ignored) ignored(std::get<std::string>(opened));
    }
    request.after = record.key;
  }
}

std::vector<RecordChange> erasures(const EventLog& log, std::string_view stream, Version up_to) {
  std::vector<RecordChange> changes;
  RecordRequest request;
  request.space = space;
  request.prefix = std::string(stream) + '@';
  request.to = key(stream, up_to);
  for (bool more = true; more;) {
    const auto page = log.records(request);
    for (const auto& record : page.records) {
      if (!version_in(record.key, request.prefix.size())) continue;
      changes.emplace_back();
      changes.back().space = space;
      changes.back().key = record.key;
    }
    more = page.more && !page.records.empty();
    if (more) request.after = page.records.back().key;
  }
  return changes;
}

}  // namespace annal::snapshots
