#include "annal/sqlite/shared_content.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <unordered_map>
#include <utility>

namespace annal::sqlite {

namespace {

constexpr std::size_t shortest = 8, longest = 256;  // bytes of a piece
// Of one beginning in one sample; a text that repeats itself has it everywhere.
constexpr int places_in_a_sample = 4;

std::uint64_t beginning_of(std::string_view text) {
  std::uint64_t beginning = 0;
  std::memcpy(&beginning, text.data(), shortest);
  return beginning;
}

struct Place {
  std::uint32_t sample;
  std::uint32_t at;  // in its data
};

// Where the samples have the beginnings of pieces of the content.
class Places {
 public:
  Places(std::string_view content, std::span<const Sample> samples) : samples_(samples) {
    for (std::size_t at = 0; at + shortest <= content.size(); ++at)
      places_[beginning_of(content.substr(at))];
    std::unordered_map<std::string_view, std::uint32_t> streams;
    for (std::uint32_t i = 0; i < samples.size(); ++i) {
      const auto [stream, data] = samples[i];
      streams_.push_back(
          streams.try_emplace(stream, static_cast<std::uint32_t>(streams.size())).first->second);
      for (std::uint32_t at = 0; at + shortest <= data.size(); ++at)
        if (const auto found = places_.find(beginning_of(data.substr(at))); found != places_.end())
          note(found->second, {i, at});
    }
    counted_.resize(streams.size());
  }

  const std::vector<Place>& of(std::string_view beginning) const {
    return places_.at(beginning_of(beginning));
  }

  std::size_t streams_with(const std::vector<Place>& places) {
    ++count_;
    std::size_t streams = 0;
    for (const Place place : places)
      if (std::exchange(counted_[streams_[place.sample]], count_) != count_) ++streams;
    return streams;
  }

  // Those of the places where the byte stands so far behind.
  std::vector<Place> followed_by(const std::vector<Place>& places, std::size_t behind,
                                 char byte) const {
    std::vector<Place> followed;
    for (const Place place : places) {
      const std::string_view data = samples_[place.sample].data;
      if (place.at + behind < data.size() && data[place.at + behind] == byte)
        followed.push_back(place);
    }
    return followed;
  }

 private:
  // Those of a sample come one after another.
  static void note(std::vector<Place>& places, Place place) {
    const std::size_t count = places.size();
    if (count < places_in_a_sample || places[count - places_in_a_sample].sample != place.sample)
      places.push_back(place);
  }

  std::span<const Sample> samples_;
  std::unordered_map<std::uint64_t, std::vector<Place>> places_;
  std::vector<std::uint32_t> streams_;  // of each sample
  std::vector<std::size_t> counted_;    // for each stream, the count it was in last
  std::size_t count_ = 0;
};

struct Piece {
  std::string_view text;
  std::size_t streams;
};

// The longest piece that begins where the rest of the content does; empty if there is none.
Piece first_piece(std::string_view rest, Places& places, std::size_t least_streams) {
  std::vector<Place> at = places.of(rest);
  std::size_t streams = places.streams_with(at);
  if (streams < least_streams) return {};
  std::size_t size = shortest;
  while (size < std::min(rest.size(), longest)) {
    auto longer = places.followed_by(at, size, rest[size]);
    const std::size_t left = places.streams_with(longer);
    if (left < least_streams) break;
    at = std::move(longer);
    streams = left;
    ++size;
  }
  return {rest.substr(0, size), streams};
}

}  // namespace

std::vector<std::string_view> shared_content(std::string_view content,
                                             std::span<const Sample> samples,
                                             std::size_t least_streams,
                                             const std::stop_token& stop) {
  Places places(content, samples);
  std::vector<Piece> pieces;
  while (content.size() >= shortest && !stop.stop_requested()) {
    const Piece piece = first_piece(content, places, least_streams);
    if (!piece.text.empty()) pieces.push_back(piece);
    content.remove_prefix(std::max<std::size_t>(piece.text.size(), 1));
  }
  const auto order = [](const Piece& piece) { return std::pair(piece.streams, piece.text); };
  std::sort(pieces.begin(), pieces.end(),
            [&](const Piece& a, const Piece& b) { return order(a) < order(b); });
  std::vector<std::string_view> shared;
  for (const Piece& piece : pieces)
    if (shared.empty() || shared.back() != piece.text) shared.push_back(piece.text);
  return shared;
}

}  // namespace annal::sqlite
