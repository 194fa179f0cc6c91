// How a document's state follows from its events; the catalogue's entries; refusals in words.
#include "annal/document/document.hpp"

#include "annal/document/merge_patch.hpp"

#include <array>
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
  void operator()(const Purged& event) const {
    state = State{};
    state.is_deleted = true;
    state.deleted_at = happened.recorded_at;
    state.deletion_reason = event.reason;
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

Parts all_parts() { return Parts().set(); }

// The part if the event speaks of it.
template <class T>
Parts if_given(const std::optional<T>& value, Parts part) {
  return value ? part : Parts();
}

template <class Event>
Parts given_by(const Event& event) {
  return if_given(event.title, part::title) | if_given(event.content, part::content) |
         if_given(event.editor, part::editor);
}

struct ToldBy {
  Parts operator()(const Created&) const { return all_parts(); }
  Parts operator()(const Updated& event) const { return given_by(event); }
  // The title of a patch is taken only if its content can be applied to what there is.
  Parts operator()(const Patched& event) const {
    const auto read = read_patch(event.patch.text);
    const auto* parts = std::get_if<PatchParts>(&read);
    const bool title_alone = parts && parts->title && !parts->content;
    return (title_alone ? part::title : Parts()) | if_given(event.editor, part::editor);
  }
  Parts operator()(const Deleted& event) const {
    return part::reason | if_given(event.editor, part::editor);
  }
  Parts operator()(const Restored& event) const { return part::reason | given_by(event); }
  Parts operator()(const Purged&) const { return all_parts(); }
};

struct ChangedBy {
  Parts operator()(const Created&) const {
    return part::title | part::content | part::author | part::editor;
  }
  Parts operator()(const Updated& event) const { return given_by(event); }
  Parts operator()(const Patched& event) const {
    const auto read = read_patch(event.patch.text);
    const auto* parts = std::get_if<PatchParts>(&read);
    const auto editor = if_given(event.editor, part::editor);
    if (!parts) return editor;
    return if_given(parts->title, part::title) | if_given(parts->content, part::content) | editor;
  }
  Parts operator()(const Deleted& event) const {
    return part::reason | if_given(event.editor, part::editor);
  }
  Parts operator()(const Restored& event) const { return given_by(event); }
  Parts operator()(const Purged&) const { return part::reason | part::editor; }
};

// The most that an event of the type changes.
struct Changeable {
  Parts operator()(const Created& event) const { return ChangedBy{}(event); }
  Parts operator()(const Deleted&) const { return part::reason | part::editor; }
  Parts operator()(const Purged& event) const { return ChangedBy{}(event); }
  template <class Event>
  Parts operator()(const Event&) const {
    return part::title | part::content | part::editor;
  }
};

constexpr std::uint8_t is_note = 128;

struct InWords {
  std::string operator()(const AlreadyExists&) const { return "already exists"; }
  std::string operator()(const NotFound&) const { return "is not there"; }
  std::string operator()(const AlreadyDeleted&) const { return "is already deleted"; }
  std::string operator()(const NotDeleted&) const { return "is not deleted"; }
  std::string operator()(const AlreadyPurged&) const { return "was purged: nothing of it is left"; }
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

Parts told_by(const Event& event) { return std::visit(ToldBy{}, event); }
Parts changed_by(const Event& event) { return std::visit(ChangedBy{}, event); }

std::uint8_t stub_note(const Event& event) {
  return static_cast<std::uint8_t>(is_note | changed_by(event).to_ulong());
}

Parts lost_with(const Event& of_type, std::uint8_t note) {
  if ((note & is_note) == 0) return std::visit(Changeable{}, of_type);
  return Parts(note) & all_parts();
}

std::string in_words(Parts parts) {
  constexpr std::array names{"title", "content", "author", "last editor", "reason for deletion"};
  std::string words;
  for (std::size_t left = parts.count(), i = 0; i < names.size(); ++i) {
    if (!parts.test(i)) continue;
    words += words.empty() ? "" : left == 1 ? " and " : ", ";
    words += names[i];
    --left;
  }
  return words;
}

void add_to(Catalogue& catalogue) {
  catalogue.add<Created>("document.created");
  catalogue.add<Updated>("document.updated");
  catalogue.add<Patched>("document.patched");
  catalogue.add<Deleted>("document.deleted");
  catalogue.add<Restored>("document.restored");
  catalogue.add<Purged>("document.purged");
}

std::string to_string(const Refusal& refusal) { return std::visit(InWords{}, refusal); }

}  // namespace annal::document
