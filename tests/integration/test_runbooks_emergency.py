"""Runbooks of emergencies: evidence first, shutdowns in order, containment until it is lifted. SPDX-License-Identifier: MIT"""

import json
import os

from agents import Collective, ORDER
from harness import Failure, run
from runbooks import SERVICES, cli, evidence_of, runbook, states, write_runbook


def emergencies_save_evidence_before_anything_is_stopped():
    c = Collective(ORDER, services=SERVICES)
    try:
        c.daemon.start()
        c.start_all()
        pids = c.pids()
        report = runbook(c, "emergency-shutdown", param={"level": "3", "reason": "breach"})
        assert report["state"] == "done", report
        seen, path = evidence_of(c, "emergency-rapid")
        assert {n: u["pid"] for n, u in seen.items()} == pids and all(u["healthy"] for u in seen.values())
        with open(os.path.join(path, "MANIFEST.json")) as f:
            assert json.load(f)["reason"] == "breach"
        saved = os.stat(os.path.join(path, "MANIFEST.json")).st_mtime
        stopped = [os.stat(os.path.join(c.folder, f"{name}.stops")).st_mtime for name in ORDER]
        assert saved < min(stopped)
        left = {name for name, u in c.units().items() if u["state"] == "running"}
        assert left == {"postgres", "redis", "ollama"}, left
        report = runbook(c, "emergency-restart", param={"after": 3})
        assert report["state"] == "done" and all(u["healthy"] for u in c.units().values()), report
        pids = c.pids()
        report = runbook(c, "emergency-shutdown", param={"level": 4, "reason": "instability"})
        assert report["state"] == "done", report
        seen, _ = evidence_of(c, "emergency-immediate")
        assert {n: u["pid"] for n, u in seen.items()} == pids
        assert not any(u["state"] == "running" for u in c.units().values())
        assert all(not os.path.exists(f"/proc/{pid}") or open(f"/proc/{pid}/stat").read().split(") ")[1][0] == "Z"
                   for pid in pids.values())
    finally:
        c.remove()


def an_emergency_stops_units_of_any_tag_and_a_containment_lasts_until_it_is_lifted():
    c = Collective(["steward", "alpha"], services=["postgres", "pg-main", "ws", "odd"])
    d = c.daemon
    try:
        text = open(d.config).read()
        for name, tag in (("pg-main", "database"), ("ws", "bridge")):
            head, tail = text.split(f'{{ name = "{name}"', 1)
            text = head + f'{{ name = "{name}"' + tail.replace('tags = ["service"]', f'tags = ["{tag}"]', 1)
        d.write(text)
        d.start()
        c.start_all()
        everything = set(c.names + c.services)

        def stopped_by(level):
            plan = runbook(c, "emergency-shutdown", dry_run=True, param={"level": level, "reason": "x"})
            return {s["params"]["name"] for s in plan["steps"] if s["op"] in ("unit.stop", "unit.kill")}

        assert stopped_by(1) == stopped_by(4) == stopped_by(5) == everything
        assert stopped_by(2) == stopped_by(3) == {"steward", "alpha", "ws"}
        plan = cli(c, "runbook", "run", "emergency-shutdown", "--param", "level=2", "--param", "reason=x", "--dry-run")
        assert "waits   1m" in plan.stdout or "waits   60s" in plan.stdout, plan.stdout
        write_runbook(c, '{ start("alpha"), { id = "bad", op = "unit.start", params = { name = "nobody" } } }')
        older = runbook(c, "own")
        assert older["state"] == "failed", older
        report = runbook(c, "emergency-shutdown", param={"level": 5, "reason": "x"}, confirm="contain")
        assert report["state"] == "done" and not any(u["state"] == "running" for u in c.units().values()), report
        d.kill()
        d.start()
        mode = d.call("maintenance.status")
        assert mode["containment"] and mode["reason"] == "containment", mode
        for op, params in (("unit.start", {"name": "alpha"}), ("unit.restart", {"name": "alpha"}), ("maintenance.off", {}),
                           ("runbook.resume", {"run": older["run"]})):
            try:
                d.call(op, **params)
                raise AssertionError(f"{op} was not refused")
            except Failure as failure:
                assert "contained" in str(failure) and "emergency-restart --param after=5" in failure.hint, (op, str(failure))
        assert runbook(c, "emergency-restart", param={"after": 1})["state"] == "failed"
        report = runbook(c, "emergency-restart", param={"after": 5}, confirm="the cause is known")
        assert report["state"] == "done" and all(u["healthy"] for u in c.units().values()), report
        assert not d.call("maintenance.status")["active"]
        assert d.call("unit.start", name="alpha")["healthy"]
    finally:
        c.remove()


