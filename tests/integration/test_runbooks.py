"""Runbooks on real processes: rolling restarts under load, failures, crashes, shutdowns, evidence. SPDX-License-Identifier: MIT"""

import json
import os
import random
import subprocess
import time

from agents import ORDER, Collective, Load
from harness import BUILD, FULL, Failure, eventually, run


def runbook(c, name, dry_run=False, timeout=60, **params):
    """The report of a run that ended well, or of one that failed (from the details of the error)."""
    client = c.daemon.client()
    client.socket.settimeout(timeout)
    client.send({"id": 1, "op": "runbook.run", "params": {"name": name, "dry_run": dry_run, **params}})
    while True:
        frame = client.receive()
        if frame.get("id") == 1 and "ok" in frame:
            client.close()
            if frame["ok"]:
                return frame["data"]
            if "details" in frame["error"]:
                return {**frame["error"]["details"], "error": frame["error"]}
            raise Failure(frame["error"])


def cli(c, *words):
    return subprocess.run([os.path.join(BUILD, "bin", "openclaw"), "--home", c.daemon.home, *words],
                          capture_output=True, text=True, check=False, timeout=120, env=c.daemon.env, stdin=subprocess.DEVNULL)


def states(report):
    return {step["id"]: step["state"] for step in report["steps"]}


def a_rolling_restart_under_load_goes_one_by_one_in_order():
    c = Collective()
    try:
        c.daemon.start()
        before = {name: unit["pid"] for name, unit in c.start_all().items()}
        load = Load(c.ports)
        eventually(lambda: all(load.answered.values()), what="load")
        plan = runbook(c, "agent-restart", dry_run=True, param={"scenario": "rolling"})
        assert [s["id"] for s in plan["steps"]] == ["restart-" + name for name in ORDER], plan["steps"]
        assert c.pids() == before, "a dry run has restarted something"
        report = runbook(c, "agent-restart", param={"scenario": "rolling"}, plan=plan["plan"])
        load.stop()
        assert report["state"] == "done" and report["plan"] == plan["plan"], report
        planned = [(s["id"], s["op"], s["params"]) for s in plan["steps"]]
        assert [(s["id"], s["op"], s["params"]) for s in report["steps"]] == planned, "what ran is not what was shown"
        after = c.pids()
        assert all(after[name] != before[name] for name in ORDER)
        assert all(c.marks(name, "starts") == [before[name], after[name]] for name in ORDER)
        began = [step["began"] for step in report["steps"]]
        assert began == sorted(began)
        assert all(load.answered.values()), load.answered
    finally:
        c.remove()


def one_that_does_not_become_healthy_ends_it_and_the_rest_is_untouched():
    c = Collective()
    try:
        c.daemon.start()
        before = {name: unit["pid"] for name, unit in c.start_all().items()}
        load = Load(c.ports)
        c.sicken("explorer")
        answer = cli(c, "runbook", "run", "agent-restart", "--param", "scenario=rolling", "--param", "within=1500ms", "--yes")
        load.stop()
        assert answer.returncode == 1, answer
        assert "step restart-explorer failed: not so within" in answer.stderr and "5 steps were not begun" in answer.stderr, answer
        assert "failed" in answer.stdout and "restart-explorer" in answer.stdout and "503" in answer.stdout, answer
        after, at = c.pids(), ORDER.index("explorer")
        assert all(after[name] != before[name] for name in ORDER[:at + 1])
        assert all(after[name] == before[name] for name in ORDER[at + 1:]), "the rest was touched"
        assert all(c.marks(name, "starts") == [before[name]] and not c.marks(name, "stops") for name in ORDER[at + 1:])
        assert all(load.failed[name] == 0 and load.answered[name] for name in ORDER[at + 1:]), load.failed
        report = c.daemon.call("runbook.status")
        assert report["state"] == "failed" and report["counts"] == {"done": 5, "failed": 1, "pending": 5}, report["counts"]
        c.heal("explorer")
        answer = cli(c, "runbook", "resume", report["run"], "--json")
        assert answer.returncode == 0, answer
        assert json.loads(answer.stdout)["data"]["counts"] == {"done": 11}, answer.stdout
        assert all(len(c.marks(name, "starts")) == 2 for name in ORDER if name != "explorer")
        audit = c.daemon.call("events.list", topic="audit", limit=1000)
        steps = [e["data"] for e in audit if e["data"]["op"] == "unit.restart"]
        assert len(steps) == 12 and {s["actor"] for s in steps} == {"runbook:" + report["run"]}, steps
    finally:
        c.remove()


