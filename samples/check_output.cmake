# Runs PROGRAM on a new store in FOLDER and compares what it prints with the file EXPECTED.
file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER})
execute_process(COMMAND ${PROGRAM} ${FOLDER}/documents.db
                OUTPUT_VARIABLE printed ERROR_VARIABLE complaints RESULT_VARIABLE result)
file(REMOVE_RECURSE ${FOLDER})
file(READ ${EXPECTED} expected)
if(NOT result EQUAL 0 OR NOT printed STREQUAL expected)
  message(FATAL_ERROR "ended with ${result}; it complained:\n${complaints}\nprinted:\n${printed}\n"
                      "expected:\n${expected}")
endif()
