"""What a governed host keeps from its own administrators: files that decide, plugins of no registry, plans that are others by now, and that
what was approved is carried out once, also over a crash. SPDX-License-Identifier: MIT"""

import json
import os
import random
import shutil
import subprocess
import time

from governance import enroll, request
from harness import BUILD, FULL, Daemon, Failure, eventually, run
from rest import Rest

CONFIG = 'collectors = ();\ngovernance = { declaration = "0"; operational_timeout = "1h"; review = "30m"; };\n'
GUARD = """function authorize(op, actor, params)
  if op == "runbook.run" then
    return { approval = "operational", reason = "a test" }
  end
  return { allow = true }
end
"""
BOOK = """runbook = { name = "own", title = "A test", severity = "low",
  params = { { name = "comment", type = "string", required = true } } }
function plan(params)
  return { { id = "silence", op = "alert.silence",
    params = { matchers = { "rule=none" }, ["for"] = "1h", comment = %s .. params.comment } } }
end
"""
KEPT = (("config", "set", "policies.dir", "/tmp/elsewhere"), ("config", "reset", "policies.dir"),
        ("config", "set", "governance.strict_supermajority", "true"), ("config", "set", "store.backend", "memory"),
        ("config", "set", "host.plugins", '["/tmp/elsewhere"]'))


def cli(daemon, *words):
    return subprocess.run([os.path.join(BUILD, "bin", "openclaw"), *words], env=daemon.env, capture_output=True, text=True,
                          timeout=120, check=False, stdin=subprocess.DEVNULL)


def refused(daemon, *words, what="this host is governed"):
    done = cli(daemon, *words)
    assert done.returncode == 3 and what in done.stderr, (words, done.returncode, done.stdout, done.stderr)
    return done.stderr


