# annal_test(NAME
#   [CONCURRENT]   uses threads; the tsan preset builds and runs only these
#   SOURCES …  LINKS …)
#
# Makes the test program annal_NAME_test and gives every test in it to CTest under its own name. Where the tests
# only repeat those of another build under a sanitizer, which makes a process slow to start, CTest gets a quarter of
# the program at a time.
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
  # What test code itself does to a null pointer the address sanitizer sees; checking every access
  # beforehand takes a third of the time to compile it.
  if(CMAKE_CXX_FLAGS MATCHES "sanitize=address,undefined")
    target_compile_options(${target} PRIVATE -fno-sanitize=null,alignment)
  endif()
  if(NOT ANNAL_TESTS_REPEATED)
    gtest_discover_tests(${target} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300)
    return()
  endif()
  foreach(quarter RANGE 3)
    add_test(NAME ${name}.${quarter} COMMAND ${target} --gtest_brief=1)
    set_tests_properties(${name}.${quarter} PROPERTIES
      ENVIRONMENT "GTEST_TOTAL_SHARDS=4;GTEST_SHARD_INDEX=${quarter}" TIMEOUT 300)
  endforeach()
endfunction()
