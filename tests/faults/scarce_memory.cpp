#include "faults/scarce_memory.hpp"

#include <sqlite3.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <stdexcept>

namespace annal::test {

namespace {

struct MemoryPlan {
  std::atomic<bool> active{false};
  std::atomic<bool> for_good{false}, of_others{false};
  std::atomic<std::uint64_t> nth{0}, seen{0}, failed{0};
};

constinit MemoryPlan memory_plan;
constinit thread_local bool made_the_plan = false;

// Whether the allocation that is about to happen is one that fails.
bool runs_out() noexcept {
  if (!memory_plan.active || made_the_plan == memory_plan.of_others) return false;
  const std::uint64_t number = ++memory_plan.seen;
  const bool fails = memory_plan.for_good ? number >= memory_plan.nth : number == memory_plan.nth;
  if (fails) ++memory_plan.failed;
  return fails;
}

sqlite3_mem_methods of_sqlite;

// Before anything opens a database. Without lookaside, which serves small allocations from memory
// that is there already, so that every one of them can fail.
const bool sqlite_asks = [] {
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &of_sqlite);
  sqlite3_mem_methods asking = of_sqlite;
  asking.xMalloc = [](int size) -> void* { return runs_out() ? nullptr : of_sqlite.xMalloc(size); };
  asking.xRealloc = [](void* memory, int size) -> void* {
    return runs_out() ? nullptr : of_sqlite.xRealloc(memory, size);
  };
  const bool taken = sqlite3_config(SQLITE_CONFIG_MALLOC, &asking) == SQLITE_OK &&
                     sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK;
  if (!taken) std::abort();
  return taken;
}();

}  // namespace

ScarceMemory::ScarceMemory(std::uint64_t nth, Shortage shortage, Whose whose) {
  if (memory_plan.active || !sqlite_asks) throw std::logic_error("one shortage at a time");
  memory_plan.nth = nth;
  memory_plan.seen = memory_plan.failed = 0;
  memory_plan.for_good = shortage == Shortage::for_good;
  memory_plan.of_others = whose == Whose::other_threads;
  made_the_plan = true;
  memory_plan.active = true;
}

ScarceMemory::~ScarceMemory() {
  heal();
  made_the_plan = false;
}

void ScarceMemory::heal() { memory_plan.active = false; }

std::uint64_t ScarceMemory::failed() const { return memory_plan.failed; }

}  // namespace annal::test

// new[] ends here too. A sanitizer's own form that does not throw would not.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return annal::test::runs_out() ? nullptr : std::malloc(size == 0 ? 1 : size);
}
void* operator new(std::size_t size) {
  void* const memory = operator new(size, std::nothrow);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
