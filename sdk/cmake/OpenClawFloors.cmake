# One static library per floor of core/, linked downwards only. SPDX-License-Identifier: MIT

# oc_add_floor(<name> BELOW <floor> [LIBRARIES <targets>...]): every .c below this folder, as target oc_<name>.
function(oc_add_floor name)
  cmake_parse_arguments(arg "" "BELOW" "LIBRARIES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.c)
  add_library(oc_${name} STATIC ${sources})
  target_include_directories(oc_${name} PUBLIC ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/sdk/include)
  # A program may export some of it to its modules (oc_add_module); nothing else ever takes a function's place.
  set_target_properties(oc_${name} PROPERTIES C_VISIBILITY_PRESET default)
  target_compile_options(oc_${name} PRIVATE $<$<C_COMPILER_ID:GNU>:-fno-semantic-interposition>)
  if(arg_BELOW)
    target_link_libraries(oc_${name} PUBLIC oc_${arg_BELOW})
  endif()
  target_link_libraries(oc_${name} PUBLIC ${arg_LIBRARIES})
endfunction()

# oc_add_helper(<name> [LIBRARIES <targets>...]): a program of the current folder's *.c that other programs of ours start;
# installed where oc_path_helper looks.
function(oc_add_helper name)
  cmake_parse_arguments(arg "" "" "LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.c)
  add_executable(${name} ${sources})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/sdk/include)
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES})
  target_compile_definitions(${name} PRIVATE OC_VERSION="${PROJECT_VERSION}")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/openclaw)
endfunction()

# oc_add_module(<name> HOST <program> FLOOR <floor> [LIBRARIES <targets>...]): the objects of a floor as a module that the
# program loads when it is wanted. The floors below stay in the program: it is made to hold and to export what the module
# uses of them, which the build reads from the objects. Installed where oc_path_helper looks.
function(oc_add_module name)
  cmake_parse_arguments(arg "" "HOST;FLOOR" "LIBRARIES" ${ARGN})
  set(exports ${CMAKE_CURRENT_BINARY_DIR}/${name}.exports)
  add_custom_command(OUTPUT ${exports} DEPENDS oc_${arg_FLOOR} VERBATIM
    COMMAND ${CMAKE_SOURCE_DIR}/sdk/cmake/exports.sh ${CMAKE_NM} $<TARGET_FILE:oc_${arg_FLOOR}> ${exports})
  add_custom_target(${name}_exports DEPENDS ${exports})
  set_property(GLOBAL APPEND PROPERTY OC_EXPORTS_OF_${arg_HOST} ${exports})
  set_property(GLOBAL APPEND PROPERTY OC_MODULES_OF_${arg_HOST} ${name} ${name}_exports)
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/${name}.c "extern const char oc_module_made_of[];\nconst char oc_module_made_of[] = \"${arg_FLOOR}\";\n")
  add_library(${name} MODULE ${CMAKE_CURRENT_BINARY_DIR}/${name}.c)
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES})
  target_link_options(${name} PRIVATE -Wl,--whole-archive $<TARGET_FILE:oc_${arg_FLOOR}> -Wl,--no-whole-archive)
  set_target_properties(${name} PROPERTIES PREFIX "" LINK_DEPENDS $<TARGET_FILE:oc_${arg_FLOOR}>
                        LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  add_dependencies(${name} oc_${arg_FLOOR})
  install(TARGETS ${name} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/openclaw)
endfunction()

# oc_export_to_modules(<program>): after its modules were added.
function(oc_export_to_modules program)
  get_property(exports GLOBAL PROPERTY OC_EXPORTS_OF_${program})
  get_property(modules GLOBAL PROPERTY OC_MODULES_OF_${program})
  foreach(file IN LISTS exports)
    target_link_options(${program} PRIVATE -Wl,@${file})
    set_property(TARGET ${program} APPEND PROPERTY LINK_DEPENDS ${file})
  endforeach()
  if(modules)
    add_dependencies(${program} ${modules})
  endif()
endfunction()

# oc_add_folders(<dir>): add_subdirectory for each folder below <dir>, at most two deep, that has a CMakeLists.txt.
function(oc_add_folders dir)
  file(GLOB lists CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${dir}/*/CMakeLists.txt
       ${CMAKE_CURRENT_SOURCE_DIR}/${dir}/*/*/CMakeLists.txt)
  foreach(list IN LISTS lists)
    get_filename_component(folder ${list} DIRECTORY)
    add_subdirectory(${folder})
  endforeach()
endfunction()

# oc_embed(<out.c> <symbol> <files>...): a C file that holds the files, one after the other, as `const char symbol[]`.
function(oc_embed out symbol)
  set(body "/* Made by oc_embed. */\n__asm__(\".section .rodata\\n.global ${symbol}\\n${symbol}:\\n\"\n")
  foreach(file IN LISTS ARGN)
    string(APPEND body "        \".incbin \\\"${file}\\\"\\n\"\n")
  endforeach()
  string(APPEND body "        \".byte 0\\n.previous\\n\");\nextern const char ${symbol}[];\n")
  file(GENERATE OUTPUT ${out} CONTENT "${body}")
  set_source_files_properties(${out} PROPERTIES OBJECT_DEPENDS "${ARGN}")
endfunction()
