# annal_test(NAME
#   [CONCURRENT]   uses threads; the tsan preset builds and runs only these
#   SOURCES …  LINKS …)
#
# Makes the test program annal_NAME_test and gives every test in it to CTest under its own name.
include(GoogleTest)

function(annal_test name)
  cmake_parse_arguments(arg "CONCURRENT" "" "SOURCES;LINKS" ${ARGN})
  if(ANNAL_CONCURRENT_TESTS_ONLY AND NOT arg_CONCURRENT)
    return()
  endif()
  set(target annal_${name}_test)
  add_executable(${target} ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE ${arg_LINKS} GTest::gtest_main)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  annal_compile_options(${target})
  annal_unity(${target})
  # What test code itself does to a null pointer the address sanitizer sees; checking every access
  # beforehand takes a third of the time to compile it.
  if(CMAKE_CXX_FLAGS MATCHES "sanitize=address,undefined")
    target_compile_options(${target} PRIVATE -fno-sanitize=null,alignment)
  endif()
  gtest_discover_tests(${target} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 120)
endfunction()
