#include "annal/interchange/git_events.hpp"

#include "annal/aggregate/events.hpp"
#include "annal/interchange/git_text.hpp"

#include <algorithm>
#include <utility>

namespace annal::interchange {
namespace {

constexpr std::size_t name_limit = 256;            // of an author's name and address on events
constexpr std::size_t event_message_limit = 1024;  // of a message on events
constexpr std::size_t whole_message_limit = 512 * 1024;  // of a message in the checkpoint
constexpr std::size_t row_frame = 2048;  // what a row holds beside title and content, generously

Hash hash_of_key(const std::string& key) { return sha256({"annal.import.git.1", key}); }

std::string author_of(const GitPerson& person) {
  for (const auto& name : {person.name, person.email})
    if (!name.empty()) return shortened(as_utf8(name), name_limit);
  return "unknown";
}

}  // namespace

std::string checkpoint_stream(const std::string& collection) { return "import/git/" + collection; }

// A collection whose name does not fit into a key is stood for by its hash.
std::string git_key(const std::string& collection, const std::string& sha) {
  const bool fits = collection.size() <= 40 &&
                    std::all_of(collection.begin(), collection.end(),
                                [](char c) { return c > ' ' && c < 0x7f && c != '~'; });
  return "git:" + (fits ? collection : '~' + sha256({collection}).to_hex().substr(0, 32)) + ':' +
         sha;
}

std::string git_part_key(const std::string& key, std::uint64_t number) {
  return key + ':' + std::to_string(number);
}

GitOrigin::GitOrigin(const CommitStart& commit) : sha(commit.original_oid) {
  const GitPerson& person = commit.author ? *commit.author : commit.committer;
  const std::string message = as_utf8(commit.message);
  author = author_of(person);
  committed_at = to_timestamp(commit.committer.time);
  metadata = {{"author", author},
              {"email", shortened(as_utf8(person.email), name_limit)},
              {"message", shortened(message, event_message_limit)}};
  checkpoint.commit = sha;
  checkpoint.author = shortened(as_utf8(person.name), name_limit);
  checkpoint.author_email = metadata[1].second;
  checkpoint.authored_at = to_string(person.time);
  checkpoint.committer = shortened(as_utf8(commit.committer.name), name_limit);
  checkpoint.committer_email = shortened(as_utf8(commit.committer.email), name_limit);
  checkpoint.committed_at = to_string(commit.committer.time);
  checkpoint.message = shortened(message, whole_message_limit);
}

GitCommitBuilder::GitCommitBuilder(const Catalogue& catalogue, const GitOrigin& origin,
                                   const std::string& collection, std::string key,
                                   std::uint64_t already, Take take)
    : catalogue_(catalogue),
      origin_(origin),
      stream_(checkpoint_stream(collection)),
      key_(std::move(key)),
      parts_(already),
      take_(std::move(take)),
      checkpoint_(origin.checkpoint),
      room_(limits::commit_bytes - encode(checkpoint_).size() - bytes_of(about(stream_))) {}

Envelope GitCommitBuilder::about(const std::string& stream) const {
  Envelope event;
  event.stream = stream;
  event.source = git_source;
  event.occurred_at = origin_.committed_at;
  event.tags = {"commit:" + origin_.sha};
  event.metadata = origin_.metadata;
  return event;
}

void GitCommitBuilder::add(const std::string& stream, const document::Event& said,
                           std::size_t row_bytes, FileMode mode) {
  Envelope event = about(stream);
  Envelope wrapped = wrap_event<document::Aggregate>(catalogue_, said);
  event.type = std::move(wrapped.type);
  event.schema_version = wrapped.schema_version;
  event.codec = wrapped.codec;
  event.data = std::move(wrapped.data);
  if (mode == FileMode::executable) event.metadata.emplace_back("mode", "100755");

  const std::size_t bytes = bytes_of(event) + row_bytes + row_frame;
  const bool full = commit_.events.size() + 1 == limits::commit_events || bytes_ + bytes > room_;
  if (full && !commit_.events.empty()) hand_over(git_part_key(key_, ++parts_));
  bytes_ += bytes;
  commit_.events.push_back(std::move(event));
  count_document();
}

void GitCommitBuilder::close() {
  Envelope event = about(stream_);
  event.type = ImportCheckpoint::type;
  event.codec = Codec::cereal;
  event.data = encode(checkpoint_);
  commit_.events.push_back(std::move(event));
  hand_over(key_);
}

// The git commit's name says what the request is: what follows from it may have been cut elsewhere.
void GitCommitBuilder::hand_over(const std::string& key) {
  commit_.idempotency_key = key;
  commit_.request_hash = hash_of_key(key);
  commit_.recorded_at = origin_.committed_at;
  take_(std::exchange(commit_, {}));
  bytes_ = 0;
}

}  // namespace annal::interchange
