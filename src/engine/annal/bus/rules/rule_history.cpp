#include "annal/bus/rules/rule_history.hpp"

#include <algorithm>
#include <utility>

namespace annal {
namespace {

constexpr std::size_t events_a_page = 1024;

template <class Look>
void for_each_event(const EventLog& log, const Query& query, Position from, Position to,
                    const Look& look) {
  ReadRequest request{.query = query, .from = from, .to = to, .limit = events_a_page};
  for (bool more = from <= to; more;) {
    const Page page = log.read(request);
    for (const Envelope& event : page.events) look(event);
    more = page.more && !page.events.empty();
    if (more) request.from = next(page.events.back().position);
  }
}

// When the position was recorded, or nothing for position 0.
std::optional<Timestamp> recorded_at(const EventLog& log, Position position) {
  if (position.value == 0) return std::nullopt;
  return log.commit_at(position).recorded_at;
}

class HistoryRun {
 public:
  HistoryRun(const Rule& rule, const std::function<void(Emission)>& emit)
      : rule_(rule), emit_(emit), run_(rule.start()) {}

  RuleRun& run() { return *run_; }

  void see(const Envelope& event) {
    try {
      run_->see(event, matches_);
    } catch (const std::exception& error) {
      fail(event.position, error.what());
    }
    tell();
  }

  void advance(Timestamp now) {
    run_->advance(now, matches_);
    tell();
  }

  RuleHistory result() {
    history_.counts = run_->counts();
    return std::move(history_);
  }

 private:
  void tell() {
    for (const Match& match : matches_)
      if (auto emission = emission_of(match)) emit_(std::move(*emission));
    matches_.clear();
  }

  std::optional<Emission> emission_of(const Match& match) {
    try {
      return emission(rule_, match);
    } catch (const std::exception& error) {
      fail(match.event.position, error.what());
      return std::nullopt;
    }
  }

  void fail(Position position, const char* what) {
    if (history_.failures.size() < RuleHistory::failures_limit)
      history_.failures.push_back({position, what});
    ++history_.failed;
  }

  const Rule& rule_;
  const std::function<void(Emission)>& emit_;
  const std::unique_ptr<RuleRun> run_;
  std::vector<Match> matches_;
  RuleHistory history_;
};

}  // namespace

RuleHistory run_over(const Rule& rule, const EventLog& log, RuleSpan span,
                     const std::function<void(Emission)>& emit) {
  const Position from = std::max(span.from.value_or(Position{1}), Position{1});
  const Position head = log.head();
  const Position to = std::min(span.to.value_or(head), head);
  HistoryRun history(rule, emit);
  if (from > to) return history.result();
  warm(history.run(), rule, log, Position{from.value - 1});
  for_each_event(log, rule.interest, from, to, [&](const Envelope& event) { history.see(event); });
  history.advance(*recorded_at(log, to));
  return history.result();
}

RuleHistory run_over(const Rule& rule, const EventLog& log, RuleSpan span) {
  std::vector<Emission> emissions;
  RuleHistory history = run_over(
      rule, log, span, [&](Emission emission) { emissions.push_back(std::move(emission)); });
  history.emissions = std::move(emissions);
  return history;
}

void warm(RuleRun& run, const Rule& rule, const EventLog& log, Position through) {
  through = std::min(through, log.head());
  const auto last = recorded_at(log, through);
  if (!last) return;
  std::vector<Match> matches;
  for_each_event(log, rule.interest, next(log.position_at(*last - rule.memory)), through,
                 [&](const Envelope& event) {
                   matches.clear();
                   try {
                     run.see(event, matches);
                   } catch (const std::exception&) {
                     // Whoever saw it first has been told.
                   }
                 });
  run.advance(*last, matches);
}

}  // namespace annal
