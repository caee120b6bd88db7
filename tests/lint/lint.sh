#!/usr/bin/env bash
# Everything about the sources that needs no build: floors, format, scripts, units. SPDX-License-Identifier: MIT
#
#   tests/lint/lint.sh [CHECK...]     runs the checks named, or all; needs a few seconds
#
# A tool that is not installed is named and left out, except on CI (CI=1), where it is a failure.
set -uo pipefail
root=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
cd "$root" || exit 1

checks="sources format shell python units configs abi registry"
failed=0

fail() {
  printf '%s\n' "$*"
  failed=1
}

# have TOOL: whether the check that asks can run.
have() {
  command -v "$1" >/dev/null && return
  [ -z "${CI:-}" ] || fail "$1 is not installed"
  printf 'lint: %s is not installed, its check is left out\n' "$1" >&2
  return 1
}

# files GLOB...: what git tracks or would track.
files() { git ls-files -co --exclude-standard -- "$@" | while read -r f; do [ ! -f "$f" ] || printf '%s\n' "$f"; done; }

check_sources() { python3 tests/lint/sources.py || failed=1; }

check_format() {
  have clang-format-14 || return
  # The frozen plugins are the sources of binaries that nobody builds any more.
  files '*.c' '*.h' | grep -v '^tests/frozen/v' |
    xargs -n 40 -P "$(nproc)" sh -c 'found=$(clang-format-14 --dry-run -Werror "$@" 2>&1); echo "$found"' clang-format |
    grep -oE '^[^: ]+:[0-9]+:[0-9]+: error' | cut -d: -f1 | sort -u >"$scratch/format"
  [ ! -s "$scratch/format" ] || fail "$(sed 's/$/: run .\/dev fmt/' "$scratch/format")"
}

# A script is known by its name or, like ./dev, by its first line.
scripts() {
  files '*.sh'
  files dev .ci etc tests/lint | xargs grep -lE '^#!.*\b(ba)?sh$' --
}

check_shell() {
  local f
  for f in $(scripts | sort -u); do
    bash -n "$f" || failed=1
    [ -x "$f" ] || fail "$f: has a #! line but is not executable"
    grep -qE '^(set -[a-z]*u|(\.|source) .*lib\.sh)' "$f" || fail "$f: no set -u: a misspelt variable would be empty"
  done
}

check_python() {
  files '*.py' | python3 -c 'for path in map(str.strip, __import__("sys").stdin): compile(open(path).read(), path, "exec")' ||
    failed=1
}

# The unit is looked at with the daemon's path set to something that exists here.
check_units() {
  have systemd-analyze || return
  local template unit rating=13
  for template in $(files '*.service.in'); do
    unit=$scratch/$(basename "$template" .in)
    sed 's|^ExecStart=.*|ExecStart=/bin/true|; /^Documentation=man:/d' "$template" >"$unit"
    systemd-analyze verify "$unit" || fail "$template: systemd-analyze verify complains"
    systemd-analyze security --offline=true --threshold=$rating "$unit" >"$scratch/rating" 2>&1 ||
      fail "$template: $(tail -1 "$scratch/rating"), at most $((rating / 10)).$((rating % 10)) is allowed"
  done
}

# The shipped configurations have no error. OC_BIN names the folder of the binaries; without any there is nothing to ask.
check_configs() {
  local f bin=${OC_BIN:-build/bin} out
  [ -x "$bin/openclawd" ] || bin=build-test/bin
  if [ ! -x "$bin/openclawd" ]; then
    printf 'lint: no openclawd is built, so the shipped configurations are not checked\n' >&2
    return
  fi
  for f in $(files 'etc/*.conf' | grep -v -- '-test\.conf$'); do
    # The example refers to secrets by the names of environment variables.
    out=$(POSTGRES_PASSWORD=x HOOK_SECRET=x OPENCLAW_HOME=$scratch/home "$bin/openclawd" --check --config "$f" 2>/dev/null) || fail "$f: $out"
  done
}

# The SDK's structs against what was recorded at each release. The record of the minor that is being worked on is met to
# the letter; in those of older ones structs may have grown at their end (sdk/abi/grows.suppr).
check_abi() {
  have abidiff || return
  local major minor record surface=$scratch/surface.so
  local suppress
  major=$(sed -n 's/^#define OC_ABI_MAJOR //p' sdk/include/openclaw/plugin.h)
  minor=$(sed -n 's/^#define OC_ABI_MINOR //p' sdk/include/openclaw/plugin.h)
  ${CC:-cc} -std=c11 -g -shared -fPIC -fvisibility=hidden -Isdk/include -o "$surface" sdk/abi/surface.c || { failed=1; return; }
  [ "$(uname -m)" = x86_64 ] || return # of which the records are
  for record in sdk/abi/v"$major".*.abixml; do
    suppress=(--suppr sdk/abi/grows.suppr)
    [ "$record" != "sdk/abi/v$major.$minor.abixml" ] || suppress=()
    abidiff "${suppress[@]}" "$record" "$surface" >"$scratch/abidiff" ||
      fail "$record: the ABI is not what was recorded"$'\n'"$(cat "$scratch/abidiff")"
  done
  [ -f "sdk/abi/v$major.$minor.abixml" ] ||
    fail "sdk/abi: no record of $major.$minor; make it with abidw --no-corpus-path --no-comp-dir-path --no-show-locs"
}

# The index of the bundled plugins is made from their manifests.
check_registry() { python3 registry/index.py --check || failed=1; }

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/home"
for check in ${*:-$checks}; do
  case " $checks " in
    *" $check "*) "check_$check" ;;
    *) fail "lint.sh: no check is named $check; there are: $checks" ;;
  esac
done
exit $failed
