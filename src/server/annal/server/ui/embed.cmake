# cmake -DOUTPUT=assets.cpp -DFILES=page.html;page.css… -P embed.cmake
#
# Writes a source file that holds the given files, each under its name.
set(entries "")
foreach(file IN LISTS FILES)
  get_filename_component(name "${file}" NAME)
  # Byte by byte: a raw string literal would have to guess what the file does not contain.
  file(READ "${file}" bytes HEX)
  string(LENGTH "${bytes}" digits)
  math(EXPR size "${digits} / 2")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" bytes "${bytes}")
  string(APPEND entries "    {\"${name}\", {\"${bytes}\", ${size}}},\n")
endforeach()
file(WRITE "${OUTPUT}" "#include \"annal/server/ui/assets.hpp\"

namespace annal::server::ui {

std::span<const Asset> assets() {
  static constexpr Asset all[] = {
${entries}  };
  return all;
}

}  // namespace annal::server::ui
")
