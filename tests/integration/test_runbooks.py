"""Runbooks on real processes: rolling restarts under load, failures, undoing, approvals, plans. SPDX-License-Identifier: MIT"""

import json
import os
import re
import urllib.error
import urllib.request

from agents import Collective, Load, ORDER
from harness import Daemon, Failure, eventually, run
from runbooks import SERVICES, cli, runbook, states, write_runbook


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
        assert re.search(r"restart-explorer +\d[\dms ]*s  +not so within", answer.stdout), answer.stdout
        after, at = c.pids(), ORDER.index("explorer")
        assert all(after[name] != before[name] for name in ORDER[:at + 1])
        assert all(after[name] == before[name] for name in ORDER[at + 1:]), "the rest was touched"
        assert all(c.marks(name, "starts") == [before[name]] and not c.marks(name, "stops") for name in ORDER[at + 1:])
        assert all(load.failed[name] == 0 and load.answered[name] for name in ORDER[at + 1:]), load.failed
        report = c.daemon.call("runbook.status")
        assert report["state"] == "failed" and report["counts"] == {"done": 5, "failed": 1, "pending": 5}, report["counts"]
        answer = cli(c, "runbook", "abort", report["run"], "--undo")
        assert answer.returncode == 1 and "nothing was undone" in answer.stderr, answer
        assert c.daemon.call("runbook.status")["state"] == "failed", "a run of which nothing was undone is another one now"
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


GUARD = '''
function authorize(op, actor, params)
  if op == "unit.restart" and params.name == "alpha" then return { approval = "emergency", reason = "alpha is dear to us" } end
  return { allow = true }
end
'''


def a_host_that_is_stopped_goes_on_with_its_runs():
    c = Collective(["alpha", "beta", "charlie"])
    d = c.daemon
    try:
        d.start()
        c.start_all()
        before = c.pids()
        run = runbook(c, "agent-restart", param={"scenario": "rolling"}, detach=True)["run"]
        eventually(lambda: c.marks("beta", "stops"), what="the restart of the second one")
        assert d.stop() == 0
        d.start()
        eventually(lambda: d.call("runbook.status", run=run)["state"] == "done", what="the end")
        after = c.pids()
        assert all(after[name] not in (None, before[name]) for name in after), (before, after)
    finally:
        c.remove()


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
        run = runbook(c, "agent-restart", param={"scenario": "rolling"}, detach=True)["run"]
        proposal = waiting(run)
        assert d.call("runbook.abort", run=run)["state"] == "aborted"
        withdrawn = d.call("governance.show", proposal=proposal["id"])
        assert withdrawn["status"] == "withdrawn" and "was aborted" in withdrawn["reason"], withdrawn
        for name in ("alpha", "beta"):
            try:
                members[name].vote(d.call, proposal, "yes")
                raise AssertionError("a vote on what was withdrawn")
            except Failure as failure:
                assert failure.code == "conflict", failure
        assert c.pids() == before
    finally:
        c.remove()


def parameters_over_http_are_numbers_and_truth_values_or_texts():
    c = Collective(["alpha"], api=True)
    d = c.daemon
    try:
        write_runbook(c, '{ { id = "x", op = "unit.status", params = { name = "alpha" } } }')
        path = os.path.join(d.home, "runbooks", "own.lua")
        with open(path) as f:
            text = f.read().replace("params = {", 'params = { { name = "level", type = "integer", min = 1, max = 5 },'
                                    ' { name = "sure", type = "boolean" },', 1)
        with open(path, "w") as f:
            f.write(text)
        d.start()
        headers = {"Authorization": "Bearer " + d.token("operator"), "Content-Type": "application/json"}

        def post(param):
            body = json.dumps({"name": "own", "dry_run": True, "param": param}).encode()
            try:
                with urllib.request.urlopen(urllib.request.Request(d.url + "/api/v1/runbook/run", body, headers)) as answer:
                    return answer.status, json.load(answer)
            except urllib.error.HTTPError as failure:
                return failure.code, json.load(failure)

        for level, sure in ((5, True), ("5", "true"), (5, "yes"), ("5", True)):
            status, answer = post({"level": level, "sure": sure})
            assert status == 200 and '"level": 5' in json.dumps(answer) and '"sure": true' in json.dumps(answer), answer
        for param in ({"level": 6}, {"level": 2.5}, {"level": True}, {"sure": 1}, {"level": [5]}, {"level": {}}):
            status, answer = post(param)
            assert 400 <= status < 500, (param, status, answer)
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
        found = runbook(c, "troubleshooting", dry_run=True, param={"issue": "vectors"})["findings"]
        assert [f["severity"] for f in found] == ["info"] and "there is nothing to look at" in found[0]["finding"], found  # no database
        found = runbook(c, "troubleshooting", dry_run=True, param={"issue": "a2a"})["findings"]
        assert "this host has no bridge" in found[0]["finding"], found
        assert not any("beta" in f["finding"] or "unit restart beta" in f["remedy"] for f in found), found  # it is well
        issues = c.daemon.call("runbook.show", name="troubleshooting")["params"][0]["choices"]
        for issue in issues:
            assert runbook(c, "troubleshooting", dry_run=True, param={"issue": issue})["findings"], issue
        answer = cli(c, "runbook", "run", "troubleshooting", "--param", "issue=redis")
        assert answer.returncode == 0 and "redis does not run" in answer.stdout, answer
    finally:
        c.remove()


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


