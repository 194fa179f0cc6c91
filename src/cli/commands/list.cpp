// `annal list`: the documents of a collection, or the collections.
#include "annal/server/document_json.hpp"
#include "commands/command.hpp"
#include "naming.hpp"
#include "print/table.hpp"

namespace annal::cli {
namespace {

constexpr std::size_t documents_a_page = 1000;

struct ListArguments {
  std::string collection, prefix;
  std::optional<std::string> at;
  bool deleted = false;
};

// A list as of one position; documents without their content.
struct Listing {
  std::vector<Document> documents;
  std::vector<std::string> purged;  // names of those of which nothing else is known any more
  Position at;
};

void take(ListPage page, Listing& listing) {
  for (const auto& key : page.purged) listing.purged.push_back(key.to_string());
  for (auto& document : page.documents) {
    document.state.content.text.clear();
    document.state.content.text.shrink_to_fit();
    listing.documents.push_back(std::move(document));
  }
}

// Nothing if the head moved between two pages.
std::optional<Listing> read_pages(DocumentService& documents, ListRequest request) {
  Listing listing;
  for (bool first = true;; first = false) {
    ListPage page = documents.list(request);
    if (first) listing.at = page.at;
    if (page.at != listing.at) return std::nullopt;
    const bool more = page.more && !page.last.empty();
    request.after = page.last;
    take(std::move(page), listing);
    if (!more) return listing;
  }
}

// Now is one look-up a document and may move on while pages are read;
// a position stays, and is folded.
Listing read_listing(DocumentService& documents, ListRequest request) {
  if (auto listing = read_pages(documents, request)) return std::move(*listing);
  request.limit = 1;
  request.at = AtPosition{documents.list(request).at};
  request.limit = documents_a_page;
  return read_pages(documents, request).value();
}

std::string as_json(const std::string& collection, const Listing& listing) {
  std::vector<std::string> documents;
  for (const auto& document : listing.documents)
    documents.push_back(server::document_summary(document).str());
  server::JsonObject json;
  json.text("collection", collection)
      .json("documents", server::json_array(documents))
      .number("at", listing.at);
  if (!listing.purged.empty()) json.json("purged", server::json_strings(listing.purged));
  return json.str();
}

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

// People are shown seconds, programs everything.
std::string time_of(const document::State& state, const Output& out) {
  if (!out.is_terminal()) return to_iso8601(state.modified_at);
  return to_iso8601(std::chrono::floor<std::chrono::seconds>(state.modified_at));
}

Table as_table(const Listing& listing, const Output& out) {
  Table table({"DOCUMENT", "VERSION", "MODIFIED", "TITLE"});
  for (const auto& [key, state, position] : listing.documents) {
    const std::string version = "v" + std::to_string(state.version.value);
    table.add({key.to_string(), state.is_deleted ? version + " deleted" : version,
               time_of(state, out), state.title});
  }
  return table;
}

ExitCode list_documents(const ListArguments& arguments, Invocation& invocation) {
  const auto named = name_and_point(arguments.collection, arguments.at, invocation.now());
  check_collection(named.name);
  ListRequest request;
  request.collection = named.name;
  request.prefix = arguments.prefix;
  request.include_deleted = arguments.deleted;
  request.limit = documents_a_page;
  request.at = named.at;
  const auto store = invocation.open_to_read();
  const Listing listing = read_listing(store->documents(), request);
  if (listing.documents.empty() && listing.purged.empty() && !ever_existed(*store, named.name))
    throw NotThere(named.name + ": there is no such collection; `annal list` shows what there is");
  invocation.announce(*store, listing.at);
  if (invocation.json)
    invocation.out.json(as_json(named.name, listing));
  else
    as_table(listing, invocation.out).print(invocation.out);
  if (!listing.purged.empty() && !invocation.json)
    invocation.note("purged: " + invocation.out.shown(joined(listing.purged)));
  return ExitCode::ok;
}

ExitCode list_collections(const ListArguments& arguments, Invocation& invocation) {
  if (arguments.at || arguments.deleted || !arguments.prefix.empty())
    throw InvalidInput("list: of which collection? `annal list` alone shows what there is");
  const auto store = invocation.open_to_read();
  const Position at = store->log().head();
  std::vector<std::string> names;
  for (auto page = store->documents().collections(); !page.empty();
       page = store->documents().collections(names.back()))
    names.insert(names.end(), page.begin(), page.end());
  invocation.announce(*store, at);
  if (invocation.json)
    invocation.out.json(server::JsonObject()
                            .json("collections", server::json_strings(names))
                            .number("at", at)
                            .str());
  else
    for (const auto& name : names) invocation.out.line(invocation.out.shown(name));
  return ExitCode::ok;
}

ExitCode list(const ListArguments& arguments, Invocation& invocation) {
  return arguments.collection.empty() ? list_collections(arguments, invocation)
                                      : list_documents(arguments, invocation);
}

}  // namespace

void add_list(CLI::App& program, Invocation& invocation) {
  auto& command = add_command(program, invocation, "list",
                              "List the documents of a collection, or the collections",
                              "  annal list\n"
                              "  annal list orders\n"
                              "  annal list orders@1234 --prefix 2026/ --deleted\n");
  auto arguments = std::make_shared<ListArguments>();
  command.add_option("COLLECTION", arguments->collection,
                     "The collection, or COLLECTION@POINT; all of them are named without it");
  command.add_option("--prefix", arguments->prefix, "Only ids that begin like this");
  command.add_flag("--deleted", arguments->deleted, "Deleted documents too");
  command
      .add_option("--at", arguments->at, "The point in time; COLLECTION is then taken as it stands")
      ->type_name("POINT");
  add_json_option(command, invocation);
  runs(command, invocation, arguments, list);
}

}  // namespace annal::cli
