#include "annal/sqlite/reader.hpp"

#include "annal/error.hpp"
#include "annal/sqlite/database.hpp"
#include "annal/sqlite/index_scan.hpp"

#include <algorithm>

namespace annal::sqlite {

namespace {

constexpr std::size_t index_step = 512;  // postings taken at a time
constexpr std::size_t merged_keys = 16;  // of more than these the log is scanned
constexpr std::size_t worth_a_walk = 4;  // positions
constexpr std::size_t names_cached_for_reading = 65536;

std::string select_events(const char* rest) {
  return std::string("SELECT ") + event_columns + " FROM events " + rest;
}

}  // namespace

struct Reader::Keys {
  bool nothing = false;          // no event can match
  std::vector<IndexKey> any_of;  // the events of any of these keys; none: every event
};

Reader::Reader(const std::filesystem::path& path, const std::vector<SpaceDeclaration>& spaces,
               RunMaps& maps, Dictionaries& dictionaries, CheckedEvents& checked,
               const IndexTail* tail, FollowedTail* followed)
    : path_(path),
      database_(open_reader(path)),
      index_(database_, maps),
      names_(database_, names_cached_for_reading,
             [this](IndexKey key) { return numbers_of_names(key); }),
      payloads_(database_, dictionaries),
      records_(database_, spaces),
      checked_(checked),
      tail_(tail),
      followed_(followed),
      begin_(database_, "BEGIN"),
      end_(database_, "COMMIT"),
      max_position_(database_, "SELECT coalesce(max(position),0) FROM events"),
      event_(database_, select_events("WHERE position=?1")),
      forwards_(database_, select_events("WHERE position BETWEEN ?1 AND ?2 ORDER BY position")),
      backwards_(database_,
                 select_events("WHERE position BETWEEN ?1 AND ?2 ORDER BY position DESC")),
      recorded_at_(database_, "SELECT recorded_at FROM events WHERE position=?1"),
      commit_(database_, std::string("SELECT ") + commit_columns +
                             " FROM events WHERE position>=?1 AND commit_hash IS NOT NULL "
                             "ORDER BY position LIMIT 1") {}

// --- snapshots -----------------------------------------------------------------------------------

Reader::Snapshot::Snapshot(Reader& reader, std::span<const IndexKey> keys, Position at_most,
                           Position after)
    : reader_(reader) {
  IndexTail::Slice slice;
  try {
    if (reader.tail_) {
      // First the tail, then the snapshot: a merge between the two loses nothing.
      slice = reader.tail_->look_up(keys, after);
      reader.begin();
    } else if (keys.empty()) {
      // Nothing is looked up in the index, so nothing that cannot be read keeps it from being done.
      reader.begin();
      slice.head = reader.newest_position();
    } else {
      std::lock_guard lock(reader.followed_->mutex);
      reader.begin();
      reader.fill(reader.followed_->tail);
      slice = reader.followed_->tail.look_up(keys, after);
    }
    indexed_to = reader.index_.refresh().indexed_to;
  } catch (...) {
    reader.end();
    throw;
  }
  head = std::min(slice.head, at_most);
  tail = std::move(slice.entries);
}

Reader::Snapshot::~Snapshot() { reader_.end(); }

void Reader::begin() {
  begin_.reset();
  begin_.exec();
  in_transaction_ = true;
}

void Reader::end() noexcept {
  if (!in_transaction_) return;
  // Ending a read transaction writes nothing; if it fails the next BEGIN tells.
  for (SQLite::Statement* statement : std::initializer_list<SQLite::Statement*>{
           &max_position_, &event_, &forwards_, &backwards_, &recorded_at_, &commit_})
    statement->tryReset();
  index_.reset();
  end_.tryReset();
  end_.tryExecuteStep();
  end_.tryReset();
  in_transaction_ = false;
}

std::int64_t Reader::number(const char* sql) { return database_.execAndGet(sql).getInt64(); }

void Reader::fill(IndexTail& tail) {
  const IndexState& merged = index_.refresh();
  const Position end = newest_position();
  tail.drop_through(merged.indexed_to);
  if (tail.head() >= end) return;
  IndexScan scan(database_, tail.head(), end, std::max(merged.named_to, tail.named_to()));
  std::vector<Posting> postings;
  while (scan.next(postings)) continue;
  tail.add(postings, end);
}

// --- the index -----------------------------------------------------------------------------------

Reader::Keys Reader::keys_of(const Query& query) {
  Keys keys;
  if (query.means_everything()) return keys;
  for (const QueryItem& item : query.items)
    for (const IndexKey key : keys_of(item)) keys.any_of.push_back(key);
  std::sort(keys.any_of.begin(), keys.any_of.end());
  keys.any_of.erase(std::unique(keys.any_of.begin(), keys.any_of.end()), keys.any_of.end());
  keys.nothing = keys.any_of.empty();
  if (keys.any_of.size() > merged_keys) keys.any_of.clear();
  return keys;
}

// The numbers of the names that have the key.
std::vector<std::int64_t> Reader::numbers_of_names(IndexKey key) {
  const Snapshot snapshot(*this, {&key, 1});
  std::vector<Entry> entries = snapshot.tail[0];
  index_.find(key, Position{1}, snapshot.indexed_to, Direction::forwards, SIZE_MAX, entries);
  std::vector<std::int64_t> numbers;
  for (const Entry& entry : entries)
    numbers.push_back(static_cast<std::int64_t>(entry.version.value));
  return numbers;
}

// What leads to every event that the item means, and to some that it does not: the keys of its
// stream, or else of its first tag, or else of its types. A name that nobody has used has none.
std::vector<IndexKey> Reader::keys_of(const QueryItem& item) {
  if (item.stream || !item.tags.empty()) {
    const auto id = names_.find(item.stream ? *item.stream : item.tags.front());
    return id ? std::vector<IndexKey>{*id} : std::vector<IndexKey>{};
  }
  std::vector<IndexKey> keys;
  SQLite::Statement types(database_, "SELECT type FROM event_types");
  while (types.executeStep()) {
    const std::int64_t id = types.getColumn(0).getInt64();
    if (matches_any(item.types, names_.text(id))) keys.push_back(id);
  }
  return keys;
}

// The postings of one key within [from, to], in the direction asked for.
std::vector<Entry> Reader::postings(const Snapshot& snapshot, const Keys& keys, std::size_t which,
                                    Position from, Position to, Direction direction,
                                    std::size_t limit) {
  const bool forwards = direction == Direction::forwards;
  std::vector<Entry> found;

  const auto from_file = [&] {
    index_.find(keys.any_of[which], from, std::min(to, snapshot.indexed_to), direction, limit,
                found);
  };
  const auto from_tail = [&] {
    const auto& entries = snapshot.tail[which];
    const Position low = std::max(from, next(snapshot.indexed_to));
    const Position high = std::min(to, snapshot.head);
    auto first =
        std::lower_bound(entries.begin(), entries.end(), low,
                         [](const auto& entry, Position at) { return entry.position < at; });
    auto last = std::upper_bound(first, entries.end(), high, [](Position at, const auto& entry) {
      return at < entry.position;
    });
    const auto wanted = std::min(limit - found.size(), static_cast<std::size_t>(last - first));
    if (forwards)
      found.insert(found.end(), first, first + static_cast<std::ptrdiff_t>(wanted));
    else
      std::copy_n(std::make_reverse_iterator(last), wanted, std::back_inserter(found));
  };

  if (forwards) from_file();
  if (found.size() < limit) from_tail();
  if (!forwards && found.size() < limit) from_file();
  return found;
}

// The first positions within [from, to] that any of the keys leads to.
std::vector<Position> Reader::candidates(const Snapshot& snapshot, const Keys& keys, Position from,
                                         Position to, Direction direction, std::size_t limit) {
  std::vector<Position> positions;
  for (std::size_t which = 0; which < keys.any_of.size(); ++which)
    for (const auto& entry : postings(snapshot, keys, which, from, to, direction, limit))
      positions.push_back(entry.position);
  if (keys.any_of.size() > 1) {
    if (direction == Direction::forwards)
      std::sort(positions.begin(), positions.end());
    else
      std::sort(positions.begin(), positions.end(), std::greater<>());
    positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
    if (positions.size() > limit) positions.resize(limit);
  }
  return positions;
}

std::optional<Entry> Reader::newest(const Snapshot& snapshot, const Keys& keys, Position at_most) {
  if (keys.nothing) return std::nullopt;
  const auto found = postings(snapshot, keys, 0, Position{1}, at_most, Direction::backwards, 1);
  if (found.empty()) return std::nullopt;
  return found.front();
}

// Where a stream's version is; versions rise with positions, so this is a binary search.
Position Reader::place_of(const Snapshot& snapshot, const Keys& keys, Version version) {
  const auto last = newest(snapshot, keys, snapshot.head);
  if (!last || version > last->version) return next(snapshot.head);
  Position low{1}, high = last->position;
  while (low < high) {
    const Position middle{low.value + (high.value - low.value) / 2};
    const auto entry = newest(snapshot, keys, middle);
    if (entry && entry->version >= version)
      high = entry->position;
    else
      low = next(middle);
  }
  return low;
}

// --- events --------------------------------------------------------------------------------------

Page Reader::read(const ReadRequest& asked) {
  // A name first used after this head would be missed, so nothing after it is spoken of.
  const Position known = named_head();
  const Keys keys = keys_of(asked.query);
  // Who reads on from somewhere needs no older entries, unless they tell where versions are.
  const bool by_version = asked.from_version || asked.to_version;
  const Position read_before{
      asked.from && !by_version ? std::max<std::uint64_t>(asked.from->value, 1) - 1 : 0};
  const Snapshot snapshot(*this, keys.any_of, known, read_before);
  Page page;
  page.head = snapshot.head;
  if (keys.nothing) return page;
  const ReadRequest request =
      with_positions(asked, [&](Timestamp time) { return last_at(snapshot, time); });

  Position from = std::max(request.from.value_or(Position{1}), Position{1});
  Position to = std::min(request.to.value_or(snapshot.head), snapshot.head);
  if (request.from_version) from = std::max(from, place_of(snapshot, keys, *request.from_version));
  if (request.to_version) {
    const Position beyond = place_of(snapshot, keys, next(*request.to_version));
    to = std::min(to, Position{beyond.value - 1});
  }
  if (from > to) return page;
  if (keys.any_of.empty())
    read_in_order(request, from, to, page);
  else
    read_by_index(snapshot, keys, request, from, to, page);
  for (const Envelope& event : page.events) check(event);
  return page;
}

void Reader::check(const Envelope& event) {
  if (checked_.contains(event.position)) return;
  check_hash(event);
  checked_.add(event.position);
}

void Reader::read_by_index(const Snapshot& snapshot, const Keys& keys, const ReadRequest& request,
                           Position from, Position to, Page& page) {
  const bool forwards = request.direction == Direction::forwards;
  std::size_t bytes = 0;
  while (from <= to) {
    const std::size_t step = std::min(index_step, request.limit - page.events.size() + 1);
    const auto positions = candidates(snapshot, keys, from, to, request.direction, step);
    if (page.events.empty()) page.events.reserve(positions.size());
    RowStatement& rows = at(positions, request.direction);
    for (const Position position : positions) {
      if (!step_to(rows, position))
        throw CorruptionError("the index names position " + std::to_string(position.value) +
                                  ", where there is no event: run `annal verify`",
                              {position.value});
      Envelope event = read_row(rows.row(), names_);
      if (!request.means(event)) continue;
      if (page.events.size() == request.limit || bytes >= limits::page_bytes) {
        page.more = true;
        return;
      }
      read_data(rows.row(), payloads_, event);
      bytes += bytes_of(event);
      page.events.push_back(std::move(event));
    }
    if (positions.size() < step) return;
    if (forwards)
      from = next(positions.back());
    else
      to = Position{positions.back().value - 1};
  }
}

void Reader::read_in_order(const ReadRequest& request, Position from, Position to, Page& page) {
  RowStatement& rows = between(from, to, request.direction);
  std::size_t bytes = 0;
  if (request.query.items.empty())
    page.events.reserve(std::min<std::size_t>(request.limit, to.value - from.value + 1));
  while (rows.executeStep()) {
    Envelope event = read_row(rows.row(), names_);
    if (!request.means(event)) continue;
    if (page.events.size() == request.limit || bytes >= limits::page_bytes) {
      page.more = true;
      break;
    }
    read_data(rows.row(), payloads_, event);
    bytes += bytes_of(event);
    page.events.push_back(std::move(event));
  }
  rows.reset();
}

RowStatement& Reader::between(Position from, Position to, Direction direction) {
  RowStatement& rows = direction == Direction::forwards ? forwards_ : backwards_;
  rows.reset();
  rows.bind(1, signed_of(from));
  rows.bind(2, signed_of(to));
  return rows;
}

// Where most of what lies between the positions is among them, a walk costs less than a search for each.
RowStatement& Reader::at(std::span<const Position> positions, Direction direction) {
  if (positions.size() < worth_a_walk) return event_;
  const auto [from, to] = std::minmax(positions.front(), positions.back());
  if (to.value - from.value >= 2 * positions.size()) return event_;
  return between(from, to, direction);
}

// True if there is such an event; the statement, of one or of several, stands on its row then.
bool Reader::step_to(RowStatement& rows, Position position) {
  if (&rows == &event_) {
    event_.reset();
    event_.bind(1, signed_of(position));
    return event_.executeStep();
  }
  while (rows.executeStep())
    if (rows.row().number(0) == signed_of(position)) return true;
  return false;
}

std::optional<Envelope> Reader::event_at(Position position) {
  const Snapshot snapshot(*this, {});
  if (position.value == 0 || position > snapshot.head) return std::nullopt;
  if (!step_to(event_, position))
    throw CorruptionError("there is no event at position " + std::to_string(position.value) +
                              " of " + std::to_string(snapshot.head.value) + ": run `annal verify`",
                          {position.value});
  Envelope event = read_row(event_.row(), names_);
  read_data(event_.row(), payloads_, event);
  check(event);
  return event;
}

Version Reader::stream_version(const std::string& stream) {
  const Keys keys = keys_of(Query::of_stream(stream));
  const Snapshot snapshot(*this, keys.any_of);
  const auto last = newest(snapshot, keys, snapshot.head);
  return last ? last->version : Version{};
}

Position Reader::head() { return Snapshot(*this, {}).head; }

Position Reader::named_head() { return tail_ ? tail_->head() : head(); }

Position Reader::newest_position() {
  max_position_.reset();
  max_position_.executeStep();
  const Position newest = position_of(max_position_.getColumn(0));
  max_position_.reset();
  return newest;
}

Timestamp Reader::recorded_at(Position position) {
  recorded_at_.reset();
  recorded_at_.bind(1, signed_of(position));
  if (!recorded_at_.executeStep())
    throw CorruptionError(
        "there is no event at position " + std::to_string(position.value) + ": run `annal verify`",
        {position.value});
  const Timestamp time{std::chrono::microseconds{recorded_at_.getColumn(0).getInt64()}};
  recorded_at_.reset();
  return time;
}

Position Reader::position_at(Timestamp time) { return last_at(Snapshot(*this, {}), time); }

Position Reader::last_at(const Snapshot& snapshot, Timestamp time) {
  std::uint64_t low = 0, high = snapshot.head.value;  // the answer is within [low, high]
  while (low < high) {
    const std::uint64_t middle = low + (high - low + 1) / 2;
    if (recorded_at(Position{middle}) <= time)
      low = middle;
    else
      high = middle - 1;
  }
  return Position{low};
}

// --- commits -------------------------------------------------------------------------------------

CommitInfo Reader::commit_at(Position position) {
  const Snapshot snapshot(*this, {});
  commit_.reset();
  commit_.bind(1, signed_of(position));
  if (position.value == 0 || position > snapshot.head || !commit_.executeStep())
    throw InvalidInput("position " + std::to_string(position.value) +
                       " is in no commit; the head is " + std::to_string(snapshot.head.value));
  return commit_in(commit_);
}

std::optional<KeyedCommit> Reader::find_commit(const std::string& idempotency_key) {
  Keys keys;
  keys.any_of.push_back(key_of_idempotency_key(idempotency_key));
  const Snapshot snapshot(*this, keys.any_of);
  for (const auto& entry :
       postings(snapshot, keys, 0, Position{1}, snapshot.head, Direction::forwards, index_step)) {
    commit_.reset();
    commit_.bind(1, signed_of(entry.position));
    if (!commit_.executeStep()) continue;
    if (auto found = keyed_commit_in(commit_, idempotency_key)) return found;
  }
  return std::nullopt;
}

// --- records and types ---------------------------------------------------------------------------

std::optional<Record> Reader::record(std::string_view space, std::string_view key) {
  if (RecordTable* const table = records_.permanent(space)) return table->get(key);
  // A store that was written before the log had this space of its own has no record in it.
  if (space.starts_with(own_spaces_prefix)) return std::nullopt;
  const Snapshot snapshot(*this, {});  // the space and its record are of one moment
  records_.forget();
  return records_.at(space).get(key);
}

RecordPage Reader::records(const RecordRequest& request) {
  const Snapshot snapshot(*this, {});
  records_.forget();
  const bool never_had =
      request.space.starts_with(own_spaces_prefix) && records_.find(request.space) == nullptr;
  RecordPage page = never_had ? RecordPage{} : records_.at(request.space).scan(request);
  page.head = newest_position();  // the tail may know of less than the records do
  return page;
}

std::vector<TypeDescription> Reader::type_descriptions() {
  std::vector<TypeDescription> types;
  SQLite::Statement rows(database_,
                         "SELECT name,schema_version,description FROM type_descriptions");
  while (rows.executeStep())
    types.push_back({rows.getColumn(0).getString(), rows.getColumn(1).getUInt(),
                     decode_description(blob_of(rows.getColumn(2)))});
  return types;
}

void Reader::count(LogStatistics& statistics) {
  const Snapshot snapshot(*this, {});
  statistics.head = snapshot.head;
  if (snapshot.head.value > 0) statistics.recorded_at = recorded_at(snapshot.head);
  statistics.streams =
      static_cast<std::uint64_t>(number("SELECT count(*) FROM events WHERE version=1"));
  statistics.types = static_cast<std::uint64_t>(number("SELECT count(*) FROM event_types"));
  if (records_.permanent(dictionary_space().name))
    statistics.dictionaries =
        static_cast<std::uint64_t>(number("SELECT count(*) FROM records_annal_dictionaries"));
  statistics.bytes = static_cast<std::uint64_t>(
      number("SELECT page_count*page_size FROM pragma_page_count, pragma_page_size"));
  statistics.unindexed = snapshot.head.value - std::min(snapshot.head, snapshot.indexed_to).value;
}

}  // namespace annal::sqlite
