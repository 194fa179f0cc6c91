#include "annal/interchange/git_import.hpp"

#include "annal/event/json.hpp"
#include "annal/interchange/fast_export.hpp"
#include "annal/interchange/git_events.hpp"
#include "annal/interchange/git_text.hpp"
#include "annal/interchange/git_tree.hpp"
#include "annal/interchange/recording_pipeline.hpp"
#include "annal/interchange/spill.hpp"

#include <cstdlib>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

namespace annal::interchange {
namespace {

constexpr std::size_t skipped_kept = 100;
constexpr std::size_t short_sha = 12;

// The first 128 bits of an object's name, which are enough to tell objects apart.
struct ObjectKey {
  explicit ObjectKey(const std::string& name)
      : high(std::stoull(name.substr(0, 16), nullptr, 16)),
        low(std::stoull(name.substr(16, 16), nullptr, 16)) {}
  std::uint64_t high, low;
  friend bool operator==(const ObjectKey&, const ObjectKey&) = default;
};
struct ObjectKeyHash {
  std::size_t operator()(const ObjectKey& key) const { return key.high; }
};

// What is left of a blob once its bytes are put aside.
struct KeptBlob {
  Spill::Place place;
  bool over_limit = false;
};

// What the document of a file is to hold.
struct Content {
  std::string json;
  FileMode mode = FileMode::regular;
};
// Why it cannot.
struct Fault {
  std::string reason;
};

std::string last_segment(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == path.npos ? path : path.substr(slash + 1);
}

// Why no document can have the path; nothing if one can.
std::optional<std::string> fault_in_path(const std::string& collection, const std::string& path) {
  if (!is_utf8(path)) return "its path is not UTF-8";
  try {
    DocumentKey::of(collection, path);
    return std::nullopt;
  } catch (const InvalidInput& error) {
    return error.what();
  }
}

class HistoryImport {
 public:
  HistoryImport(Store& store, const GitImportOptions& options, std::istream& stream)
      : store_(store),
        options_(options),
        reader_(stream, document::content_limit),
        spill_(options.spill_folder),
        pipeline_(store, report_) {}

  ImportReport run() {
    try {
      while (auto item = reader_.next()) std::visit([this](auto& found) { take(found); }, *item);
    } catch (const InvalidInput& error) {
      pipeline_.finish();
      throw InvalidInput(error.what() + so_far());
    }
    pipeline_.finish();
    report_.bytes_read = reader_.bytes_read();
    report_.head = store_.log().head();
    return report_;
  }

 private:
  std::string so_far() const {
    return " (" + std::to_string(report_.source_commits) + " commits before it are in the store)";
  }

  [[noreturn]] void fail(std::uint64_t line, const std::string& what) const {
    throw InvalidInput("fast-export stream, line " + std::to_string(line) + ": " + what);
  }

  // --- what the stream holds
  void take(Blob& blob) {
    const KeptBlob kept = keep(blob.content);
    if (blob.mark) by_mark_[*blob.mark] = kept;
    if (!blob.original_oid.empty()) by_name_[object_key(blob.original_oid)] = kept;
  }

  void take(CommitStart& commit) {
    check_line_of_history(commit);
    const std::string sha = commit.original_oid;
    is_present_ = !joined_ && is_in_store(sha);
    if (!is_present_ && !joined_) join(commit);
    if (!is_present_) origin_.emplace(commit);
    previous_ = {sha, commit.mark, commit.ref};
    after_reset_ = false;
  }

  // Commits that are there take part: those to come may rename what they brought.
  void take(FileModify& change) { tree_.modify(change.path, source_of(change)); }
  void take(FileDelete& change) { tree_.remove(change.path); }
  void take(FileRename& change) { tree_.rename(change.from, change.to); }
  void take(FileCopy& change) { tree_.copy(change.from, change.to); }
  void take(DeleteAll&) { tree_.remove_all(); }

  void take(CommitEnd&) {
    if (is_present_)
      ++report_.already_present;
    else
      record();
    tree_.apply();
    ++report_.source_commits;
    if (options_.progress)
      options_.progress({report_.source_commits, report_.events, reader_.bytes_read()});
  }

