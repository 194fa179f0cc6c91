// A server that finds no memory for one connection.
#include "annal/server/connection.hpp"
#include "annal/server/server.hpp"
#include "client.hpp"
#include "routes_fixture.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

// Refuses the next allocation of about this size, once; 0 refuses none.
std::atomic<std::size_t> refused_size{0};

bool refuses(std::size_t size) {
  auto wanted = refused_size.load();
  return wanted != 0 && size >= wanted && size < wanted + 64 &&
         refused_size.compare_exchange_strong(wanted, 0);
}

}  // namespace

// Not inlined, so that the compiler does not see a `new` that ends in `free`.
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return refuses(size) ? nullptr : std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void* operator new(std::size_t size) {
  void* memory = operator new(size, std::nothrow);
  if (!memory) throw std::bad_alloc();
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace annal::test {
namespace {

TEST(Server, loses_a_connection_for_want_of_memory_and_takes_the_next) {
  const auto store = open_ephemeral(quiet());
  std::vector<std::string> reports;
  Server server(*store, {.report = [&](std::string_view line) { reports.emplace_back(line); }});
  const auto port = server.start();
  refused_size = sizeof(server::Connection);
  EXPECT_TRUE(Client(port).is_closed());
  EXPECT_EQ(refused_size, 0u);
  EXPECT_EQ(Client(port).exchange("GET", "/healthz").status, 200);
  server.stop();
  EXPECT_EQ(reports, std::vector<std::string>{"connection lost: std::bad_alloc"});
}

}  // namespace
}  // namespace annal::test
