// What a log should answer, by the plainest means: lists that are searched from the front. It shares
// the values of the log's port, and none of its code.
#pragma once

#include "annal/log/event_log.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace annal::test {

class LogModel {
 public:
  explicit LogModel(std::vector<SpaceDeclaration> spaces) : spaces_(std::move(spaces)) {}

  // What becomes of the commit, in words; if it is recorded it is from now on in the model.
  std::string append(const Commit& commit, Timestamp now);
  std::string read(const ReadRequest& request) const;
  std::string position_at(Timestamp time) const;
  std::string commit_at(Position position) const;
  std::string find_commit(const std::string& key) const;
  std::string stream_version(const std::string& stream) const;
  std::string tracked(const std::string& source) const;
  std::string records(const RecordRequest& request) const;
  std::vector<std::string> types() const;

  void declare(const TypeDescription& type);
  std::uint64_t head() const { return events_.size(); }
  Timestamp recorded_at(std::uint64_t position) const { return events_.at(position - 1).recorded; }

 private:
  struct Event {
    Envelope said;  // by who appended it
    std::uint64_t version;
    Timestamp recorded;
  };
  struct Sealed {
    std::uint64_t first, last;
    Timestamp recorded;
    std::optional<std::string> key;
    std::string request;
  };

  std::optional<std::string> refusal(const Commit& commit) const;
  std::optional<std::string> refusal(const Commit& commit, const RecordChange& change) const;
  const Sealed* with_key(const std::string& key) const;
  std::uint64_t version_of(const std::string& stream) const;
  std::uint64_t derived_at(const std::string& space, const std::string& key) const;
  std::string text_of(const Sealed& commit) const;
  std::string text_of(std::uint64_t position) const;
  void record(const Commit& commit, Timestamp now);

  std::vector<SpaceDeclaration> spaces_;
  std::vector<Event> events_;
  std::vector<Sealed> commits_;
  std::map<std::string, std::uint64_t> tracked_;
  std::map<std::string, std::map<std::string, Record>> records_;
  std::map<std::pair<std::string, std::uint32_t>, std::size_t> types_;  // their numbers of fields
};

// The log's answers in the same words.
std::string in_words(const AppendOutcome& outcome);
std::string in_words(const Page& page);
std::string in_words(const CommitInfo& commit);
std::string in_words(const std::optional<KeyedCommit>& commit);
std::string in_words(const RecordPage& page);
std::vector<std::string> in_words(const std::vector<TypeDescription>& types);

}  // namespace annal::test
