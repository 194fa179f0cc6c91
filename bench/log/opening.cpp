// P11: opening a store that a crash has left.
#include "annal/service/store.hpp"
#include "cases.hpp"
#include "log/commits.hpp"
#include "raw_sqlite.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <optional>
#include <stdexcept>

namespace annal::bench {

namespace {

namespace fs = std::filesystem;

constexpr double gibibyte = 1024.0 * 1024 * 1024;
constexpr std::uintmax_t whole_wal = 24 * 1024 * 1024;

fs::path wal_of(const fs::path& store) { return store.string() + "-wal"; }

void make_store(const fs::path& file, double bytes) {
  const auto store = open(file);
  int next = 0;
  while (static_cast<double>(fs::file_size(file)) < bytes)
    fill(store->log(), batch_events,
         [&](int) { return event_on(stream_name(next++ % 100000), std::string(1024, 'x')); });
}

// Runs crash() in a process of its own, which opens the store and dies.
void crash_elsewhere(const fs::path& store, std::uintmax_t wal_bytes) {
  std::string arguments[] = {"annal_bench", "--crash", store.string(), "--wal-bytes",
                             std::to_string(wal_bytes)};
  char* values[] = {arguments[0].data(), arguments[1].data(), arguments[2].data(),
                    arguments[3].data(), arguments[4].data(), nullptr};
  pid_t child = 0;
  if (const int error = ::posix_spawn(&child, "/proc/self/exe", nullptr, nullptr, values, environ))
    throw std::runtime_error(std::string("P11: no second process: ") + std::strerror(error));
  int status = 0;
  if (::waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0 ||
      fs::file_size(wal_of(store)) < wal_bytes)
    throw std::runtime_error("P11: the second process left no write-ahead log");
}

void read_once(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string block(1024 * 1024, '\0');
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())) || in.gcount() > 0) {
  }
}

Samples time_once(const std::function<void()>& operation) {
  return time_each(1, [&](int) { operation(); });
}

// What follows finds the write-ahead log as it was.
Round open_raw(const fs::path& file) {
  std::optional<RawDatabase> database;
  Samples took = time_once([&] {
    database.emplace(file);
    database->run("SELECT max(position) FROM events");
    read_once(wal_of(file));
  });
  database->keep_write_ahead_log();
  database.reset();
  fs::remove(file.string() + "-shm");
  return took;
}

// Closing the store afterwards empties the write-ahead log.
Round open_ours(const fs::path& file) {
  if (fs::file_size(wal_of(file)) == 0) throw std::runtime_error("P11: nothing to recover");
  std::unique_ptr<Store> store;
  return time_once([&] { store = open(file); });
}

std::string mebibytes(double bytes) {
  std::string text = std::to_string(bytes / 1024 / 1024);
  return text.substr(0, text.find('.') + 2) + " MiB";
}

}  // namespace

void crash(const fs::path& file, std::uintmax_t wal_bytes) {
  const auto store = open(file);
  RawDatabase reader(file);  // keeps the write-ahead log from beginning anew
  reader.run("BEGIN; SELECT max(position) FROM events");
  for (int i = 0; fs::file_size(wal_of(file)) < wal_bytes; ++i)
    require(store->log().append(commit_of(event_on(stream_name(i % 100000), payload(i)))));
  ::_exit(0);
}

std::vector<Result> open_after_crash(const Settings& settings) {
  const double bytes = gibibyte * settings.portion;
  const auto wal = static_cast<std::uintmax_t>(static_cast<double>(whole_wal) *
                                               std::min(1.0, std::max(0.01, settings.portion)));
  const auto large = settings.folder / "p11.db", small = settings.folder / "p11-small.db";
  make_store(large, bytes);
  make_store(small, bytes / 10);
  const std::string described =
      "open " + mebibytes(bytes) + " with " + mebibytes(static_cast<double>(wal)) + " of WAL";
  const auto after_crash = [&](const fs::path& file) {
    crash_elsewhere(file, wal);
    return open_ours(file);
  };
  Result result{"P11", described + " left by a crash",
                "time beside bare SQLite and one pass over the WAL", 2, Better::lower};
  compare(
      result, settings.rounds,
      [&] {
        crash_elsewhere(large, wal);
        return open_raw(large);
      },
      [&] { return open_ours(large); }, duration);
  Result length{"P11", described + ", whatever its length",
                "time beside a store of " + mebibytes(bytes / 10), 1.2, Better::lower};
  length.beside = "a tenth";
  compare(
      length, settings.rounds, [&] { return after_crash(small); },
      [&] { return after_crash(large); }, duration);
  remove_store(large);
  remove_store(small);
  return {result, length};
}

}  // namespace annal::bench
