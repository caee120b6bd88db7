#!/bin/bash
# The configuration from the command line: get, set, validate, explain, edit, reset. SPDX-License-Identifier: MIT
. "$(dirname "$0")/lib.sh"

config_for_port "$("$TOOL" port)"
mkdir -p "$OPENCLAW_HOME"
FILE=$OPENCLAW_HOME/openclaw.conf
{ echo '# a comment that stays'; cat "$CONF"; } >"$FILE"

claw config set store.retention 7d
expect_rc 0
grep -q '# a comment that stays' "$FILE" || fail "the comment is gone"
claw config get store.retention
expect_rc 0
expect_no_err
[ "$(cat "$OUT")" = 7d ] || fail "get prints $(cat "$OUT")"
claw config get store.retention --json
expect_document true
expect_field data.value 7d
claw config get store.nothing
expect_rc 2

claw config explain store.retention
expect_rc 0
expect_out "$FILE"
claw --set store.retention=9d config explain store.retention --json
expect_document true
claw --set store.retention=9d config get store.retention
[ "$(cat "$OUT")" = 9d ] || fail "--set does not stand above the file"

# A value that its own validator refuses is never written.
cp "$FILE" "$SCRATCH/before"
claw config set store.retention soon
expect_rc 7
expect_err 'store.retention'
cmp -s "$FILE" "$SCRATCH/before" || fail "a refused value was written"

claw config reset store.retention
expect_rc 0
grep -q 7d "$FILE" && fail "reset left the value"

claw config validate
expect_rc 0
printf 'store = { retenton = "7d"; };\n' >"$SCRATCH/wrong.conf"
claw config validate "$SCRATCH/wrong.conf"
expect_rc 7
expect_out 'wrong.conf:1'
expect_out 'retention'
(cd "$SCRATCH" && "$BIN/openclaw" config validate wrong.conf >"$OUT" 2>"$ERR")
[ $? = 7 ] || fail "a relative path is not that of the caller"
claw config validate "$SCRATCH/wrong.conf" --json
expect_rc 7
expect_document true
printf 'store = {\n' >"$SCRATCH/broken.conf"
claw config validate "$SCRATCH/broken.conf"
[ "$RC" = 7 ] || fail "a broken file: exit code $RC"
grep -q 'broken.conf:' "$OUT" "$ERR" || fail "a broken file: no place"
claw --config "$SCRATCH/broken.conf" config show
expect_rc 7
expect_err 'broken.conf:'
claw --config "$SCRATCH/broken.conf" config show --json
expect_rc 7
expect_document false
expect_no_err
claw --config "$SCRATCH/nowhere.conf" status
[ "$RC" != 0 ] || fail "a configuration that is not there is accepted"

# An editor that makes it better, one that breaks it, one that does nothing.
cat >"$SCRATCH/editor" <<'ED'
#!/bin/sh
case $1 in
good) echo 'host = { name = "edited"; };' >>"$2" ;;
torn) echo 'host = { name = "torn"; };' >>"$2"; exit 1 ;;
bad) echo 'stoer = { retention = "7d" };' >>"$2" ;;
broken) echo 'store = {' >>"$2" ;;
esac
ED
chmod +x "$SCRATCH/editor"
export VISUAL
VISUAL="$SCRATCH/editor good"
claw config edit
expect_rc 0
claw config get host.name
[ "$(cat "$OUT")" = edited ] || fail "the edit did not arrive"
cp "$FILE" "$SCRATCH/before"
for how in bad broken; do
    VISUAL="$SCRATCH/editor $how"
    claw config edit
    expect_rc 7 "edit: $how"
    cmp -s "$FILE" "$SCRATCH/before" || fail "edit: $how: the file was replaced"
    kept=$(sed -n 's/.*your copy is kept as //p' "$ERR")
    [ -s "$kept" ] || fail "edit: $how: the copy is not kept"
    rm -f "$kept"
done
VISUAL="$SCRATCH/editor nothing"
claw config edit
expect_rc 0
expect_err 'Nothing has been changed'
VISUAL="$SCRATCH/no-such-editor"
claw config edit
expect_rc 1
[ -z "$(find "$OPENCLAW_HOME" -name '.openclaw-*')" ] || fail "copies are left behind"

# An editor that fails throws away nothing that was written.
VISUAL="$SCRATCH/editor torn"
claw config edit
expect_rc 1
cmp -s "$FILE" "$SCRATCH/before" || fail "an editor that failed changed the file"
kept=$(sed -n 's/.*your copy is kept as //p' "$ERR")
grep -q torn "$kept" || fail "what was written before the editor failed is lost"
rm "$kept"

