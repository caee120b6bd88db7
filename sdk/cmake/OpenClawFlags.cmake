# Compiler flags of this repository (plugins built out of tree do not need them). SPDX-License-Identifier: MIT
include(CheckCCompilerFlag)
include(CheckCSourceRuns)
include(CheckLinkerFlag)

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")

add_compile_definitions(_GNU_SOURCE)

set(OC_WARNINGS
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wformat=2 -Wmissing-prototypes
    -Wstrict-prototypes -Wundef -Wvla -Wnull-dereference -Wswitch-enum -Wlogical-op -Wduplicated-cond
    -Wduplicated-branches)
set(OC_HARDENING -fstack-protector-strong -fstack-clash-protection -fno-common)

foreach(flag IN LISTS OC_WARNINGS OC_HARDENING)
  string(MAKE_C_IDENTIFIER "OC_HAVE${flag}" known)
  check_c_compiler_flag("-Werror ${flag}" ${known})
  if(${known})
    add_compile_options($<$<COMPILE_LANGUAGE:C>:${flag}>)
  endif()
endforeach()
option(OC_WERROR "warnings are errors" ON)
if(OC_WERROR)
  add_compile_options(-Werror)
endif()

foreach(flag -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed)
  add_link_options(${flag})
endforeach()
# The addresses in tables of a program, packed: six thousand of them took 130 KiB that every start read. Not for plugins, which may be
# taken to a host whose loader is older.
set(CMAKE_REQUIRED_LINK_OPTIONS -Wl,-z,pack-relative-relocs)
check_c_source_runs("static int x; int *p = &x; int main(void) { return *p; }" OC_PACKED_RELOCATIONS)
unset(CMAKE_REQUIRED_LINK_OPTIONS)
if(OC_PACKED_RELOCATIONS)
  add_link_options($<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-Wl,-z,pack-relative-relocs>)
endif()
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

if(OC_SANITIZE)
  add_compile_options(-fsanitize=${OC_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${OC_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()

# Without the coverage of the libraries libFuzzer would only see the branches of its own target file.
if(OC_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "OC_FUZZ needs clang. Configure with -DCMAKE_C_COMPILER=clang-14.")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()

option(OC_COVERAGE "count the lines that the tests reach, for gcovr" OFF)
if(OC_COVERAGE)
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()
