# What the end-to-end scripts share. SPDX-License-Identifier: MIT
#
# A script is started as `script.sh BIN TOOL` with BIN the folder of openclaw and openclawd and TOOL the program made of
# tool.c. It gets a home of its own, ends every process that it started, and fails at the first expectation that does not
# hold.
set -u

BIN=$1 TOOL=$2
SCRATCH=$(mktemp -d /tmp/openclaw-e2e-XXXXXX)
export HOME=$SCRATCH OPENCLAW_HOME=$SCRATCH/home LC_ALL=C.UTF-8 TZ=UTC TERM=xterm OPENCLAW_API=off
unset OPENCLAW_CONFIG OPENCLAW_DEBUG VISUAL EDITOR NO_COLOR
OUT=$SCRATCH/out ERR=$SCRATCH/err
STARTED=()

finish() {
    local rc=$? pid
    for pid in ${STARTED[@]+"${STARTED[@]}"}; do
        kill -TERM "$pid" 2>/dev/null
    done
    for pid in ${STARTED[@]+"${STARTED[@]}"}; do
        wait "$pid" 2>/dev/null
    done
    rm -rf "$SCRATCH"
    exit $rc
}
trap finish EXIT

fail() {
    echo "FAILED: $*" >&2
    local file
    for file in "$OUT" "$ERR" "$OPENCLAW_HOME/logs/openclawd.log" "$SCRATCH/daemon.log"; do
        [ -s "$file" ] && { echo "--- ${file##*/}"; tail -n 30 "$file"; } >&2
    done
    exit 1
}

# Runs openclaw with these words; stdout and stderr are kept, RC is its exit code.
claw() {
    "$BIN/openclaw" "$@" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}

expect_rc() { [ "$RC" = "$1" ] || fail "${2:-the command}: exit code $RC, expected $1"; }
expect_out() { grep -qF -- "$1" "$OUT" || fail "stdout lacks: $1"; }
expect_err() { grep -qF -- "$1" "$ERR" || fail "stderr lacks: $1"; }
expect_no_out() { [ ! -s "$OUT" ] || fail "stdout is not empty"; }
expect_no_err() { [ ! -s "$ERR" ] || fail "stderr is not empty"; }
# Exactly one JSON document of our schema on stdout, its `ok` as given.
expect_document() { "$TOOL" document "$OUT" "$1" 2>>"$ERR" || fail "stdout is not one document with ok = $1"; }
# A member of the document on stdout: field data.checks.0.state
field() { "$TOOL" field "$OUT" "$1"; }
expect_field() {
    local value
    value=$(field "$1") || fail "the document has no $1"
    [ "$value" = "$2" ] || fail "$1 is $value, expected $2"
}

# until_true SECONDS COMMAND...: tries it again until it succeeds.
until_true() {
    local limit=$(($(date +%s) + $1))
    shift
    until "$@"; do
        [ "$(date +%s)" -le "$limit" ] || return 1
        sleep 0.05
    done
}

now_ms() { date +%s%3N; }
says() { grep -qF -- "$2" "$1" 2>/dev/null; }

# A service that accepts connections on PORT; LISTENER is its process.
listen() {
    "$TOOL" listen "$1" &
    LISTENER=$!
    STARTED+=("$LISTENER")
    until_true 5 answers "$1" || fail "nobody listens on port $1"
}
answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
stop_listening() {
    kill "$LISTENER"
    wait "$LISTENER" 2>/dev/null
}

# A daemon on the scratch home; DAEMON is its process.
start_daemon() {
    "$BIN/openclawd" --foreground --config "$1" >"$SCRATCH/daemon.log" 2>&1 &
    DAEMON=$!
    STARTED+=("$DAEMON")
    until_true 20 answers_status || fail "the daemon does not start"
}
answers_status() { [ -S "$OPENCLAW_HOME/run/openclawd.sock" ] && "$BIN/openclaw" status >/dev/null 2>&1; }
stop_daemon() {
    kill -TERM "$DAEMON"
    wait "$DAEMON"
    RC=$?
}

# A configuration that watches one TCP port: small, quick, and it can be made to fail.
config_for_port() {
    cat >"$SCRATCH/openclaw.conf" <<CONF
collectors = ( { plugin = "tcp"; name = "door"; interval = "1s";
                 targets = ( { name = "port"; host = "127.0.0.1"; port = $1; timeout = "500ms"; } ); } );
alerts = {
  channels = ( { plugin = "file"; path = "$SCRATCH/alerts.log"; } );
  rules = ( { name = "door_closed"; expr = "tcp.up == false"; severity = "critical"; for = "0s";
              message = "the door is closed"; } );
};
CONF
    CONF=$SCRATCH/openclaw.conf
}
