#!/bin/bash
# Without a daemon: a private one does what it can, and leaves nothing running. SPDX-License-Identifier: MIT
. "$(dirname "$0")/lib.sh"

PORT=$("$TOOL" port)
config_for_port "$PORT"
listen "$PORT"

claw --config "$CONF" status
expect_rc 0
expect_no_err
expect_out 'no daemon is running'
claw --config "$CONF" status --json
expect_document true
expect_field data.ephemeral true

claw --config "$CONF" health check
expect_rc 0
expect_out 'OPENCLAW OK - '
claw --config "$CONF" health report --json
expect_rc 0
expect_document true
expect_field data.details.0.state ok
stop_listening
claw --config "$CONF" health check
expect_rc 2
expect_out 'OPENCLAW CRITICAL - '
claw --config "$CONF" health check door/port --json
expect_rc 2
expect_document true

claw --config "$CONF" metrics list --json
expect_rc 0
expect_document true
claw --config "$CONF" plugin info tcp
expect_rc 0
expect_out 'targets'

# Who only looks makes no home; who has something to keep does.
for words in 'status' 'doctor' 'alert list' 'events list' 'metrics list' 'token list' 'plugin list'; do
    # shellcheck disable=SC2086 # these are several words
    claw --home "$SCRATCH/never" $words
    expect_rc 0 "$words"
    [ -e "$SCRATCH/never" ] && fail "$words made a home"
done
claw --home "$SCRATCH/never" alert silence nothing --for 1h
expect_rc 0
claw --home "$SCRATCH/never" alert silences
expect_out 'nothing'
# The home that only an included file names is the one that is looked at.
echo '@include "host.conf"' >"$SCRATCH/including.conf"
echo "host = { home = \"$SCRATCH/never\"; };" >"$SCRATCH/host.conf"
env -u OPENCLAW_HOME "$BIN/openclaw" --config "$SCRATCH/including.conf" alert silences >"$OUT" 2>"$ERR"
RC=$?
expect_rc 0
expect_out 'nothing'

# What needs a daemon says so and starts none.
for words in 'logs' 'health watch' 'events watch' 'reload' 'collector run'; do
    # shellcheck disable=SC2086 # these are several words
    claw $words
    expect_rc 69 "$words"
    expect_no_out
    expect_err 'openclaw run'
done

# The binary beside us is used, then the one on PATH; without any it is said.
mkdir "$SCRATCH/alone"
cp "$BIN/openclaw" "$SCRATCH/alone/"
PATH=/usr/bin:/bin "$SCRATCH/alone/openclaw" status >"$OUT" 2>"$ERR"
RC=$?
[ "$RC" = 0 ] && fail "openclawd was found where it is not"
expect_err 'openclawd cannot be found'
OPENCLAW_PLUGINS=$OC_BUILD_DIR/plugins PATH=$BIN:/usr/bin:/bin "$SCRATCH/alone/openclaw" status >"$OUT" 2>"$ERR"
RC=$?
expect_rc 0 "openclawd on PATH"

sleep 0.2
pgrep -f "openclawd --ephemeral.*$SCRATCH" >/dev/null && fail "a private daemon is left behind"

# On a terminal there is colour, unless nobody wants it.
"$TOOL" tty '' "$BIN/openclaw" --config "$CONF" health check >"$OUT" 2>"$ERR"
grep -q $'\033\[31m' "$OUT" || fail "no colour on a terminal"
NO_COLOR=1 "$TOOL" tty '' "$BIN/openclaw" --config "$CONF" health check >"$OUT" 2>"$ERR"
grep -q $'\033\[3' "$OUT" && fail "colour in spite of NO_COLOR"
claw --color=always --config "$CONF" health check
grep -q $'\033\[31m' "$OUT" || fail "no colour with --color=always"
exit 0
