#include "annal/sqlite/index_writer.hpp"

#include "annal/error.hpp"
#include "annal/sqlite/database.hpp"
#include "annal/sqlite/key_filter.hpp"

#include <algorithm>
#include <bit>

namespace annal::sqlite {

namespace {

enum RunState : int { live = 0, building = 1, dead = 2 };

constexpr std::size_t merged_at_least = 4, merged_at_most = 8;  // runs
constexpr std::size_t longest_piece = 1024;   // entries of a key that are packed at once
constexpr std::uint64_t worth_a_step = 2048;  // postings
constexpr std::uint64_t faster_than_they_come = 2;
constexpr std::uint64_t postings_a_swept_block = 64;  // about the same work

// Runs of one class are alike in size: each class is four times the one before.
int class_of(const Run& run) {
  return static_cast<int>(std::bit_width(run.last.value - run.first.value + 1) - 1) / 2;
}

void run(SQLite::Statement& statement) {
  statement.exec();
  statement.reset();
}

}  // namespace

// --- writing a run -------------------------------------------------------------------------------

IndexWriter::Output::Output(IndexWriter& writer, std::int64_t id, Position first, Position last,
                            std::int64_t first_block)
    : writer_(writer), run_{id, first, last, first_block, 0, 0}, block_(first) {}

void IndexWriter::Output::add(IndexKey key, std::span<const Entry> entries) {
  if (key != key_ || pending_.size() >= longest_piece) write_pending();
  key_ = key;
  pending_.insert(pending_.end(), entries.begin(), entries.end());
  run_.postings += entries.size();
}

void IndexWriter::Output::write_pending() {
  for (std::span<const Entry> rest = pending_; !rest.empty();) {
    const std::size_t taken = block_.add(key_, rest);
    if (taken > 0 && (keys_.empty() || keys_.back() != key_)) keys_.push_back(key_);
    rest = rest.subspan(taken);
    if (!rest.empty()) write_block();
  }
  pending_.clear();
}

void IndexWriter::Output::write_block() {
  fences_.push_back({block_.first_key(), block_.first_position()});
  const std::string block = block_.take();
  auto& put = writer_.put_block_;
  put.bind(1, run_.first_block + run_.blocks++);
  bind_blob(put, 2, block);
  sqlite::run(put);
  if (run_.blocks % blocks_a_part == 0) write_part();
}

void IndexWriter::Output::write_part() {
  const std::string fences = packed_fences(fences_, run_.first);
  const std::string filter = filter_of(keys_);
  auto& put = writer_.put_part_;
  put.bind(1, run_.id);
  put.bind(2, parts_++);
  bind_blob(put, 3, fences);
  bind_blob(put, 4, filter);
  sqlite::run(put);
  fences_.clear();
  keys_.clear();
}

const Run& IndexWriter::Output::finish() {
  write_pending();
  if (!block_.empty()) write_block();
  if (!fences_.empty()) write_part();
  return run_;
}

// --- runs ----------------------------------------------------------------------------------------

IndexWriter::IndexWriter(SQLite::Database& database, RunMaps& maps)
    : database_(database),
      reading_(database, maps),
      put_block_(database, "INSERT INTO index_blocks VALUES(?1,?2)"),
      put_part_(database, "INSERT INTO index_parts VALUES(?1,?2,?3,?4)"),
      put_run_(database, "INSERT INTO index_runs VALUES(?1,?2,?3,?4,?5,?6,?7)"),
      set_run_(database, "UPDATE index_runs SET state=?2,blocks=?3,postings=?4 WHERE id=?1"),
      put_state_(database, "UPDATE index_state SET generation=?1,indexed_to=?2,named_to=?3"),
      sweep_blocks_(database, "DELETE FROM index_blocks WHERE id>=?1 AND id<?2"),
      sweep_parts_(database, "DELETE FROM index_parts WHERE run=?1"),
      sweep_run_(database, "DELETE FROM index_runs WHERE id=?1") {}

void IndexWriter::reload() {
  merges_.clear();
  dead_.clear();
  runs_.clear();
  next_block_ = 1;
  SQLite::Statement rows(database_,
                         "SELECT id,first_position,last_position,first_block,blocks,postings,state "
                         "FROM index_runs ORDER BY first_position");
  while (rows.executeStep()) {
    const Run found{
        rows.getColumn(0).getInt64(),   position_of(rows.getColumn(1)),
        position_of(rows.getColumn(2)), rows.getColumn(3).getInt64(),
        rows.getColumn(4).getInt64(),   static_cast<std::uint64_t>(rows.getColumn(5).getInt64())};
    next_block_ = std::max(next_block_, found.first_block + found.blocks);
    // What was being built when the program ended, or the transaction, is of no use.
    if (rows.getColumn(6).getInt() == live)
      runs_.push_back(found);
    else
      dead_.push_back({found});
  }
  state_ = reading_.reread();
}

void IndexWriter::insert_run(const Run& run, int state, std::int64_t reserved) {
  put_run_.bind(1, run.id);
  put_run_.bind(2, signed_of(run.first));
  put_run_.bind(3, signed_of(run.last));
  put_run_.bind(4, run.first_block);
  put_run_.bind(5, reserved);
  put_run_.bind(6, static_cast<std::int64_t>(run.postings));
  put_run_.bind(7, state);
  sqlite::run(put_run_);
}

void IndexWriter::set_state(const Run& run, int state) {
  set_run_.bind(1, run.id);
  set_run_.bind(2, state);
  set_run_.bind(3, run.blocks);
  set_run_.bind(4, static_cast<std::int64_t>(run.postings));
  sqlite::run(set_run_);
}

void IndexWriter::keep_state() {
  put_state_.bind(1, state_.generation);
  put_state_.bind(2, signed_of(state_.indexed_to));
  put_state_.bind(3, state_.named_to);
  sqlite::run(put_state_);
}

void IndexWriter::flush(std::span<const Posting> postings, Position through) {
  Output output(*this, ++state_.generation, next(state_.indexed_to), through, next_block_);
  for (const Posting& posting : postings) {
    const Entry entry{posting.position, posting.version};
    output.add(posting.key, {&entry, 1});
    if (is_key_of_name(posting.key))
      state_.named_to = std::max(state_.named_to, static_cast<std::int64_t>(posting.version.value));
  }
  const Run& run = output.finish();
  next_block_ += run.blocks;
  insert_run(run, live, run.blocks);
  runs_.push_back(run);
  state_.indexed_to = through;
  keep_state();
  begin_due_merges();
}

// --- merges --------------------------------------------------------------------------------------

bool IndexWriter::is_free(const Run& run) const {
  for (const Merge& merge : merges_)
    for (const Input& input : merge.inputs)
      if (input.run.id == run.id) return false;
  return true;
}

// Neighbours are merged once four of a class lie among smaller ones only; the smallest first.
void IndexWriter::begin_due_merges() {
  if (given_up_) return;
  constexpr int classes = 32;
  for (int merged = 0; merged < classes; ++merged) {
    std::size_t begun = 0, alike = 0;
    for (std::size_t i = 0; i <= runs_.size(); ++i) {
      const bool within = i < runs_.size() && class_of(runs_[i]) <= merged && is_free(runs_[i]);
      if (within) {
        alike += class_of(runs_[i]) == merged ? 1 : 0;
        if (i + 1 - begun < merged_at_most) continue;
      }
      const std::size_t end = within ? i + 1 : i;
      if (alike >= merged_at_least) begin(std::span(runs_).subspan(begun, end - begun));
      begun = i + 1;
      alike = 0;
    }
  }
}

void IndexWriter::begin(std::span<const Run> runs) {
  std::int64_t blocks = 0;
  Merge merge{
      {}, Output(*this, ++state_.generation, runs.front().first, runs.back().last, next_block_)};
  for (const Run& run : runs) {
    merge.inputs.push_back({run, 0, {}, 0});
    blocks += run.blocks;
  }
  // Packed anew the postings may need a little more room, never twice as much.
  const std::int64_t reserved = 2 * blocks + 16;
  next_block_ += reserved;
  insert_run(merge.output.run(), building, reserved);
  keep_state();
  merges_.push_back(std::move(merge));
}

void IndexWriter::advance(std::uint64_t postings) {
  if (!merging()) return;
  credit_ += postings;
  if (credit_ < worth_a_step) return;
  const std::uint64_t budget = credit_ * faster_than_they_come;
  credit_ = 0;
  try {
    sweep(static_cast<std::int64_t>(budget / postings_a_swept_block));
    go_on(budget);
  } catch (const CorruptionError& error) {
    throw DamagedRun(error.what());
  } catch (const SQLite::Exception& error) {
    if (!tells_of_damage(error)) throw;
    throw DamagedRun(reason_of(error));
  }
}

void IndexWriter::go_on(std::uint64_t postings) {
  for (auto merge = merges_.begin(); merge != merges_.end();) {
    const auto at_hand = merge++;
    if (go_on(*at_hand, postings)) continue;
    finish(*at_hand);
    merges_.erase(at_hand);
  }
  begin_due_merges();
}

// Makes sure that there is a posting at hand; false at the run's end.
bool IndexWriter::fill(Input& input) {
  if (input.at < input.postings.size()) return true;
  if (input.next_block == input.run.blocks) return false;
  input.postings.clear();
  input.at = 0;
  reading_.decode(input.run, input.next_block++, input.postings);
  return true;
}

// False if there is nothing left of it.
bool IndexWriter::go_on(Merge& merge, std::uint64_t postings) {
  std::vector<Entry> entries;
  for (std::uint64_t moved = 0; moved < postings; moved += entries.size()) {
    Input* next = nullptr;
    for (Input& input : merge.inputs)
      if (fill(input) && (!next || input.postings[input.at].key < next->postings[next->at].key))
        next = &input;
    if (!next) return false;
    const IndexKey key = next->postings[next->at].key;
    entries.clear();
    for (; next->at < next->postings.size() && next->postings[next->at].key == key; ++next->at)
      entries.push_back({next->postings[next->at].position, next->postings[next->at].version});
    merge.output.add(key, entries);
  }
  return true;
}

void IndexWriter::finish(Merge& merge) {
  const Run& run = merge.output.finish();
  set_state(run, live);
  for (const Input& input : merge.inputs) {
    set_state(input.run, dead);
    dead_.push_back({input.run});
    std::erase_if(runs_, [&](const Run& known) { return known.id == input.run.id; });
  }
  runs_.insert(std::upper_bound(runs_.begin(), runs_.end(), run,
                                [](const Run& a, const Run& b) { return a.first < b.first; }),
               run);
  ++state_.generation;
  keep_state();
}

// Frees the blocks of runs that nobody needs any more. A reader with an older snapshot has them still.
void IndexWriter::sweep(std::int64_t blocks) {
  while (!dead_.empty() && blocks > 0) {
    Dead& oldest = dead_.front();
    const std::int64_t count = std::min(blocks, oldest.run.blocks - oldest.swept);
    sweep_blocks_.bind(1, oldest.run.first_block + oldest.swept);
    sweep_blocks_.bind(2, oldest.run.first_block + oldest.swept + count);
    sqlite::run(sweep_blocks_);
    oldest.swept += count;
    blocks -= count;
    if (oldest.swept < oldest.run.blocks) return;
    sweep_parts_.bind(1, oldest.run.id);
    sqlite::run(sweep_parts_);
    sweep_run_.bind(1, oldest.run.id);
    sqlite::run(sweep_run_);
    dead_.pop_front();
  }
}

}  // namespace annal::sqlite
