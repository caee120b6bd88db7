#!/bin/bash
# status and health against a daemon: shown, as JSON, as a monitoring plugin. SPDX-License-Identifier: MIT
. "$(dirname "$0")/lib.sh"

PORT=$("$TOOL" port)
config_for_port "$PORT"
listen "$PORT"
start_daemon "$CONF"

claw status
expect_rc 0
expect_no_err
expect_out "pid $DAEMON"
expect_out "$CONF"
claw status --json
expect_rc 0
expect_no_err
expect_document true
expect_field data.pid "$DAEMON"
expect_field data.ephemeral false
claw --config "$SCRATCH/nowhere.conf" status
expect_rc 2 "status of the host of a file that is not there"
expect_err "cannot open $SCRATCH/nowhere.conf"
expect_no_out

is_well() {
    claw health check
    [ "$RC" = 0 ]
}
until_true 10 is_well || fail "health is not ok: $RC"
expect_no_err
head -n 1 "$OUT" | grep -qE '^OPENCLAW OK - [^|]+ \| services=1 ok=1 ' || fail "the first line is not one for nagios"
expect_out 'door/port'

claw health check --json
expect_rc 0
expect_no_err
expect_document true
expect_field data.summary.overallStatus healthy
expect_field data.checks.0.service door/port
for member in timestamp agents services resources alerts summary; do
    field "data.$member" >/dev/null || fail "the snapshot has no $member"
done

claw health check nothing-of-this-name
expect_rc 2
expect_err 'no service is named nothing-of-this-name'
expect_err 'openclaw health check'
expect_no_out
claw health check nothing-of-this-name --json
expect_rc 2
expect_document false
expect_no_err
expect_field error.code not_found

# A watcher sees the change; Ctrl-C ends it with 0.
"$BIN/openclaw" health watch >"$SCRATCH/watch" 2>"$SCRATCH/watch.err" &
WATCH=$!
"$BIN/openclaw" health watch --json >"$SCRATCH/watch.json" 2>>"$SCRATCH/watch.err" &
WATCH_JSON=$!
STARTED+=("$WATCH" "$WATCH_JSON")
until_true 5 says "$SCRATCH/watch" 'OPENCLAW OK' || fail "the watch has no table"
stop_listening
until_true 15 says "$SCRATCH/watch" 'ok -> critical' || fail "the watch does not show the change"
until_true 15 says "$SCRATCH/watch.json" 'health.changed' || fail "the watch does not print the change"
kill -INT "$WATCH" "$WATCH_JSON"
wait "$WATCH"
RC=$?
expect_rc 0 "health watch after Ctrl-C"
wait "$WATCH_JSON"
RC=$?
expect_rc 0 "health watch --json after Ctrl-C"
[ ! -s "$SCRATCH/watch.err" ] || fail "the watch wrote to stderr: $(cat "$SCRATCH/watch.err")"
"$TOOL" lines "$SCRATCH/watch.json" >/dev/null || fail "not one document a line"

is_critical() {
    claw health check
    [ "$RC" = 2 ]
}
until_true 10 is_critical || fail "health is not critical: $RC"
expect_out 'OPENCLAW CRITICAL - door/port is critical: connection refused'
claw health check door/port
expect_rc 2

claw logs --json
expect_rc 0
expect_document true
claw collector list --csv
expect_rc 0
head -n 1 "$OUT" | grep -q '^instance,plugin,state,' || fail "not CSV"
expect_out 'door,tcp,'

# A daemon that is killed is gone, and the next call says so.
kill -KILL "$DAEMON"
wait "$DAEMON" 2>/dev/null
claw logs
expect_rc 69
expect_err 'no daemon is running'
expect_err 'openclaw run'
claw reload --json
expect_rc 69
expect_document false
