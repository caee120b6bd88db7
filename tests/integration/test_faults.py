"""Everything that can go wrong around the daemon: it stays up and says what is wrong. SPDX-License-Identifier: MIT"""

import glob
import os
import resource
import shutil
import signal
import socket
import struct
import subprocess
import time
import urllib.error
import urllib.request

from harness import BUILD, Daemon, Failure, Receiver, eventually, run

SYSTEM = 'collectors = ( { plugin = "system"; interval = "1s"; } );\n'


def collects(daemon, since=0):
    """True when the system collector has made a call after `since` of them."""
    return any(c["instance"] == "system" and c.get("calls", 0) > since for c in daemon.call("collector.list"))


def a_second_daemon_on_the_same_home_is_refused_by_name_of_the_first():
    daemon = Daemon(SYSTEM)
    try:
        daemon.start()
        second = subprocess.run([f"{BUILD}/bin/openclawd", "-f", "-c", daemon.config], env=daemon.env,
                                capture_output=True, text=True, timeout=20)
        assert second.returncode == 1, second
        assert str(daemon.process.pid) in second.stderr, second.stderr
        assert collects(daemon)
    finally:
        daemon.remove()


def second_daemon(daemon):
    return subprocess.run([f"{BUILD}/bin/openclawd", "-f", "-c", daemon.config], env=daemon.env, capture_output=True, text=True, timeout=60)


def entries(daemon):
    return "".join(open(path).read() for path in glob.glob(f"{daemon.home}/ledger/*.log"))


def a_home_whose_run_folder_was_removed_still_has_one_owner():
    daemon = Daemon(SYSTEM)
    try:
        daemon.start()
        client = daemon.client()
        client.call("alert.silence", matchers=["rule=x"], comment="before", **{"for": "1h"})
        os.remove(f"{daemon.home}/run/openclawd.lock")
        second = second_daemon(daemon)
        assert second.returncode == 1 and f"{daemon.home}/data open" in second.stderr, second
        shutil.rmtree(f"{daemon.home}/run")
        second = second_daemon(daemon)
        assert second.returncode == 1 and f"{daemon.home}/data open" in second.stderr, second
        before = entries(daemon)
        private = subprocess.run([f"{BUILD}/bin/openclaw", "--config", daemon.config, "config", "set", "host.name", "other"], env=daemon.env,
                                 capture_output=True, text=True, check=False)
        assert "/data open" in private.stderr, private  # it says what it could not note, and writes beside nobody
        assert entries(daemon) == before
        client.call("alert.silence", matchers=["rule=x"], comment="after", **{"for": "1h"})
        assert daemon.stop() == 0
        assert "cannot be written" not in daemon.output() and "UNIQUE" not in daemon.output(), daemon.output()
        daemon.start()
        assert {row["comment"] for row in daemon.call("alert.silences")} == {"before", "after"}
        assert daemon.call("ledger.status")["healthy"], daemon.call("ledger.status")
        daemon.call("ledger.verify")
    finally:
        daemon.remove()


def a_home_whose_run_folder_cannot_be_written_has_one_owner():
    daemon = Daemon(SYSTEM)
    try:
        os.symlink("/nonexistent/run", f"{daemon.home}/run")
        daemon.start(wait=False)
        eventually(lambda: "started" in daemon.output(), what="a start")
        assert "has no pid lock" in daemon.output(), daemon.output()
        second = second_daemon(daemon)
        assert second.returncode == 1 and f"{daemon.home}/data open" in second.stderr, second
        assert daemon.stop() == 0
        daemon.start(wait=False)
        eventually(lambda: daemon.output().count("started") == 2, what="another start")
        assert daemon.stop() == 0
    finally:
        daemon.remove()


