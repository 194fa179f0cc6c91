// The files in this folder, compiled in by embed.cmake.
#pragma once

#include <span>
#include <string_view>

namespace annal::server::ui {

struct Asset {
  std::string_view name;  // `page.html`
  std::string_view bytes;
};

// All of them, in no order.
std::span<const Asset> assets();

}  // namespace annal::server::ui
