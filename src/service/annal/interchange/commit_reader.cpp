#include "annal/interchange/commit_reader.hpp"

#include "annal/error.hpp"

#include <utility>

namespace annal::interchange {

CommitReader::CommitReader(StreamLines lines, TypeBook known, std::optional<ExportBounds> bounds)
    : lines_(std::move(lines)), bounds_(std::move(bounds)), types_(std::move(known)) {
  if (!bounds_) return;
  last_ = Position{bounds_->from.value - 1};
  before_ = bounds_->previous;
}

void CommitReader::fail(const std::string& what, std::size_t byte) const {
  throw InvalidInput("line " + std::to_string(line_) + ", byte " + std::to_string(byte) + ": " +
                     what);
}

std::optional<ExportedCommit> CommitReader::next() {
  while (const auto line = lines_.peek()) {
    line_ = lines_.line();
    auto commit = line->empty() ? std::nullopt : take(*line);
    lines_.skip_line();
    if (commit) return commit;
  }
  check_end();
  return std::nullopt;
}

void CommitReader::check_end() const {
  if (!events_.empty())
    fail("the file ends inside the commit at position " + std::to_string(commit_.value) +
         ": its lines behind " + std::to_string(events_.back().position.value) + " are missing");
  if (bounds_ && (last_ != bounds_->to || before_ != bounds_->last))
    fail("the file ends at position " + std::to_string(last_->value) +
         ", and not, as it says, at " + std::to_string(bounds_->to.value) + " with the commit " +
         bounds_->last.to_hex());
  if (bounds_ && recorded_at_ != bounds_->until)
    fail("the last commit was recorded at " + to_iso8601(recorded_at_) +
         ", and not, as the file says, at " + to_iso8601(bounds_->until));
}

std::vector<TypeDescription> CommitReader::take_new_types() {
  return std::exchange(new_types_, {});
}

std::optional<ExportedCommit> CommitReader::take(std::string_view line) {
  try {
    auto found = from_line(line, types_);
    if (auto* event = std::get_if<CloudEvent>(&found)) return take(std::move(*event));
    take(std::get<TypeDescription>(std::move(found)));
    return std::nullopt;
  } catch (const LineFault& fault) {
    fail(fault.reason, fault.offset);
  }
}

void CommitReader::take(TypeDescription type) {
  const auto [known, is_new] = types_.try_emplace({type.type, type.schema_version}, type.fields);
  if (!is_new && known->second != type.fields)
    fail("the type " + type.type + ", version " + std::to_string(type.schema_version) +
         ", has other fields in this store: its events would become unreadable");
  if (is_new) new_types_.push_back(std::move(type));
}

std::optional<ExportedCommit> CommitReader::take(CloudEvent line) {
  const Envelope& event = line.event;
  if (last_ && event.position != annal::next(*last_))
    fail("position " + std::to_string(event.position.value) + " follows " +
         std::to_string(last_->value) + ": lines are missing, or not in their order");
  const bool is_first = events_.empty();
  bytes_ = bytes_of(event) + (is_first ? 0 : bytes_);
  if (events_.size() == limits::commit_events || bytes_ > limits::commit_bytes)
    fail("the commit that ends at position " + std::to_string(line.commit.value) +
         " is larger than any log takes, " + std::to_string(limits::commit_events) +
         " events and " + std::to_string(limits::commit_bytes) + " bytes");
  if (event.position > line.commit || (!is_first && line.commit != commit_))
    fail("annalcommit is not the position at which the commit of the line before ends");
  if (!is_first && event.recorded_at != events_.front().recorded_at)
    fail("annalrecorded is not that of the line before, which is of the same commit");
  last_ = event.position;
  commit_ = line.commit;
  events_.push_back(std::move(line.event));
  if (!line.seal) return std::nullopt;
  return sealed(std::move(*line.seal));
}

ExportedCommit CommitReader::sealed(CommitSeal seal) {
  ExportedCommit commit{std::exchange(events_, {}), std::move(seal)};
  const Hash none{};
  if (before_.value_or(commit.first().value == 1 ? none : commit.seal.previous) !=
      commit.seal.previous)
    fail("annalprevious is not the hash of the commit before it");
  if (commit_hash(commit.seal.previous, commit.recorded_at(), commit.events) != commit.seal.hash)
    fail(
        "annalseal is not the hash of the commit that ends here: a line of it is missing "
        "or was changed after its export");
  if (bounds_ && commit.first() == bounds_->from && commit.recorded_at() != bounds_->since)
    fail("the first commit was recorded at " + to_iso8601(commit.recorded_at()) +
         ", and not, as the file says, at " + to_iso8601(bounds_->since));
  before_ = commit.seal.hash;
  recorded_at_ = commit.recorded_at();
  return commit;
}

}  // namespace annal::interchange