  void take(Reset& reset) {
    after_reset_ = after_reset_ || (previous_ && reset.ref == previous_->ref);
  }
  void take(Tag&) {}
  void take(Progress&) {}
  void take(Alias& alias) {
    if (alias.to.starts_with(':')) {
      const auto kept = by_mark_.find(std::strtoull(alias.to.c_str() + 1, nullptr, 10));
      if (kept != by_mark_.end()) by_mark_[alias.mark] = kept->second;
    }
  }

  // --- contents
  KeptBlob keep(const FileContent& content) {
    if (content.over_limit) return {{0, content.size}, true};
    return {spill_.add(content.bytes), false};
  }

  ObjectKey object_key(const std::string& name) const {
    if (name.size() < 32 || name.find_first_not_of("0123456789abcdef") != name.npos)
      fail(reader_.line(), "\"" + shortened(as_utf8(name), 60) + "\" is not the name of an object");
    return ObjectKey(name);
  }

  FileSource source_of(const FileModify& change) {
    if (change.mode == FileMode::submodule) return Submodule{};
    if (change.mode == FileMode::directory)
      fail(reader_.line(), "a whole folder is given by its name: export files, not folders");
    const KeptBlob blob = blob_of(change);
    if (blob.over_limit) return TooLargeFile{blob.place.size};
    return Spilled{blob.place, change.mode};
  }

  KeptBlob blob_of(const FileModify& change) {
    if (const auto* content = std::get_if<FileContent>(&change.content)) return keep(*content);
    const auto& name = std::get<BlobName>(change.content);
    if (const auto* mark = std::get_if<std::uint64_t>(&name)) {
      if (const auto found = by_mark_.find(*mark); found != by_mark_.end()) return found->second;
      fail(reader_.line(), "the stream holds no blob with the mark :" + std::to_string(*mark));
    }
    const auto& object = std::get<std::string>(name);
    if (const auto found = by_name_.find(object_key(object)); found != by_name_.end())
      return found->second;
    fail(reader_.line(),
         "the stream does not hold the blob " + object + ": export it without --no-data");
  }

  // --- history
  // By the key of an import of the history; a log that was imported kept the checkpoint alone.
  bool is_in_store(const std::string& sha) const {
    if (store_.log().find_commit(git_key(options_.collection, sha))) return true;
    ReadRequest request;
    request.query =
        QueryItem{.stream = checkpoint_stream(options_.collection), .tags = {"commit:" + sha}};
    request.limit = 1;
    return !store_.log().read(request).events.empty();
  }

  void check_line_of_history(const CommitStart& commit) const {
    if (commit.original_oid.empty())
      fail(commit.line, "the commit does not tell its name: export it with --show-original-ids");
    if (!previous_) return;
    const bool follows =
        commit.from.empty()
            ? commit.ref == previous_->ref && !after_reset_
            : commit.from == previous_->sha ||
                  (previous_->mark && commit.from == ':' + std::to_string(*previous_->mark));
    if (!follows)
      fail(commit.line, "the commit " + commit.original_oid +
                            " does not follow the one before it, " + previous_->sha +
                            ": export one line of history, with --first-parent");
  }

  // Before the first commit that is not in the store: takes up where the store's history ends.
  void join(const CommitStart& commit) {
    joined_ = true;
    const auto last = last_checkpoint();
    const std::string parent = previous_ ? previous_->sha : commit.from;
    if (parent != (last ? last->first.commit : ""))
      fail(commit.line,
           "the commit " + commit.original_oid + " follows " +
               (parent.empty() ? "no other" : parent) + ", and the collection " +
               options_.collection + " holds " +
               (last ? "history up to " + last->first.commit : "no history yet") +
               ": import the whole line of history, each line into a collection of its own");
    if (last) behind_ = last->second;
    store_.log().declare_types(
        {{std::string(ImportCheckpoint::type), 1, describe<ImportCheckpoint>()}});
    load_part(commit.original_oid);
    load_documents(last && !previous_);
  }

