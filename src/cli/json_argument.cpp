#include "json_argument.hpp"

#include "annal/error.hpp"
#include "annal/event/json.hpp"
#include "exit_code.hpp"
#include "print/escape.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace annal::cli {
namespace {

std::string read_all(std::FILE* file, const std::string& name) {
  std::string bytes(argument_limit + 1, '\0');
  bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file));
  if (std::ferror(file)) throw InputOutputError(name + ": cannot be read: " + std::strerror(errno));
  if (bytes.size() > argument_limit)
    throw InvalidInput(name + ": has over " + std::to_string(argument_limit) +
                       " bytes, which no document can hold; store it in parts");
  return bytes;
}

[[noreturn]] void cannot_read(const std::string& name) {
  const int error = errno;
  const std::string message = name + ": cannot be read: " + std::strerror(error);
  if (error == EACCES || error == EPERM) throw PermissionDenied(message);
  throw InputOutputError(message);
}

void check(const Given& given, std::size_t depth_limit) {
  if (const auto fault = check_json(given.text, depth_limit))
    throw InvalidInput(given.origin + ": is no JSON annal keeps, at byte " +
                       std::to_string(fault->offset) + ": " + fault->reason);
}

std::optional<std::string>* text_field(DocumentFields& fields, std::string_view name) {
  if (name == "title") return &fields.title;
  if (name == "author") return &fields.author;
  if (name == "editor") return &fields.editor;
  return nullptr;
}

// Nothing for null.
std::optional<std::string> text_of(const Given& given, const std::string& name,
                                   std::string_view value) {
  value = json_trimmed(value);
  if (value == "null") return std::nullopt;
  if (!value.starts_with('"')) throw InvalidInput(given.origin + ": its " + name + " is no string");
  return json_unquote(value);
}

}  // namespace

Given read_named(const std::string& file) {
  if (file == "-") return {"standard input", read_all(stdin, "standard input")};
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> opened(std::fopen(file.c_str(), "rb"),
                                                         std::fclose);
  if (!opened) cannot_read(file);
  return {file, read_all(opened.get(), file)};
}

Given read_argument(const std::string& argument) {
  if (argument == "-") return read_named(argument);
  if (argument.starts_with('@')) return read_named(argument.substr(1));
  return {argument.empty() ? "an empty argument" : cut_to_width(argument, 40), argument};
}

std::string checked_json(const Given& given) {
  check(given, json_depth_limit);
  return given.text;
}

DocumentFields document_fields(const Given& given) {
  check(given, json_depth_limit + 1);
  if (!json_trimmed(given.text).starts_with('{'))
    throw InvalidInput(given.origin +
                       ": is no document, which is {\"title\": …, \"content\": …}; " +
                       "for content alone use --content JSON");
  DocumentFields fields;
  for (const auto& [name, value] : json_members(given.text)) {
    if (name == "content") {
      fields.content = std::string(json_trimmed(value));
    } else if (auto* field = text_field(fields, name)) {
      *field = text_of(given, name, value);
    } else {
      throw InvalidInput(given.origin + ": has an unknown member `" + name + "`; a document has " +
                         "title, content, author and editor; for content alone use --content JSON");
    }
  }
  return fields;
}

}  // namespace annal::cli
