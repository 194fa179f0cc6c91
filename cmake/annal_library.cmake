# annal_library(NAME
#   HEADERS …        public headers, relative to the folder that holds annal/
#   SOURCES …        sources, and headers that stay private
#   LINKS …          annal libraries that the public headers include
#   LINKS_PRIVATE …  what only the sources need)
#
# Makes annal_NAME (alias annal::NAME), whose include root is the calling folder, sets the project's
# compile options on it, and enters it into the installed package as the component NAME. The global
# properties ANNAL_COMPONENTS and ANNAL_PUBLIC_HEADERS list what there is.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

function(annal_compile_options target)
  # GCC 12 takes "text" + std::string for an overlapping copy when it optimises (its bug 105329).
  set(gcc_12 $<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>,$<NOT:$<CONFIG:Debug>>>)
  # Several sources as one see each other's anonymous namespaces.
  set(as_one $<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
                         $<${as_one}:-Wno-subobject-linkage>
                         $<${gcc_12}:-Wno-restrict>
                         $<$<BOOL:${ANNAL_WARNINGS_AS_ERRORS}>:-Werror>)
endfunction()

function(annal_library name)
  cmake_parse_arguments(arg "" "" "HEADERS;SOURCES;LINKS;LINKS_PRIVATE" ${ARGN})
  set(target annal_${name})
  add_library(${target} STATIC ${arg_SOURCES})
  add_library(annal::${name} ALIAS ${target})
  target_sources(${target} PUBLIC FILE_SET HEADERS
                 BASE_DIRS ${CMAKE_CURRENT_SOURCE_DIR} FILES ${arg_HEADERS})
  target_link_libraries(${target} PUBLIC ${arg_LINKS} PRIVATE ${arg_LINKS_PRIVATE})
  annal_compile_options(${target})
  set_target_properties(${target} PROPERTIES
    EXPORT_NAME ${name}
    POSITION_INDEPENDENT_CODE ON
    VERIFY_INTERFACE_HEADER_SETS ${ANNAL_VERIFY_HEADERS})
  install(TARGETS ${target} EXPORT annal
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
          FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  set_property(GLOBAL APPEND PROPERTY ANNAL_COMPONENTS ${name})
  list(TRANSFORM arg_HEADERS PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  set_property(GLOBAL APPEND PROPERTY ANNAL_PUBLIC_HEADERS ${arg_HEADERS})
endfunction()

# Installs the exported targets and the files by which find_package(annal) finds them.
function(annal_install_package)
  get_property(components GLOBAL PROPERTY ANNAL_COMPONENTS)
  list(JOIN components ", " annal_component_names)
  set(destination ${CMAKE_INSTALL_LIBDIR}/cmake/annal)
  install(EXPORT annal NAMESPACE annal:: FILE annal_targets.cmake DESTINATION ${destination})
  configure_package_config_file(
    ${PROJECT_SOURCE_DIR}/cmake/annal-config.cmake.in ${PROJECT_BINARY_DIR}/annal-config.cmake
    INSTALL_DESTINATION ${destination})
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/annal-config-version.cmake
                                   COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/annal-config.cmake
                ${PROJECT_BINARY_DIR}/annal-config-version.cmake
                ${PROJECT_SOURCE_DIR}/cmake/annal_dependencies.cmake
          DESTINATION ${destination})
endfunction()
