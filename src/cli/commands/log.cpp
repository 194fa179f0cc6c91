// `annal log`: what was recorded, newest first.
#include "annal/server/routes/event_json.hpp"
#include "commands/command.hpp"
#include "naming.hpp"
#include "print/event_text.hpp"
#include "print/json_text.hpp"

namespace annal::cli {
namespace {

constexpr std::size_t events_a_page = 1000;

struct LogArguments {
  std::string name, range;
  std::optional<std::string> at;
  std::vector<std::string> types;
  std::optional<std::uint64_t> limit;
  bool reverse = false, oneline = false;
};

// Which events: of everything, of a collection, or of one document.
struct Subject {
  std::optional<DocumentKey> document;
  std::optional<std::string> collection;
  std::optional<PointRange> range;

  std::string stream() const { return document ? document->stream() : std::string(); }
  bool includes(const Envelope& event) const {
    if (!collection) return true;
    const auto key = DocumentKey::from_stream(event.stream);
    return key && key->collection == *collection;
  }
};

Subject subject_named(const std::string& name, std::optional<PointRange> range) {
  if (name.empty()) return {{}, {}, std::move(range)};
  if (name.find('/') != std::string::npos) return {DocumentKey::parse(name), {}, std::move(range)};
  check_collection(name);
  return {{}, name, std::move(range)};
}

// A lone argument may be a range, too: `@5..@9`.
bool is_range(const std::string& text, Timestamp now) {
  return text.find("..") != std::string::npos && text.find('/') == std::string::npos &&
         parse_range(text, now);
}

Subject subject_of(const LogArguments& arguments, Timestamp now) {
  const PointRange everything{AtPosition{}, AtHead{}};
  if (arguments.at && !arguments.range.empty())
    throw InvalidInput("log: give a range or --at, not both");
  if (arguments.at)
    return subject_named(arguments.name, {{AtPosition{}, point_of(*arguments.at, now)}});
  if (!arguments.range.empty())
    return subject_named(arguments.name, range_of(arguments.range, now));
  if (is_range(arguments.name, now)) return subject_named("", range_of(arguments.name, now));
  if (auto named = name_and_range(arguments.name, now); named.range)
    return subject_named(named.name, std::move(named.range));
  auto [name, point] = split_name(arguments.name, now);
  if (point) return subject_named(name, {{AtPosition{}, *point}});
  return subject_named(arguments.name, everything);
}

struct Bounds {
  Position from, to;  // after `from`, up to and including `to`
};

Bounds bounds_of(const Subject& subject, const EventLog& log) {
  const Position head = log.head();
  if (!subject.range) return {{}, head};
  const Bounds bounds{resolve(subject.range->from, log, subject.stream()),
                      resolve(subject.range->to, log, subject.stream())};
  if (bounds.from > bounds.to)
    throw InvalidInput("@" + std::to_string(bounds.from.value) + "..@" +
                       std::to_string(bounds.to.value) + ": the range ends before it begins");
  return bounds;
}

// Gives events to `print` page by page, so that a log of any length can be shown.
template <class Print>
void for_each_event(const EventLog& log, const Subject& subject, const Bounds& bounds,
                    const LogArguments& arguments, Print print) {
  if (bounds.from == bounds.to) return;
  ReadRequest request;
  QueryItem wanted;
  if (subject.document) wanted.stream = subject.stream();
  for (const auto& type : arguments.types) wanted.types.push_back(TopicPattern::of(type));
  request.query = std::move(wanted);
  request.direction = arguments.reverse ? Direction::forwards : Direction::backwards;
  request.from = next(bounds.from);
  request.to = bounds.to;
  request.limit = events_a_page;
  std::uint64_t left = arguments.limit.value_or(UINT64_MAX);
  while (left > 0) {
    if (!subject.collection) request.limit = std::min<std::uint64_t>(left, events_a_page);
    const Page page = log.read(request);
    for (const auto& event : page.events) {
      if (left == 0 || !subject.includes(event)) continue;
      print(event);
      --left;
    }
    if (!page.more || page.events.empty()) return;
    const Position reached = page.events.back().position;
    if (arguments.reverse)
      request.from = next(reached);
    else
      request.to = Position{reached.value - 1};
  }
}

void must_exist(const Subject& subject, Store& store) {
  const EventLog& log = store.log();
  if (subject.collection && !ever_existed(store, *subject.collection))
    throw NotThere(*subject.collection +
                   ": there never was a document in this collection; "
                   "`annal list` shows what there is");
  if (!subject.document || log.stream_version(subject.stream()).value > 0) return;
  throw NotThere(subject.document->to_string() + ": there never was such a document; `annal list " +
                 subject.document->collection + "` shows what there is");
}

// One object, written as it is read; an event a line.
void events_as_json(const EventLog& log, const Subject& subject, const Bounds& bounds,
                    const LogArguments& arguments, Output& out) {
  const auto types = log.type_descriptions();
  const char* separator = "\n";
  out.write("{\"from\":" + std::to_string(bounds.from.value) +
            ",\"to\":" + std::to_string(bounds.to.value) + ",\"events\":[");
  for_each_event(log, subject, bounds, arguments, [&](const Envelope& event) {
    out.write(separator + out.shown(json_on_one_line(server::event_json(event, types))));
    separator = ",\n";
  });
  out.write("\n]}\n");
}

void events_as_text(const EventLog& log, const Subject& subject, const Bounds& bounds,
                    const LogArguments& arguments, Output& out) {
  const auto types = log.type_descriptions();
  for_each_event(log, subject, bounds, arguments, [&](const Envelope& event) {
    out.write(arguments.oneline ? event_line(event, types, out) : event_block(event, types, out));
  });
}

ExitCode show_log(const LogArguments& arguments, Invocation& invocation) {
  const Subject subject = subject_of(arguments, invocation.now());
  const auto store = invocation.open_to_read();
  const EventLog& log = store->log();
  must_exist(subject, *store);
  const Bounds bounds = bounds_of(subject, log);
  invocation.announce(*store, bounds.from, bounds.to);
  const auto print = invocation.json ? events_as_json : events_as_text;
  print(log, subject, bounds, arguments, invocation.out);
  return ExitCode::ok;
}

}  // namespace

void add_log(CLI::App& program, Invocation& invocation) {
  auto& command = add_command(program, invocation, "log", "Show what was recorded, newest first",
                              "  annal log --limit 10 --oneline\n"
                              "  annal log orders/7\n"
                              "  annal log orders @1200..@head --type 'document.*'\n"
                              "  annal log '@\"2 hours ago\"..' --reverse --json\n");
  auto arguments = std::make_shared<LogArguments>();
  command.add_option("NAME", arguments->name,
                     "A document, a collection, or a range; without it everything");
  command.add_option("RANGE", arguments->range, "After A, up to and including B")
      ->type_name("A..B");
  command
      .add_option("--at", arguments->at,
                  "Up to this point in time; NAME is then taken as it stands")
      ->type_name("POINT");
  command.add_option("--type", arguments->types, "Only types like this: document.*, plan.>")
      ->type_name("PATTERN")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_option("--limit", arguments->limit, "At most so many events")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber);
  command.add_flag("--reverse", arguments->reverse, "Oldest first");
  auto* oneline = command.add_flag("--oneline", arguments->oneline, "One line an event");
  add_json_option(command, invocation);
  command.get_option("--json")->excludes(oneline);
  runs(command, invocation, arguments, show_log);
}

}  // namespace annal::cli
