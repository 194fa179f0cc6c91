#include "architecture/layer_rules.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace annal::architecture {

namespace {

struct Layer {
  std::string_view root;
  std::vector<std::string_view> knows;  // beside itself
};

const std::vector<Layer>& layers() {
  static const std::vector<Layer> all = {
      {"src/engine", {}},
      {"src/storage", {"src/engine"}},
      {"aggregates", {"src/engine"}},
      {"effects", {"src/engine"}},
      {"aspects", {"src/engine"}},
      {"src/service", {"src/engine", "src/storage", "aggregates", "effects", "aspects"}},
      {"src/server",
       {"src/engine", "src/storage", "aggregates", "effects", "aspects", "src/service"}},
      {"src/cli",
       {"src/engine", "src/storage", "aggregates", "effects", "aspects", "src/service",
        "src/server"}},
  };
  return all;
}

bool may_include(std::string_view from, std::string_view to) {
  if (from == to) return true;
  const auto layer = std::find_if(layers().begin(), layers().end(),
                                  [&](const Layer& each) { return each.root == from; });
  return layer != layers().end() &&
         std::find(layer->knows.begin(), layer->knows.end(), to) != layer->knows.end();
}

using Graph = std::map<std::string, std::set<std::string>>;

// `src/engine/annal/log` of `src/engine/annal/log/commit.hpp`;
// of what is not under `annal/`, the root.
std::string room_of(std::string_view path) {
  const std::string_view root = root_of(path);
  const std::string_view rest = path.substr(root.size() + 1);
  if (!rest.starts_with("annal/")) return std::string(root);
  const std::size_t end = rest.find('/', 6);
  return std::string(path.substr(0, root.size() + 1 + (end == std::string_view::npos ? 5 : end)));
}

// Depth first; a node found while it is still on the way closes a circle.
class Circles {
 public:
  explicit Circles(const Graph& graph) : graph_(graph) {}

  Faults find() {
    for (const auto& [node, unused] : graph_) visit(node);
    return faults_;
  }

 private:
  void visit(const std::string& node) {
    if (const auto start = std::find(way_.begin(), way_.end(), node); start != way_.end()) {
      std::string circle;
      for (auto each = start; each != way_.end(); ++each) circle += *each + " → ";
      faults_.push_back(circle + node);
      return;
    }
    if (!visited_.insert(node).second) return;
    way_.push_back(node);
    if (const auto edges = graph_.find(node); edges != graph_.end())
      for (const std::string& next : edges->second) visit(next);
    way_.pop_back();
  }

  const Graph& graph_;
  std::set<std::string> visited_;
  std::vector<std::string> way_;
  Faults faults_;
};

template <class NodeOf>
Graph include_graph(const Tree& tree, NodeOf node_of) {
  Graph graph;
  for (const auto& [path, text] : tree) {
    if (!is_source(path) || root_of(path).empty()) continue;
    for (const Include& include : includes_of(text)) {
      const std::string target = resolve(tree, path, include);
      if (target.empty()) continue;
      const std::string from = node_of(path), to = node_of(target);
      if (from != to) graph[from].insert(to);
    }
  }
  return graph;
}

}  // namespace

Faults upward_includes(const Tree& tree) {
  Faults faults;
  for (const auto& [path, text] : tree) {
    if (!is_source(path) || root_of(path).empty()) continue;
    for (const Include& include : includes_of(text)) {
      if (!include.quoted) continue;
      const std::string place = path + ':' + std::to_string(include.line) + ": ";
      const std::string target = resolve(tree, path, include);
      if (target.empty())
        faults.push_back(place + "there is no \"" + include.name + '"');
      else if (!may_include(root_of(path), root_of(target)))
        faults.push_back(place + std::string(root_of(path)) + " must not know " + target);
    }
  }
  return faults;
}

Faults circles_of_rooms(const Tree& tree) {
  return Circles(include_graph(tree, [](const std::string& path) { return room_of(path); })).find();
}

Faults circles_of_headers(const Tree& tree) {
  return Circles(include_graph(tree, [](const std::string& path) { return path; })).find();
}

Faults rooms_without_a_subject(const Tree& tree) {
  Faults faults;
  for (const auto& [path, text] : tree)
    for (const std::string_view name : {"/util/", "/utils/", "/common/", "/support/", "/detail/"})
      if (!root_of(path).empty() && path.find(name) != std::string::npos)
        faults.push_back(path + ": name the folder after what is in it");
  return faults;
}

}  // namespace annal::architecture
