# openclaw_add_page: a plugin that is a web page, built from a folder of sources by npm. SPDX-License-Identifier: MIT
#
#   openclaw_add_page(APP <folder> [NAME <name>])
#
# APP holds package.json, package-lock.json and the sources; `npm run build` writes the page to its folder dist. The result is
# <build>/plugins/<name>/ with plugin.json and www/, in which every file that can be smaller has a .gz and a .br beside it.
# Sources and node_modules lie in <build>/pages/<name>/, never in the source tree, and are not installed.
#
# OC_DASHBOARD says what happens where npm or its registry is missing: auto leaves the page out and says how it is added, on
# stops the build, off never tries. With OC_TESTS on, `npm test` and `npm run check` are ctests with the label dashboard.
include_guard(GLOBAL)

set(OC_DASHBOARD "auto" CACHE STRING "build the pages that need node: auto, on or off")
set_property(CACHE OC_DASHBOARD PROPERTY STRINGS auto on off)
set(OPENCLAW_PAGE_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/build_page.cmake)
set(OPENCLAW_PAGE_NODE_MIN 18)
# What tools and editors leave in a folder of sources; build_page.cmake has the same.
set(OPENCLAW_PAGE_NO_SOURCE "/(node_modules|dist|coverage)/|/[.#][^/]*$|~$")

# The npm and node to use into `npm` and `node` of the caller; `why` says what is missing, empty when nothing is.
function(_openclaw_find_node)
  set(why "" PARENT_SCOPE)
  find_program(OC_NODE NAMES node nodejs)
  find_program(OC_NPM npm)
  if(NOT OC_NODE OR NOT OC_NPM)
    set(why "there is no node or no npm on the PATH" PARENT_SCOPE)
    return()
  endif()
  execute_process(COMMAND ${OC_NODE} --version OUTPUT_VARIABLE version ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
  string(REGEX REPLACE "^v" "" version "${version}")
  if(NOT version VERSION_GREATER_EQUAL ${OPENCLAW_PAGE_NODE_MIN})
    set(why "node is ${version}, ${OPENCLAW_PAGE_NODE_MIN} or newer is needed" PARENT_SCOPE)
  endif()
endfunction()

# The checks and tests of the sources, in the folder where the page is built.
function(_openclaw_add_page_tests name work)
  foreach(script check test)
    add_test(NAME dashboard.${name}.${script} WORKING_DIRECTORY ${work}
             COMMAND sh -c "[ -e built ] || exit 77; exec \"$0\" run --silent \"$1\"" ${OC_NPM} ${script})
    set_tests_properties(dashboard.${name}.${script} PROPERTIES LABELS dashboard TIMEOUT 300
                         SKIP_RETURN_CODE 77 ENVIRONMENT "CI=1;NO_COLOR=1")
  endforeach()
endfunction()

function(openclaw_add_page)
  cmake_parse_arguments(arg "" "NAME;APP" "" ${ARGN})
  get_filename_component(name ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  if(arg_NAME)
    set(name ${arg_NAME})
  endif()
  set(manifest ${CMAKE_CURRENT_SOURCE_DIR}/plugin.json)
  _openclaw_read_manifest(${manifest} ${name})
  string(TOLOWER "${OC_DASHBOARD}" wanted)
  set(why "OC_DASHBOARD is off")
  if(wanted)
    _openclaw_find_node()
  endif()
  if(why AND wanted AND NOT wanted STREQUAL "auto")
    message(FATAL_ERROR "${name} cannot be built: ${why}. Install nodejs (${OPENCLAW_PAGE_NODE_MIN} or newer) and npm.")
  elseif(why)
    message(STATUS "${name} is left out: ${why}. The API works without it; to add the page, install nodejs "
                   "(${OPENCLAW_PAGE_NODE_MIN} or newer) and npm, and configure again with -DOC_DASHBOARD=on.")
    return()
  endif()

  set(app ${CMAKE_CURRENT_SOURCE_DIR}/${arg_APP})
  set(work ${CMAKE_BINARY_DIR}/pages/${name})
  set(folder ${CMAKE_BINARY_DIR}/plugins/${name})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS LIST_DIRECTORIES false ${app}/*)
  list(FILTER sources EXCLUDE REGEX ${OPENCLAW_PAGE_NO_SOURCE})
  # Without the registry nothing is written, so the next build tries again.
  add_custom_command(OUTPUT ${work}/built DEPENDS ${sources} ${manifest} ${OPENCLAW_PAGE_SCRIPT} VERBATIM
    COMMENT "Building the page ${name}"
    COMMAND ${CMAKE_COMMAND} -DNAME=${name} -DAPP=${app} -DWORK=${work} -DFOLDER=${folder} -DMANIFEST=${manifest}
            -DNODE=${OC_NODE} -DNPM=${OC_NPM} -DWANTED=${wanted} -P ${OPENCLAW_PAGE_SCRIPT})
  add_custom_target(${name}_page ALL DEPENDS ${work}/built)
  install(DIRECTORY ${folder} DESTINATION ${CMAKE_INSTALL_LIBDIR}/openclaw/plugins OPTIONAL)
  if(OC_TESTS)
    _openclaw_add_page_tests(${name} ${work})
  endif()
endfunction()
