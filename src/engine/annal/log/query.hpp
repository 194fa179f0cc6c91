// Which events are meant: what reads, conditions and subscriptions all take.
#pragma once

#include "annal/event/envelope.hpp"
#include "annal/event/topic.hpp"

#include <optional>
#include <string>
#include <vector>

namespace annal {

// Events of the stream if one is given, and of any of the types if there are any, and with all of
// the tags. An item with none of them means every event.
struct QueryItem {
  std::optional<std::string> stream = {};
  std::vector<TopicPattern> types = {};
  std::vector<std::string> tags = {};

  bool matches(const Envelope& event) const;
};

// Events that any of the items means; without items, the whole log.
struct Query {
  std::vector<QueryItem> items;

  Query() = default;
  Query(QueryItem item) : items{std::move(item)} {}
  Query(TopicPattern type) : Query(of_types({std::move(type)})) {}
  Query(std::vector<QueryItem> of_any) : items(std::move(of_any)) {}

  static Query of_stream(std::string stream) { return QueryItem{.stream = std::move(stream)}; }
  static Query of_types(std::vector<TopicPattern> types) {
    return QueryItem{.types = std::move(types)};
  }
  static Query with_tags(std::vector<std::string> tags) {
    return QueryItem{.tags = std::move(tags)};
  }

  bool matches(const Envelope& event) const;
  bool means_everything() const;
  // The stream outside of which the query means nothing, if there is one.
  const std::string* only_stream() const;
  // One line: `document/orders/7 of document.* with board:b1, or task.>`.
  std::string to_string() const;
};

}  // namespace annal