  std::optional<std::pair<ImportCheckpoint, Position>> last_checkpoint() const {
    ReadRequest request;
    request.query = QueryItem{.stream = checkpoint_stream(options_.collection),
                              .types = {TopicPattern::of(ImportCheckpoint::type)}};
    request.direction = Direction::backwards;
    request.limit = 1;
    const auto page = store_.log().read(request);
    if (page.events.empty()) return std::nullopt;
    return std::pair{decode<ImportCheckpoint>(page.events.front().data),
                     page.events.front().position};
  }

  // What is there already.
  //   are_files   the stream begins behind them and does not tell which files there are
  void load_documents(bool are_files) {
    ListRequest request;
    request.collection = options_.collection;
    request.include_deleted = true;
    request.limit = 64;
    for (bool more = true; more;) {
      const auto page = store_.documents().list(request);
      for (const auto& document : page.documents) {
        TrackedFile& file = tree_.file(document.key.id);
        remember(file, document.state);
        if (are_files && is_file(document.key)) file.source = Recorded{document.key.id};
      }
      if (!page.last.empty()) request.after = page.last;
      more = page.more;
    }
  }

  static void remember(TrackedFile& file, const document::State& state) {
    file.is_live = state.exists();
    file.content_hash = sha256({state.content.text});
    file.document_bytes = state.title.size() + state.content.text.size();
  }

  // What an import that was cut off inside this commit has left.
  void load_part(const std::string& sha) {
    const std::string key = git_key(options_.collection, sha);
    while (store_.log().find_commit(git_part_key(key, parts_there_ + 1))) ++parts_there_;
    if (parts_there_ == 0) return;
    const std::string prefix = DocumentKey{options_.collection, ""}.stream();
    ReadRequest request;
    request.query = Query::with_tags({"commit:" + sha});
    request.from = next(behind_);
    request.limit = 4096;
    for (bool more = true; more;) {
      const auto page = store_.log().read(request);
      for (const auto& event : page.events) {
        if (event.stream.starts_with(prefix)) done_.insert(event.stream.substr(prefix.size()));
        request.from = next(event.position);
      }
      more = page.more;
    }
  }

  // True if the newest checkpoint's tree has the file: git's last word on the document is not its
  // end. What only people wrote is no file of the history.
  bool is_file(const DocumentKey& key) const {
    ReadRequest request;
    request.query = Query::of_stream(key.stream());
    request.direction = Direction::backwards;
    request.to = behind_;
    request.limit = 16;
    for (;;) {
      const auto page = store_.log().read(request);
      for (const auto& event : page.events)
        if (event.source == git_source)
          return event.type != store_.catalogue().of<document::Deleted>().name;
      if (!page.more) return false;
      request.to = Position{page.events.back().position.value - 1};
    }
  }

  // --- events
  void record() {
    const std::string key = git_key(options_.collection, origin_->sha);
    GitCommitBuilder builder(store_.catalogue(), *origin_, options_.collection, key, parts_there_,
                             [this](Commit commit) {
                               pipeline_.submit(std::move(commit), "the commit " + origin_->sha);
                             });
    for (const auto& path : tree_.changed()) record(path, tree_.change(path), builder);
    builder.close();
    parts_there_ = 0;
    done_.clear();
  }

  void record(const std::string& path, const FileSource& source, GitCommitBuilder& builder) {
    TrackedFile& file = tree_.file(path);
    const bool is_done = done_.contains(path);
    if (is_done) builder.count_document();
    if (std::holds_alternative<Absent>(source)) {
      if (!is_done) remove(path, file, "deleted in " + origin_->sha.substr(0, short_sha), builder);
      return;
    }
    auto found = content_of(path, source);
    if (const auto* why = std::get_if<Fault>(&found)) {
      skip(path, why->reason);
      builder.count_skipped();
      if (!is_done) remove(path, file, why->reason, builder);
    } else if (!is_done) {
      write(path, std::get<Content>(std::move(found)), file, builder);
    }
  }