def a_bad_file_leaves_the_shipped_runbook_and_the_doctor_says_so():
    daemon = Daemon()
    try:
        daemon.start()
        os.makedirs(f"{daemon.home}/runbooks", exist_ok=True)
        with open(f"{daemon.home}/runbooks/emergency-shutdown.lua", "w", encoding="utf-8") as f:
            f.write("syntax error")
        said = [row for row in daemon.call("doctor") if row["check"] == "runbook"]
        assert len(said) == 1 and said[0]["state"] == "error", said
        assert "emergency-shutdown.lua is bad, and the shipped one stands in for it" in said[0]["message"], said
        plan = daemon.call("runbook.run", name="emergency-shutdown", param={"level": 1, "reason": "x"}, dry_run=True)
        assert plan["steps"] and any("stands in for it" in w for w in plan["warnings"]), plan
    finally:
        daemon.stop()
        daemon.remove()


def the_infrastructure_is_what_its_tags_say():
    """Units of any name, by their tags; those without one are not left out."""
    daemon = Daemon()
    units = ", ".join(f'{{ name = "{name}"; driver = "process"; command = ["/bin/true"]; tags = [{tags}]; }}' for name, tags in
                      (("board", '"dashboard"'), ("ada", '"agent"'), ("gw", '"gateway"'), ("odd", ""), ("pg", '"database"')))
    daemon.write(f"collectors = ();\nunits = ( {units} );\n")
    try:
        daemon.start()
        steps = [s["id"] for s in daemon.call("runbook.run", name="service-failure", param={"service": "infrastructure"}, dry_run=True)["steps"]]
        assert [s for s in steps if s.startswith("stop-")] == ["stop-ada", "stop-board", "stop-odd", "stop-gw", "stop-pg"], steps
        assert [s for s in steps if s.startswith("start-")] == ["start-pg", "start-gw", "start-odd", "start-ada", "start-board"], steps
        stopped = lambda name, **param: [s["id"] for s in daemon.call("runbook.run", name=name, param=param, dry_run=True)["steps"]
                                         if s["id"].startswith("stop-")]
        assert stopped("backup-restoration", component="database") == ["stop-ada", "stop-gw"]
        assert stopped("backup-restoration", component="full") == stopped("database-corruption", level=5), "everything"
        assert len(stopped("database-corruption", level=5)) == 5
        found = json.dumps(daemon.call("runbook.run", name="troubleshooting", param={"issue": "connections"}))
        assert "pg does not run" in found and "is named postgres" not in found, found
    finally:
        daemon.remove()


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


run([a_rolling_restart_under_load_goes_one_by_one_in_order, one_that_does_not_become_healthy_ends_it_and_the_rest_is_untouched,
     the_five_scenarios_of_a_restart, parameters_plans_and_words_are_checked_before_anything_is_done,
     a_failure_can_undo_what_was_done, a_run_is_aborted_before_its_next_step, a_host_that_is_stopped_goes_on_with_its_runs,
     a_step_that_needs_approval_waits_for_the_votes,
     parameters_over_http_are_numbers_and_truth_values_or_texts, a_runbook_cannot_act_by_itself,
     troubleshooting_finds_what_is_wrong_and_changes_nothing,
     every_runbook_makes_a_plan_for_each_of_its_examples, a_bad_file_leaves_the_shipped_runbook_and_the_doctor_says_so,
     the_infrastructure_is_what_its_tags_say, services_come_back_and_the_whole_infrastructure_in_order])
