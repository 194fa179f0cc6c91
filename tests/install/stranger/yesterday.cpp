// A program that embeds annal: it opens a store, listens on the bus, writes on two days and reads
// what was there the day before. Its days pass because it brings a clock of its own.
#include <annal/service/store.hpp>

#include <chrono>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <string>

namespace {

class Calendar : public annal::Clock {
 public:
  annal::Timestamp now() const override { return today_; }
  void turn_page() { today_ += std::chrono::days(1); }

 private:
  annal::Timestamp today_ = *annal::parse_iso8601("2026-01-02T03:04:05Z");
};

annal::Changed must_change(const annal::ChangeOutcome& outcome) {
  if (const auto* changed = std::get_if<annal::Changed>(&outcome)) return *changed;
  throw std::runtime_error("a change was not made");
}

std::string content_of(const annal::DocumentAnswer& answer) {
  if (const auto* found = std::get_if<annal::FoundDocument>(&answer))
    return found->document.state.content.text;
  throw std::runtime_error("a document is not there");
}

void must_be(const std::string& what, const std::string& is, const std::string& should_be) {
  std::cout << what << ": " << is << '\n';
  if (is != should_be) throw std::runtime_error(what + " should be " + should_be);
}

void run() {
  Calendar calendar;
  annal::OpenOptions options;
  options.clock = &calendar;
  const auto store = annal::open("orders.db", std::move(options));

  int updates = 0;
  const annal::Connection told = store->bus().subscribe<annal::document::Updated>(
      [&updates](const annal::document::Updated&, const annal::Envelope& event) {
        std::cout << "told of " << event.type << " at position " << event.position.value << '\n';
        ++updates;
      });

  const auto key = annal::DocumentKey::parse("orders/7");
  annal::DocumentService& documents = store->documents();
  must_change(
      documents.create(key, {.title = "Order 7", .content = {R"({"total":12})"}, .author = "ann"}));
  calendar.turn_page();
  const annal::Changed change = must_change(
      documents.update(key, {.title = {}, .content = {{R"({"total":15})"}}, .editor = "bob"}));

  const auto a_day_before = annal::parse_point("yesterday", calendar.now());
  if (!a_day_before) throw std::runtime_error("the point in time does not read");
  must_be("today", content_of(documents.get(key)), R"({"total":15})");
  must_be("yesterday", content_of(documents.get(key, *a_day_before)), R"({"total":12})");

  if (!store->dispatcher().wait_until(change.position, std::chrono::seconds(30)))
    throw std::runtime_error("the bus has told nobody");
  must_be("updates told", std::to_string(updates), "1");
}

}  // namespace

int main() {
  try {
    run();
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
