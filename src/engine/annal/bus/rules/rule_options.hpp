// What the options of several kinds of rules are made of: the key by which events are grouped, the
// numbers they tell, and how often a rule speaks.
#pragma once

#include "annal/event/catalogue.hpp"

#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace annal::rules {

enum class Says {
  each_time,  // at each event for which it holds
  once,       // when it begins to hold, and again only after it has not held
};

// The group an event belongs to, at most 1024 bytes; nothing if the event does not count at all.
using KeyOf = std::function<std::optional<std::string>(const Envelope&)>;
// The number an event tells; nothing, or one that is not finite, if it tells none.
using NumberOf = std::function<std::optional<double>(const Envelope&)>;

// `coder/7`
KeyOf by_stream();
// The value of the first tag of that key: `by_tag("agent")` gives `a1` for `agent:a1`.
KeyOf by_tag(std::string tag_key);
// All events in one group, whose key is empty.
KeyOf all_together();

namespace reading {

// A field of an event's payload, brought up to date; nothing for other events, and where the data
// was purged or the optional is empty.
template <class T, class Member>
auto field_of(const Catalogue& catalogue, const Envelope& event, const Member& member) {
  using Field = std::remove_cvref_t<std::invoke_result_t<const Member&, const T&>>;
  if constexpr (codec::is_optional<Field>::value) {
    if (event.purged) return Field();
    const std::optional<T> payload = catalogue.unwrap<T>(event);
    return payload ? Field(std::invoke(member, *payload)) : Field();
  } else {
    if (event.purged) return std::optional<Field>();
    const std::optional<T> payload = catalogue.unwrap<T>(event);
    return payload ? std::optional<Field>(std::invoke(member, *payload)) : std::optional<Field>();
  }
}

}  // namespace reading

// A number in the payload of events of one type: `number_of<Progressed>(catalogue,
// &Progressed::progress)`, or any function of the payload. Optionals are looked into; events of other
// types and stubs tell none.
//   catalogue  knows the type; must outlive the rule and its runs
//   throws     (when called) DecodeError if the payload does not decode
//   cost       the whole payload is decoded
template <class T, class Member>
NumberOf number_of(const Catalogue& catalogue, Member member) {
  (void)catalogue.of<T>();
  return [&catalogue, member](const Envelope& event) -> std::optional<double> {
    const auto field = reading::field_of<T>(catalogue, event, member);
    if (!field) return std::nullopt;
    static_assert(std::is_arithmetic_v<std::remove_cvref_t<decltype(*field)>>, "not a number");
    return static_cast<double>(*field);
  };
}

// A text or a whole number in the payload of events of one type, as `number_of` finds it.
template <class T, class Member>
KeyOf by_field(const Catalogue& catalogue, Member member) {
  (void)catalogue.of<T>();
  return [&catalogue, member](const Envelope& event) -> std::optional<std::string> {
    const auto field = reading::field_of<T>(catalogue, event, member);
    if (!field) return std::nullopt;
    if constexpr (std::is_integral_v<std::remove_cvref_t<decltype(*field)>>)
      return std::to_string(*field);
    else
      return *field;
  };
}

}  // namespace annal::rules