def the_five_scenarios_of_a_restart():
    c = Collective(["steward", "alpha", "beta"])
    try:
        c.daemon.start()
        c.start_all()
        for scenario, params in (("single", {"agent": "alpha"}), ("force", {"agent": "alpha"}), ("all", {})):
            before = c.pids()
            report = runbook(c, "agent-restart", param={"scenario": scenario, **params})
            assert report["state"] == "done", report
            changed = {name for name, pid in c.pids().items() if pid != before[name]}
            assert changed == ({"alpha"} if params else {"steward", "alpha", "beta"}), (scenario, changed)
        before = c.pids()
        answer = cli(c, "runbook", "run", "agent-restart", "--param", "scenario=clean-state", "--param", "agent=alpha", "--yes")
        assert answer.returncode == 1 and "not available on this host (operation agent.clear)" in answer.stderr, answer
        assert c.pids() == before, "something was done before it was refused"
        report = runbook(c, "agent-restart", param={"scenario": "clean-state", "agent": "alpha"}, skip_unavailable=True,
                         confirm="forget alpha")
        assert report["state"] == "done" and states(report)["clear-alpha"] == "skipped", report
    finally:
        c.remove()


def parameters_plans_and_words_are_checked_before_anything_is_done():
    c = Collective(["alpha"])
    try:
        c.daemon.start()
        c.start_all()
        before = c.pids()
        for params, code in (({"param": {}}, "config"), ({"param": {"scenario": "rollng"}}, "config"),
                             ({"param": {"scenario": "single"}}, "conflict"),
                             ({"param": {"scenario": "single", "agent": "nobody"}}, "conflict"),
                             ({"param": {"scenario": "single", "agent": "alpha", "wthin": "1s"}}, "config"),
                             ({"param": {"scenario": "single", "agent": "alpha", "within": "soon"}}, "config"),
                             ({"param": {"scenario": "rolling"}, "plan": "0" * 64}, "conflict"),
                             ({"param": {"scenario": "clean-state", "agent": "alpha"}, "skip_unavailable": True}, "cancelled")):
            try:
                runbook(c, "agent-restart", **params)
                raise AssertionError(f"{params} was not refused")
            except Failure as failure:
                assert failure.code == code, (params, str(failure))
        answer = cli(c, "runbook", "run", "agent-restart", "--param", "scenario=rolling")
        assert answer.returncode == 1 and "was not confirmed" in answer.stderr and "Restart alpha" in answer.stderr, answer
        assert c.pids() == before and c.daemon.call("runbook.history") == []
    finally:
        c.remove()


OWN = '''
runbook = { name = "own", title = "A runbook of this host", severity = "low", params = {
  { name = "names", type = "strings", default = { "alpha" } } }, facts = { units = { op = "unit.list" } } }
function plan(params, facts) return %s end
'''


def write_runbook(c, steps):
    folder = os.path.join(c.daemon.home, "runbooks")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "own.lua"), "w") as f:
        f.write(OWN % steps)


