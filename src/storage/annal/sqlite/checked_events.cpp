#include "annal/sqlite/checked_events.hpp"

#include <new>

namespace annal::sqlite {

CheckedEvents::~CheckedEvents() {
  for (auto& chunk : chunks_) delete chunk.load();
}

bool CheckedEvents::contains(Position position) const noexcept {
  const std::uint64_t which = position.value / chunk_positions,
                      at = position.value % chunk_positions;
  if (which >= chunks_.size()) return false;
  const Chunk* const chunk = chunks_[which].load(std::memory_order_acquire);
  return chunk && ((*chunk)[at / 64].load(std::memory_order_relaxed) >> at % 64 & 1) != 0;
}

void CheckedEvents::add(Position position) noexcept {
  const std::uint64_t which = position.value / chunk_positions,
                      at = position.value % chunk_positions;
  if (which >= chunks_.size()) return;
  Chunk* chunk = chunks_[which].load(std::memory_order_acquire);
  if (!chunk) {
    Chunk* const fresh = new (std::nothrow) Chunk{};
    if (!fresh) return;
    if (chunks_[which].compare_exchange_strong(chunk, fresh, std::memory_order_acq_rel))
      chunk = fresh;
    else
      delete fresh;  // somebody was faster, and `chunk` is theirs
  }
  (*chunk)[at / 64].fetch_or(std::uint64_t{1} << at % 64, std::memory_order_relaxed);
}

}  // namespace annal::sqlite
