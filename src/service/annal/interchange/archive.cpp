// Archives: the lines of an export behind one that says what they are, compressed.
#include "annal/interchange/archive.hpp"

#include "annal/error.hpp"
#include "annal/event/json.hpp"
#include "annal/interchange/archive_content.hpp"
#include "annal/interchange/number.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace annal::interchange {
namespace {

constexpr int archive_format = 1;

// A member of the header after the other; every value but the format's number is a string.
class ArchiveMembers {
 public:
  explicit ArchiveMembers(std::string_view line) {
    if (check_json(line)) refuse();
    for (const auto& [key, value] : json_members(line)) values_[key] = json_trimmed(value);
    const auto format = values_.find("annalarchive");
    const auto number = format == values_.end() ? std::nullopt : parse_number<int>(format->second);
    if (!number || *number < 1) refuse();
    if (*number > archive_format)
      throw InvalidInput("this archive has format " + std::to_string(*number) +
                         ", newer than the " + std::to_string(archive_format) +
                         " this program knows: use a newer annal");
  }

  template <class Read>
  auto read(const char* key, Read reader) const {
    const auto found = values_.find(key);
    const bool is_text = found != values_.end() && found->second.starts_with('"');
    const auto value = is_text ? reader(json_unquote(found->second)) : std::nullopt;
    if (!value) refuse();
    return *value;
  }

  [[noreturn]] static void refuse() {
    throw InvalidInput("this is no archive: its first line does not say what it holds");
  }

 private:
  std::map<std::string, std::string_view> values_;
};

std::optional<Position> position_in(std::string_view text) {
  const auto number = parse_number<std::uint64_t>(text);
  if (!number || *number == 0) return std::nullopt;
  return Position{*number};
}

ExportBounds bounds_of(const ArchiveHeader& header) {
  return {header.from, header.to, header.previous, header.last, header.since, header.until};
}

}  // namespace

std::string to_line(const ArchiveHeader& header) {
  std::string line = "{\"annalarchive\":" + std::to_string(archive_format);
  const std::pair<const char*, std::string> members[] = {
      {"from", std::to_string(header.from.value)}, {"to", std::to_string(header.to.value)},
      {"previous", header.previous.to_hex()},      {"last", header.last.to_hex()},
      {"since", to_iso8601(header.since)},         {"until", to_iso8601(header.until)}};
  for (const auto& [key, value] : members)
    line += std::string(",\"") + key + "\":" + json_quote(value);
  return line + '}';
}

ArchiveHeader header_from_line(std::string_view line) {
  const ArchiveMembers members(line);
  ArchiveHeader header;
  header.from = members.read("from", position_in);
  header.to = members.read("to", position_in);
  header.previous = members.read("previous", Hash::from_hex);
  header.last = members.read("last", Hash::from_hex);
  header.since = members.read("since", parse_iso8601);
  header.until = members.read("until", parse_iso8601);
  if (header.from > header.to) ArchiveMembers::refuse();
  return header;
}

ArchiveContent::ArchiveContent(std::istream& in, TypeBook known)
    : content_(in),
      lines_(content_, event_line_limit),
      header_(read_header()),
      commits_(std::move(lines_), std::move(known), bounds_of(header_)) {}

ArchiveHeader ArchiveContent::read_header() {
  const auto line = lines_.peek();
  ArchiveHeader header = header_from_line(line.value_or(""));
  lines_.skip_line();
  return header;
}

ArchiveHeader write_archive(const EventLog& log, std::ostream& out, const ExportOptions& options) {
  const Position head = log.head();
  const Position from = std::max(options.from.value_or(Position{1}), Position{1});
  const Position to = options.to.value_or(head);
  if (from > to || to > head)
    throw InvalidInput("there are no events from position " + std::to_string(from.value) + " to " +
                       std::to_string(to.value) + " to archive; the head is " +
                       std::to_string(head.value));
  const CommitInfo first = log.commit_at(from), last = log.commit_at(to);
  ArchiveHeader header{first.first, last.last, {}, last.hash, first.recorded_at, last.recorded_at};
  if (first.first.value > 1) header.previous = log.commit_at({first.first.value - 1}).hash;

  ZstdOutput content(out);
  content << to_line(header) << '\n';
  ExportOptions range = options;
  range.from = header.from;
  range.to = header.to;
  export_jsonl(log, content, range);
  content.finish();
  out.flush();
  if (!out)
    throw StorageError("the archive cannot be written: is the disk full, or the reader gone?");
  return header;
}

struct ArchiveReader::State {
  explicit State(std::istream& in) : content(in, {}) {}
  ArchiveContent content;
  std::vector<TypeDescription> types;
};

ArchiveReader::ArchiveReader(std::istream& in) : state_(std::make_unique<State>(in)) {}
ArchiveReader::~ArchiveReader() = default;

const ArchiveHeader& ArchiveReader::header() const { return state_->content.header(); }

std::optional<std::vector<Envelope>> ArchiveReader::next() {
  auto commit = state_->content.commits().next();
  if (!commit) return std::nullopt;
  for (auto& type : state_->content.commits().take_new_types())
    state_->types.push_back(std::move(type));
  return std::move(commit->events);
}

const std::vector<TypeDescription>& ArchiveReader::types() const { return state_->types; }

}  // namespace annal::interchange