def a_failure_can_undo_what_was_done():
    c = Collective(["alpha", "beta"])
    try:
        c.daemon.start()
        c.start_all()
        write_runbook(c, '{ stop("alpha"), stop("beta"), { id = "bad", op = "unit.start", params = { name = "nobody" },'
                         ' on_failure = "undo" } }')
        report = runbook(c, "own")
        assert report["state"] == "failed" and states(report) == {"stop-alpha": "undone", "stop-beta": "undone", "bad": "failed"}, report
        eventually(lambda: all(u["healthy"] for u in c.units().values()), what="health")
        write_runbook(c, '{ stop("alpha"), stop("beta") }')
        report = runbook(c, "own")
        assert report["state"] == "done" and not any(u["healthy"] for u in c.units().values())
        assert c.daemon.call("runbook.abort", run=report["run"], undo=True)["state"] == "aborted"
        eventually(lambda: all(u["healthy"] for u in c.units().values()), what="health")
    finally:
        c.remove()


def a_run_is_aborted_before_its_next_step():
    c = Collective(["alpha", "beta"])
    try:
        c.daemon.start()
        c.start_all()
        before = c.pids()
        c.sicken("alpha")
        write_runbook(c, '{ restart("alpha", "30s"), restart("beta") }')
        started = runbook(c, "own", detach=True)
        eventually(lambda: len(c.marks("alpha", "starts")) == 2, what="the restart")
        report = c.daemon.call("runbook.abort", run=started["run"])
        assert report["state"] == "aborted" and states(report)["restart-beta"] == "pending", report
        assert c.pids()["beta"] == before["beta"]
    finally:
        c.remove()


def a_run_outlives_the_command_that_began_it():
    c = Collective(["alpha", "beta", "charlie"])
    try:
        c.daemon.start()
        c.start_all()
        client = c.daemon.client()
        client.send({"id": 1, "op": "runbook.run", "params": {"name": "agent-restart", "param": {"scenario": "rolling"}}})
        eventually(lambda: c.marks("alpha", "stops"), what="the first step")
        client.close()
        eventually(lambda: c.daemon.call("runbook.status")["state"] == "done", what="the end")
    finally:
        c.remove()


def a_stop_in_the_middle_is_an_interruption():
    c = Collective(["alpha", "beta"])
    d = c.daemon
    try:
        d.start()
        c.start_all()
        c.sicken("alpha")
        run = runbook(c, "agent-restart", param={"scenario": "rolling"}, detach=True)["run"]
        eventually(lambda: len(c.marks("alpha", "starts")) == 2, what="the first step")
        eventually(lambda: d.call("runbook.status", run=run)["steps"][0].get("result"), what="its answer")
        assert d.stop() == 0
        c.heal("alpha")
        d.start()
        eventually(lambda: d.call("runbook.status", run=run)["state"] == "done", what="the end")
        assert len(c.marks("alpha", "starts")) == 2 == len(c.marks("beta", "starts")), "something was restarted twice"
        c.sicken("alpha")
        d.write(open(d.config).read() + 'runbooks = { interrupted = "ask"; };\n')
        d.stop()
        d.start()
        run = runbook(c, "agent-restart", param={"scenario": "rolling"}, detach=True)["run"]
        eventually(lambda: len(c.marks("alpha", "starts")) == 3, what="the first step")
        d.kill()
        c.heal("alpha")
        d.start()
        time.sleep(1)
        assert len(c.marks("beta", "starts")) == 2, "it went on without being asked"
        assert d.call("runbook.resume", run=run)["state"] == "done"
    finally:
        c.remove()


GUARD = '''
function authorize(op, actor, params)
  if op == "unit.restart" and params.name == "alpha" then return { approval = "emergency", reason = "alpha is dear to us" } end
  return { allow = true }
end
'''


