#!/bin/sh
# What the objects of an archive use of oc_* without having it themselves, as options of the linker. SPDX-License-Identifier: MIT
#
#   exports.sh NM ARCHIVE OUT
#
# Each becomes --require-defined, so that the program takes it from its own archives, and --export-dynamic-symbol. The file is
# only touched when it changes: a program is not linked again for nothing.
set -eu
"$1" -g "$2" | awk '
    $1 == "U" { used[$2] }
    NF == 3 { own[$3] }
    END { for (s in used) if (s ~ /^oc_/ && !(s in own)) print "--require-defined=" s "\n--export-dynamic-symbol=" s }
' | sort >"$3.new"
if cmp -s "$3.new" "$3" 2>/dev/null; then rm "$3.new"; else mv "$3.new" "$3"; fi
