#include "annal/event/codec.hpp"
#include "annal/event/json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

namespace annal {
namespace {

// Calls the visitor with a zero of the number type a field kind stands for.
template <class Visitor>
void with_number(FieldKind kind, Visitor visit) {
  switch (kind) {
    case FieldKind::int8:
      return visit(std::int8_t{});
    case FieldKind::int16:
      return visit(std::int16_t{});
    case FieldKind::int32:
      return visit(std::int32_t{});
    case FieldKind::int64:
      return visit(std::int64_t{});
    case FieldKind::uint8:
      return visit(std::uint8_t{});
    case FieldKind::uint16:
      return visit(std::uint16_t{});
    case FieldKind::uint32:
      return visit(std::uint32_t{});
    case FieldKind::uint64:
      return visit(std::uint64_t{});
    case FieldKind::float32:
      return visit(float{});
    case FieldKind::float64:
      return visit(double{});
    default:
      throw DecodeError("a field of the unknown kind " +
                        std::to_string(static_cast<unsigned>(kind)));
  }
}

// What an optional, a list or a map holds.
const FieldDescription& held(const FieldDescription& field) {
  if (field.children.size() != 1)
    throw DecodeError("described without what it holds; a list, map or optional has one child");
  return field.children.front();
}

// What the JSON form leaves out when it is empty, because null is one of its values.
bool is_optional_json(const FieldDescription& field) {
  return field.kind == FieldKind::optional && held(field).kind == FieldKind::json;
}

// Writes JSON while it reads a payload.
class Emitter {
 public:
  explicit Emitter(std::string_view bytes) : reader_(bytes) {}

  std::string emit(const FieldDescription& description) {
    value(description);
    reader_.finish();
    return std::move(out_);
  }

 private:
  void value(const FieldDescription& field) {
    switch (field.kind) {
      case FieldKind::boolean:
        out_ += flag() ? "true" : "false";
        return;
      case FieldKind::string:
        out_ += quoted(reader_.text());
        return;
      case FieldKind::json:
        return json();
      case FieldKind::optional:
        if (flag()) {
          out_ += "null";
        } else {
          value(held(field));
        }
        return;
      case FieldKind::list:
        return list(held(field));
      case FieldKind::map:
        return map(held(field));
      case FieldKind::structure:
        return structure(field.children);
      default:
        return with_number(field.kind, [&](auto number) {
          reader_.value(number);
          append(number);
        });
    }
  }

  void structure(const std::vector<FieldDescription>& fields) {
    out_ += '{';
    for (const auto& field : fields) {
      try {
        if (is_optional_json(field)) {
          if (flag()) continue;
          key(json_quote(field.name));
          json();
        } else {
          key(json_quote(field.name));
          value(field);
        }
      } catch (const DecodeError& error) {
        throw error.within_field(field.name);
      }
    }
    out_ += '}';
  }

  void list(const FieldDescription& element) {
    if (!takes_bytes(element)) throw DecodeError("described as a list of elements without fields");
    out_ += '[';
    const std::size_t count = reader_.length();
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) out_ += ',';
      try {
        value(element);
      } catch (const DecodeError& error) {
        throw error.within_element(i);
      }
    }
    out_ += ']';
  }

  void map(const FieldDescription& mapped) {
    out_ += '{';
    std::set<std::string_view> names;
    for (std::size_t left = reader_.length(sizeof(std::uint64_t)); left > 0; --left) {
      const std::string_view name = reader_.text();
      try {
        if (!names.insert(name).second) throw DecodeError("the key appears twice");
        key(quoted(name));
        value(mapped);
      } catch (const DecodeError& error) {
        throw error.within_key(name);
      }
    }
    out_ += '}';
  }

  void key(const std::string& quoted_name) {
    if (out_.back() != '{') out_ += ',';
    out_ += quoted_name;
    out_ += ':';
  }

  void json() {
    const std::string_view text = reader_.text();
    if (const auto fault = check_json(text))
      throw DecodeError("no JSON: " + fault->reason + " at its byte " +
                        std::to_string(fault->offset));
    out_ += text;
  }

  static std::string quoted(std::string_view text) {
    if (!is_utf8(text)) throw DecodeError("has no JSON form: it is not UTF-8");
    return json_quote(text);
  }

  template <class Number>
  void append(Number number) {
    std::array<char, 64> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
    const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
    if constexpr (std::is_floating_point_v<Number>) {
      if (number - number != 0) {  // infinite, or no number
        out_ += "null";
        return;
      }
      out_ += text;
      // 2^65 as a whole number would be beyond what other readers take for one.
      if (text.find_first_of(".e") == text.npos) out_ += ".0";
    } else {
      out_ += text;
    }
  }

