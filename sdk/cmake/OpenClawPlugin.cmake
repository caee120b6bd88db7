# openclaw_add_plugin and openclaw_add_preset: a plugin's CMakeLists.txt in one line. SPDX-License-Identifier: MIT
#
#   openclaw_add_plugin([NAME <name>] [SOURCES <files>...] [LIBRARIES <targets>...] [LIBC_MIN <version>]
#                       [LANGUAGE <language>])
#   openclaw_add_preset([NAME <name>] [LIBRARIES <targets>...])
#   openclaw_add_script(COMMAND <word>... [NAME <name>])
#
# NAME is the folder's name and must be the manifest's; SOURCES are the folder's *.c (and *.cpp) except test_* that are not
# <name>.c; LIBRARIES are what the plugin itself needs; LANGUAGE names what objects among SOURCES were compiled from ("rust").
# The result is <build>/plugins/<name>/ with <name>.so, plugin.json and the assets: every other file of the folder that is not
# a source, a README, a CMakeLists.txt or a test. `install` puts the same into <libdir>/openclaw/plugins/<name>/. A preset is
# a folder whose manifest has no library; so is a skill.
#
# The target is plugin.<name>, with plugin.<name>.files for the assets and plugin.<name>.test: a plugin may have the name of a
# target of CMake's own (test, install, all) or of a library.
#
# With OC_TESTS on, test_<name>.c becomes the ctest plugin.<name>, linked with the test kit, cmocka and LIBRARIES, and each
# test_<name>_<part>.c the ctest plugin.<name>.<part>.
# The same file serves this repository and, through find_package(openclaw-sdk), everybody else's.
include_guard(GLOBAL)
include(GNUInstallDirs)

set(OPENCLAW_PLUGIN_CMAKE_DIR ${CMAKE_CURRENT_LIST_DIR})

# Reads the manifest into `name`, `library`, `abi_min_minor` of the caller; a mismatch stops the configuration here and
# not at the user's site.
function(_openclaw_read_manifest manifest wanted)
  set(library "" PARENT_SCOPE)
  if(NOT EXISTS ${manifest})
    message(FATAL_ERROR "${wanted} is left out: ${manifest} is missing")
    set(left_out ON PARENT_SCOPE)
    return()
  endif()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${manifest})
  file(READ ${manifest} text)
  string(JSON name ERROR_VARIABLE problem GET "${text}" name)
  if(problem OR NOT name STREQUAL wanted)
    message(FATAL_ERROR "${manifest}: \"name\" is \"${name}\", expected \"${wanted}\" (${problem})")
  endif()
  string(JSON library ERROR_VARIABLE problem GET "${text}" library)
  if(problem)
    set(library "")
  endif()
  string(JSON abi ERROR_VARIABLE problem GET "${text}" abi)
  if(abi MATCHES "^[0-9]+\\.([0-9]+)$")
    set(abi_min_minor ${CMAKE_MATCH_1} PARENT_SCOPE)
  elseif(library)
    message(FATAL_ERROR "${manifest}: \"abi\" is \"${abi}\", expected \"<major>.<minor>\" such as \"1.0\"")
  endif()
  set(library "${library}" PARENT_SCOPE)
endfunction()

