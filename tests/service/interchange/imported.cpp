#include "service/interchange/imported.hpp"

#include "annal/interchange/git_text.hpp"

namespace annal::test {

MemoryStore::MemoryStore(std::uint64_t seed) : randomness(seed) {
  OpenOptions options;
  options.clock = &clock;
  options.randomness = &randomness;
  store = open_ephemeral(options);
}

std::string StreamText::sha(unsigned number) {
  const std::string digits = std::to_string(number);
  return std::string(40 - digits.size(), '0') + digits;
}

std::string StreamText::file(const std::string& path, const std::string& text) {
  return "M 100644 inline " + path + "\ndata " + std::to_string(text.size()) + '\n' + text;
}

StreamText& StreamText::commit(unsigned number, const std::vector<std::string>& changes,
                               std::int64_t seconds) {
  const std::string message = "commit " + std::to_string(number) + '\n';
  text_ += "commit refs/heads/main\noriginal-oid " + sha(number) +
           "\nauthor Ann <ann@example.com> 1600000000 +0000\ncommitter Cleo <cleo@example.com> " +
           std::to_string(seconds) + " +0000\ndata " + std::to_string(message.size()) + '\n' +
           message;
  if (!last_.empty()) text_ += "from " + last_ + '\n';
  for (const auto& change : changes) text_ += change + '\n';
  text_ += '\n';
  last_ = sha(number);
  return *this;
}

interchange::ImportReport import_git(Store& store, const std::string& stream,
                                     const std::string& collection) {
  std::istringstream in(stream);
  return interchange::GitImport(store, {collection, {}, {}}).run(in);
}

interchange::ImportReport import_lines(Store& store, const std::string& lines) {
  std::istringstream in(lines);
  return interchange::import_jsonl(store, in);
}

std::string export_lines(const EventLog& log, const interchange::ExportOptions& options) {
  std::ostringstream out;
  interchange::export_jsonl(log, out, options);
  return out.str();
}

std::vector<Envelope> all_events(const EventLog& log) {
  std::vector<Envelope> events;
  ReadRequest request;
  request.limit = 4096;
  for (bool more = true; more;) {
    auto page = log.read(request);
    for (auto& event : page.events) events.push_back(std::move(event));
    if (!events.empty()) request.from = next(events.back().position);
    more = page.more;
  }
  return events;
}

std::vector<Envelope> tagged(const EventLog& log, const std::string& tag) {
  ReadRequest request;
  request.query = Query::with_tags({tag});
  return log.read(request).events;
}

std::vector<Envelope> of_stream(const EventLog& log, const std::string& stream) {
  ReadRequest request;
  request.query = Query::of_stream(stream);
  return log.read(request).events;
}

std::vector<CommitInfo> all_commits(const EventLog& log) {
  std::vector<CommitInfo> commits;
  for (Position position{1}; position <= log.head(); position = next(commits.back().last))
    commits.push_back(log.commit_at(position));
  return commits;
}

std::map<std::string, std::string> documents(Store& store, const std::string& collection,
                                             std::optional<Point> at) {
  std::map<std::string, std::string> contents;
  ListRequest request;
  request.collection = collection;
  request.at = at;
  request.limit = 1000;
  for (bool more = true; more;) {
    auto page = store.documents().list(request);
    for (auto& document : page.documents) {
      request.after = document.key.id;
      contents[document.key.id] = std::move(document.state.content.text);
    }
    more = page.more;
  }
  return contents;
}

std::string bytes_of_content(const std::string& content) {
  const auto read = interchange::read_content(content);
  if (read.kind == interchange::ContentKind::json)
    throw std::runtime_error("no file's content: " + content.substr(0, 80));
  return read.bytes;
}

std::vector<std::string> sayings(const EventLog& log) {
  std::vector<std::string> lines;
  for (const auto& commit : all_commits(log)) {
    for (auto position = commit.first; position <= commit.last; position = next(position)) {
      const Envelope event = *log.event_at(position);
      std::string line = event.type + ' ' + std::to_string(event.schema_version) + ' ' +
                         event.stream + " v" + std::to_string(event.version.value) + ' ' +
                         event.content_type + ' ' + event.source + ' ' + event.correlation_id +
                         ' ' + event.causation_id;
      if (event.occurred_at) line += ' ' + to_iso8601(*event.occurred_at);
      for (const auto& tag : event.tags) line += ' ' + tag;
      for (const auto& [key, value] : event.metadata) line += ' ' + key + '=' + value;
      lines.push_back(line + ' ' + sha256({event.data}).to_hex());
    }
    lines.push_back("-- " + commit.idempotency_key.value_or("no key") + ' ' +
                    commit.request_hash.value_or(Hash{}).to_hex());
  }
  return lines;
}

std::unique_ptr<MemoryStore> beginning_of(MemoryStore& whole, std::size_t commits) {
  auto part = std::make_unique<MemoryStore>(99);
  part->clock.set(whole.clock.now());
  if (commits == 0) return part;
  interchange::ExportOptions options;
  options.to = all_commits(whole->log()).at(commits - 1).last;
  import_lines(**part, export_lines(whole->log(), options));
  return part;
}

}  // namespace annal::test
