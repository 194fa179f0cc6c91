#include "annal/projection/independent_fold.hpp"

#include <algorithm>

namespace annal {

namespace {

constexpr std::size_t events_compared_at_once = 512;
constexpr std::size_t differences_told = 100;

bool is_as_folded(const Record& record, const StagedRows::Change& folded) {
  return record.value == folded.row->value && record.columns == folded.row->columns &&
         record.derived_at == folded.derived_at;
}

void note(ProjectionComparison& result, RowDifference difference) {
  if (++result.differing <= differences_told) result.differences.push_back(std::move(difference));
}

}  // namespace

IndependentFold::IndependentFold(const EventLog& log, const Projection& projection)
    : log_(log),
      projection_(projection),
      rows_(projection.spaces,
            [](const std::string&, const std::string&) { return std::nullopt; }) {}

bool IndependentFold::advance(Position through, const std::function<bool(Position)>& progress) {
  while (reached_ < through) {
    const Page page = events_beyond(log_, projection_, reached_, events_compared_at_once);
    for (const Envelope& event : page.events) {
      if (event.position > through) break;
      StagedRows one = changes_of(projection_, event, rows_);
      rows_.take(one);
    }
    reached_ = page.more ? std::min(through, page.events.back().position) : through;
    if (progress && !progress(reached_)) return false;
  }
  return true;
}

ProjectionComparison IndependentFold::compare(const Generation& generation) const {
  ProjectionComparison result;
  result.at = reached_;
  for (std::size_t i = 0; i < projection_.spaces.size(); ++i)
    compare_space(i, generation.spaces.at(i), result);
  return result;
}

// Both sides come in the order of their keys.
void IndependentFold::compare_space(std::size_t which, const std::string& place,
                                    ProjectionComparison& result) const {
  using What = RowDifference::What;
  const std::string& space = projection_.spaces[which].name;
  auto wanted = rows_.changes().lower_bound({space, {}});
  const auto is_wanted = [&] {
    while (wanted != rows_.changes().end() && !wanted->second.row) ++wanted;  // erased
    return wanted != rows_.changes().end() && wanted->first.first == space;
  };
  const auto missing_before = [&](const std::string* key) {
    for (; is_wanted() && (!key || wanted->first.second < *key); ++wanted, ++result.rows)
      note(result, {space, wanted->first.second, What::missing});
  };
  RecordRequest request;
  request.space = place;
  request.limit = 1024;
  for (bool more = true; more;) {
    const RecordPage page = log_.records(request);
    for (const Record& record : page.records) {
      missing_before(&record.key);
      if (!is_wanted() || wanted->first.second != record.key) {
        note(result, {space, record.key, What::unexpected});
        continue;
      }
      if (!is_as_folded(record, wanted->second)) note(result, {space, record.key, What::different});
      ++wanted;
      ++result.rows;
    }
    more = page.more;
    if (!page.records.empty()) request.after = page.records.back().key;
  }
  missing_before(nullptr);
}

}  // namespace annal