def a_step_that_needs_approval_waits_for_the_votes():
    try:
        import governance
    except ImportError:
        print("      left out: no Python package cryptography")
        return
    c = Collective(["alpha", "beta"])
    d = c.daemon
    try:
        os.makedirs(os.path.join(d.home, "policies"), exist_ok=True)
        with open(os.path.join(d.home, "policies", "authorize.lua"), "w") as f:
            f.write(GUARD)
        d.start()
        c.start_all()
        members = governance.enroll(d.call)

        def waiting(run):
            eventually(lambda: d.call("runbook.status", run=run)["state"] == "waiting", what="the wait")
            step = d.call("runbook.status", run=run)["steps"][0]
            assert step["state"] == "waiting" and step["proposal"] in step["message"], step
            return d.call("governance.show", proposal=step["proposal"])

        for kill in (False, True):
            before = c.pids()
            run = runbook(c, "agent-restart", param={"scenario": "rolling"}, detach=True)["run"]
            proposal = waiting(run)
            assert c.pids() == before and proposal["op"]["actor"] == "runbook:" + run, proposal["op"]
            if kill:
                d.kill()
                d.start()
                proposal = waiting(run)
            for name in ("alpha", "beta"):
                members[name].vote(d.call, proposal, "yes")
            eventually(lambda: d.call("runbook.status", run=run)["state"] == "done", what="the end")
            after = c.pids()
            assert all(after[name] != before[name] for name in after)
        assert len(c.marks("alpha", "starts")) == 3 == len(c.marks("beta", "starts")), "something was restarted twice"
        before = c.pids()
        run = runbook(c, "agent-restart", param={"scenario": "rolling"}, detach=True)["run"]
        proposal = waiting(run)
        for name in ("alpha", "beta"):
            members[name].vote(d.call, proposal, "no")
        report = eventually(lambda: (lambda r: r if r["state"] == "failed" else None)(d.call("runbook.status", run=run)), what="the end")
        assert "governance: rejected" in report["message"] and c.pids() == before, report
    finally:
        c.remove()


def a_runbook_cannot_act_by_itself():
    c = Collective(["alpha"])
    try:
        c.daemon.start()
        for steps, told in (('os.execute("true")', "os"), ('{ { op = "unit.stop" }, id = 1 }', ""),
                            ('{ { id = "x", op = "unit.status", check_after = { op = "unit.stop" } } }', "a check only looks"),
                            ('{ { id = "x", opp = "unit.stop" } }', ""), ("nil", "did not return steps"),
                            ("(function() while true do end end)()", "")):
            write_runbook(c, steps)
            try:
                runbook(c, "own")
                raise AssertionError(f"{steps} was run")
            except Failure as failure:
                assert told in str(failure), (steps, str(failure))
        assert c.daemon.call("runbook.history") == []
    finally:
        c.remove()


def troubleshooting_finds_what_is_wrong_and_changes_nothing():
    c = Collective(["alpha", "beta"], services=["redis"])
    try:
        c.daemon.start()
        c.start_all()
        c.sicken("alpha")
        c.daemon.call("unit.stop", name="redis")
        found = runbook(c, "troubleshooting", dry_run=True, param={"issue": "agent-offline", "agent": "alpha"})["findings"]
        assert any("alpha runs and is not healthy" in f["finding"] for f in found), found
        found = runbook(c, "troubleshooting", dry_run=True, param={"issue": "redis"})["findings"]
        assert any("redis does not run" in f["finding"] and "unit start redis" in f["remedy"] for f in found), found
        issues = c.daemon.call("runbook.show", name="troubleshooting")["params"][0]["choices"]
        for issue in issues:
            assert runbook(c, "troubleshooting", dry_run=True, param={"issue": issue})["findings"], issue
        answer = cli(c, "runbook", "run", "troubleshooting", "--param", "issue=redis")
        assert answer.returncode == 0 and "redis does not run" in answer.stdout, answer
    finally:
        c.remove()


SERVICES = ["postgres", "redis", "ollama", "litellm", "websocket-bridge", "dashboard"]


def evidence_of(c, name):
    found = c.daemon.call("host.evidence.list", name=name)
    assert len(found) == 1, found
    with open(os.path.join(found[0]["path"], "units.json")) as f:
        return {u["name"]: u for u in json.load(f)}, found[0]["path"]


