// Random sequences of commands on a document, compared with a model that knows nothing of events.
#include "annal/document/document.hpp"
#include "seed.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace annal::document {
namespace {

enum class Verb { create, update, patch, remove, undelete, restore };

struct Step {
  Verb verb = Verb::create;
  std::optional<std::string> title;
  std::optional<int> number;
  std::optional<std::string> who;
  std::uint64_t back = 0;
};

std::ostream& operator<<(std::ostream& out, const Step& step) {
  return out << "verb " << static_cast<int>(step.verb) << " title " << step.title.value_or("-")
             << " number " << step.number.value_or(-1) << " by " << step.who.value_or("-")
             << " back " << step.back;
}

// What a document is to somebody who only looks at its newest state.
struct Model {
  bool created = false, deleted = false;
  std::string title, author, editor;
  nlohmann::json content;
  std::uint64_t version = 0;
  std::map<std::uint64_t, std::pair<std::string, nlohmann::json>> earlier;

  // Whether the step is possible; if so, takes it.
  bool take(const Step& step) {
    const bool there = created && !deleted;
    switch (step.verb) {
      case Verb::create:
        if (there) return false;
        author = editor = step.who.value_or("");
        title = step.title.value_or("");
        content = {{"n", step.number.value_or(0)}};
        created = true;
        deleted = false;
        return remember();
      case Verb::update:
        if (!there || (!step.title && !step.number)) return false;
        if (step.title) title = *step.title;
        if (step.number) content = {{"n", *step.number}};
        break;
      case Verb::patch:
        if (!there || (!step.title && !step.number)) return false;
        if (step.title) title = *step.title;
        if (step.number) {
          if (!content.is_object()) content = nlohmann::json::object();
          content["p"] = *step.number;
        }
        break;
      case Verb::remove:
        if (!there) return false;
        deleted = true;
        break;
      case Verb::undelete:
        if (!created || !deleted) return false;
        deleted = false;
        break;
      case Verb::restore:
        if (step.back >= version) return false;
        std::tie(title, content) = earlier.at(version - step.back);
        deleted = false;
        break;
    }
    if (step.who) editor = *step.who;
    return remember();
  }

  bool remember() {
    ++version;
    earlier[version] = {title, content};
    return true;
  }
};

Command command_for(const Step& step, const Model& model) {
  const auto text = [](int number) { return "{\"n\":" + std::to_string(number) + "}"; };
  switch (step.verb) {
    case Verb::create:
      return Create{
          step.title.value_or(""), {text(step.number.value_or(0))}, step.who.value_or("")};
    case Verb::update:
      return Update{step.title,
                    step.number ? std::optional(Json{text(*step.number)}) : std::nullopt, step.who};
    case Verb::patch: {
      nlohmann::json patch = nlohmann::json::object();
      if (step.title) patch["title"] = *step.title;
      if (step.number) patch["content"]["p"] = *step.number;
      return Patch{{patch.dump()}, step.who};
    }
    case Verb::remove:
      return Delete{std::nullopt, step.who};
    case Verb::undelete:
      return Undelete{step.who};
    case Verb::restore:
      break;
  }
  const auto version = step.back < model.version ? model.version - step.back : 0;
  const auto then =
      version == 0 ? std::pair<std::string, nlohmann::json>{} : model.earlier.at(version);
  return Restore{version, then.first, {then.second.dump()}, step.who};
}

void expect_alike(const State& state, const Model& model) {
  RC_ASSERT(state.version.value == model.version);
  RC_ASSERT(state.exists() == (model.created && !model.deleted));
  if (!model.created) return;
  RC_ASSERT(state.title == model.title);
  RC_ASSERT(nlohmann::json::parse(state.content.text) == model.content);
  RC_ASSERT(state.author == model.author);
  RC_ASSERT(state.last_editor == model.editor);
  RC_ASSERT(state.is_deleted == state.deleted_at.has_value());
}

template <class T>
rc::Gen<std::optional<T>> optional_of(rc::Gen<T> value) {
  return rc::gen::map(rc::gen::maybe(std::move(value)), [](rc::Maybe<T> maybe) {
    return maybe ? std::optional<T>(std::move(*maybe)) : std::nullopt;
  });
}

rc::Gen<Step> any_step() {
  const auto name = rc::gen::elementOf(std::vector<std::string>{"ann", "bob", "Ä \"q\"", ""});
  return rc::gen::build<Step>(
      rc::gen::set(&Step::verb, rc::gen::element(Verb::create, Verb::update, Verb::patch,
                                                 Verb::remove, Verb::undelete, Verb::restore)),
      rc::gen::set(&Step::title, optional_of(name)),
      rc::gen::set(&Step::number, optional_of(rc::gen::inRange(0, 100))),
      rc::gen::set(&Step::who, optional_of(name)),
      rc::gen::set(&Step::back, rc::gen::inRange<std::uint64_t>(0, 4)));
}

RC_GTEST_PROP(DocumentModel, says_the_same_after_any_sequence_of_commands, ()) {
  const auto steps = *rc::gen::container<std::vector<Step>>(any_step());
  State state;
  Model model;
  for (const auto& step : steps) {
    const auto decision = Aggregate::decide(state, command_for(step, model));
    RC_ASSERT(decision.accepted() == model.take(step));
    if (!decision.accepted()) continue;
    for (const auto& event : decision.events())
      Aggregate::evolve(
          state, event,
          {next(state.version), {}, Timestamp{std::chrono::seconds{state.version.value}}});
    expect_alike(state, model);
    RC_ASSERT(decode_state(encode_state(state)) == state);
  }
}

}  // namespace
}  // namespace annal::document
