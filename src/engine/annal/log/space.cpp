#include "annal/log/space.hpp"

#include "annal/event/codec.hpp"
#include "annal/event/json.hpp"

#include <algorithm>
#include <cctype>
#include <set>

namespace annal {

namespace {

constexpr std::size_t longest_name = 64;
// Tables of these names are the log's own, or its database's.
constexpr std::string_view prefixes_not_plain[] = {"records_", "annal_", "sqlite_"};

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= longest_name &&
         std::isalpha(static_cast<unsigned char>(text[0])) != 0 &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
         });
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string fault_in_name(const std::string& name) {
  if (is_name(name)) return {};
  return '"' + name.substr(0, 80) +
         "\" cannot name records or a column of theirs: use up to 64 letters, digits and _";
}

Column column_from(std::string_view text) {
  const auto parts = json_elements(text);
  if (parts.size() != 3) throw DecodeError("a column is not a name, a kind and whether it leads");
  return {json_unquote(parts[0]), parts[1] == "\"text\"" ? ColumnKind::text : ColumnKind::integer,
          parts[2] == "true"};
}

}  // namespace

const Column* SpaceDeclaration::column(std::string_view wanted) const {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const Column& column) { return column.name == wanted; });
  return found == columns.end() ? nullptr : &*found;
}

std::string fault_in(const SpaceDeclaration& space) {
  if (auto fault = fault_in_name(space.name); !fault.empty()) return fault;
  std::set<std::string> taken{"id", "derived_at", "derived_time"};
  std::vector<std::string> names{space.plain ? space.plain->key : "key",
                                 space.plain ? space.plain->value : "value"};
  for (const Column& column : space.columns) names.push_back(column.name);
  for (const std::string& name : names) {
    if (auto fault = fault_in_name(name); !fault.empty()) return fault;
    if (!taken.insert(lower(name)).second)
      return "the records \"" + space.name + "\" have \"" + name +
             "\" twice, or it is the log's own: call the column otherwise";
  }
  const auto begins_table = [&](std::string_view prefix) {
    return lower(space.name).starts_with(prefix);
  };
  if (space.plain &&
      std::any_of(std::begin(prefixes_not_plain), std::end(prefixes_not_plain), begins_table))
    return "a table that others read cannot be called \"" + space.name +
           "\", as the store's own are: use another name";
  return {};
}

std::string layout_text(const SpaceDeclaration& space) {
  std::string columns;
  for (const Column& column : space.columns)
    columns += (columns.empty() ? "[" : ",[") + json_quote(column.name) +
               (column.kind == ColumnKind::text ? ",\"text\"," : ",\"integer\",") +
               (column.indexed ? "true]" : "false]");
  std::string text = "{\"columns\":[" + columns + ']';
  if (space.plain)
    text +=
        ",\"plain\":[" + json_quote(space.plain->key) + ',' + json_quote(space.plain->value) + ']';
  return text + '}';
}

SpaceDeclaration space_from_layout(std::string name, std::string_view text) {
  if (const auto fault = check_json(text))
    throw DecodeError("the layout of the records \"" + name + "\" is no JSON: " + fault->reason);
  SpaceDeclaration space{std::move(name), {}, {}};
  for (const JsonMember& member : json_members(text)) {
    const auto elements = json_elements(member.value);
    if (member.key == "columns")
      for (const auto element : elements) space.columns.push_back(column_from(element));
    if (member.key == "plain") {
      if (elements.size() != 2) throw DecodeError("a plain table is not a key and a value");
      space.plain = {json_unquote(elements[0]), json_unquote(elements[1])};
    }
  }
  if (const auto fault = fault_in(space); !fault.empty()) throw DecodeError(fault);
  return space;
}

}  // namespace annal
