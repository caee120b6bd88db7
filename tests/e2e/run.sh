#!/bin/bash
# `openclaw run`: the table within a second, live changes, a clean end. SPDX-License-Identifier: MIT
. "$(dirname "$0")/lib.sh"

LIMIT_MS=1000
[ -n "${OC_SANITIZE:-}" ] && LIMIT_MS=4000 # instrumented binaries are slow to start

PORT=$("$TOOL" port)
config_for_port "$PORT"
listen "$PORT"

began=$(now_ms)
"$BIN/openclaw" --config "$CONF" run >"$OUT" 2>"$ERR" &
RUN=$!
STARTED+=("$RUN")
until_true 10 says "$OUT" 'door/port' || fail "no table"
took=$(($(now_ms) - began))
[ "$took" -le "$LIMIT_MS" ] || fail "the table came after $took ms"
expect_out 'OPENCLAW OK - '
echo "first table after $took ms"

# A second one on the same home is refused, and says so.
"$BIN/openclaw" --config "$CONF" run >"$SCRATCH/second" 2>&1
[ $? = 1 ] || fail "a second run is not refused with 1"
grep -q 'a daemon is already running on' "$SCRATCH/second" || fail "the second run does not say why"

# From another terminal everything works at once.
"$BIN/openclaw" status >"$SCRATCH/status" || fail "status"
grep -q "$CONF" "$SCRATCH/status" || fail "status does not name the configuration"

# A change shows as a line.
stop_listening
until_true 15 says "$OUT" 'ok -> critical' || fail "the change is not shown"
until_true 15 says "$OUT" 'alert firing' || fail "the alert is not shown"

# Ctrl-C drains and exits 0; nothing stays behind.
kill -INT "$RUN"
wait "$RUN"
RC=$?
expect_rc 0 "run after Ctrl-C"
[ ! -S "$OPENCLAW_HOME/run/openclawd.sock" ] || fail "the socket is still there"
grep -q 'stopped' "$OPENCLAW_HOME/logs/openclawd.log" || fail "the daemon did not say that it stopped"

# A configuration that cannot be read is said at once, with its place.
printf 'collectors = (\n  { plugin = "tcp" name = "x"; }\n' >"$SCRATCH/broken.conf"
claw --config "$SCRATCH/broken.conf" run
expect_rc 7 "run with a broken configuration"
expect_err "broken.conf:"
expect_no_out