def what_cannot_run_is_refused_before_the_votes():
    try:
        import governance
    except ImportError:
        print("      left out: no Python package cryptography")
        return
    c = Collective(["alpha"])
    try:
        c.daemon.start()
        c.start_all()
        governance.enroll(c.daemon.call)
        level5 = {"level": 5, "reason": "x"}
        for name, more, code in (("emergency-shutdown", {"param": level5}, "cancelled"),
                                 ("emergency-shutdown", {"param": {"level": 5}}, "config"),
                                 ("backup-restoration", {"param": {"component": "redis"}, "confirm": "restore over live data"},
                                  "unsupported"),
                                 ("emergency-restart", {"param": {"after": 5}}, "conflict")):
            try:
                runbook(c, name, **more)
                raise AssertionError(f"{name} was run")
            except Failure as failure:
                assert failure.code == code, (name, more, str(failure))
        assert c.daemon.call("governance.list") == []
        report = runbook(c, "emergency-shutdown", param=level5, confirm="contain")
        assert report["error"]["code"] == "needs_approval" and len(c.daemon.call("governance.list")) == 1, report
    finally:
        c.remove()


def without_evidence_nothing_is_stopped():
    c = Collective(["steward", "alpha"])
    try:
        c.daemon.start()
        c.start_all()
        pids = c.pids()
        with open(os.path.join(c.daemon.home, "evidence"), "w") as f:
            f.write("a file where the folder should be")
        report = runbook(c, "emergency-shutdown", param={"level": 4, "reason": "instability"})
        assert report["state"] == "failed" and states(report)["evidence"] == "failed", report
        assert c.pids() == pids and all(u["healthy"] for u in c.units().values())
    finally:
        c.remove()


def graceful_and_controlled_shutdowns_go_in_order():
    c = Collective(["steward", "alpha", "historian"], services=["postgres", "redis"])
    try:
        c.daemon.start()
        c.start_all()
        report = runbook(c, "emergency-shutdown", param={"level": 2, "reason": "degradation", "drain": "100ms"})
        assert report["state"] == "done", report
        order = sorted(["steward", "alpha", "historian"], key=lambda n: os.stat(os.path.join(c.folder, n + ".stops")).st_mtime)
        assert order == ["historian", "alpha", "steward"], order
        assert {n for n, u in c.units().items() if u["state"] == "running"} == {"postgres", "redis"}
        assert c.daemon.call("maintenance.status")["active"]
        assert runbook(c, "emergency-restart", param={"after": 2})["state"] == "done"
        assert not c.daemon.call("maintenance.status")["active"]
        report = runbook(c, "emergency-shutdown", param={"level": 1, "reason": "maintenance", "drain": 100})
        assert report["state"] == "done" and not any(u["state"] == "running" for u in c.units().values()), report
    finally:
        c.remove()


run([emergencies_save_evidence_before_anything_is_stopped,
     an_emergency_stops_units_of_any_tag_and_a_containment_lasts_until_it_is_lifted, what_cannot_run_is_refused_before_the_votes,
     without_evidence_nothing_is_stopped, graceful_and_controlled_shutdowns_go_in_order])
