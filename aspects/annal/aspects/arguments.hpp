// A call's arguments as text, for the people who read logs.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>

namespace annal {

// `"orders/7"` for text, `12` for a number, what describe() says, and `…` for anything else.
template <class T>
std::string argument_text(const T& argument) {
  if constexpr (std::is_same_v<T, bool>)
    return argument ? "true" : "false";
  else if constexpr (std::is_convertible_v<const T&, std::string_view>)
    return '"' + std::string(std::string_view(argument)) + '"';
  else if constexpr (std::is_arithmetic_v<T>)
    return std::to_string(argument);
  else if constexpr (requires {
                       { argument.describe() } -> std::convertible_to<std::string>;
                     })
    return argument.describe();
  else
    return "…";
}

// All of them, with `, ` between.
template <class... Arguments>
std::string arguments_text(const Arguments&... arguments) {
  std::string text;
  ((text += text.empty() ? "" : ", ", text += argument_text(arguments)), ...);
  return text;
}

}  // namespace annal
