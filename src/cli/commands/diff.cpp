// `annal diff`: what changed in a document between two points in time.
#include "annal/interchange/git_text.hpp"
#include "annal/server/document_json.hpp"
#include "commands/command.hpp"
#include "naming.hpp"
#include "print/json_text.hpp"
#include "print/line_diff.hpp"

namespace annal::cli {
namespace {

using interchange::ContentKind;
using interchange::ReadContent;

struct DiffArguments {
  std::string name;
  std::optional<std::string> from, to;
};

struct Question {
  DocumentKey key;
  PointRange range;
};

Question question_of(const DiffArguments& arguments, Timestamp now) {
  if (arguments.from && !arguments.to)
    if (auto range = parse_range(*arguments.from, now))
      return {DocumentKey::parse(arguments.name), std::move(*range)};
  if (arguments.from)
    return {DocumentKey::parse(arguments.name),
            {point_of(*arguments.from, now), point_of(arguments.to.value_or("head"), now)}};
  auto named = name_and_range(arguments.name, now);
  if (!named.range)
    throw InvalidInput(arguments.name + ": between which points? Write " + arguments.name +
                       "@v1..v2, or the two points behind the name");
  return {DocumentKey::parse(named.name), std::move(*named.range)};
}

// One side as text: nothing where the document was not there.
struct Side {
  std::string label = "(nothing)";
  std::optional<std::string> title;
  ReadContent content{ContentKind::text, ""};
  // What lines are compared of: a text itself, JSON with a member a line.
  std::string lines() const {
    return content.kind == ContentKind::json ? indent_json(content.bytes) + '\n' : content.bytes;
  }
};

Side side_at(Store& store, const DocumentKey& key, Position position) {
  const auto answer = store.documents().get(key, AtPosition{position});
  const auto* found = std::get_if<FoundDocument>(&answer);
  if (!found) return {};
  const document::State& state = found->document.state;
  return {key.to_string() + "@v" + std::to_string(state.version.value), state.title,
          interchange::read_content(state.content.text)};
}

Style style_of(const std::string& line) {
  switch (line.front()) {
    case '-':
      return Style::red;
    case '+':
      return Style::green;
    case '@':
      return Style::cyan;
    default:
      return Style::plain;
  }
}

// JSON is shown beside a text as what it is: other kinds of content have no lines to compare.
bool has_lines(const ReadContent& content) {
  return content.kind == ContentKind::text || content.kind == ContentKind::json;
}

void print_content(const Side& before, const Side& after, Output& out) {
  if (before.content.kind == after.content.kind && before.content.bytes == after.content.bytes)
    return;
  if (!has_lines(before.content) || !has_lines(after.content))
    return out.line("content differs: " + std::to_string(before.content.bytes.size()) +
                    " bytes, then " + std::to_string(after.content.bytes.size()));
  for (const auto& line : unified_diff(before.lines(), after.lines()))
    out.line(out.styled(style_of(line), out.shown(line)));
}

void print_text(const Side& before, const Side& after, Output& out) {
  if (before.label == after.label) return;  // the same version
  out.line(out.styled(Style::bold, "--- " + out.shown(before.label)));
  out.line(out.styled(Style::bold, "+++ " + out.shown(after.label)));
  if (before.title != after.title) {
    if (before.title) out.line(out.styled(Style::red, "-title: " + out.shown(*before.title)));
    if (after.title) out.line(out.styled(Style::green, "+title: " + out.shown(*after.title)));
  }
  print_content(before, after, out);
}

ExitCode diff(const DiffArguments& arguments, Invocation& invocation) {
  const Question question = question_of(arguments, invocation.now());
  const DocumentKey& key = question.key;
  const auto store = invocation.open_to_read();
  if (store->log().stream_version(key.stream()).value == 0)
    throw NotThere(key.to_string() + ": there never was such a document; `annal list " +
                   key.collection + "` shows what there is");
  const auto diff = store->documents().diff(key, question.range.from, question.range.to);
  invocation.announce(*store, diff.from, diff.to);
  if (invocation.json)
    invocation.out.json(server::diff_json(key, question.range.from, question.range.to, diff).str());
  else
    print_text(side_at(*store, key, diff.from), side_at(*store, key, diff.to), invocation.out);
  return ExitCode::ok;
}

}  // namespace

void add_diff(CLI::App& program, Invocation& invocation) {
  auto& command = add_command(
      program, invocation, "diff", "Show what changed in a document between two points in time",
      "  annal diff orders/7@v1..v3\n"
      "  annal diff orders/7 v1 head\n"
      "  annal diff orders/7 '2 hours ago' --json     a JSON patch (RFC 6902)\n");
  auto arguments = std::make_shared<DiffArguments>();
  command
      .add_option("NAME", arguments->name,
                  "The document, COLLECTION/ID@A..B, or COLLECTION/ID before A and B")
      ->required();
  command.add_option("A", arguments->from, "The point to compare with, or both as A..B")
      ->type_name("POINT");
  command.add_option("B", arguments->to, "The point that is compared; the head without it")
      ->type_name("POINT");
  add_json_option(command, invocation);
  runs(command, invocation, arguments, diff);
}

}  // namespace annal::cli
