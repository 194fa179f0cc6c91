// What is counted by name: of types and of entities, of which there may be any number.
#pragma once

#include "annal/bus/figures.hpp"
#include "annal/event/short_text.hpp"
#include "annal/log/recently_used.hpp"

#include <array>
#include <map>
#include <memory>
#include <string>

namespace annal {

// Of the names used last `limit` at most are remembered, or two; of the others nothing is known any
// more.
//   threads   one at a time
class Book {
 public:
  struct alignas(64) Page {
    //   second    of the time
    void add(Timestamp now, std::int64_t second) {
      ++count;
      recent.add(second);
      last = now;
    }
    void measure(std::chrono::nanoseconds duration) {
      if (!latencies) latencies = std::make_unique<LatencyHistogram>();
      latencies->add(duration);
    }

    // In the first line of memory what every event counts.
    std::uint64_t count = 0, errors = 0;
    Timestamp last{};
    SlidingCount recent;
    std::unique_ptr<LatencyHistogram> latencies;  // null until something was measured
  };

  explicit Book(std::size_t limit) : pages_(limit) {}

  // The page of a name, which stays until another name is asked for.
  Page& page(const std::string& name) {
    Mark& mark = marks_[shard_of_name(name)];
    if (mark.page && mark.turn == pages_.turns() && is_same_name(mark.name, name))
      return *mark.page;
    return find(name, mark);
  }

  // Adds what is known here of each name, to pages of another book.
  void add_to(std::map<std::string, Page>& all) const;

 private:
  // Where a page was found; good in the same turn.
  struct Mark {
    std::string name;
    Page* page = nullptr;
    std::uint64_t turn = 0;
  };

  Page& find(const std::string& name, Mark& mark);

  RecentlyUsed<std::string, std::unique_ptr<Page>> pages_;
  std::array<Mark, 256> marks_;
};

// Adds one page to another.
void merge(const Book::Page& page, Book::Page& into);
Figures figures_of(const Book::Page& page, Timestamp now);

}  // namespace annal
