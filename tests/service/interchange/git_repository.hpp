// A git repository in a folder of its own, made commit by commit: nothing of the machine's
// configuration, names or time enters it.
#pragma once

#include "fakes.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace annal::test {

class GitRepository {
 public:
  GitRepository();

  // Runs git in the repository.
  //   returns   what it printed
  //   throws    std::runtime_error if it failed
  std::string git(const std::vector<std::string>& arguments) const;

  void write(const std::string& path, const std::string& bytes) const;
  void make_executable(const std::string& path) const;
  void link(const std::string& path, const std::string& target) const;
  void remove(const std::string& path) const;
  void rename(const std::string& from, const std::string& to) const;

  // Everything that was changed, as a commit at a time.
  //   returns   its name
  std::string commit(const std::string& message, std::int64_t seconds);
  // Only what was staged by hand.
  std::string commit_staged(const std::string& message, std::int64_t seconds);
  // Merges a branch, also where it changes nothing.
  std::string merge(const std::string& branch, const std::string& message, std::int64_t seconds);

  std::string fast_export(std::vector<std::string> more = {}) const;
  // The first-parent history of HEAD, oldest first.
  std::vector<std::string> history() const;
  // What a commit holds: path → mode and the object's name.
  struct Entry {
    std::string mode, object;
  };
  std::map<std::string, Entry> files(const std::string& commit) const;
  std::string show(const std::string& commit, const std::string& path) const;

  void call_author(const std::string& name, const std::string& email);
  const std::filesystem::path& path() const { return folder_.path(); }

 private:
  void at(std::int64_t seconds);

  TemporaryFolder folder_;
  std::map<std::string, std::string> environment_;
};

}  // namespace annal::test
