// What is counted by name: of types and of entities, of which there may be any number.
#pragma once

#include "annal/bus/figures.hpp"
#include "annal/event/short_text.hpp"
#include "annal/log/recently_used.hpp"

#include <map>
#include <memory>
#include <string>

namespace annal {

// Of the names used last `limit` at most are remembered, or two; of the others nothing is known any
// more.
//   threads   one at a time
class Book {
 public:
  struct Page {
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

    std::uint64_t count = 0, errors = 0;
    SlidingCount recent;
    Timestamp last{};
    std::unique_ptr<LatencyHistogram> latencies;  // null until something was measured
  };

  explicit Book(std::size_t limit) : pages_(limit) {}

  // The page of a name, which stays until another name is asked for.
  Page& page(const std::string& name) {
    if (newest_ && is_same_name(newest_name_, name)) return *newest_;
    newest_ = nullptr;
    newest_name_ = name;
    const auto* known = pages_.find(name);
    if (!known) known = &pages_.put(name, std::make_unique<Page>());
    newest_ = known->get();
    return *newest_;
  }

  // Adds what is known here of each name, to pages of another book.
  void add_to(std::map<std::string, Page>& all) const;

 private:
  RecentlyUsed<std::string, std::unique_ptr<Page>> pages_;
  std::string newest_name_;
  Page* newest_ = nullptr;  // whoever is found is among the last used, so this one is there
};

// Adds one page to another.
void merge(const Book::Page& page, Book::Page& into);
Figures figures_of(const Book::Page& page, Timestamp now);

}  // namespace annal
