// How a document's state follows from its events; the catalogue's entries; refusals in words.
#include "annal/document/document.hpp"

#include "annal/document/merge_patch.hpp"

#include <utility>

namespace annal::document {
namespace {

struct Evolve {
  State& state;
  const Happened& happened;

  void operator()(const Created& event) const {
    state = State{};
    state.title = event.title;
    state.content = event.content;
    state.author = event.author;
    state.last_editor = event.author;
    state.created_at = happened.recorded_at;
  }
  void operator()(const Updated& event) const {
    if (event.title) state.title = *event.title;
    if (event.content) state.content = *event.content;
    edited_by(event.editor);
  }
  void operator()(const Patched& event) const {
    apply(event.patch.text);
    edited_by(event.editor);
  }
  void operator()(const Deleted& event) const {
    state.is_deleted = true;
    state.deleted_at = happened.recorded_at;
    state.deletion_reason = event.reason;
    edited_by(event.editor);
  }
  void operator()(const Restored& event) const {
    state.is_deleted = false;
    state.deleted_at.reset();
    state.deletion_reason.reset();
    if (event.title) state.title = *event.title;
    if (event.content) state.content = *event.content;
    edited_by(event.editor);
  }

 private:
  void edited_by(const std::optional<std::string>& editor) const {
    if (editor) state.last_editor = *editor;
  }

  void apply(std::string_view patch) const {
    const auto read = read_patch(patch);
    const auto* parts = std::get_if<PatchParts>(&read);
    if (!parts) return;
    std::optional<std::string> content;
    if (parts->content) {
      content = merge(state.content.text, *parts->content);
      if (!content) return;
    }
    if (parts->title) state.title = *parts->title;
    if (content) state.content.text = std::move(*content);
  }
};

struct InWords {
  std::string operator()(const AlreadyExists&) const { return "already exists"; }
  std::string operator()(const NotFound&) const { return "is not there"; }
  std::string operator()(const AlreadyDeleted&) const { return "is already deleted"; }
  std::string operator()(const NotDeleted&) const { return "is not deleted"; }
  std::string operator()(const NothingToChange&) const {
    return "is left as it is: neither title nor content was given";
  }
  std::string operator()(const InvalidContent& refusal) const {
    return "cannot become that: " + refusal.what;
  }
  std::string operator()(const TooBig& refusal) const {
    return "would have " + std::to_string(refusal.size) + " bytes of title and content; at most " +
           std::to_string(refusal.limit) + " are kept";
  }
};

}  // namespace

void Aggregate::evolve(State& state, const Event& event, const Happened& happened) {
  std::visit(Evolve{state, happened}, event);
  state.version = happened.version;
  state.modified_at = happened.recorded_at;
}

void add_to(Catalogue& catalogue) {
  catalogue.add<Created>("document.created");
  catalogue.add<Updated>("document.updated");
  catalogue.add<Patched>("document.patched");
  catalogue.add<Deleted>("document.deleted");
  catalogue.add<Restored>("document.restored");
}

std::string to_string(const Refusal& refusal) { return std::visit(InWords{}, refusal); }

}  // namespace annal::document
