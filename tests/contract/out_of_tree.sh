#!/bin/sh
# Installs the SDK into a prefix, builds the example against it as a stranger would, and lets the host's own checks look at
# the result: out_of_tree.sh <build folder> <example folder> <C compiler> <sanitizers or ""> SPDX-License-Identifier: MIT
set -eu
build=$1 example=$2 compiler=$3 sanitize=$4
work=$(mktemp -d /tmp/openclaw-sdk-XXXXXX)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/prefix" --component sdk >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
cp -r "$example" "$work/uptime"
echo 'add_custom_target(named DEPENDS plugin.uptime plugin.uptime.files plugin.uptime.test)' >>"$work/uptime/CMakeLists.txt"

cmake -S "$work/uptime" -B "$work/uptime/build" -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_C_COMPILER="$compiler" -DOC_TESTS=ON \
    ${sanitize:+"-DCMAKE_C_FLAGS=-fsanitize=$sanitize"} >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
cmake --build "$work/uptime/build" --target named >"$work/log" 2>&1 || { cat "$work/log"; exit 1; } # as docs/abi.md names them
cmake --build "$work/uptime/build" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
ctest --test-dir "$work/uptime/build" --output-on-failure
cmake --install "$work/uptime/build" --prefix "$work/installed" >/dev/null

plugin=$(dirname "$(find "$work/installed" -name uptime.so)")
test -f "$plugin/plugin.json"
test "$(ls "$plugin" | tr '\n' ' ')" = "plugin.json uptime.so " # no sources, and nothing of the build folder inside
"$build/tests/contract/conformance" "$plugin"

# pkg-config serves those who do not use CMake.
PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name openclaw-sdk.pc)")
export PKG_CONFIG_PATH
"$compiler" $(pkg-config --cflags openclaw-sdk) -fsyntax-only "$work/uptime/uptime.c"
