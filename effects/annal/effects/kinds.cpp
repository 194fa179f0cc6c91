#include "annal/effects/kinds.hpp"

namespace annal::effects {
namespace {

std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count) + ' ' + std::string(noun) + (count == 1 ? "" : "s");
}

}  // namespace

std::string DatabaseWrite::describe() const {
  std::string text = counted(commit.events.size(), "event");
  if (!commit.records.empty()) text += ", " + counted(commit.records.size(), "record");
  if (!commit.events.empty()) text += ": " + commit.events.front().stream;
  return text;
}

std::string DatabaseRead::describe() const { return space + '/' + key; }

std::string FileWrite::describe() const { return path + ", " + counted(content.size(), "byte"); }

std::string Notification::describe() const { return "to " + recipient + ": " + subject; }

std::string Logging::describe() const { return std::string(to_string(severity)) + ": " + message; }

}  // namespace annal::effects