def every_runbook_makes_a_plan_for_each_of_its_examples():
    c = Collective(ORDER, services=SERVICES)
    try:
        c.daemon.start()
        books = c.daemon.call("runbook.list")
        assert len(books) == 7 and all(b["state"] == "ok" for b in books), books
        for book in books:
            for example in c.daemon.call("runbook.show", name=book["name"])["examples"]:
                if book["name"] == "emergency-restart" and example["params"]["after"] > 2:
                    continue  # refused until there is evidence
                plan = runbook(c, book["name"], dry_run=True, param=example["params"])
                assert plan["steps"] or plan["findings"], (book["name"], example)
                again = runbook(c, book["name"], dry_run=True, param=example["params"])
                assert plan["plan"] == again["plan"], (book["name"], example)
                ids = [s["id"] for s in plan["steps"]]
                if book["name"] in ("emergency-shutdown", "database-corruption"):
                    assert ids[0] == "evidence", ids
                missing = {s["missing"] for s in plan["steps"] if not s["available"]}
                assert not any(m.startswith(("unit.", "host.", "health.", "maintenance.")) for m in missing), missing
    finally:
        c.remove()


def services_come_back_and_the_whole_infrastructure_in_order():
    c = Collective(["steward", "alpha"], services=SERVICES)
    try:
        c.daemon.start()
        c.start_all()
        for service in SERVICES:
            before = c.pids()
            report = runbook(c, "service-failure", param={"service": service})
            assert report["state"] == "done", report
            assert {n for n, pid in c.pids().items() if pid != before[n]} == {service}
        before = c.pids()
        report = runbook(c, "service-failure", param={"service": "infrastructure"})
        assert report["state"] == "done", report
        units = c.units()
        assert all(units[name]["healthy"] and units[name]["pid"] != before[name] for name in before), units
        started = sorted(units, key=lambda name: units[name]["started_ms"])
        assert started[:4] == ["postgres", "redis", "ollama", "litellm"] and set(started[4:6]) == {"steward", "alpha"}, started
    finally:
        c.remove()


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


def a_resume_starts_again_what_was_stopped_meanwhile():
    c = Collective(["alpha", "beta"])
    try:
        c.daemon.start()
        c.sicken("beta")
        write_runbook(c, '{ start("alpha", "5s"), start("beta", "500ms") }')
        report = runbook(c, "own")
        assert report["state"] == "failed", report
        c.daemon.call("unit.stop", name="alpha")
        c.heal("beta")
        report = c.daemon.call("runbook.resume", run=report["run"])
        assert report["state"] == "done" and all(u["healthy"] for u in c.units().values()), report
        assert "done again" in report["steps"][0]["message"], report["steps"][0]
    finally:
        c.remove()


