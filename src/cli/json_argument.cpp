#include "json_argument.hpp"

#include "annal/error.hpp"
#include "annal/event/json.hpp"
#include "annal/server/json_body.hpp"
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
  return {cut_to_width(argument, 40), argument};
}

std::string checked_json(const Given& given) {
  if (const auto fault = check_json(given.text))
    throw InvalidInput(given.origin + ": is no JSON annal keeps, at byte " +
                       std::to_string(fault->offset) + ": " + fault->reason);
  return given.text;
}

DocumentFields document_fields(const Given& given) try {
  const server::JsonBody object(given.text, {"title", "content", "author", "editor"});
  DocumentFields fields{object.text("title"), {}, object.text("author"), object.text("editor")};
  if (const auto content = object.raw("content")) fields.content = std::string(*content);
  return fields;
} catch (const InvalidInput& error) {
  throw InvalidInput(given.origin + ": " + error.what() + "; for content alone use --content JSON");
}

}  // namespace annal::cli
