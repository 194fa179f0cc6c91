#include "annal/bus/book.hpp"

#include <algorithm>

namespace annal {

Book::Page& Book::find(const std::string& name, Mark& mark) {
  mark.page = nullptr;
  mark.name = name;
  const auto* known = pages_.find(name);
  if (!known) known = &pages_.put(name, std::make_unique<Page>());
  mark.turn = pages_.turns();
  mark.page = known->get();
  return *mark.page;
}

void merge(const Book::Page& page, Book::Page& into) {
  into.count += page.count;
  into.errors += page.errors;
  into.recent.add(page.recent);
  into.last = std::max(into.last, page.last);
  if (!page.latencies) return;
  if (!into.latencies) into.latencies = std::make_unique<LatencyHistogram>();
  page.latencies->add_to(*into.latencies);
}

Figures figures_of(const Book::Page& page, Timestamp now) {
  Figures figures;
  figures.count = page.count;
  figures.errors = page.errors;
  figures.per_minute = page.recent.per_minute(now);
  if (page.count > 0) figures.last = page.last;
  if (page.latencies) figures.latencies = page.latencies->latencies();
  return figures;
}

void Book::add_to(std::map<std::string, Page>& all) const {
  pages_.for_each(
      [&](const std::string& name, const std::unique_ptr<Page>& page) { merge(*page, all[name]); });
}

}  // namespace annal