def write(daemon, name, text):
    path = os.path.join(daemon.home, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    return path


def text_of(daemon):
    with open(daemon.config) as f:
        return f.read()


def files_that_decide_are_left_alone():
    daemon = Daemon(CONFIG).start()
    try:
        rules = write(daemon, "ar.yaml", "groups: []\n")
        for words in (("config", "set", "policies.dir", daemon.home), ("config", "reset", "policies.dir")):
            done = cli(daemon, *words)
            assert done.returncode == 0, (words, done.stderr)  # nobody could decide yet
        before = text_of(daemon)
        enroll(daemon.call)

        def look():
            for words in KEPT:
                assert "edit them by hand" in refused(daemon, *words), words
            assert "policy apply FILE" in refused(daemon, "alert", "import", rules)
            assert not os.path.exists(os.path.join(daemon.home, "policies", "route.lua"))
            assert text_of(daemon) == before, "the file has changed"

        look()
        done = cli(daemon, "config", "set", "host.name", "lighthouse")  # what decides nothing may be changed
        assert done.returncode == 0, done.stderr
        before = text_of(daemon)
        daemon.stop()
        look()
        assert cli(daemon, "config", "validate").returncode == 0
        done = cli(daemon, "policy", "remove", "authorize", "--yes")
        assert done.returncode != 0, done.stdout
        shutil.rmtree(os.path.join(daemon.home, "data"))
        refused(daemon, *KEPT[0], what="whether this host is governed cannot be told")
        daemon.start()  # the ledger knows it
        eventually(lambda: cli(daemon, *KEPT[0]).returncode == 3 and "this host is governed" in cli(daemon, *KEPT[0]).stderr,
                   what="the host to know that it is governed")
    finally:
        daemon.remove()


def what_comes_from_no_registry_waits_and_what_is_not_there_is_no_proposal():
    daemon = Daemon(CONFIG, api=True).start()
    try:
        enroll(daemon.call)
        admin = Rest(daemon.url, daemon.token("admin", name="root"))
        folder = os.path.join(BUILD, "plugins", "collector", "exec")
        answer = admin.post("/api/v1/plugin/link", {"dir": folder})
        assert answer.status == 202, (answer.status, answer.body)
        done = cli(daemon, "ledger", "witness", "remove", "tower")
        assert done.returncode == 8 and "a strategic decision" in done.stderr, done.stderr
        count = len(daemon.call("governance.list"))
        nowhere = os.path.join(daemon.home, "nowhere")
        for words in (("plugin", "install", nowhere, "--yes"), ("plugin", "install", nowhere + ".ocp", "--yes"),
                      ("plugin", "link", nowhere), ("plugin", "install", "--link", nowhere, "--yes")):
            done = cli(daemon, *words)
            assert done.returncode not in (0, 8), (words, done.returncode, done.stdout, done.stderr)
        assert len(daemon.call("governance.list")) == count, daemon.call("governance.list")
    finally:
        daemon.remove()


def run_book(daemon, comment, **more):
    """The proposal that comes of it."""
    try:
        daemon.call("runbook.run", name="own", param={"comment": comment}, **more)
    except Failure as problem:
        if problem.code != "needs_approval":
            raise
        return daemon.call("governance.show", proposal=problem.hint.split()[3])
    raise AssertionError("it ran")


def approve(daemon, members, proposal):
    for name in ("alpha", "beta"):
        members[name].vote(daemon.call, proposal, "yes")


def silences(daemon, comment):
    return [row["comment"] for row in daemon.call("alert.silences")].count(comment)


def ended(daemon, proposal):
    execution = daemon.call("governance.show", proposal=proposal["id"]).get("execution") or {}
    return execution if execution.get("status") in ("completed", "failed") else None


def the_plan_that_was_shown_is_the_one_that_runs():
    daemon = Daemon(CONFIG)
    try:
        write(daemon, "policies/authorize.lua", GUARD)
        write(daemon, "runbooks/own.lua", BOOK % '"one-"')
        daemon.start()
        members = enroll(daemon.call)
        proposal = run_book(daemon, "a")
        assert proposal["plan"]["steps"][0]["params"]["comment"] == "one-a", proposal["plan"]
        assert proposal["op"]["params"]["plan"] == proposal["plan"]["plan"], proposal["op"]
        shown = cli(daemon, "governance", "show", proposal["id"]).stdout
        assert proposal["plan"]["plan"] in shown and "silence" in shown and "one-a" in shown, shown
        assert run_book(daemon, "a")["id"] == proposal["id"], "asked again it is another proposal"
        asked = json.loads(cli(daemon, "--json", "runbook", "run", "own", "--param", "comment=a", "--yes").stdout)
        assert asked["error"]["details"]["proposal"], asked
        approve(daemon, members, proposal)
        assert eventually(lambda: ended(daemon, proposal), what="the end")["status"] == "completed"
        assert silences(daemon, "one-a") == 1

        proposal = run_book(daemon, "b")
        write(daemon, "runbooks/own.lua", BOOK % '"other-"')
        approve(daemon, members, proposal)
        execution = eventually(lambda: ended(daemon, proposal), what="the end")
        assert execution["status"] == "failed" and "not the one that was approved" in execution["message"], execution
        assert silences(daemon, "other-b") == 0 == silences(daemon, "one-b")
        assert run_book(daemon, "b")["id"] != proposal["id"]
        client = daemon.client()  # what is proposed by hand is planned, too
        made = request(client, "governance.propose", {
            "title": "t", "description": "d", "justification": "j", "impact": "i", "rollback_plan": "r", "op": "runbook.run",
            "params": json.dumps({"name": "own", "param": {"comment": "d"}})})
        client.close()
        proposal = daemon.call("governance.show", proposal=made["proposal"])
        assert proposal["plan"]["steps"][0]["params"]["comment"] == "other-d", proposal["plan"]
        assert proposal["op"]["params"]["plan"] == proposal["plan"]["plan"], proposal["op"]
        try:
            run_book(daemon, "c", plan="0" * 64)
            raise AssertionError("another plan was taken")
        except Failure as problem:
            assert problem.code == "conflict", problem
    finally:
        daemon.remove()


def what_was_approved_is_begun_once_however_often_the_host_dies():
    daemon, rng = Daemon(CONFIG), random.Random(int(os.environ.get("OC_SEED", "1")))
    rounds, words = 100 if FULL else 12, {}
    try:
        write(daemon, "policies/authorize.lua", GUARD)
        write(daemon, "runbooks/own.lua", BOOK % '"once-"')
        daemon.start()
        members = enroll(daemon.call)
        for i in range(rounds):
            proposal = run_book(daemon, str(i))
            approve(daemon, members, proposal)
            time.sleep(rng.uniform(0, 0.03) if i % 2 else 0)
            daemon.kill()
            daemon.start()
            execution = eventually(lambda p=proposal: ended(daemon, p), what="the end")
            runs = [daemon.call("runbook.status", run=row["run"]) for row in daemon.call("runbook.history", limit=2)]
            runs = [r for r in runs if r["params"]["comment"] == str(i)]
            made = silences(daemon, f"once-{i}")
            assert len(runs) == 1, (execution, runs)
            assert made <= 1, f"the step was done {made} times"
            state = runs[0]["state"]
            words[state] = words.get(state, 0) + 1
            assert state in ("done", "unknown") and (execution["status"] == "completed") == (state == "done"), (execution, runs)
            assert state == "unknown" or made == 1, runs
        print(f"      {rounds} kills, runs: {words}")
    finally:
        daemon.remove()


run([files_that_decide_are_left_alone, what_comes_from_no_registry_waits_and_what_is_not_there_is_no_proposal,
     the_plan_that_was_shown_is_the_one_that_runs, what_was_approved_is_begun_once_however_often_the_host_dies])