def a_command_that_is_cut_off_names_its_run():
    c = Collective(["alpha"])
    try:
        c.daemon.start()
        c.start_all()
        c.sicken("alpha")
        client = subprocess.Popen([os.path.join(BUILD, "bin", "openclaw"), "--home", c.daemon.home, "runbook", "run", "agent-restart",
                                   "--param", "scenario=rolling", "--yes"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                  env=c.daemon.env, stdin=subprocess.DEVNULL)
        eventually(lambda: len(c.marks("alpha", "starts")) == 2, what="the restart")
        run = c.daemon.call("runbook.status")["run"]
        c.daemon.kill()
        told = client.communicate(timeout=30)[1]
        assert f"run {run} was under way: it goes on when the daemon is back" in told, told
        status = cli(c, "runbook", "status")
        assert "interrupted" in status.stdout and "no daemon is running" in status.stdout, status
        c.heal("alpha")
        c.daemon.start()
        eventually(lambda: c.daemon.call("runbook.status", run=run)["state"] == "done", what="the end")
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


ONCE = 20  # steps of one run that may not be repeated


def a_killed_daemon_goes_on_and_no_step_is_done_twice():
    """kill -9 at random points of runs: steps that may not be repeated are never done twice, and every run reaches an end."""
    rounds, rng = (301 if FULL else 16), random.Random(int(os.environ.get("OC_SEED", "1")))
    c = Collective(["alpha", "beta"])
    unknown = twice = 0
    try:
        write_runbook(c, '''(function()
            local steps = { restart("alpha") }
            for k = 1, %d do
              steps[#steps + 1] = { id = "once-" .. k, op = "alert.silence",
                                    params = { matchers = { "rule=none" }, ["for"] = "1h", comment = params.names[1] .. "-" .. k } }
            end
            steps[#steps + 1] = restart("beta")
            return steps
          end)()''' % ONCE)
        c.daemon.start()
        c.start_all()
        took = 1.0
        for i in range(rounds):
            before = {name: len(c.marks(name, "starts")) for name in c.names}
            begun = time.monotonic()
            started = runbook(c, "own", param={"names": f"round-{i}"}, detach=True)
            if i == 0:
                eventually(lambda: c.daemon.call("runbook.status", run=started["run"])["state"] == "done", what="the first")
                took = time.monotonic() - begun
                continue
            time.sleep(rng.uniform(0, took))
            c.daemon.kill()
            c.daemon.start()
            wanted = [f"round-{i}-{k}" for k in range(1, ONCE + 1)]

            def made():
                names = [t["comment"] for t in c.daemon.call("alert.silences")]
                assert all(names.count(name) <= 1 for name in wanted), "a step was done twice"
                return [name for name in wanted if name in names]

            report = eventually(lambda: (lambda r: r if r["state"] in ("done", "failed", "unknown") else None)(
                c.daemon.call("runbook.status", run=started["run"])), what="an end")
            if report["state"] == "unknown":
                unknown += 1
                step = next(s for s in report["steps"] if s["state"] == "unknown")
                assert step["op"] == "alert.silence", step
                try:
                    c.daemon.call("runbook.resume", run=report["run"])
                    raise AssertionError("it was resumed without a word")
                except Failure as failure:
                    assert "--unknown" in failure.hint, failure.hint
                answer = "done" if step["params"]["comment"] in made() else "again"
                report = c.daemon.call("runbook.resume", run=report["run"], unknown=answer)
            assert report["state"] == "done", report
            assert made() == wanted
            for silence in c.daemon.call("alert.silences"):
                c.daemon.call("alert.unsilence", id=silence["id"])
            for name in c.names:
                starts = len(c.marks(name, "starts")) - before[name]
                assert starts >= 1
                twice += starts - 1
            assert all(u["healthy"] for u in c.units().values())
        print(f"      {rounds - 1} kills of a run of {took:.2f} s: {unknown} steps unknown, {twice} restarts repeated (they may be)")
    finally:
        c.remove()

run([a_rolling_restart_under_load_goes_one_by_one_in_order, one_that_does_not_become_healthy_ends_it_and_the_rest_is_untouched,
     the_five_scenarios_of_a_restart, parameters_plans_and_words_are_checked_before_anything_is_done,
     a_failure_can_undo_what_was_done, a_run_is_aborted_before_its_next_step, a_run_outlives_the_command_that_began_it, a_stop_in_the_middle_is_an_interruption,
     a_step_that_needs_approval_waits_for_the_votes, a_runbook_cannot_act_by_itself, troubleshooting_finds_what_is_wrong_and_changes_nothing,
     every_runbook_makes_a_plan_for_each_of_its_examples, services_come_back_and_the_whole_infrastructure_in_order,
     emergencies_save_evidence_before_anything_is_stopped,
     an_emergency_stops_units_of_any_tag_and_a_containment_lasts_until_it_is_lifted,
     a_resume_starts_again_what_was_stopped_meanwhile, a_command_that_is_cut_off_names_its_run,
     what_cannot_run_is_refused_before_the_votes, without_evidence_nothing_is_stopped,
     graceful_and_controlled_shutdowns_go_in_order, a_killed_daemon_goes_on_and_no_step_is_done_twice])
