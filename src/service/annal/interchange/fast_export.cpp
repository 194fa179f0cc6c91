#include "annal/interchange/fast_export.hpp"

#include "annal/interchange/git_path.hpp"
#include "annal/interchange/number.hpp"
#include "annal/interchange/stream_lines.hpp"

#include <algorithm>
#include <utility>

namespace annal::interchange {
namespace {

constexpr std::size_t line_limit = 1024 * 1024;
constexpr std::uint64_t message_limit = 1024 * 1024;
constexpr std::size_t shown_bytes = 60;  // of a line, in a message

// Takes a word off the front of a text if it stands there.
bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

bool is_object_name(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::optional<FileMode> file_mode(std::string_view text) {
  if (text == "100644" || text == "644") return FileMode::regular;
  if (text == "100755" || text == "755") return FileMode::executable;
  if (text == "120000") return FileMode::symlink;
  if (text == "160000") return FileMode::submodule;
  if (text == "040000") return FileMode::directory;
  return std::nullopt;
}

// `+0200`; git keeps zones nobody lives in too.
bool is_zone(std::string_view text) {
  return text.size() >= 2 && text.size() <= 9 && (text[0] == '+' || text[0] == '-') &&
         std::all_of(text.begin() + 1, text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<GitTime> git_time(std::string_view text) {
  const auto space = text.find(' ');
  if (space == text.npos || !is_zone(text.substr(space + 1))) return std::nullopt;
  const auto seconds = parse_number<std::int64_t>(text.substr(0, space));
  if (!seconds) return std::nullopt;
  return GitTime{*seconds, std::string(text.substr(space + 1))};
}

// `A U Thor <author@example.com> 1234567890 +0200`
std::optional<GitPerson> person(std::string_view text) {
  const auto closing = text.rfind('>');
  if (closing == text.npos || closing + 2 > text.size()) return std::nullopt;
  const auto opening = text.rfind('<', closing);
  if (opening == text.npos || text[closing + 1] != ' ') return std::nullopt;
  auto time = git_time(text.substr(closing + 2));
  if (!time) return std::nullopt;
  auto name = text.substr(0, opening);
  while (name.ends_with(' ')) name.remove_suffix(1);
  while (name.starts_with(' ')) name.remove_prefix(1);
  return GitPerson{std::string(name), std::string(text.substr(opening + 1, closing - opening - 1)),
                   std::move(*time)};
}

// The beginning of a line as a message may show it.
std::string shown(std::string_view text) {
  static constexpr char hex_digits[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text.substr(0, shown_bytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else {
      out += "\\x";
      out += hex_digits[byte >> 4];
      out += hex_digits[byte & 15];
    }
  }
  return out + (text.size() > shown_bytes ? "…\"" : "\"");
}

// Features of a stream that a reader of it need do nothing about.
bool is_harmless_feature(std::string_view name) {
  for (std::string_view harmless : {"date-format=raw", "date-format=raw-permissive", "force",
                                    "notes", "relative-marks", "no-relative-marks"})
    if (name == harmless) return true;
  return name.starts_with("export-marks=");
}

}  // namespace

// The commands of the stream, and the place in them.
// Source: git-fast-import(1), "Input Format"
class FastExportReader::Grammar {
 public:
  Grammar(std::istream& stream, std::uint64_t blob_limit)
      : lines_(stream, line_limit), blob_limit_(blob_limit) {}

  std::optional<FastExportItem> next() { return in_commit_ ? change() : command(); }

  const StreamLines& lines() const { return lines_; }
  std::uint64_t item_line() const { return item_line_; }

 private:
  // The line to come, comments read over.
  std::optional<std::string_view> peek() {
    for (;;) {
      auto line = lines_.peek();
      if (line && !lines_.is_terminated())
        fail("the stream ends inside this line: " + shown(*line) + "; export it again");
      if (!line || !line->starts_with('#')) return line;
      lines_.skip_line();
    }
  }

  // The line to come, which there must be.
  std::string_view line(const char* expected) {
    auto line = peek();
    if (!line)
      fail("the stream ends where " + std::string(expected) + " is expected; export it again");
    return *line;
  }

  // What stands behind a word on the line to come,
  // if the word begins it; then the line is read over.
  std::optional<std::string> rest_after(std::string_view word) {
    auto text = peek();
    if (!text || !take(*text, word)) return std::nullopt;
    std::string rest(*text);
    lines_.skip_line();
    return rest;
  }

  [[noreturn]] void fail(const std::string& what) const { fail_at(lines_.line(), what); }
  [[noreturn]] static void fail_at(std::uint64_t line, const std::string& what) {
    throw InvalidInput("fast-export stream, line " + std::to_string(line) + ": " + what);
  }
  [[noreturn]] void unexpected(std::string_view found, const std::string& expected) const {
    fail(shown(found) + " stands where " + expected + " is expected");
  }

  std::optional<FastExportItem> command() {
    if (done_) return std::nullopt;
    while (const auto line = peek()) {
      if (line->empty() || *line == "checkpoint" || line->starts_with("option ")) {
        lines_.skip_line();
      } else if (line->starts_with("feature ")) {
        feature(line->substr(8));
        lines_.skip_line();
      } else if (*line == "done") {
        lines_.skip_line();
        done_ = true;
        return std::nullopt;
      } else {
        return item(*line);
      }
    }
    if (done_promised_)
      fail(
          "the stream ends without the \"done\" it promised: the export was cut off; export it "
          "again");
    return std::nullopt;
  }

  FastExportItem item(std::string_view line) {
    item_line_ = lines_.line();
    if (line == "blob") return blob();
    if (line.starts_with("commit ")) return commit();
    if (line.starts_with("reset ")) return reset();
    if (line.starts_with("tag ")) return tag();
    if (line == "alias") return alias();
    if (auto text = rest_after("progress ")) return Progress{std::move(*text)};
    unexpected(line, "blob, commit, reset, tag, alias, progress, feature or done");
  }

  void feature(std::string_view name) {
    if (name == "done")
      done_promised_ = true;
    else if (!is_harmless_feature(name))
      fail("the stream needs the feature " + shown(name) +
           ", which is not supported: export it without");
  }

  Blob blob() {
    lines_.skip_line();
    Blob blob;
    blob.mark = mark();
    blob.original_oid = rest_after("original-oid ").value_or("");
    blob.content = data(blob_limit_);
    return blob;
  }

  CommitStart commit() {
    CommitStart commit;
    commit.line = lines_.line();
    commit.ref = *rest_after("commit ");
    commit.mark = mark();
    commit.original_oid = rest_after("original-oid ").value_or("");
    if (!commit.original_oid.empty() && !is_object_name(commit.original_oid))
      fail_at(commit.line + 1, shown(commit.original_oid) + " is not the name of an object");
    commit.author = signature("author ");
    auto committer = signature("committer ");
    if (!committer) unexpected(line("committer"), "committer");
    commit.committer = std::move(*committer);
    while (rest_after("gpgsig ")) data(0);
    commit.encoding = rest_after("encoding ").value_or("");
    commit.message = data(message_limit, true).bytes;
    commit.from = rest_after("from ").value_or("");
    while (auto merge = rest_after("merge ")) commit.merges.push_back(std::move(*merge));
    in_commit_ = true;
    return commit;
  }

  std::optional<GitPerson> signature(std::string_view word) {
    const auto at = lines_.line();
    const auto rest = rest_after(word);
    if (!rest) return std::nullopt;
    auto found = person(*rest);
    if (!found)
      fail_at(at,
              shown(*rest) + " stands where a name, an <address>, seconds and a zone are expected");
    return found;
  }

  // The next change of the commit, or its end. A commit ends with an empty line, which may be the
  // one behind its data, or with the next command;
  // where the stream ends instead, changes may be missing.
  FastExportItem change() {
    for (;;) {
      const auto found = peek();
      item_line_ = lines_.line();
      if (!found && lines_.bytes_read() == closed_data_) return end_of_commit();
      if (!found) fail("the stream ends inside a commit: the export was cut off; export it again");
      if (found->empty()) {
        lines_.skip_line();
        return end_of_commit();
      }
      if (found->starts_with("N ")) {
        note();
        continue;
      }
      if (found->starts_with("M ")) return modify();
      if (found->starts_with("D ")) return FileDelete{path_behind("D ")};
      if (found->starts_with("R ")) return two_paths<FileRename>("R ");
      if (found->starts_with("C ")) return two_paths<FileCopy>("C ");
      if (*found == "deleteall") {
        lines_.skip_line();
        return DeleteAll{};
      }
      return end_of_commit();
    }
  }

  CommitEnd end_of_commit() {
    in_commit_ = false;
    return {};
  }

  FileModify modify() {
    const auto at = lines_.line();
    const std::string text = *rest_after("M ");
    std::string_view rest = text;
    const auto word = [&] {
      const auto end = std::min(rest.find(' '), rest.size());
      const auto found = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      return found;
    };
    FileModify change;
    const auto mode_text = word();
    const auto mode = file_mode(mode_text);
    if (!mode) fail_at(at, shown(mode_text) + " stands where a mode such as 100644 is expected");
    change.mode = *mode;
    const auto name = word();
    change.path = last_path(rest, at);
    if (name == "inline")
      change.content = data(blob_limit_);
    else
      change.content = blob_name(name, at);
    return change;
  }

  static BlobName blob_name(std::string_view text, std::uint64_t at) {
    if (text.starts_with(':'))
      if (const auto mark = parse_number<std::uint64_t>(text.substr(1))) return *mark;
    if (!is_object_name(text))
      fail_at(at, shown(text) + " stands where a mark, an object's name or \"inline\" is expected");
    return std::string(text);
  }

  static std::string last_path(std::string_view rest, std::uint64_t at) {
    const std::string_view whole = rest;
    auto path = take_git_path(rest, true);
    if (!path || !rest.empty()) fail_at(at, shown(whole) + " stands where a path is expected");
    return std::move(*path);
  }

  std::string path_behind(std::string_view word) {
    const auto at = lines_.line();
    return last_path(*rest_after(word), at);
  }

  template <class Change>
  Change two_paths(std::string_view word) {
    const auto at = lines_.line();
    const std::string text = *rest_after(word);
    std::string_view rest = text;
    auto from = take_git_path(rest, false);
    if (!from || !take(rest, " "))
      fail_at(at, shown(text) + " stands where two paths are expected");
    return {std::move(*from), last_path(rest, at)};
  }

  void note() {
    const std::string text = *rest_after("N ");
    if (text.starts_with("inline ")) data(0);
  }

  Reset reset() {
    Reset reset;
    reset.ref = *rest_after("reset ");
    reset.from = rest_after("from ").value_or("");
    return reset;
  }

  Tag tag() {
    Tag tag;
    tag.name = *rest_after("tag ");
    mark();
    tag.from = rest_after("from ").value_or("");
    rest_after("original-oid ");
    signature("tagger ");
    data(0);
    return tag;
  }

  Alias alias() {
    lines_.skip_line();
    const auto number = mark();
    if (!number) unexpected(line("mark"), "mark");
    auto to = rest_after("to ");
    if (!to) unexpected(line("to"), "to");
    return {*number, std::move(*to)};
  }

  std::optional<std::uint64_t> mark() {
    const auto at = lines_.line();
    const auto text = rest_after("mark ");
    if (!text) return std::nullopt;
    const auto value = text->starts_with(':')
                           ? parse_number<std::uint64_t>(std::string_view(*text).substr(1))
                           : std::nullopt;
    if (!value) fail_at(at, shown(*text) + " stands where a mark such as :12 is expected");
    return value;
  }

  // What follows `data`. Contents over the limit are read over, or, `cut`, kept as far as they fit.
  FileContent data(std::uint64_t limit, bool cut = false) {
    const auto at = lines_.line();
    const std::string_view found = line("data");
    std::string_view rest = found;
    if (!take(rest, "data ")) unexpected(found, "data");
    FileContent content;
    if (take(rest, "<<")) {
      if (rest.empty()) fail_at(at, "data << needs a delimiter behind it");
      const std::string delimiter(rest);
      lines_.skip_line();
      delimited(delimiter, limit, cut, content, at);
    } else {
      const auto size = parse_number<std::uint64_t>(rest);
      if (!size) fail_at(at, shown(rest) + " stands where a number of bytes is expected");
      lines_.skip_line();
      counted(*size, limit, cut, content, at);
    }
    if (lines_.skip_line_feed()) closed_data_ = lines_.bytes_read();
    if (content.over_limit && !cut) content.bytes = {};
    return content;
  }

  void counted(std::uint64_t size, std::uint64_t limit, bool cut, FileContent& content,
               std::uint64_t at) {
    content.over_limit = size > limit;
    while (content.size < size) {
      const auto bytes = lines_.take(size - content.size);
      if (bytes.empty())
        fail_at(at, "the stream ends after " + std::to_string(content.size) + " of the " +
                        std::to_string(size) + " bytes announced here; export it again");
      content.size += bytes.size();
      keep(bytes, limit, cut, content);
    }
  }

  void delimited(const std::string& delimiter, std::uint64_t limit, bool cut, FileContent& content,
                 std::uint64_t at) {
    for (;;) {
      const auto found = lines_.peek();
      if (!found || !lines_.is_terminated())
        fail_at(at, "the stream ends before the delimiter " + shown(delimiter) + " announced here");
      if (*found == delimiter) break;
      content.size += found->size() + 1;
      content.over_limit = content.size > limit;
      keep(*found, limit, cut, content);
      keep("\n", limit, cut, content);
      lines_.skip_line();
    }
    lines_.skip_line();
  }

  static void keep(std::string_view bytes, std::uint64_t limit, bool cut, FileContent& content) {
    if (content.over_limit && !cut) return;
    const auto room = limit - std::min<std::uint64_t>(limit, content.bytes.size());
    content.bytes.append(bytes.substr(0, std::min<std::uint64_t>(room, bytes.size())));
  }

  StreamLines lines_;
  const std::uint64_t blob_limit_;
  std::uint64_t item_line_ = 1;
  std::uint64_t closed_data_ = 0;  // where the data read last ended, its own line feed behind it
  bool in_commit_ = false;
  bool done_promised_ = false;
  bool done_ = false;
};

FastExportReader::FastExportReader(std::istream& stream, std::uint64_t blob_limit)
    : grammar_(std::make_unique<Grammar>(stream, blob_limit)) {}

FastExportReader::~FastExportReader() = default;

std::optional<FastExportItem> FastExportReader::next() { return grammar_->next(); }
std::uint64_t FastExportReader::line() const { return grammar_->item_line(); }
std::uint64_t FastExportReader::bytes_read() const { return grammar_->lines().bytes_read(); }

}  // namespace annal::interchange
