# module(PATH DEPS ... LIBS ...) declares the library that lives in the current folder.
#
# PATH is how its headers are included ("base", "alloc-runner/core"). Each module gets an include root of its own
# that holds one symlink to its folder, so a header of a module that was not linked does not exist for the compiler.
#
#   DEPS       modules whose headers this module's headers may include
#   LIBS       third-party libraries, private to the module
#   TEST_DEPS  further modules for the folder's *_test.cpp
#   TEST_LIBS  further third-party libraries for them
#
# Sources are every *.cpp of the folder; main.cpp stays out (see `program`), *_test.cpp become one test program.

include_guard(GLOBAL)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

# Lines and functions are what sanitizers and backtraces print; all of -g, and -O1, double the time of a build.
set(CMAKE_CXX_FLAGS_DEBUG "-Og -g1")

# Most of a source's time goes into headers and templates that its neighbours need too: a few at a time cost little more
# than one alone, and touching one still builds few anew. Names in unnamed namespaces are therefore a module's, not a file's.
option(CMAKE_UNITY_BUILD "Compile several sources of a module as one" ON)
set(CMAKE_UNITY_BUILD_BATCH_SIZE 4 CACHE STRING "How many of them at most")

set(DROVER_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize=")
option(DROVER_FUZZ "Build the libFuzzer targets" OFF)

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(drover_flags INTERFACE)
target_compile_options(drover_flags INTERFACE -Wall -Wextra -Wshadow -Wconversion -Werror)
if(DROVER_SANITIZE)
  target_compile_options(drover_flags INTERFACE -fsanitize=${DROVER_SANITIZE} -fno-sanitize-recover=all
                                                -fno-omit-frame-pointer)
  target_link_options(drover_flags INTERFACE -fsanitize=${DROVER_SANITIZE})
endif()
if(DROVER_FUZZ)
  target_compile_options(drover_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Builds everything that is installed: what program() declares, and the shim. All of it lies in one directory, where each
# program finds those that it starts.
add_custom_target(programs)
set(DROVER_PROGRAM_DIR lib/drover)

find_package(GTest REQUIRED)
find_package(Threads REQUIRED)
enable_testing()

function(module_target path out)
  string(REPLACE "/" "_" name "drover_${path}")
  set(${out} ${name} PARENT_SCOPE)
endfunction()

function(module_targets out)
  set(targets)
  foreach(path ${ARGN})
    module_target(${path} target)
    list(APPEND targets ${target})
  endforeach()
  set(${out} ${targets} PARENT_SCOPE)
endfunction()

function(module path)
  cmake_parse_arguments(M "" "" "DEPS;LIBS;TEST_DEPS;TEST_LIBS" ${ARGN})
  module_target(${path} target)
  set(root ${CMAKE_BINARY_DIR}/include/${target})
  get_filename_component(parent ${root}/${path} DIRECTORY)
  file(MAKE_DIRECTORY ${parent})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${root}/${path} SYMBOLIC)

  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  file(GLOB tests CONFIGURE_DEPENDS *_test.cpp)
  list(REMOVE_ITEM sources ${tests} ${CMAKE_CURRENT_SOURCE_DIR}/main.cpp)
  module_targets(deps ${M_DEPS})
  if(sources)
    add_library(${target} STATIC ${sources})
    target_include_directories(${target} PUBLIC ${root})
    target_link_libraries(${target} PUBLIC ${deps} PRIVATE ${M_LIBS} drover_flags)
  else()
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE ${root})
    target_link_libraries(${target} INTERFACE ${deps})
  endif()
  if(tests)
    test_program(${target}_test SOURCES ${tests} DEPS ${path} ${M_TEST_DEPS} LIBS ${M_LIBS} ${M_TEST_LIBS})
  endif()
endfunction()

# test_program(NAME SOURCES ... DEPS modules LIBS third-party TIMEOUT seconds): one GoogleTest program, one ctest entry.
function(test_program name)
  cmake_parse_arguments(T "" "TIMEOUT" "SOURCES;DEPS;LIBS" ${ARGN})
  module_targets(deps ${T_DEPS})
  add_executable(${name} ${T_SOURCES})
  target_link_libraries(${name} PRIVATE ${deps} ${T_LIBS} GTest::gmock_main Threads::Threads drover_flags)
  add_test(NAME ${name} COMMAND ${name})
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 120)
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${T_TIMEOUT})
  if(DROVER_SANITIZE STREQUAL thread)
    set_tests_properties(${name} PROPERTIES ENVIRONMENT
                         "TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/cmake/tsan.supp")
  endif()
endfunction()

# program(NAME STATIC DEPS modules LIBS third-party): the executable whose main.cpp is in the current folder, which is
# installed. STATIC: it is brought to machines that may have other libraries, and outlives the container that it came in.
function(program name)
  cmake_parse_arguments(P "STATIC" "" "DEPS;LIBS" ${ARGN})
  module_targets(deps ${P_DEPS})
  add_executable(${name} main.cpp)
  target_link_libraries(${name} PRIVATE ${deps} ${P_LIBS} Threads::Threads drover_flags)
  if(P_STATIC AND NOT DROVER_SANITIZE)
    target_link_options(${name} PRIVATE -static)
  endif()
  add_dependencies(programs ${name})
  install(TARGETS ${name} RUNTIME DESTINATION ${DROVER_PROGRAM_DIR})
endfunction()
