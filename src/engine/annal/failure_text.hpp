// What the exception being handled says, for those who keep failures as text.
#pragma once

#include <exception>
#include <string>

namespace annal {

// Call inside a catch block.
inline std::string text_of_current_exception() {
  try {
    throw;
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "something that is no std::exception was thrown";
  }
}

}  // namespace annal
