#!/bin/bash
# A daemon that does not answer, and whoever else may listen in its place. SPDX-License-Identifier: MIT
. "$(dirname "$0")/lib.sh"

PORT=$("$TOOL" port)
config_for_port "$PORT"
start_daemon "$CONF"

# What a person wrote never reaches the terminal as it is.
claw alert silence door_closed --for 1h --comment $'one\ntwo\e[31m'
expect_rc 0
grep -q $'\e' "$OUT" && fail "an escape sequence is printed"

is_critical() {
    claw health check
    [ "$RC" = 2 ]
}
until_true 10 is_critical || fail "health is not critical: $RC"
claw status
expect_out ' is critical; openclaw'
claw --timeout never status
expect_rc 64
expect_err '--timeout wants a duration'

# A stopped daemon is given up; a monitoring system is told on stdout.
kill -STOP "$DAEMON"
for words in status logs reload doctor; do
    claw --timeout 400ms $words
    expect_rc 69 "$words of a stopped daemon"
    expect_err 'the daemon has not answered within 400ms'
    expect_err "process $DAEMON is stopped"
done
claw --timeout 1s status --json
expect_rc 69
expect_document false
expect_field error.code timeout
claw health check --timeout 400ms
expect_rc 3
[ "$(cat "$OUT")" = 'OPENCLAW UNKNOWN - the daemon has not answered within 400ms' ] || fail "not a line for nagios"
claw health check --timeout 400ms --json
expect_rc 3
expect_document false

# It goes on where it was; a watch outlives the limit because the daemon gives signs of life.
kill -CONT "$DAEMON"
"$BIN/openclaw" --timeout 1s health watch >"$SCRATCH/watch" 2>&1 &
WATCH=$!
STARTED+=("$WATCH")
until_true 10 says "$SCRATCH/watch" 'door/port' || fail "the watch has no table"
claw health check --timeout 1s --wait 3s
expect_rc 2
kill -0 "$WATCH" || fail "the watch has ended"
