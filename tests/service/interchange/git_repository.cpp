#include "service/interchange/git_repository.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace annal::test {
namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::string read_to_the_end(int pipe) {
  std::string text;
  std::array<char, 65536> block{};
  for (ssize_t got = 0; (got = ::read(pipe, block.data(), block.size())) > 0;)
    text.append(block.data(), static_cast<std::size_t>(got));
  return text;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

}  // namespace

GitRepository::GitRepository() {
  const char* search = std::getenv("PATH");
  environment_ = {{"PATH", search ? search : "/usr/bin:/bin"},
                  {"HOME", folder_.path().string()},
                  {"GIT_CONFIG_GLOBAL", "/dev/null"},
                  {"GIT_CONFIG_SYSTEM", "/dev/null"},
                  {"GIT_COMMITTER_NAME", "C O Mitter"},
                  {"GIT_COMMITTER_EMAIL", "committer@example.com"},
                  {"LC_ALL", "C"},
                  {"TZ", "UTC"}};
  call_author("A U Thor", "author@example.com");
  git({"init", "--quiet", "--initial-branch=main"});
}

void GitRepository::call_author(const std::string& name, const std::string& email) {
  environment_["GIT_AUTHOR_NAME"] = name;
  environment_["GIT_AUTHOR_EMAIL"] = email;
}

std::string GitRepository::git(const std::vector<std::string>& arguments) const {
  std::vector<std::string> command{"git", "-C", folder_.path().string(), "-c",
                                   "core.quotePath=true"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  std::vector<std::string> variables;
  for (const auto& [name, value] : environment_) variables.push_back(name + '=' + value);

  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  pid_t child = 0;
  const int failed = posix_spawnp(&child, "git", &actions, nullptr, pointers(command).data(),
                                  pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (failed != 0) {
    ::close(ends[0]);
    throw std::runtime_error("git cannot be run");
  }
  std::string printed = read_to_the_end(ends[0]);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status != 0) throw std::runtime_error("git " + arguments.front() + " failed");
  return printed;
}

void GitRepository::write(const std::string& path, const std::string& bytes) const {
  const auto file = folder_ / path;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << bytes;
}

void GitRepository::make_executable(const std::string& path) const {
  std::filesystem::permissions(folder_ / path, std::filesystem::perms::owner_exec,
                               std::filesystem::perm_options::add);
}

void GitRepository::link(const std::string& path, const std::string& target) const {
  std::filesystem::create_symlink(target, folder_ / path);
}

void GitRepository::remove(const std::string& path) const {
  std::filesystem::remove_all(folder_ / path);
}

void GitRepository::rename(const std::string& from, const std::string& to) const {
  const auto target = folder_ / to;
  std::filesystem::create_directories(target.parent_path());
  std::filesystem::rename(folder_ / from, target);
}

void GitRepository::at(std::int64_t seconds) {
  environment_["GIT_AUTHOR_DATE"] = std::to_string(seconds - 60) + " +0200";
  environment_["GIT_COMMITTER_DATE"] = std::to_string(seconds) + " -0330";
}

std::string GitRepository::commit(const std::string& message, std::int64_t seconds) {
  git({"add", "--all"});
  return commit_staged(message, seconds);
}

std::string GitRepository::commit_staged(const std::string& message, std::int64_t seconds) {
  at(seconds);
  git({"commit", "--quiet", "--allow-empty", "--allow-empty-message", "-m", message});
  return history().back();
}

std::string GitRepository::merge(const std::string& branch, const std::string& message,
                                 std::int64_t seconds) {
  at(seconds);
  git({"merge", "--quiet", "--no-ff", "-m", message, branch});
  return history().back();
}

std::string GitRepository::fast_export(std::vector<std::string> more) const {
  if (more.empty()) more = {"HEAD"};
  more.insert(more.begin(), {"fast-export", "--first-parent", "--show-original-ids"});
  return git(more);
}

std::vector<std::string> GitRepository::history() const {
  return split(git({"rev-list", "--first-parent", "--reverse", "HEAD"}), '\n');
}

std::map<std::string, GitRepository::Entry> GitRepository::files(const std::string& commit) const {
  std::map<std::string, Entry> files;
  for (const auto& line : split(git({"ls-tree", "-r", "-z", commit}), '\0')) {
    const auto tab = line.find('\t');  // `100644 blob <object>\t<path>`
    const auto words = split(line.substr(0, tab), ' ');
    files[line.substr(tab + 1)] = {words.at(0), words.at(2)};
  }
  return files;
}

std::string GitRepository::show(const std::string& commit, const std::string& path) const {
  return git({"show", commit + ':' + path});
}

}  // namespace annal::test