  bool flag() {
    bool flag = false;
    reader_.value(flag);
    return flag;
  }

  codec::Reader reader_;
  std::string out_;
};

// Writes a payload out of checked JSON.
class Parser {
 public:
  std::string parse(const FieldDescription& description, std::string_view json) {
    value(description, json);
    return std::move(out_);
  }

 private:
  void value(const FieldDescription& field, std::string_view raw) {
    const std::string_view text = json_trimmed(raw);
    switch (field.kind) {
      case FieldKind::boolean:
        expect(text == "true" || text == "false", "true or false");
        return writer_.value(text == "true");
      case FieldKind::string:
        expect(text.front() == '"', "a string");
        return writer_.text(json_unquote(text));
      case FieldKind::json:
        return json(raw);
      case FieldKind::optional:
        return optional(held(field), raw);
      case FieldKind::list:
        return list(held(field), text);
      case FieldKind::map:
        return map(held(field), text);
      case FieldKind::structure:
        return structure(field.children, text);
      default:
        return with_number(field.kind, [&](auto zero) { number(text, zero); });
    }
  }

  // With the white space around it: the text's author may have kept it.
  void json(std::string_view raw) {
    const auto fault = check_json(raw);
    if (fault) throw DecodeError(fault->reason);
    writer_.text(raw);
  }

  void optional(const FieldDescription& inner, std::string_view raw) {
    const bool empty = inner.kind != FieldKind::json && json_trimmed(raw) == "null";
    writer_.value(empty);
    if (!empty) value(inner, raw);
  }

  void list(const FieldDescription& element, std::string_view text) {
    expect(text.front() == '[', "an array");
    const auto elements = json_elements(text);
    writer_.value(std::uint64_t{elements.size()});
    for (std::size_t i = 0; i < elements.size(); ++i) {
      try {
        value(element, elements[i]);
      } catch (const DecodeError& error) {
        throw error.within_element(i);
      }
    }
  }

  void map(const FieldDescription& mapped, std::string_view text) {
    expect(text.front() == '{', "an object");
    const auto members = json_members(text);
    writer_.value(std::uint64_t{members.size()});
    for (const auto& [key, text_of_value] : members) {
      writer_.text(key);
      try {
        value(mapped, text_of_value);
      } catch (const DecodeError& error) {
        throw error.within_key(key);
      }
    }
  }

  void structure(const std::vector<FieldDescription>& fields, std::string_view text) {
    expect(text.front() == '{', "an object");
    const auto members = json_members(text);
    for (const auto& member : members)
      if (std::none_of(fields.begin(), fields.end(),
                       [&](const auto& field) { return field.name == member.key; }))
        throw DecodeError("the type has no such field").within_field(member.key);
    for (const auto& field : fields) {
      const auto member = std::find_if(members.begin(), members.end(),
                                       [&](const auto& given) { return given.key == field.name; });
      try {
        if (member != members.end()) {
          value(field, member->value);
        } else if (field.kind == FieldKind::optional) {
          writer_.value(true);
        } else {
          throw DecodeError("is missing");
        }
      } catch (const DecodeError& error) {
        throw error.within_field(field.name);
      }
    }
  }

  template <class Number>
  void number(std::string_view text, Number parsed) {
    constexpr bool whole = std::is_integral_v<Number>;
    const bool is_number = text.front() == '-' || (text.front() >= '0' && text.front() <= '9');
    expect(is_number && !(whole && text.find_first_of(".eE") != text.npos),
           whole ? "a whole number" : "a number");
    const auto end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, parsed);
    if (result.ec != std::errc{} || result.ptr != end)
      throw DecodeError("the number " + std::string(text.substr(0, 40)) +
                        " is out of the field's range");
    writer_.value(parsed);
  }

  static void expect(bool fits, const char* what) {
    if (!fits) throw DecodeError(std::string("should be ") + what);
  }

  std::string out_;
  codec::Writer writer_{out_};
};

}  // namespace

std::string payload_to_json(const FieldDescription& description, std::string_view bytes) {
  return Emitter(bytes).emit(description);
}

std::string payload_from_json(const FieldDescription& description, std::string_view json) {
  // A Json field may be nested as deep as any JSON; what is around it comes on top.
  const auto fault = check_json(json, json_depth_limit + description_depth_limit);
  if (fault)
    throw DecodeError("no JSON: " + fault->reason + " at byte " + std::to_string(fault->offset));
  return Parser().parse(description, json);
}

}  // namespace annal
