// `annal put`: creates a document, or replaces the title and content of the one that is there.
#include "commands/change.hpp"
#include "commands/fields.hpp"
#include "json_argument.hpp"

namespace annal::cli {
namespace {

struct PutArguments {
  ChangeArguments change;
  FieldArguments fields;
};

DocumentFields fields_of(const PutArguments& arguments) {
  const FieldArguments& given = arguments.fields;
  given.check_texts();
  DocumentFields fields;
  if (given.json) fields = document_fields(read_argument(*given.json));
  if (given.title) fields.title = given.title;
  if (given.author) fields.author = given.author;
  if (given.editor) fields.editor = given.editor;
  if (given.has_content()) fields.content = given.content_json();
  if (!fields.content)
    throw InvalidInput(arguments.change.name +
                       ": no content was given; give JSON with a \"content\", --content or --text "
                       "(`annal patch` changes the title alone)");
  return fields;
}

// Author and editor are the same here: whoever writes, the author if the document is new.
std::optional<std::string> writer_of(const std::string& name, const DocumentFields& fields) {
  if (fields.author && fields.editor && *fields.author != *fields.editor)
    throw InvalidInput(name + ": an author and an editor were given; name the one who writes");
  return fields.author ? fields.author : fields.editor;
}

ExitCode put(const PutArguments& arguments, Invocation& invocation) {
  using Kind = Expectation::Kind;
  const DocumentKey key = arguments.change.key(invocation);
  const Expectation expectation = arguments.change.expectation();
  const ChangeOptions options = arguments.change.options(expectation);
  const Kind expected = expectation.kind;
  const DocumentFields fields = fields_of(arguments);
  const auto writer = writer_of(arguments.change.name, fields);
  const std::string title = fields.title.value_or("");
  const Json content{*fields.content};

  const auto store = invocation.open_to_write();
  DocumentService& documents = store->documents();
  ChangeOutcome outcome =
      expected == Kind::none ? documents.create(key, {title, content, writer.value_or("")}, options)
      : expected == Kind::exists
          ? documents.update(key, {title, content, writer}, options)
          : documents.put(key, {title, content, writer.value_or("")}, options);
  const ExitCode code = report(outcome, key, arguments.change, invocation);
  const bool absent = expected == Kind::exists && code == ExitCode::not_found;
  return absent ? ExitCode::conflict : code;  // what --expect asked for did not hold
}

}  // namespace

void add_put(CLI::App& program, Invocation& invocation) {
  auto& command = add_command(
      program, invocation, "put", "Create a document, or replace the one that is there",
      "  annal put orders/7 --title 'Order 7' --content '{\"total\": 12}' --author ann\n"
      "  annal put orders/7 '{\"title\": \"Order 7\", \"content\": {\"total\": 12}}'\n"
      "  annal put notes/plan --text-from plan.md --expect none\n"
      "  annal put orders/7 @order.json --expect 3\n");
  auto arguments = std::make_shared<PutArguments>();
  add_change_options(command, invocation, arguments->change);
  add_expectation(command, arguments->change);
  add_field_options(command, arguments->fields,
                    "The document: {\"title\", \"content\", \"author\"}; options go before it");
  runs(command, invocation, arguments, put);
}

}  // namespace annal::cli
