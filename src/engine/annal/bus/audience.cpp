#include "annal/bus/audience.hpp"

#include <algorithm>

namespace annal {

namespace {

void add_once(std::vector<std::string>& keys, const std::string& key) {
  if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
}

bool has_key(const QueryItem& item) { return item.stream || !item.tags.empty(); }

}  // namespace

Interest::Interest(Query query) : query_(std::move(query)) {
  const auto& items = query_.items;
  found_by_type_ = !std::all_of(items.begin(), items.end(), has_key) || items.empty();
  if (found_by_type_) {
    needs_matching_ = std::any_of(items.begin(), items.end(), has_key);
    return;
  }
  for (const auto& item : items)
    if (item.stream)
      add_once(streams_, *item.stream);
    else
      add_once(tags_, item.tags.front());
  const auto is_its_key = [](const QueryItem& item) {
    return item.types.empty() && item.tags.size() + (item.stream ? 1u : 0u) == 1;
  };
  const bool is_found_twice = streams_.size() + tags_.size() > 1 && !tags_.empty();
  needs_matching_ = is_found_twice || !std::all_of(items.begin(), items.end(), is_its_key);
}

bool Interest::may_mean(std::string_view type) const {
  return query_.items.empty() ||
         std::any_of(query_.items.begin(), query_.items.end(),
                     [&](const QueryItem& item) { return matches_any(item.types, type); });
}

}  // namespace annal
