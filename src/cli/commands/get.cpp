// `annal get`: shows a document as it is, or as it was.
#include "annal/interchange/git_text.hpp"
#include "annal/server/document_json.hpp"
#include "commands/command.hpp"
#include "naming.hpp"
#include "print/json_text.hpp"

namespace annal::cli {
namespace {

struct GetArguments {
  std::string name;
  std::optional<std::string> at;
  bool raw = false;
};

void print_head(const FoundDocument& found, Output& out) {
  const document::State& state = found.document.state;
  const auto line = [&](const char* what, const std::string& value) {
    if (!value.empty()) out.line(out.styled(Style::dim, what) + out.shown(value));
  };
  out.line(out.styled(Style::bold, out.shown(found.document.key.to_string())) +
           out.styled(Style::yellow, "@v" + std::to_string(state.version.value)));
  line("title    ", state.title);
  line("author   ", state.author);
  line("created  ", to_iso8601(state.created_at));
  line("modified ", to_iso8601(state.modified_at) +
                        (state.last_editor.empty() ? "" : " by " + state.last_editor));
  out.line("");
}

// A terminal is shown lines of text or indented JSON below what else is known of the document.
void print_for_people(const FoundDocument& found, Output& out) {
  print_head(found, out);
  const std::string& json = found.document.state.content.text;
  const auto content = interchange::read_content(json);
  switch (content.kind) {
    case interchange::ContentKind::text:
      out.write(out.shown_lines(content.bytes));
      if (!content.bytes.ends_with('\n')) out.line("");
      return;
    case interchange::ContentKind::binary:
      return out.line("(" + std::to_string(content.bytes.size()) + " bytes; --raw gives them)");
    case interchange::ContentKind::symlink:
      return out.line("(symbolic link to " + out.shown(content.bytes) + ")");
    case interchange::ContentKind::json:
      return out.line(out.shown_lines(indent_json(json)));
  }
}

void print(const FoundDocument& found, bool raw, Invocation& invocation) {
  Output& out = invocation.out;
  const std::string& json = found.document.state.content.text;
  if (raw) return out.write(out.shown_lines(interchange::read_content(json).bytes));
  if (invocation.json)
    return out.json(server::document_json(found.document).number("at", found.at).str());
  if (out.is_terminal()) return print_for_people(found, out);
  out.line(json);
}

[[noreturn]] void throw_gone(const DocumentGone& gone) {
  const std::string name = gone.key.to_string();
  if (gone.purged)
    throw NotThere(name + ": what it was at that point was purged" +
                   (gone.reason ? " (" + *gone.reason + ")" : "") + "; `annal log " + name +
                   "` shows what is left");
  std::string message = name + ": was deleted";
  if (gone.deleted_at) message += " at " + to_iso8601(*gone.deleted_at);
  if (gone.reason) message += " (" + *gone.reason + ")";
  throw NotThere(message + "; `annal get " + name + "@v" + std::to_string(gone.last_version.value) +
                 "` shows its last version");
}

[[noreturn]] void throw_not_found(const DocumentKey& key, Store& store,
                                  const std::optional<Point>& at) {
  const std::string name = key.to_string();
  std::string message = name + ": there is no such document";
  if (at) {
    const Position position = resolve(*at, store.log(), key.stream());
    message += " at @" + std::to_string(position.value);
  }
  const auto sign = name.rfind('@');
  if (sign != std::string::npos && !at)
    message += ", and " + name.substr(sign) + " reads as no point in time";
  throw NotThere(message + "; `annal list " + key.collection + "` shows what there is");
}

ExitCode get(const GetArguments& arguments, Invocation& invocation) {
  const auto [key, at] = document_and_point(arguments.name, arguments.at, invocation.now());
  const auto store = invocation.open_to_read();
  const auto answer = at ? store->documents().get(key, *at) : store->documents().get(key);
  if (const auto* gone = std::get_if<DocumentGone>(&answer)) throw_gone(*gone);
  if (std::holds_alternative<DocumentNotFound>(answer)) throw_not_found(key, *store, at);
  const auto& found = std::get<FoundDocument>(answer);
  invocation.announce(*store, found.at);
  print(found, arguments.raw, invocation);
  return ExitCode::ok;
}

}  // namespace

void add_get(CLI::App& program, Invocation& invocation) {
  auto& command = add_command(program, invocation, "get", "Show a document as it is, or as it was",
                              "  annal get orders/7\n"
                              "  annal get orders/7@v2\n"
                              "  annal get orders/7 --at '2 hours ago' --json\n"
                              "  annal get 'repo/src/main.c@commit:1f3a…' --raw\n");
  auto arguments = std::make_shared<GetArguments>();
  command.add_option("NAME", arguments->name, "The document, COLLECTION/ID or COLLECTION/ID@POINT")
      ->required();
  command.add_option("--at", arguments->at, "The point in time; NAME is then taken as it stands")
      ->type_name("POINT");
  auto* raw = command.add_flag("--raw", arguments->raw,
                               "The bytes: of a text, of a file in base64, of a link's target");
  add_json_option(command, invocation);
  command.get_option("--json")->excludes(raw);
  runs(command, invocation, arguments, get);
}

}  // namespace annal::cli
