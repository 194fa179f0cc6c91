#include "invocation.hpp"

#include "annal/interchange/git_import.hpp"
#include "print/escape.hpp"

#include <cstdlib>

namespace annal::cli {
namespace {

std::string one_line(std::string_view text) { return escape_controls(text, Lines::escaped); }

std::unique_ptr<Store> open_as(const std::filesystem::path& path, OpenOptions::Mode mode,
                               OpenOptions options = {}) {
  options.mode = mode;
  options.types = [](Catalogue& catalogue) { interchange::add_to(catalogue); };
  options.log_lines = [](Severity severity, std::string_view line) {
    Output(stderr).line("annal: " + std::string(to_string(severity)) + ": " + one_line(line));
  };
  auto store = open(path, std::move(options));
  // What is thrown is said by whoever catches it; only what goes on needs a line of its own.
  store->weaver().remove("logging", "DocumentService::*");
  return store;
}

}  // namespace

std::filesystem::path Invocation::store_path() const {
  if (!store.empty()) return store;
  const char* path = std::getenv("ANNAL_STORE");
  return path && *path != '\0' ? path : "annal.db";
}

void must_exist(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::exists(path, error) || error) return;
  throw CannotOpen(
      path.string() +
      ": there is no store; `annal put` and `annal import` create one, --store PATH or "
      "ANNAL_STORE name another");
}

std::filesystem::path Invocation::store_to_read() const {
  must_exist(store_path());
  return store_path();
}

std::unique_ptr<Store> Invocation::open_to_read() const {
  return open_as(store_to_read(), OpenOptions::Mode::read_only);
}

std::unique_ptr<Store> Invocation::open_to_write(OpenOptions options) const {
  return open_as(store_path(), OpenOptions::Mode::read_write, std::move(options));
}

std::unique_ptr<Store> Invocation::open_to_change() const {
  must_exist(store_path());
  return open_to_write();
}

Timestamp Invocation::now() const { return system_clock().now(); }

std::string position_in_words(const EventLog& log, Position position) {
  std::string words = "@" + std::to_string(position.value);
  if (position.value == 0) return words + " (before the first event)";
  if (const auto event = log.event_at(position)) words += ' ' + to_iso8601(event->recorded_at);
  return words;
}

void Invocation::announce(Store& opened, Position at) {
  if (!json) note("at " + position_in_words(opened.log(), at));
}

void Invocation::announce(Store& opened, Position from, Position to) {
  if (json) return;
  note("from " + position_in_words(opened.log(), from) + " to " +
       position_in_words(opened.log(), to));
}

void Invocation::complain(std::string_view message) {
  std::fflush(stdout);  // what was answered before the error stands above it
  err.line(err.styled(Style::red, "annal:") + ' ' + one_line(message));
}

void Invocation::note(std::string_view message) {
  err.line(err.styled(Style::dim, one_line(message)));
}

}  // namespace annal::cli
