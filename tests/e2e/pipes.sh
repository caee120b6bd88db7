#!/bin/bash
# Streams and stdout: a closed pipe and a full disk end them, and CSV is a table or refused. SPDX-License-Identifier: MIT
. "$(dirname "$0")/lib.sh"

config_for_port "$("$TOOL" port)"
start_daemon "$CONF"

# Runs openclaw with a stdout that had a reader, which has left; RC is 124 when it did not end by itself.
claw_unread() {
    exec 3> >(:)
    wait $!
    timeout 30 "$BIN/openclaw" "$@" >&3 2>"$ERR" </dev/null
    RC=$?
    exec 3>&-
    : >"$OUT"
}

# Streams end when their reader has left, also those that have nothing more to say.
timeout 30 "$BIN/openclaw" health watch --json 2>"$ERR" | head -n 1 >"$OUT"
RC=${PIPESTATUS[0]}
expect_rc 141 "health watch --json | head -n 1"
expect_out '"event":"snapshot"'
expect_no_err
for words in 'health watch' 'events watch' 'logs --follow' 'events watch --topic no.such'; do
    claw_unread $words
    expect_rc 141 "$words without a reader"
    expect_no_err
done

# Many programs give their children a socket for stdout.
timeout 30 python3 - "$BIN/openclaw" >"$OUT" 2>"$ERR" <<'END'
import socket, subprocess, sys
ours, theirs = socket.socketpair()
stream = subprocess.Popen([sys.argv[1], "events", "watch"], stdout=theirs, stdin=subprocess.DEVNULL)
theirs.close()
ours.close()
sys.exit(0 if stream.wait(20) == 141 else 1)
END
RC=$?
expect_rc 0 "events watch with a socket that nobody reads"

# Where a stream is no table, --csv is a usage error, not another thing than was asked for.
for words in 'health watch' 'plugin top' 'run'; do
    claw $words --csv
    expect_rc 64 "$words --csv"
    expect_err 'cannot be written as CSV'
    expect_no_out
done
claw logs --csv
expect_rc 0
[ "$(head -n 1 "$OUT")" = $'time,level,message,data\r' ] || fail "logs --csv has no head"
[ "$(grep -c '^time,level' "$OUT")" = 1 ] || fail "logs --csv has more than one head"

# Any other reason is said.
timeout 30 "$BIN/openclaw" health watch >/dev/full 2>"$ERR"
RC=$?
expect_rc 1 "health watch on a full disk"
expect_err 'the answer cannot be written: No space left on device'

for words in 'config show' 'completion zsh'; do
    timeout 30 "$BIN/openclaw" $words >/dev/full 2>"$ERR"
    RC=$?
    expect_rc 1 "$words on a full disk"
    expect_err 'the answer cannot be written: No space left on device'
done

for words in --version --dump-options '--check'; do
    timeout 30 "$BIN/openclawd" $words --config "$CONF" >/dev/full 2>"$ERR"
    RC=$?
    expect_rc 1 "openclawd $words on a full disk"
    expect_err 'openclawd: the answer cannot be written'
done

# A descriptor that is closed is given to nothing else: what is written there fails, and does not reach the daemon.
for words in 'status' 'config show' 'help'; do
    timeout 30 "$BIN/openclaw" $words >&- 2>"$ERR"
    RC=$?
    expect_rc 1 "$words with stdout closed"
    expect_err 'the answer cannot be written: Bad file descriptor'
done
timeout 30 "$BIN/openclaw" status <&- >"$OUT" 2>&-
RC=$?
expect_rc 0 "status with stdin and stderr closed"
expect_out openclaw

# What ends by itself does so as well, and has done its work.
claw_unread status
expect_rc 141 "status without a reader"
expect_no_err
claw_unread health check
expect_rc 2 "health check without a reader" # what it found counts
for words in help 'completion bash' 'completion zsh' 'config show'; do
    claw_unread $words
    expect_rc 141 "$words without a reader"
    expect_no_err
done
claw_unread token create unseen --role viewer
expect_rc 141 "token create without a reader"
expect_err 'a secret was made, and nobody has seen it'
expect_err '`openclaw token revoke unseen`'
claw token list
expect_out unseen
exit 0
