// How often observers failed to take events of a type, and of an entity. Whoever dispatched these had
// gone on by then.
#pragma once

#include "annal/bus/book.hpp"
#include "annal/event/envelope.hpp"

#include <cstddef>
#include <map>
#include <mutex>
#include <new>
#include <string>

namespace annal {

//   threads   every member: any number of callers
class ObserverErrors {
 public:
  //   names   of types, and of entities, that are remembered
  explicit ObserverErrors(std::size_t names) : types_(names), entities_(names) {}

  // Without memory for it, it is not counted.
  void note(const Envelope& event) noexcept {
    try {
      std::lock_guard lock(mutex_);
      ++types_.page(event.type).errors;
      if (!event.stream.empty()) ++entities_.page(event.stream).errors;
    } catch (const std::bad_alloc&) {
    }
  }

  void add_to(std::map<std::string, Book::Page>& types,
              std::map<std::string, Book::Page>& entities) const {
    std::lock_guard lock(mutex_);
    types_.add_to(types);
    entities_.add_to(entities);
  }

 private:
  mutable std::mutex mutex_;
  Book types_, entities_;
};

}  // namespace annal
