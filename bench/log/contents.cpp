#include "log/contents.hpp"

#include "log/commits.hpp"

#include <stdexcept>

namespace annal::bench {

namespace {

Envelope on(const DocumentKey& key, Envelope event) {
  event.stream = key.stream();
  return event;
}

}  // namespace

std::string content(int number) {
  return "{\"number\":" + std::to_string(number) + ",\"order\":" + payload(number) + '}';
}

Envelope created(const Catalogue& catalogue, const DocumentKey& key, int number) {
  return on(key, catalogue.wrap(document::Created{"A document", {content(number)}, "bench"}));
}

Envelope updated(const Catalogue& catalogue, const DocumentKey& key, int number) {
  return on(key, catalogue.wrap(document::Updated{
                     .title = {}, .content = Json{content(number)}, .editor = {}}));
}

void require(const ChangeOutcome& outcome) {
  if (!std::holds_alternative<Changed>(outcome)) throw std::runtime_error("a change was refused");
}

}  // namespace annal::bench
