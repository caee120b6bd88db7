"""Units of a real daemon: real processes that outlive it, their checks, their logs. SPDX-License-Identifier: MIT"""

import os
import signal
import subprocess

import harness
from agents import Collective
from harness import Failure, eventually, run


def cli(daemon, *words):
    return subprocess.run([f"{harness.BUILD}/bin/openclaw", *words], env=daemon.env, capture_output=True, text=True, timeout=60)


def refused(daemon, op, **params):
    try:
        daemon.call(op, **params)
    except Failure as failure:
        return failure.code
    raise AssertionError(f"{op} was not refused")


def a_unit_starts_is_healthy_writes_and_ends():
    c = Collective(["alpha"])
    d = c.daemon
    try:
        d.start()
        assert c.units()["alpha"]["state"] == "stopped"
        unit = d.call("unit.start", name="alpha", wait="10s")
        assert unit["changed"] and unit["healthy"] and unit["health"] == "ok", unit
        again = d.call("unit.start", name="alpha")
        assert not again["changed"] and again["pid"] == unit["pid"], again
        assert d.call("unit.logs", name="alpha")["lines"] == ["alpha listens"]
        other = d.call("unit.restart", name="alpha", wait="10s")
        assert other["pid"] != unit["pid"] and other["started_ms"] > unit["started_ms"], other
        assert d.call("unit.stop", name="alpha")["state"] == "stopped"
        assert c.marks("alpha", "starts") == [unit["pid"], other["pid"]] == c.marks("alpha", "stops")
        assert refused(d, "unit.start", name="alhpa") == "not_found"
    finally:
        c.remove()


def processes_outlive_the_daemon_and_are_known_again():
    c = Collective(["alpha", "beta"])
    d = c.daemon
    try:
        d.start()
        before = {name: unit["pid"] for name, unit in c.start_all().items()}
        d.kill()
        d.start()
        assert c.pids() == before
        assert d.stop() == 0
        d.start()
        assert c.pids() == before
        assert all(c.marks(name, "starts") == [before[name]] for name in c.names)
    finally:
        c.remove()


def what_is_not_healthy_is_told_and_waiting_for_it_fails():
    c = Collective(["alpha"])
    d = c.daemon
    try:
        d.start()
        c.sicken("alpha")
        assert refused(d, "unit.start", name="alpha", wait="1s") == "timeout"
        unit = d.call("unit.status", name="alpha")
        assert unit["state"] == "running" and not unit["healthy"] and "503" in unit["output"], unit
        c.heal("alpha")
        eventually(lambda: d.call("unit.status", name="alpha")["healthy"], what="health")
    finally:
        c.remove()


def a_process_that_ends_by_itself_is_seen():
    c = Collective(["alpha"])
    d = c.daemon
    try:
        d.start()
        pid = c.start_all()["alpha"]["pid"]
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: d.call("unit.status", name="alpha")["state"] == "failed", what="the failure")
        events = d.call("events.list", topic="unit.changed")
        assert any(e["data"]["to"] == "failed" and e["data"]["unit"] == "alpha" for e in events), events
        assert d.call("unit.start", name="alpha", wait="10s")["healthy"]
    finally:
        c.remove()


def a_daemon_that_is_stopped_while_somebody_waits_leaves_well():
    c = Collective(["alpha"])
    d = c.daemon
    try:
        d.start()
        c.sicken("alpha")
        client = d.client()
        client.send({"id": 1, "op": "unit.start", "params": {"name": "alpha", "wait": "60s"}})
        eventually(lambda: d.call("unit.status", name="alpha")["state"] == "running", what="the start")
        client.send({"id": 2, "op": "host.evidence", "params": {"name": "x"}})
        client.send({"id": 3, "op": "runbook.run", "params": {"name": "agent-restart", "param": {"scenario": "rolling"}}})
        assert d.stop() == 0, d.output()
        assert "ERROR" not in d.output(), d.output()
        client.close()
    finally:
        c.remove()


def what_does_not_end_is_killed():
    c = Collective(["alpha"], stop_timeout="300ms")
    d = c.daemon
    try:
        d.start()
        c.start_all()
        os.kill(c.pids()["alpha"], signal.SIGSTOP)  # it cannot even hear the request
        assert d.call("unit.stop", name="alpha")["killed"]
    finally:
        c.remove()