# Copies the manifest and the assets beside the .so, as a target of its own, and installs them.
function(_openclaw_add_files name)
  set(here ${CMAKE_CURRENT_SOURCE_DIR})
  file(GLOB_RECURSE files RELATIVE ${here} CONFIGURE_DEPENDS LIST_DIRECTORIES false ${here}/*)
  list(FILTER files EXCLUDE REGEX "(^|/)(README[^/]*|CMakeLists\\.txt|test[^/]*|\\.[^/]*)(/|$)")
  list(FILTER files EXCLUDE REGEX "^[^/]*\\.(c|h|cc|cpp|hpp|rs)$")
  set(copies)
  foreach(file IN LISTS files)
    cmake_path(IS_PREFIX CMAKE_BINARY_DIR ${here}/${file} built) # by `cmake -S . -B build`
    if(built)
      continue()
    endif()
    set(copy ${CMAKE_BINARY_DIR}/plugins/${name}/${file})
    add_custom_command(OUTPUT ${copy} DEPENDS ${here}/${file}
                       COMMAND ${CMAKE_COMMAND} -E copy ${here}/${file} ${copy} VERBATIM)
    list(APPEND copies ${copy})
    get_filename_component(folder ${file} DIRECTORY)
    install(FILES ${file} DESTINATION ${CMAKE_INSTALL_LIBDIR}/openclaw/plugins/${name}/${folder})
  endforeach()
  add_custom_target(plugin.${name}.files ALL DEPENDS ${copies})
endfunction()

# What the plugin is instrumented with, into `sanitizers` of the caller: by this repository's option or by plain flags.
function(_openclaw_find_sanitizers)
  set(sanitizers "${OC_SANITIZE}" PARENT_SCOPE)
  if(NOT OC_SANITIZE AND "${CMAKE_C_FLAGS} ${CMAKE_C_FLAGS_${CMAKE_BUILD_TYPE}}" MATCHES "-fsanitize=([a-z,-]+)")
    set(sanitizers "${CMAKE_MATCH_1}" PARENT_SCOPE)
  endif()
endfunction()

# The C file that carries the note, compiled into the target. `language`, `libc_min`, `sanitizers` and `abi_min_minor`
# are the caller's.
function(_openclaw_add_note target manifest)
  set(note ${CMAKE_CURRENT_BINARY_DIR}/${target}.note.c)
  configure_file(${OPENCLAW_PLUGIN_CMAKE_DIR}/plugin_note.c.in ${note} @ONLY)
  set_source_files_properties(${note} PROPERTIES OBJECT_DEPENDS ${manifest} SKIP_PRECOMPILE_HEADERS ON)
  target_sources(${target} PRIVATE ${note})
endfunction()

function(_openclaw_add_test name libraries)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/test_${name}.c ${CMAKE_CURRENT_SOURCE_DIR}/test_${name}_*.c)
  if(NOT OC_TESTS OR NOT sources)
    return()
  endif()
  if(NOT TARGET PkgConfig::CMOCKA)
    find_package(PkgConfig REQUIRED)
    pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
  endif()
  set(folder ${CMAKE_BINARY_DIR}/plugins/${name})
  foreach(source IN LISTS sources)
    get_filename_component(file ${source} NAME_WLE)
    string(LENGTH test_${name} known)
    string(SUBSTRING ${file} ${known} -1 part) # empty, or _<part>
    string(REGEX REPLACE "^_" "." part "${part}")
    set(test plugin.${name}${part})
    add_executable(${test}.test ${source})
    add_dependencies(${test}.test plugin.${name}.files)
    target_link_libraries(${test}.test PRIVATE openclaw::testkit PkgConfig::CMOCKA ${libraries})
    target_compile_definitions(${test}.test PRIVATE
      OC_PLUGIN_SO="${folder}/${name}.so" OC_PLUGIN_DIR="${folder}" OC_PLUGIN_SOURCE_DIR="${CMAKE_CURRENT_SOURCE_DIR}"
      OC_SOURCE_DIR="${CMAKE_SOURCE_DIR}" OC_BUILD_DIR="${CMAKE_BINARY_DIR}")
    if(TARGET plugin.${name})
      add_dependencies(${test}.test plugin.${name})
    endif()
    add_test(NAME ${test} COMMAND ${test}.test)
    set_tests_properties(${test} PROPERTIES LABELS plugin TIMEOUT 120)
  endforeach()
endfunction()

function(openclaw_add_plugin)
  cmake_parse_arguments(arg "" "NAME;LIBC_MIN;LANGUAGE" "SOURCES;LIBRARIES" ${ARGN})
  get_filename_component(name ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  if(arg_NAME)
    set(name ${arg_NAME})
  endif()
  set(manifest ${CMAKE_CURRENT_SOURCE_DIR}/plugin.json)
  _openclaw_read_manifest(${manifest} ${name})
  if(left_out)
    return()
  endif()
  if(NOT library STREQUAL "${name}.so")
    message(FATAL_ERROR "${manifest}: \"library\" is \"${library}\", expected \"${name}.so\"")
  endif()

  if(NOT arg_SOURCES)
    file(GLOB arg_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.c ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
    list(FILTER arg_SOURCES EXCLUDE REGEX "/test_[^/]*$")
    file(GLOB own CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}.c ${CMAKE_CURRENT_SOURCE_DIR}/${name}.cpp)
    list(APPEND arg_SOURCES ${own}) # the plugin itself may be called test_disk
    list(REMOVE_DUPLICATES arg_SOURCES)
  endif()
  set(language c)
  if(arg_SOURCES MATCHES "\\.(cc|cpp|cxx)(;|$)")
    set(language c++)
  endif()
  if(arg_LANGUAGE)
    set(language ${arg_LANGUAGE})
  endif()
  set(libc_min LIBC_MIN)
  if(arg_LIBC_MIN)
    set(libc_min "\"${arg_LIBC_MIN}\"")
  endif()

  _openclaw_find_sanitizers()
  set(target plugin.${name})
  add_library(${target} MODULE ${arg_SOURCES})
  _openclaw_add_note(${target} ${manifest})
  _openclaw_add_files(${name})
  add_dependencies(${target} ${target}.files)
  target_link_libraries(${target} PRIVATE openclaw::sdk ${arg_LIBRARIES})
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  # GNU unique symbols would be shared between copies of a plugin and keep both from being unloaded.
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fno-gnu-unique>)
  set_target_properties(${target} PROPERTIES
    PREFIX "" SUFFIX ".so" OUTPUT_NAME ${name} LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins/${name}
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON POSITION_INDEPENDENT_CODE ON
    BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "" INSTALL_RPATH_USE_LINK_PATH OFF)
  target_link_options(${target} PRIVATE -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed -Wl,--gc-sections
                      -Wl,--exclude-libs,ALL)
  # Templates of a C++ library would be exported in spite of the hidden visibility.
  target_link_options(${target} PRIVATE -Wl,--version-script=${OPENCLAW_PLUGIN_CMAKE_DIR}/plugin.map)
  # clang leaves the sanitizer run time to the executable, so its symbols cannot be defined here.
  if(NOT (sanitizers AND CMAKE_C_COMPILER_ID MATCHES "Clang"))
    target_link_options(${target} PRIVATE -Wl,-z,defs)
  endif()
  install(TARGETS ${target} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/openclaw/plugins/${name})
  set_property(GLOBAL APPEND PROPERTY OPENCLAW_PLUGINS ${name}) # every plugin of this build, for the contract tests
  _openclaw_add_test(${name} "${arg_LIBRARIES}")
endfunction()

# openclaw_add_script(COMMAND <word>... [NAME <name>]): a tool plugin around a program of the folder that speaks JSON lines; the
# program starts in the plugin's folder. plugins/tool/script/README.md says what it has to answer.
function(openclaw_add_script)
  cmake_parse_arguments(arg "" "NAME" "COMMAND" ${ARGN})
  get_filename_component(name ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  if(arg_NAME)
    set(name ${arg_NAME})
  endif()
  if(NOT TARGET PkgConfig::JANSSON)
    find_package(PkgConfig REQUIRED)
    pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
  endif()
  set(host ${OPENCLAW_PLUGIN_CMAKE_DIR}/script)
  if(NOT EXISTS ${host}/script.c) # inside the source tree
    set(host ${OPENCLAW_PLUGIN_CMAKE_DIR}/../../plugins/tool/script)
  endif()
  openclaw_add_plugin(NAME ${name} SOURCES ${host}/script.c ${host}/child.c LIBRARIES PkgConfig::JANSSON)
  list(TRANSFORM arg_COMMAND REPLACE "([\"\\\\])" "\\\\\\1")
  list(JOIN arg_COMMAND "\", \"" words)
  configure_file(${OPENCLAW_PLUGIN_CMAKE_DIR}/script_command.h.in ${CMAKE_CURRENT_BINARY_DIR}/script_command.h @ONLY)
  target_compile_options(plugin.${name} PRIVATE -include ${CMAKE_CURRENT_BINARY_DIR}/script_command.h)
  target_compile_definitions(plugin.${name} PRIVATE _GNU_SOURCE)
endfunction()

function(openclaw_add_preset)
  cmake_parse_arguments(arg "" "NAME" "LIBRARIES" ${ARGN})
  get_filename_component(name ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  if(arg_NAME)
    set(name ${arg_NAME})
  endif()
  set(manifest ${CMAKE_CURRENT_SOURCE_DIR}/plugin.json)
  _openclaw_read_manifest(${manifest} ${name})
  if(left_out)
    return()
  endif()
  if(library)
    message(FATAL_ERROR "${manifest}: a preset has no \"library\". Use openclaw_add_plugin.")
  endif()
  _openclaw_add_files(${name})
  set_property(GLOBAL APPEND PROPERTY OPENCLAW_PLUGINS ${name})
  _openclaw_add_test(${name} "${arg_LIBRARIES}")
endfunction()
