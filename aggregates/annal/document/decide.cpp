// What may be done to a document, and what then has happened.
#include "annal/document/document.hpp"
#include "annal/document/merge_patch.hpp"
#include "annal/event/json.hpp"

#include <utility>

namespace annal::document {
namespace {

using Happening = std::variant<Event, Refusal>;

std::optional<std::string> text_fault(const char* what, const std::optional<std::string>& text) {
  if (!text || is_utf8(*text)) return std::nullopt;
  return std::string("the ") + what + " is not UTF-8";
}

std::optional<std::string> content_fault(const std::optional<Json>& content) {
  const auto found = content ? check_json(content->text) : std::nullopt;
  if (!found) return std::nullopt;
  return "the content is refused at byte " + std::to_string(found->offset) + ": " + found->reason;
}

template <class... Faults>
std::optional<std::string> first_of(Faults... faults) {
  std::optional<std::string> first;
  ((first || (first = std::move(faults))), ...);
  return first;
}

struct FaultOf {
  std::optional<std::string> operator()(const Created& event) const {
    return first_of(text_fault("title", event.title), content_fault(event.content),
                    text_fault("author", event.author));
  }
  std::optional<std::string> operator()(const Updated& event) const {
    return first_of(text_fault("title", event.title), content_fault(event.content),
                    text_fault("editor", event.editor));
  }
  std::optional<std::string> operator()(const Patched& event) const {
    const auto read = read_patch(event.patch.text);
    if (const auto* why = std::get_if<std::string>(&read)) return *why;
    return text_fault("editor", event.editor);
  }
  std::optional<std::string> operator()(const Deleted& event) const {
    return first_of(text_fault("reason", event.reason), text_fault("editor", event.editor));
  }
  std::optional<std::string> operator()(const Restored& event) const {
    return first_of(text_fault("title", event.title), content_fault(event.content),
                    text_fault("editor", event.editor));
  }
  std::optional<std::string> operator()(const Purged& event) const {
    return first_of(text_fault("reason", event.reason), text_fault("editor", event.editor));
  }
};

// Why a document that must be there is not.
std::optional<Refusal> absence(const State& state) {
  if (state.exists()) return std::nullopt;
  if (state.is_deleted) return AlreadyDeleted{};
  return NotFound{};
}

struct Decide {
  const State& state;

  Happening operator()(const Create& command) const {
    if (state.exists()) return AlreadyExists{};
    return Created{command.title, command.content, command.author};
  }
  Happening operator()(const Update& command) const {
    if (auto reason = absence(state)) return *reason;
    if (!command.title && !command.content) return NothingToChange{};
    return Updated{command.title, command.content, command.editor};
  }
  Happening operator()(const Patch& command) const {
    if (auto reason = absence(state)) return *reason;
    const auto read = read_patch(command.patch.text);
    const auto* parts = std::get_if<PatchParts>(&read);
    if (parts && !parts->title && !parts->content) return NothingToChange{};
    return Patched{command.patch, command.editor};
  }
  Happening operator()(const Delete& command) const {
    if (auto reason = absence(state)) return *reason;
    return Deleted{command.reason, command.editor};
  }
  Happening operator()(const Undelete& command) const {
    if (state.version.value == 0) return NotFound{};
    if (!state.is_deleted) return NotDeleted{};
    if (state.is_purged()) return AlreadyPurged{};
    return Restored{{}, command.editor, {}, {}};
  }
  Happening operator()(const Restore& command) const {
    if (command.at_version == 0 || command.at_version > state.version.value) return NotFound{};
    return Restored{command.at_version, command.editor, command.title, command.content};
  }
  Happening operator()(const Purge& command) const {
    if (state.version.value == 0) return NotFound{};
    if (!state.is_deleted) return NotDeleted{};
    if (state.is_purged()) return AlreadyPurged{};
    return Purged{command.reason, command.editor};
  }
};

std::size_t size_of(const State& state) { return state.title.size() + state.content.text.size(); }

std::optional<Refusal> refusal_of_content(const State& state, const Event& event) {
  if (auto what = fault(event)) return InvalidContent{std::move(*what)};
  State after = state;
  Aggregate::evolve(after, event, {});
  // One that is too big already (imported, say) can still be made smaller or deleted.
  if (size_of(after) > content_limit && size_of(after) > size_of(state))
    return TooBig{size_of(after), content_limit};
  return std::nullopt;
}

}  // namespace

std::optional<std::string> fault(const Event& event) { return std::visit(FaultOf{}, event); }

Decision<Aggregate> Aggregate::decide(const State& state, const Command& command) {
  auto happening = std::visit(Decide{state}, command);
  if (auto* refusal = std::get_if<Refusal>(&happening)) return std::move(*refusal);
  auto& event = std::get<Event>(happening);
  if (auto refusal = refusal_of_content(state, event)) return std::move(*refusal);
  return std::vector<Event>{std::move(event)};
}

}  // namespace annal::document
