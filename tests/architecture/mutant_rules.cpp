#include "architecture/mutant_rules.hpp"

#include <optional>

namespace annal::architecture {

namespace {

struct Mutant {
  std::string file, program, before, after;
};

// What stands between two marks; nothing if they are not there in this order.
std::optional<std::string> between(const std::string& text, const std::string& first,
                                   const std::string& last) {
  const auto start = text.find(first);
  if (start == std::string::npos) return std::nullopt;
  const auto end = text.find(last, start + first.size());
  if (end == std::string::npos) return std::nullopt;
  return text.substr(start + first.size(), end - start - first.size());
}

std::optional<Mutant> mutant_in(const std::string& text) {
  const auto file = between(text, "\nfile: ", "\n");
  const auto suite = between(text, "\nsuite: ", "\n");
  const auto before = between(text, "\n--- before\n", "--- after\n");
  const auto after = between(text, "\n--- after\n", "--- end\n");
  if (!file || !suite || !before || !after || suite->find(' ') == std::string::npos)
    return std::nullopt;
  return Mutant{*file, suite->substr(0, suite->find(' ')), *before, *after};
}

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size()))
    ++count;
  return count;
}

// `annal_faults_test` is made by `annal_test(faults …)`.
bool is_made(const Tree& tree, const std::string& program) {
  const auto name = between(program, "annal_", "_test");
  if (!name) return false;
  for (const auto& [path, text] : tree)
    if (path.starts_with("tests/") && path.ends_with("CMakeLists.txt"))
      for (const char* end : {"\n", " "})
        if (text.find("annal_test(" + *name + end) != std::string::npos) return true;
  return false;
}

std::string fault_in(const Tree& tree, const std::string& text) {
  const auto mutant = mutant_in(text);
  if (!mutant) return "it is not complete: see tests/mutants/README.md";
  const auto file = tree.find(mutant->file);
  if (file == tree.end()) return "there is no " + mutant->file;
  const std::size_t found = mutant->before.empty() ? 0 : occurrences(file->second, mutant->before);
  if (found != 1)
    return "its text occurs " + std::to_string(found) + " times in " + mutant->file +
           ": bring it up to date";
  if (mutant->before == mutant->after) return "it changes nothing";
  if (!is_made(tree, mutant->program)) return "there is no test program " + mutant->program;
  return {};
}

}  // namespace

Faults mutants_that_do_not_apply(const Tree& tree) {
  Faults faults;
  for (const auto& [path, text] : tree)
    if (path.starts_with("tests/mutants/") && path.ends_with(".txt"))
      if (const std::string fault = fault_in(tree, text); !fault.empty())
        faults.push_back(path + ": " + fault);
  return faults;
}

}  // namespace annal::architecture
