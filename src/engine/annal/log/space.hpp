// Spaces of records: what they are called, what their records are looked up by, and how they come
// and go while a log is open.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace annal {

// What a record says in one of its columns.
using ColumnValue = std::variant<std::int64_t, std::string>;
using Columns = std::map<std::string, ColumnValue>;

enum class ColumnKind : std::uint8_t { integer, text };

struct Column {
  Column(const char* called) : name(called) {}
  Column(std::string called, ColumnKind of = ColumnKind::integer, bool looked_up_by = true)
      : name(std::move(called)), kind(of), indexed(looked_up_by) {}

  std::string name;  // a word that is none of the log's own, below
  ColumnKind kind = ColumnKind::integer;
  bool indexed = true;  // records are looked up by it
  friend bool operator==(const Column&, const Column&) = default;
};

// Where others are to read the records with SQL: the table is called as the space is, and its key
// and value are text under these names.
struct PlainTable {
  std::string key, value;
  friend bool operator==(const PlainTable&, const PlainTable&) = default;
};

struct SpaceDeclaration {
  std::string name;  // 1–64 letters, digits and `_`; starts with a letter
  std::vector<Column> columns;
  std::optional<PlainTable> plain = {};

  const Column* column(std::string_view wanted) const;
};

// Why no log takes the declaration, as a line that names it; empty if all is well.
std::string fault_in(const SpaceDeclaration& space);

// The layout of a space, which is all of its declaration but the name, as a line of JSON, and back.
//   throws    DecodeError if the text is no layout
std::string layout_text(const SpaceDeclaration& space);
SpaceDeclaration space_from_layout(std::string name, std::string_view text);

// A space that did not exist before comes, empty.
struct CreateSpace {
  SpaceDeclaration space;
};
// A space goes, with all its records.
struct DropSpace {
  std::string name;
};
// A space is called otherwise from now on; `to` has the layout it has had.
struct RenameSpace {
  std::string from;
  SpaceDeclaration to;
};

// Only spaces that came by such a change go by one; those declared when the log was opened stay.
using SpaceChange = std::variant<CreateSpace, DropSpace, RenameSpace>;

}  // namespace annal