# A link stays a link, and what it names keeps its owner.
mkdir "$SCRATCH/real"
sed '$d' "$FILE" >"$SCRATCH/real/far.conf"
chmod 640 "$SCRATCH/real/far.conf"
[ "$(id -u)" = 0 ] && chown 4711:4712 "$SCRATCH/real/far.conf"
whose() { stat -c '%u:%g %a' "$SCRATCH/real/far.conf"; }
whose_before=$(whose)
ln -s real/far.conf "$SCRATCH/link.conf"
VISUAL="$SCRATCH/editor good"
claw --config "$SCRATCH/link.conf" config edit
expect_rc 0 "editing through a link"
[ -L "$SCRATCH/link.conf" ] || fail "the link is no link any more"
grep -q edited "$SCRATCH/real/far.conf" || fail "the file behind the link is not edited"
[ "$(whose)" = "$whose_before" ] || fail "edit: the file was $whose_before and is $(whose)"
claw --config "$SCRATCH/link.conf" config set store.retention 8d
expect_rc 0
[ "$(whose)" = "$whose_before" ] || fail "set: the file was $whose_before and is $(whose)"

# What others change meanwhile stays, and so does what was written; edited again, it replaces that.
cat >"$SCRATCH/both" <<'ED'
#!/bin/sh
if [ ! -e "$1.first" ]; then
    echo '# by another' >>"$1"
    touch "$1.first"
fi
echo "$MINE# by me" >>"$2"
ED
chmod +x "$SCRATCH/both"
export MINE=
VISUAL="$SCRATCH/both $FILE"
claw config edit
expect_rc 1 "a file that was changed meanwhile"
expect_err 'has been changed meanwhile'
expect_err 'Take over what is new'
grep -q '# by another' "$FILE" || fail "what another wrote is lost"
grep -q '# by me' "$FILE" && fail "the file was replaced"
kept=$(sed -n 's/.*your copy is kept as //p' "$ERR")
grep -q '# by me' "$kept" || fail "the copy is not kept"
rm "$kept" "$FILE.first"
cp "$SCRATCH/before" "$FILE"
/usr/bin/python3 - "$BIN/openclaw" <<'PY' >"$OUT" 2>"$ERR" || fail "it cannot be edited again"
import os, pty, subprocess, sys
ours, terminal = pty.openpty()
os.write(ours, b"y\n")
sys.exit(subprocess.run([sys.argv[1], "config", "edit"], stdin=terminal, stderr=terminal, timeout=60).returncode)
PY
grep -q '# by me' "$FILE" || fail "edited again, it is not in place"
cp "$SCRATCH/before" "$FILE"

# A first file that another makes meanwhile.
mkdir "$SCRATCH/first"
MINE='collectors = (); '
VISUAL="$SCRATCH/both $SCRATCH/first/new.conf"
claw --config "$SCRATCH/first/new.conf" config edit
expect_rc 1 "a first file that another made meanwhile"
expect_err 'is there already'
grep -q '# by me' "$SCRATCH/first/new.conf" && fail "the first file was replaced"

# The very file that is broken can be edited.
echo 'store = {' >>"$FILE"
cat >"$SCRATCH/mend" <<'ED'
#!/bin/sh
sed -i '$d' "$1"
ED
chmod +x "$SCRATCH/mend"
VISUAL="$SCRATCH/mend"
claw config edit
expect_rc 0 "mending a broken file"
cmp -s "$FILE" "$SCRATCH/before" || fail "the file is not mended"

# Listeners that could listen nowhere are findings before the start.
printf '%s\n' 'api = { listen = ( { port = 3900; }, { port = 3900; }, { port = 3901; tls = true; }, { address = "999.1.1.1"; } ); };' \
  >"$SCRATCH/listen.conf"
claw config validate "$SCRATCH/listen.conf"
expect_rc 7
for finding in 'listen\[1\]: another listener' 'listen\[2\]: tls = true wants' 'listen\[3\]: address: expected'; do
  grep -q "$finding" "$OUT" || fail "not said: $finding"
done

# So are values that no request, no budget and no receiver could ever match.
cat >"$SCRATCH/never.conf" <<'CONF'
api = {
  origins = [ "https://ops.example.org", "http://[::1]:8080", "https://ops.example.org/panel", "ops.example.org" ];
  hosts = [ "ops.example.org", "ops.example.org:3000" ];
};
cost = { budgets = ( { agent = "coder"; daily_dollars = 5.0; }, { agent = "alpha"; } ); };
remote_write = ( { url = "http://127.0.0.1:9"; labels = { site = "a"; data-center = "b"; }; } );
CONF
claw config validate "$SCRATCH/never.conf"
expect_rc 7
for finding in 'never.conf:2.*api.origins\[2\]: expected an origin' 'never.conf:2.*api.origins\[3\]: expected an origin' \
  'never.conf:3.*api.hosts\[1\]: expected a host' 'never.conf:5.*cost.budgets\[1\]: expected one of daily_dollars' \
  'never.conf:6.*labels.data-center: expected the name of a label: letters'; do
  grep -q "$finding" "$OUT" || fail "not said: $finding in $(cat "$OUT")"
done
[ "$(grep -c 'never.conf:' "$OUT")" = 5 ] || fail "more is said than that: $(cat "$OUT")"
exit 0
