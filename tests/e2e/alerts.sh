#!/bin/bash
# Alerts: they fire, are listed, silenced, and survive a restart. SPDX-License-Identifier: MIT
. "$(dirname "$0")/lib.sh"

PORT=$("$TOOL" port) # nobody listens there
config_for_port "$PORT"
start_daemon "$CONF"

fires() {
    claw alert list --json
    [ "$RC" = 0 ] && grep -q '"door_closed"' "$OUT"
}
until_true 15 fires || fail "the rule does not fire"
expect_document true
expect_no_err
expect_field data.0.severity critical
id=$(field data.0.id)

claw alerts list
expect_rc 0
expect_out 'door_closed'
claw alert show "${id:0:6}"
expect_rc 0
expect_out 'the door is closed'
claw alert ack "$id" --comment 'on it'
expect_rc 0
claw alert list --state resolved
expect_out 'No alerts.'

claw alert silence door_closed --for 2h --comment 'load test' --json
expect_rc 0
expect_document true
silence=$(field data.id)
claw alert silences
expect_out 'load test'
claw alert silence door_closed
expect_rc 7
expect_err -- '--for'
claw alert silence
expect_rc 64
expect_err 'MATCHERS'

# What was acknowledged is there after kill -9.
kill -KILL "$DAEMON"
wait "$DAEMON" 2>/dev/null
start_daemon "$CONF"
claw alert silences --json
expect_field data.0.id "$silence"
claw alert unsilence "$silence"
expect_rc 0
claw alert silences
expect_out 'No silences.'
claw alert show nothing
expect_rc 2

stop_daemon
expect_rc 0 "the daemon after SIGTERM"

# Without a daemon the same is there to be seen.
claw alert list --state all
expect_rc 0
expect_out 'door_closed'
exit 0