def maintenance_silences_and_ends():
    c = Collective(["alpha"])
    d = c.daemon
    try:
        d.start()
        assert not d.call("maintenance.status")["active"]
        mode = d.call("maintenance.on", reason="disk", **{"for": "1h"})
        assert mode["active"] and mode["silence"], mode
        assert any("maintenance: disk" in s["comment"] for s in d.call("alert.silences"))
        d.kill()
        d.start()
        assert d.call("maintenance.status")["reason"] == "disk"
        assert not d.call("maintenance.off")["active"]
    finally:
        c.remove()


def maintenance_without_its_silence_says_so_and_status_and_doctor_tell_of_it():
    c = Collective(["alpha"])
    d = c.daemon
    try:
        os.makedirs(os.path.join(d.home, "policies"), exist_ok=True)
        with open(os.path.join(d.home, "policies", "authorize.lua"), "w") as f:
            f.write('function authorize(op, actor, params)\n  if op == "alert.silence" then\n'
                    '    return { allow = false, reason = "people are to be woken" }\n  end\n  return { allow = true }\nend\n')
        d.start()
        assert not d.call("status")["maintenance"]["active"]
        assert not [f for f in d.call("doctor") if f["check"] == "maintenance"]
        shown = cli(d, "maintenance", "on", "disk", "--for", "1h", "--yes")
        assert "alerts are not silenced" in shown.stderr, (shown.stdout, shown.stderr)
        mode = d.call("maintenance.status")
        assert mode["active"] and mode["silence"] is None and "people are to be woken" in mode["problem"], mode
        assert d.call("status")["maintenance"] == mode
        texts = [f["message"] for f in d.call("doctor") if f["check"] == "maintenance" and f["state"] == "warning"]
        assert len(texts) == 2 and "maintenance goes on since" in texts[0] and "not silenced" in texts[1], texts
        status = cli(d, "status").stdout
        assert "maintenance" in status and ": disk; alerts are not silenced" in status, status
        os.remove(os.path.join(d.home, "policies", "authorize.lua"))
        d.call("reload")
        assert d.call("maintenance.on", reason="disk", contain=True, **{"for": "1h"})["problem"] is None
        status = cli(d, "status").stdout
        assert "contained, no unit is started, since" in status and "alerts are silenced" in status, status
        texts = [f["message"] for f in d.call("doctor") if f["check"] == "maintenance"]
        assert len(texts) == 1 and "the host is contained" in texts[0] and "alerts are silenced" in texts[0], texts
    finally:
        c.remove()


def evidence_is_whole_and_has_its_digests():
    import hashlib
    import json
    c = Collective(["alpha"])
    d = c.daemon
    try:
        d.start()
        c.start_all()
        answer = d.call("host.evidence", name="test", reason="why not")
        with open(os.path.join(answer["path"], "MANIFEST.json")) as f:
            manifest = json.load(f)
        assert manifest["reason"] == "why not"
        for row in manifest["files"]:
            if "sha256" in row:
                with open(os.path.join(answer["path"], row["file"]), "rb") as f:
                    assert hashlib.sha256(f.read()).hexdigest() == row["sha256"], row
        have = {row["file"] for row in manifest["files"] if "sha256" in row}
        assert {"health.json", "units.json", "alerts.json", "events.json", "unit-alpha.json", "processes.txt",
                "ledger.json"} <= have, manifest["files"]
        assert [e["path"] for e in d.call("host.evidence.list", name="test")] == [answer["path"]]
        assert refused(d, "host.evidence", name="../x") == "config"
    finally:
        c.remove()


run([a_unit_starts_is_healthy_writes_and_ends, processes_outlive_the_daemon_and_are_known_again,
     what_is_not_healthy_is_told_and_waiting_for_it_fails, a_process_that_ends_by_itself_is_seen,
     a_daemon_that_is_stopped_while_somebody_waits_leaves_well, what_does_not_end_is_killed,
     maintenance_silences_and_ends, maintenance_without_its_silence_says_so_and_status_and_doctor_tell_of_it,
     evidence_is_whole_and_has_its_digests])
