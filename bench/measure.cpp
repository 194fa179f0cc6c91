#include "measure.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace annal::bench {

namespace {

double quantile(const std::vector<double>& sorted, double q) {
  const auto index = static_cast<std::size_t>(q * static_cast<double>(sorted.size() - 1));
  return sorted[index];
}

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return quantile(values, 0.5);
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double nanoseconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double, std::nano>(duration).count();
}

}  // namespace

int scaled(int operations, const Settings& settings) {
  return std::max(1, static_cast<int>(operations * settings.scale));
}

Series summarise(const std::vector<Samples>& rounds) {
  std::vector<double> all;
  for (const auto& round : rounds) all.insert(all.end(), round.begin(), round.end());
  std::sort(all.begin(), all.end());
  return {quantile(all, 0.5), quantile(all, 0.95), quantile(all, 0.99), quantile(all, 0.999),
          mean_of(all)};
}

Samples time_each(int operations, const std::function<void(int)>& operation) {
  return time_blocks(operations, 1, operation);
}

Samples time_blocks(int blocks, int block, const std::function<void(int)>& operation) {
  Samples samples;
  samples.reserve(static_cast<std::size_t>(blocks));
  for (int at = 0; at < blocks; ++at) {
    const auto begun = std::chrono::steady_clock::now();
    for (int i = 0; i < block; ++i) operation(at * block + i);
    samples.push_back(nanoseconds(std::chrono::steady_clock::now() - begun) / block);
  }
  return samples;
}

void compare(Result& result, int rounds, const std::function<Samples()>& raw,
             const std::function<Samples()>& ours) {
  std::vector<Samples> raw_rounds, our_rounds;
  raw();  // a round each that does not count
  ours();
  for (int round = 0; round < rounds; ++round) {
    raw_rounds.push_back(raw());
    our_rounds.push_back(ours());
    result.ratios.push_back(mean_of(raw_rounds.back()) / mean_of(our_rounds.back()));
  }
  result.ratio = median_of(result.ratios);
  result.raw = summarise(raw_rounds);
  result.ours = summarise(our_rounds);
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
  std::sort(samples.begin(), samples.end());
  return {quantile(samples, 0.5) / 1000, quantile(samples, 0.99) / 1000};
}

}  // namespace annal::bench