def ready(daemon):
    try:
        with urllib.request.urlopen(daemon.url + "/readyz", timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as problem:
        return problem.code, problem.read().decode()


def post_alert(daemon, name):
    body = f'[{{"labels": {{"alertname": "{name}"}}, "endsAt": "2035-01-01T00:00:00Z"}}]'.encode()
    request = urllib.request.Request(daemon.url + "/api/v2/alerts", body,
                                     {"Content-Type": "application/json", "Authorization": f"Bearer {daemon.token('operator')}"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as problem:
        return problem.code


def of_check(daemon, check):
    return [row["message"] for row in daemon.call("doctor") if row["check"] == check and row["state"] != "ok"]


def a_host_with_a_damaged_ledger_is_not_ready():
    daemon = Daemon(SYSTEM, api=True)
    try:
        daemon.start()
        for n in range(3):
            daemon.call("alert.silence", matchers=["rule=x"], comment=f"silence {n}", **{"for": "1h"})
        assert ready(daemon) == (200, "ready\n")
        assert daemon.stop() == 0
        (path,) = glob.glob(f"{daemon.home}/ledger/*.log")
        with open(path, "r+b") as f:
            text = f.read()
            f.seek(text.index(b"silence 1"))
            f.write(b"S")
        daemon.start()
        status, text = ready(daemon)
        assert status == 503 and text.startswith("ledger: "), (status, text)
    finally:
        daemon.remove()


def alerts_that_nothing_can_keep_are_said():
    daemon = Daemon('collectors = ( { plugin = "none"; enabled = false; } );\n', api=True)
    try:
        os.mkdir(f"{daemon.home}/data")
        with open(f"{daemon.home}/data/alerts", "w"):
            pass  # no folder, and none can be made
        daemon.start()
        assert any("cannot be stored" in text for text in of_check(daemon, "alert")), daemon.call("doctor")
        status = post_alert(daemon, "a")
        assert status == 503, status
        (row,) = daemon.call("alert.list", state="all")
        try:
            daemon.call("alert.ack", id=row["id"])
            raise AssertionError("an acknowledgement that is lost is answered as good")
        except Failure as problem:
            assert "Let the host write there" in problem.hint, problem
        status, text = ready(daemon)
        assert status == 503 and text.startswith("alerts: "), (status, text)
        assert daemon.stop() == 0
        os.remove(f"{daemon.home}/data/alerts")
        daemon.start()
        assert ready(daemon) == (200, "ready\n")
    finally:
        daemon.remove()


def a_database_that_is_empty_or_gone_is_lost_and_not_new():
    for lose in (lambda path: os.truncate(path, 0), os.remove):
        daemon = Daemon(SYSTEM)
        try:
            daemon.start()
            daemon.token(name="before")
            daemon.call("ledger.checkpoint")
            daemon.kill()
            path = f"{daemon.home}/data/openclaw.db"
            lose(path)
            for beside in glob.glob(f"{path}-*"):
                os.remove(beside)
            daemon.start()
            (kept,) = glob.glob(f"{path}.corrupt-*")
            assert "the store is damaged and was set aside" in daemon.output(), daemon.output()
            assert any(kept in text for text in of_check(daemon, "store")), daemon.call("doctor")
            eventually(lambda: daemon.call("events.list", topic="store.corrupt"), what="an event")
            daemon.stop()
            daemon.start()
            assert any(kept in text for text in of_check(daemon, "store")), daemon.call("doctor")
            os.remove(kept)
            assert not of_check(daemon, "store"), daemon.call("doctor")
        finally:
            daemon.remove()


def damage_in_the_middle_of_the_alerts_is_no_crash():
    daemon = Daemon(SYSTEM, api=True)
    try:
        daemon.start()
        assert [post_alert(daemon, f"a{n}") for n in range(6)] == [200] * 6
        daemon.kill()
        path = f"{daemon.home}/data/alerts/00000001.journal"
        with open(path, "r+b") as f:
            f.seek(100)
            f.write(b"xxx")
        damaged = open(path, "rb").read()
        daemon.start()
        assert "a journal is damaged" in daemon.output() and "as after a crash" not in daemon.output(), daemon.output()
        kept = f"{path}.corrupt"
        assert open(kept, "rb").read() == damaged
        assert any(kept in text for text in of_check(daemon, "store")), daemon.call("doctor")
        there = {row["rule"] for row in daemon.call("alert.list", state="all")}
        assert {"a4", "a5"} <= there, there
        eventually(lambda: not os.path.exists(path), what="what is left is written anew")
        os.remove(kept)
        daemon.kill()
        daemon.start()
        assert there == {row["rule"] for row in daemon.call("alert.list", state="all")}
        assert daemon.output().count("a journal is damaged") == 1 and not of_check(daemon, "store"), daemon.output()
    finally:
        daemon.remove()


def a_config_that_does_not_parse_is_named_with_file_and_line():
    daemon = Daemon('store = { retention = "30d"; };\ncollectors = ( { plugin = ; } );\n')
    try:
        left = subprocess.run([f"{BUILD}/bin/openclawd", "-f", "-c", daemon.config], env=daemon.env,
                              capture_output=True, text=True, timeout=20)
        assert left.returncode == 7, left
        assert f"{daemon.config}:2" in left.stderr, left.stderr
    finally:
        daemon.remove()


def a_config_with_every_key_wrong_starts_and_says_so_for_each():
    daemon = Daemon("""
hosst = { name = "x"; };
store = { retention = "soon"; flushinterval = "1s"; };
log = { level = "loud"; };
health = { max_attempts = 1000; };
collectors = ( { plugin = "system"; intervall = "1s"; }, { plugin = "nothing"; }, "text",
               { plugin = "http"; name = "web"; targets = ( { name = "a"; url = "gopher://x"; } ); } );
alerts = { cooldown = 15; rules = ( { name = "broken"; expr = "system.cpu_percent >"; severity = "huge"; } );
           channels = ( { plugin = "webhook"; url = "nowhere"; } ); };
policies = { dirr = "x"; };
""")
    try:
        daemon.start()
        findings = daemon.call("reload")["findings"]
        keys = " ".join(f["key"] for f in findings)
        for key in ("hosst", "store.retention", "store.flushinterval", "log.level", "health.max_attempts",
                    "alerts.cooldown", "policies.dirr", "severity", "expr"):
            text = keys + " ".join(f["message"] for f in findings)
            assert key.split(".")[-1] in text, f"nothing is said about {key}: {findings}"
        for finding in findings:
            if finding["line"]:
                assert finding["file"].endswith("openclaw.conf") or finding["file"].startswith("built"), finding
        hints = [f["hint"] for f in findings if "hosst" in f["key"]]
        assert any("host" in h for h in hints), hints
        health = daemon.call("health.check")
        assert any("nothing" in c["output"] for c in health["checks"]), health["checks"]
    finally:
        daemon.remove()


def one_bad_collector_disables_itself_alone():
    daemon = Daemon("""collectors = ( { plugin = "http"; name = "web"; targets = ( { name = "a"; } ); },
                       { plugin = "system"; interval = "1s"; } );""")
    try:
        daemon.start()
        eventually(lambda: collects(daemon), what="a collection")
        rows = {c["instance"]: c for c in daemon.call("collector.list")}
        assert rows["web"]["state"] == "failed", rows
        assert "url" in rows["web"]["last_error"] or "url" in daemon.output(), rows
    finally:
        daemon.remove()


def a_corrupt_store_is_kept_aside_and_a_new_one_begun():
    daemon = Daemon(SYSTEM)
    try:
        daemon.start()
        daemon.call("alert.silence", matchers=["rule=x"], comment="before", **{"for": "1h"})
        daemon.stop()
        path = os.path.join(daemon.home, "data", "openclaw.db")
        with open(path, "r+b") as f:
            f.write(os.urandom(4096))
        daemon.start()
        eventually(lambda: collects(daemon), what="a collection")
        kept = [f for f in os.listdir(os.path.dirname(path)) if "corrupt" in f]
        assert kept, os.listdir(os.path.dirname(path))
        assert "corrupt" in daemon.output()
        daemon.call("alert.silence", matchers=["rule=x"], comment="after", **{"for": "1h"})
    finally:
        daemon.remove()


def limit_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))


def a_full_disk_is_said_and_nothing_is_acknowledged_that_was_not_kept():
    daemon = Daemon('store = { flush_interval = "200ms"; };\n' + SYSTEM)
    try:
        daemon.start(preexec=limit_files)
        refused = None
        kept = 0
        for n in range(4000):
            try:
                daemon_client = daemon.client() if n % 500 == 0 else daemon_client
                daemon_client.call("alert.silence", matchers=["rule=x"], comment="x" * 500, **{"for": "1h"})
                kept += 1
            except Failure as problem:
                refused = problem
                break
        assert refused, "the disk never filled"
        assert daemon.process.poll() is None
        status = daemon.call("status")
        assert any("store" in p for p in status["problems"]), status["problems"]
        calls = [c["calls"] for c in daemon.call("collector.list")][0]
        eventually(lambda: collects(daemon, calls), what="a collection on a full disk")
        daemon.kill()
        daemon.start()
        assert len(daemon.call("alert.silences")) >= kept, "an acknowledged silence is lost"
    finally:
        daemon.remove()


def a_home_that_cannot_be_written_still_watches():
    daemon = Daemon(SYSTEM)
    daemon.env["OPENCLAW_HOME"] = "/proc/openclaw"
    try:
        daemon.start(wait=False)
        eventually(lambda: "has no pid lock" in daemon.output(), what="a word about the lock")
        eventually(lambda: "cannot" in daemon.output(), what="a complaint")
        time.sleep(2)
        assert daemon.process.poll() is None, daemon.output()
        assert daemon.stop() == 0
    finally:
        daemon.remove()


def garbage_on_the_control_socket_hurts_nobody():
    daemon = Daemon(SYSTEM)
    try:
        daemon.start()
        for data in (b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 100, struct.pack("<I", 5) + b"{bad}",
                     struct.pack("<I", 0xFFFFFFFF), struct.pack("<I", 2) + b"[]",
                     struct.pack("<I", 20) + b'{"id":-1,"op":"x"}  '):
            s = socket.socket(socket.AF_UNIX)
            s.connect(daemon.socket)
            s.sendall(data)
            s.settimeout(0.2)
            try:
                s.recv(4096)
            except OSError:
                pass
            s.close()
        assert daemon.call("host.version")["abi_major"] == 1
    finally:
        daemon.remove()


def what_works_on_files_cannot_block_the_running_daemon():
    daemon = Daemon(SYSTEM)
    try:
        daemon.start()
        try:
            daemon.call("config.validate")
            raise AssertionError("the running daemon took it")
        except Failure as problem:
            assert problem.code == "unsupported", problem
    finally:
        daemon.remove()


RULES = """
alerts = {{ channels = ( {{ plugin = "webhook"; name = "ops"; url = "{url}"; }} );
           rules = ( {{ name = "always"; expr = "system.memory_percent >= 0"; severity = "critical"; message = "up"; }} ); }};
policies = {{ dir = "policies"; }};
"""


def told_in_spite_of(policy):
    receiver = Receiver()
    daemon = Daemon(SYSTEM + RULES.format(url=receiver.url))
    os.makedirs(os.path.join(daemon.home, "policies"), exist_ok=True)
    with open(os.path.join(daemon.home, "policies", "route.lua"), "w") as f:
        f.write(policy)
    try:
        daemon.start()
        eventually(lambda: receiver.deliveries, what="the alert in spite of its policy")
        assert daemon.process.poll() is None
    finally:
        daemon.remove()
        receiver.close()


def a_policy_that_loops_for_ever_keeps_no_alert_back():
    told_in_spite_of("function route(alert) while true do pcall(function() while true do end end) end end")


def a_policy_that_eats_memory_keeps_no_alert_back():
    told_in_spite_of("function route(alert) local t = {} while true do t[#t + 1] = ('x'):rep(100000) .. #t end end")


def a_policy_that_does_not_compile_keeps_no_alert_back():
    told_in_spite_of("function route(alert")


def a_policy_that_answers_nonsense_keeps_no_alert_back():
    told_in_spite_of("function route(alert) return { 7, 'nobody', {} } end")


def a_reload_keeps_state_and_a_broken_file_changes_nothing():
    daemon = Daemon(SYSTEM)
    try:
        daemon.start()
        eventually(lambda: collects(daemon, 1), what="two collections")
        daemon.write("collectors = (")
        try:
            daemon.call("reload")
            raise AssertionError("a broken file was accepted")
        except Failure as problem:
            assert problem.code == "config", problem
        calls = [c["calls"] for c in daemon.call("collector.list")][0]
        assert calls >= 2
        daemon.write(SYSTEM + 'health = { max_attempts = 5; };')
        daemon.process.send_signal(signal.SIGHUP)
        eventually(lambda: "configuration loaded" in daemon.output(), what="the reload")
        assert [c["calls"] for c in daemon.call("collector.list")][0] >= calls, "the collector was restarted for nothing"
    finally:
        daemon.remove()


def a_hanging_check_is_killed_and_the_others_go_on():
    shell = shutil.which("sleep")
    daemon = Daemon(f"""collectors = (
  {{ plugin = "exec"; name = "slow"; interval = "1s"; deadline = "1s"; command = ["{shell}", "60"]; timeout = "50s"; }},
  {{ plugin = "system"; interval = "1s"; }} );""")
    try:
        daemon.start()
        eventually(lambda: collects(daemon, 3), what="four collections beside a hanging one")
        slow = [c for c in daemon.call("health.check")["checks"] if c["service"] == "slow"][0]
        assert slow["state"] in ("critical", "unknown"), slow
        assert daemon.stop() == 0
        left = subprocess.run(["pgrep", "-f", f"{shell} 60"], capture_output=True, text=True).stdout
        assert not left, f"children are left: {left}"
    finally:
        daemon.remove()


def sigterm_drains_and_exits_0():
    daemon = Daemon(SYSTEM)
    try:
        daemon.start()
        eventually(lambda: collects(daemon), what="a collection")
        assert daemon.stop() == 0, daemon.output()
        assert not os.path.exists(daemon.socket)
    finally:
        daemon.remove()


run([value for name, value in list(globals().items())
     if callable(value) and getattr(value, "__module__", None) == "__main__"
     and name not in ("collects", "limit_files", "told_in_spite_of", "second_daemon", "entries", "ready", "post_alert", "of_check")])
