#include "measure.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <barrier>
#include <exception>
#include <fstream>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <thread>

namespace annal::bench {

namespace {

double at(const Samples& sorted, double q) {
  return sorted[static_cast<std::size_t>(q * static_cast<double>(sorted.size() - 1))];
}

}  // namespace

double nanoseconds(Steady::duration duration) {
  return std::chrono::duration<double, std::nano>(duration).count();
}

int scaled(int operations, const Settings& settings) {
  return std::max(1, static_cast<int>(operations * settings.portion));
}

int scaled_down(int things, const Settings& settings) {
  return std::min(things, scaled(things, settings));
}

double mean_of(const Samples& samples) {
  return std::accumulate(samples.begin(), samples.end(), 0.0) / static_cast<double>(samples.size());
}

double quantile_of(Samples samples, double q) {
  std::sort(samples.begin(), samples.end());
  return at(samples, q);
}

Series summarise(const std::vector<Round>& rounds) {
  Samples all, each;
  for (const auto& round : rounds) {
    all.insert(all.end(), round.samples.begin(), round.samples.end());
    each.push_back(round.each);
  }
  std::sort(all.begin(), all.end());
  return {at(all, 0.5),   at(all, 0.95), at(all, 0.99),
          at(all, 0.999), mean_of(all),  quantile_of(each, 0.5)};
}

bool reached(const Result& result) {
  return result.better == Better::higher ? result.figure >= result.goal
                                         : result.figure <= result.goal;
}

Samples time_each(int operations, const std::function<void(int)>& operation) {
  return time_blocks(operations, 1, operation);
}

Samples time_blocks(int blocks, int block, const std::function<void(int)>& operation) {
  Samples samples;
  samples.reserve(static_cast<std::size_t>(blocks));
  for (int at = 0; at < blocks; ++at) {
    const auto begun = Steady::now();
    for (int i = 0; i < block; ++i) operation(at * block + i);
    samples.push_back(nanoseconds(Steady::now() - begun) / block);
  }
  return samples;
}

Round time_callers(int callers, int each, const std::function<void(int caller, int)>& operation) {
  Steady::time_point begun;
  std::barrier start(callers, [&]() noexcept { begun = Steady::now(); });
  std::mutex mutex;
  Samples all;
  std::exception_ptr failure;
  std::vector<std::thread> threads;
  for (int caller = 0; caller < callers; ++caller)
    threads.emplace_back([&, caller] {
      start.arrive_and_wait();
      try {
        const Samples samples = time_each(each, [&](int i) { operation(caller, i); });
        std::lock_guard lock(mutex);
        all.insert(all.end(), samples.begin(), samples.end());
      } catch (...) {
        std::lock_guard lock(mutex);
        failure = std::current_exception();
      }
    });
  for (auto& thread : threads) thread.join();
  const auto elapsed = Steady::now() - begun;
  if (failure) std::rethrow_exception(failure);
  return {std::move(all), elapsed};
}

double speed(const Round& raw, const Round& ours) { return raw.each / ours.each; }

double duration(const Round& raw, const Round& ours) { return ours.each / raw.each; }

double tail(const Round& raw, const Round& ours) {
  return quantile_of(ours.samples, 0.99) / quantile_of(raw.samples, 0.99);
}

Rounds compare(Result& result, int rounds, const std::function<Round()>& raw,
               const std::function<Round()>& ours, Figure figure) {
  Rounds taken;
  std::vector<double> figures;
  raw();  // a round each that does not count
  ours();
  for (int round = 0; round < rounds; ++round) {
    taken.raw.push_back(raw());
    taken.ours.push_back(ours());
    figures.push_back(figure(taken.raw.back(), taken.ours.back()));
  }
  conclude(result, std::move(figures));
  result.raw = summarise(taken.raw);
  result.ours = summarise(taken.ours);
  return taken;
}

void conclude(Result& result, std::vector<double> figures) {
  result.figure = quantile_of(figures, 0.5);
  result.figures = std::move(figures);
}

SyncProbe probe_sync(const std::filesystem::path& folder) {
  const std::string file = (folder / "sync-probe").string();
  const int descriptor = ::open(file.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  if (descriptor < 0) throw std::runtime_error("cannot write in " + folder.string());
  const std::string page(4096, 'x');
  Samples samples = time_each(400, [&](int) {
    if (::write(descriptor, page.data(), page.size()) < 0 || ::fdatasync(descriptor) != 0)
      throw std::runtime_error("cannot write to " + file);
  });
  ::close(descriptor);
  ::unlink(file.c_str());
  return {quantile_of(samples, 0.5) / 1000, quantile_of(samples, 0.99) / 1000};
}

std::size_t resident_bytes() {
  malloc_trim(0);
  std::ifstream file("/proc/self/statm");
  std::size_t size = 0, resident = 0;
  if (!(file >> size >> resident)) throw std::runtime_error("cannot read /proc/self/statm");
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace annal::bench
