#!/usr/bin/env bash
# The daemon at work under valgrind: no invalid access, no definite leak. SPDX-License-Identifier: MIT
#
#   tests/e2e/valgrind.sh BIN [SECONDS]     BIN holds openclaw and openclawd, built without sanitizers
#
# It collects, evaluates rules, tells the file channel, answers the command line, loads its configuration again and stops.
set -euo pipefail

bin=$(cd "${1:?usage: valgrind.sh BIN [SECONDS]}" && pwd)
seconds=${2:-15}
home=$(mktemp -d /tmp/openclaw-valgrind-XXXXXX)
export OPENCLAW_HOME=$home
unset OPENCLAW_CONFIG
daemon="" server=""

finish() {
  local rc=$? pid
  for pid in $daemon $server; do
    kill -KILL "$pid" 2>/dev/null || true
  done
  rm -rf "$home"
  exit $rc
}
trap finish EXIT

fail() {
  printf 'valgrind.sh: %s\n' "$*" >&2
  tail -n 60 "$home"/valgrind.* "$home/stderr.log" >&2
  exit 1
}

wait_for() { # SECONDS WHAT COMMAND...
  local left=$(($1 * 5)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ $((left -= 1)) -gt 0 ] || fail "$what did not happen"
    sleep 0.2
  done
}

# A page to check, which is taken away later.
mkdir "$home/www"
echo '{"status":"healthy"}' >"$home/www/health"
python3 -u -m http.server --bind 127.0.0.1 --directory "$home/www" 0 >"$home/server.log" 2>&1 &
server=$!
wait_for 10 "the start of the page's server" grep -q 'port [0-9]' "$home/server.log"
port=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' "$home/server.log")

cat >"$home/openclaw.conf" <<CONF
collectors = (
  { plugin = "system"; interval = "1s"; },
  { plugin = "http"; name = "page"; interval = "500ms"; url = "http://127.0.0.1:$port/health"; timeout = "2s"; },
  { plugin = "exec"; name = "check"; interval = "1s"; command = ["/bin/echo", "OK | load=1;2;3"]; }
);
alerts = {
  channels = ( { plugin = "file"; path = "alerts.log"; } );
  rules = (
    { name = "page_gone"; expr = "http.up == false"; severity = "critical"; message = "{target} is gone"; },
    { name = "always"; expr = "system.memory_percent >= 0 and system.cpu_percent ~= -1"; message = "it is {value}"; }
  );
};
CONF

valgrind --quiet --leak-check=full --errors-for-leak-kinds=definite --error-exitcode=99 --track-fds=no \
  --keep-debuginfo=yes --child-silent-after-fork=yes \
  --log-file="$home/valgrind.%p" "$bin/openclawd" --foreground --config "$home/openclaw.conf" 2>"$home/stderr.log" &
daemon=$!

began=$SECONDS
wait_for 60 "the daemon's first answer" "$bin/openclaw" status
wait_for 30 "the first alert" grep -q always "$home/alerts.log"
kill -HUP "$daemon"
while [ $((SECONDS - began)) -lt "$((seconds / 2))" ]; do
  "$bin/openclaw" health check >/dev/null 2>&1 || [ $? -lt 4 ] || fail "openclaw health check"
  "$bin/openclaw" metrics list --json >/dev/null || fail "openclaw metrics list"
done
kill "$server"
wait_for 60 "the alert of the page" grep -q page_gone "$home/alerts.log"
"$bin/openclaw" alert silence page_gone --for 1h --comment valgrind >/dev/null || fail "openclaw alert silence"
for words in "alert list" "rules list" "plugin list" "config show" "alert history"; do
  # shellcheck disable=SC2086 # the words of one command
  "$bin/openclaw" $words --json >/dev/null || fail "openclaw $words"
done
while [ $((SECONDS - began)) -lt "$seconds" ]; do sleep 0.2; done

kill -TERM "$daemon"
rc=0
wait "$daemon" || rc=$?
daemon=""
[ $rc -ne 99 ] || fail "valgrind found something"
[ $rc -eq 0 ] || fail "openclawd left with $rc"
echo "valgrind: $((SECONDS - began)) s of work, no invalid access, no definite leak"
