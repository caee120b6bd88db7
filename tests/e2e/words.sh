#!/bin/bash
# Words: suggestions, usage errors, help, version, explain. SPDX-License-Identifier: MIT
. "$(dirname "$0")/lib.sh"

claw version
expect_rc 0
expect_no_err
grep -qE '^openclaw [0-9]+\.[0-9]+\.[0-9]+ \(plugin ABI 1\.0\)$' "$OUT" || fail "not the version"
claw --version
expect_out 'openclaw '
claw version --json
expect_rc 0
expect_document true
expect_field data.abi_major 1
[ ! -e "$OPENCLAW_HOME" ] || fail "version touched the home"

claw
expect_rc 0
expect_out 'Usage: openclaw'
for words in 'frobnicate' 'alert lits' 'helth check' 'alert list --severty critical' 'alert list --severity hihg' 'alert list extra' 'config set only'; do
    # shellcheck disable=SC2086 # these are several words
    claw $words
    expect_rc 64 "$words"
    expect_no_out
    grep -q '^openclaw: ' "$ERR" || fail "$words: no message"
    # shellcheck disable=SC2086
    claw $words --json
    expect_rc 64 "$words --json"
    expect_document false
    expect_no_err
done
claw alert lits
expect_err 'Did you mean `openclaw alert list`?'
claw helth check
expect_err 'Did you mean `openclaw health`?'
claw alert list --severty critical
expect_err 'Did you mean --severity?'

claw alert
expect_rc 64
expect_err 'alert silence'
claw alert --help
expect_rc 0
expect_out 'alert silence'
claw help alert silence
expect_rc 0
expect_out '--for DURATION'
cp "$OUT" "$SCRATCH/help"
claw alert silence --help
cmp -s "$OUT" "$SCRATCH/help" || fail "--help and help differ"
claw alerts silence -h
cmp -s "$OUT" "$SCRATCH/help" || fail "alerts is not an alias of alert"

# Every page of help fits 80 columns.
fits() { awk -v what="$1" 'length($0) > 80 && !/^  openclaw / { print what ": " $0; bad = 1 } END { exit bad }' "$OUT"; }
claw help
fits overview || fail "help is too wide"
"$BIN/openclaw" completion fish | grep -o "'[a-z -]*'\" -a [a-z-]*" | sed "s/'\" -a / /; s/^'//" | sort -u >"$SCRATCH/commands"
[ "$(wc -l <"$SCRATCH/commands")" -gt 30 ] || fail "there are few commands: $(wc -l <"$SCRATCH/commands")"
while read -r words; do
    # shellcheck disable=SC2086
    claw help $words
    expect_rc 0 "help $words"
    fits "$words" || fail "help $words is too wide"
done <"$SCRATCH/commands"

claw explain exit-codes
expect_rc 0
expect_out '69'
claw explain not_found
expect_out 'not_found (errors)'
claw explain unreachable --json
expect_document true
claw explain thresholds.cpu.sustained
expect_rc 0
claw explain nothing.like.this
expect_rc 2

# A number below 0 is no option.
claw cost budget set -5
expect_rc 64
expect_err 'LIMIT: -5 is a negative number'
claw cost budget set -z
expect_err 'there is no option -z'

# An answer that cannot be written is an error.
"$BIN/openclaw" help >/dev/full 2>"$ERR" && fail "a full disk is success"
expect_err 'cannot be written'
exit 0