  void write(const std::string& path, Content content, TrackedFile& file,
             GitCommitBuilder& builder) {
    const Hash hash = sha256({content.json});
    if (file.is_live && file.content_hash == hash) return;
    const std::string stream = DocumentKey{options_.collection, path}.stream();
    const std::string title = last_segment(path);
    const std::size_t size = title.size() + content.json.size();
    Json json{std::move(content.json)};
    if (file.is_live)
      builder.add(stream, document::Updated{{}, std::move(json), origin_->author}, size,
                  content.mode);
    else
      builder.add(stream, document::Created{title, std::move(json), origin_->author}, size,
                  content.mode);
    file = {std::move(file.source), true, hash, size};
  }

  // What the document of a path is to hold, or why it cannot.
  std::variant<Content, Fault> content_of(const std::string& path, const FileSource& source) {
    if (auto fault = fault_in_path(options_.collection, path)) return Fault{*fault};
    if (std::holds_alternative<Submodule>(source)) return Fault{"it is a submodule"};
    if (const auto* large = std::get_if<TooLargeFile>(&source)) return too_large(large->size);
    if (const auto* missing = std::get_if<NotImported>(&source)) return not_imported(missing->from);

    Content content;
    if (const auto* spilled = std::get_if<Spilled>(&source)) {
      const std::string bytes = spill_.read(spilled->place);
      content.mode = spilled->mode;
      content.json =
          spilled->mode == FileMode::symlink ? symlink_content(bytes) : file_content(bytes);
    } else {
      const std::string& from = std::get<Recorded>(source).path;
      auto answer = store_.documents().get(DocumentKey::of(options_.collection, from),
                                           Point{AtPosition{behind_}});
      auto* found = std::get_if<FoundDocument>(&answer);
      if (!found) return not_imported(from);
      const auto event = store_.log().event_at(found->document.position);
      if (event && event->meta("mode") == "100755") content.mode = FileMode::executable;
      content.json = std::move(found->document.state.content.text);
    }
    const std::size_t size = last_segment(path).size() + content.json.size();
    if (size > document::content_limit) return too_large(size);
    return content;
  }

  static Fault too_large(std::uint64_t size) {
    return {"too large: " + std::to_string(size) + " bytes, " +
            std::to_string(document::content_limit) + " are the limit"};
  }
  static Fault not_imported(const std::string& from) {
    return {"it comes from " + shortened(as_utf8(from), 256) + ", which was not imported"};
  }

  void remove(const std::string& path, TrackedFile& file, const std::string& reason,
              GitCommitBuilder& builder) {
    if (!file.is_live) return;
    builder.add(DocumentKey{options_.collection, path}.stream(),
                document::Deleted{reason, origin_->author}, file.document_bytes);
    file.is_live = false;
  }

  void skip(const std::string& path, const std::string& why) {
    ++report_.skipped_files;
    if (report_.skipped.size() < skipped_kept)
      report_.skipped.push_back({origin_->sha, as_utf8(path), why});
  }

  struct Previous {
    std::string sha;
    std::optional<std::uint64_t> mark;
    std::string ref;
  };

  Store& store_;
  const GitImportOptions& options_;
  ImportReport report_;
  FastExportReader reader_;
  Spill spill_;
  std::unordered_map<std::uint64_t, KeptBlob> by_mark_;
  std::unordered_map<ObjectKey, KeptBlob, ObjectKeyHash> by_name_;
  GitTree tree_;

  std::optional<Previous> previous_;  // the commit before the one under way
  std::optional<GitOrigin> origin_;   // of the commit under way
  bool is_present_ = false;           // the commit under way is in the store
  bool after_reset_ = false;          // its ref was set anew behind the commit before
  bool joined_ = false;               // the store's history is behind us
  Position behind_;                   // the last checkpoint before this run; 0 if there was none
  std::uint64_t parts_there_ = 0;     // annal commits of the commit under way that are in the log
  std::set<std::string> done_;        // the paths these have changed

  RecordingPipeline pipeline_;  // last: waits for what is under way before anything else goes
};

}  // namespace

void add_to(Catalogue& catalogue) { catalogue.add<ImportCheckpoint>(ImportCheckpoint::type); }

GitImport::GitImport(Store& store, GitImportOptions options)
    : store_(store), options_(std::move(options)) {
  check_collection(options_.collection);
}

ImportReport GitImport::run(std::istream& stream) {
  return HistoryImport(store_, options_, stream).run();
}

}  // namespace annal::interchange
