"""Policies in a running host: applying, comparing, testing, the alert about a broken one, the gate. SPDX-License-Identifier: MIT"""

import json
import os
import re
import subprocess
import threading
import time
import xml.etree.ElementTree

from harness import BUILD, Daemon, Failure, eventually, run

SOURCE = os.environ["OC_SOURCE_DIR"]


def cli(daemon, *words, code=0):
    done = subprocess.run([os.path.join(BUILD, "bin", "openclaw"), *words], env=daemon.env, capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout


def write(daemon, name, text):
    path = os.path.join(daemon.home, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    temporary = f"{path}.new"
    with open(temporary, "w") as f:
        f.write(text)
    os.replace(temporary, path)
    return path


def firing(daemon):
    return [a for a in daemon.call("alert.list") if a["rule"] == "policy_failed" and a["state"] == "firing"]


def doctor(daemon):
    """What it says; its exit code is about everything else, too."""
    done = subprocess.run([os.path.join(BUILD, "bin", "openclaw"), "doctor"], env=daemon.env, capture_output=True, text=True,
                          timeout=60, check=False)
    return done.stdout


def a_policy_is_applied_compared_and_removed():
    daemon = Daemon().start()
    try:
        for severity in ("critical", "warning"):
            daemon.call("policy.eval", hook="deploy_gate", input=json.dumps(
                [{"name": "g", "target": "t", "stage": "s", "started": 0, "now": 0, "watched_ms": 0},
                 {"ready": 1, "wanted": 1, "critical": 1 if severity == "critical" else 0, "warning": 0, "restarts": 0}]))
            time.sleep(0.05)
        path = write(daemon, "deploy_gate.lua", "function deploy_gate() return { verdict = 'wait', reason = 'frozen' } end\n")
        out = cli(daemon, "policy", "diff", path)
        assert "deploy_gate: 2 of 2 inputs would be answered otherwise" in out, out
        assert '"verdict":"rollback"' in out.replace(" ", "") and "frozen" in out, out
        assert json.loads(cli(daemon, "policy", "apply", path, "--dry-run", "--json"))["data"]["applied"] is False
        applied = json.loads(cli(daemon, "policy", "apply", path, "--json"))["data"]
        assert applied["policy"] == "deploy_gate" and applied["hooks"] == ["deploy_gate"], applied
        answer = daemon.call("policy.eval", hook="deploy_gate", input="[{}, {}]")["result"]
        assert answer["reason"] == "frozen", answer
        write(daemon, "bad.lua", "function deploygate() end")
        cli(daemon, "policy", "apply", os.path.join(daemon.home, "bad.lua"), code=7)
        cli(daemon, "policy", "remove", "deploy_gate", "--yes")
        assert not os.path.exists(os.path.join(daemon.home, "policies", "deploy_gate.lua"))
        assert os.path.exists(os.path.join(daemon.home, "policies", "deploy_gate.lua.previous"))
        assert not os.path.exists(os.path.join(daemon.home, "policies", "deploy_gate.lua.last"))
    finally:
        daemon.stop()
        daemon.remove()


def inputs_survive_a_restart():
    daemon = Daemon().start()
    try:
        daemon.call("policy.eval", hook="select_model", input='{"agent":"coder","models":[]}')
        daemon.stop()
        daemon.start()
        path = write(daemon, "select_model.lua", "function select_model() return { model = 'x' } end")
        assert "select_model: 1 of 1 inputs" in cli(daemon, "policy", "diff", path)
    finally:
        daemon.stop()
        daemon.remove()


def a_broken_policy_is_an_alert_until_it_is_mended():
    daemon = Daemon().start()
    try:
        write(daemon, "policies/route.lua", "function route() return {} end")
        daemon.call("policy.reload")
        write(daemon, "policies/route.lua", "function route( return {} end")
        assert "1 policy does not load: policies/route.lua:1:" in daemon_error(daemon, "policy.reload")
        cli(daemon, "policy", "reload", code=7)
        alert = eventually(lambda: firing(daemon), what="the alert")[0]
        assert alert["labels"]["policy"] == "route" and "does not load" in alert["message"], alert
        assert "route: policies/route.lua:1:" in doctor(daemon)
        write(daemon, "policies/route.lua", "function route() return {} end")
        daemon.call("policy.reload")
        eventually(lambda: not firing(daemon), what="the end of the alert")
        assert "approvals are not enforced: not every member of the triad has a key" in doctor(daemon)
    finally:
        daemon.stop()
        daemon.remove()


def what_was_in_force_last_survives_a_restart():
    """Edited by hand or applied: a file that is broken afterwards leaves in force what was, also for the host that is started next."""
    daemon = Daemon().start()
    try:
        answer = lambda: daemon.call("policy.explain", hook="route", input="{}")
        write(daemon, "policies/route.lua", "function route() return { 'hand' } end")
        daemon.call("policy.reload")
        daemon.stop()
        write(daemon, "policies/route.lua", "function route( broken")
        daemon.start()
        assert answer()["result"] == ["hand"] and "before the host was started" in answer()["note"], answer()
        alert = eventually(lambda: firing(daemon), what="the alert")[0]
        assert "the version that was in force before the host was started is in force" in alert["message"], alert
        for version in ("one", "two"):
            path = write(daemon, "route.lua", f"function route() return {{ '{version}' }} end")
            cli(daemon, "policy", "apply", path)
        assert not daemon.call("policy.explain", hook="route", input="{}").get("note")
        daemon.stop()
        write(daemon, "policies/route.lua", "function route( broken")
        daemon.start()
        assert answer()["result"] == ["two"], answer()
        # A file that goes is told, with the digest of what is in force in its place.
        os.unlink(os.path.join(daemon.home, "policies", "route.lua"))
        daemon.call("policy.reload")
        with open(os.path.join(daemon.home, "logs", "security-events.log"), encoding="utf-8") as f:
            lines = [json.loads(line) for line in f]
        removed = [n for n in lines if n["event"] == "policy_removed"]
        assert len(removed) == 1 and removed[0]["in_force"] == "built in" and len(removed[0]["sha256"]) == 64, lines
        entries = daemon.call("ledger.show", type="policy_removed")
        assert len(entries) == 1, entries
        loaded = [n for n in lines if n["event"] == "policy_loaded" and n["policy"] == "route"]
        assert len({n["sha256"] for n in loaded}) == 3, loaded
        write(daemon, "policies/route.lua", "function route( broken")
        assert daemon_error(daemon, "policy.reload")
        daemon.stop()
        daemon.start()
        assert "built-in policy of that name is in force" in eventually(lambda: firing(daemon), what="the alert")[0]["message"]
    finally:
        daemon.stop()
        daemon.remove()


def what_a_policy_says_is_text():
    """A NUL and bytes that are no UTF-8 leave it as U+FFFD, in answers and in messages."""
    daemon = Daemon().start()
    try:
        write(daemon, "policies/route.lua", "function route() return { 'a\\0b', 'caf\\xe9' } end")
        write(daemon, "policies/authorize.lua", "function authorize(op) return { allow = op ~= 'alert.silence', reason = 'caf\\xe9 \\0 x' } end")
        daemon.call("policy.reload")
        out = json.loads(cli(daemon, "policy", "eval", "route", "--json"))
        assert out["data"]["result"] == ["a\ufffdb", "caf\ufffd"], out
        error = json.loads(cli(daemon, "alert", "silence", "rule=x", "--for", "1m", "--json", code=3))["error"]
        assert error["message"].endswith("caf\ufffd \ufffd x"), error
    finally:
        daemon.stop()
        daemon.remove()


def reports_are_well_formed():
    daemon = Daemon()
    try:
        folder = os.path.join(daemon.home, "tests")
        write(daemon, "tests/route.lua", "function route(alert) return { alert.rule } end\n")
        write(daemon, "tests/route_test.lua", """tests = {
  { name = "right", hook = "route", args = { { rule = "a" }, 0 }, expect = { "a" } },
  { name = "<wrong> & \\"quoted\\" # 1\\n]]>", hook = "route", args = { { rule = "<&>" }, 0 }, expect = { "b" } },
}
""")
        junit = os.path.join(daemon.home, "report.xml")
        tap = cli(daemon, "policy", "test", folder, "--tap", "--junit", junit, code=1)
        lines = tap.splitlines()
        assert lines[0] == "TAP version 13" and lines[1] == "1..2", tap
        points = [re.fullmatch(r"(ok|not ok) (\d+) - (.*)", line) for line in lines if line.startswith(("ok", "not ok"))]
        assert [(p[1], p[2]) for p in points] == [("ok", "1"), ("not ok", "2")], tap
        assert lines[-1] == "  ..." and json.loads(lines[-3].split(": ", 1)[1]), tap
        root = xml.etree.ElementTree.parse(junit).getroot()
        assert root.tag == "testsuites" and root.get("tests") == "2" and root.get("failures") == "1", root.attrib
        cases = root.findall("./testsuite/testcase")
        assert len(cases) == 2 and cases[1].find("failure") is not None, cases
        assert cases[1].get("name").startswith('<wrong> & "quoted"'), cases[1].attrib
        covered = cli(daemon, "policy", "test", folder, "--coverage", code=1)
        assert "1 of 2 tests failed" in covered and "lines of" in covered, covered
        shipped = cli(daemon, "policy", "test", os.path.join(SOURCE, "etc/policies/authorize_test.lua"), "--coverage")
        assert "tests passed" in shipped, shipped
    finally:
        daemon.remove()


def deciding(version):
    return f"function authorize(op) return {{ allow = op ~= 'alert.silence', reason = 'version {version}' }} end\n"


class Asker(threading.Thread):
    """Has real decisions made as fast as it can: each must be that of a version that was good, and never of an older one than
    the one before."""

    def __init__(self, daemon):
        super().__init__()
        self.client, self.asked, self.wrong, self.newest, self.over = daemon.client(), 0, [], 0, False

    def decide(self):
        try:
            self.client.call("alert.silence", matchers=["x=y"], **{"for": "1h"})
            return "it ran"
        except Failure as e:
            return str(e)

    def run(self):
        while not self.over:
            said = self.decide()
            version = re.search(r"the policy refused alert.silence: version (\d+)$", said.split("\n", maxsplit=1)[0])
            if not version or int(version[1]) % 10 == 5 or int(version[1]) < self.newest:
                self.wrong.append((self.newest, said))
            self.newest = int(version[1]) if version else self.newest
            self.asked += 1
        self.client.close()


def no_decision_is_missed_while_files_change():
    """Two hundred versions, every tenth of them broken: the one before stays in force, and that is an alert."""
    daemon = Daemon().start()
    try:
        write(daemon, "policies/authorize.lua", deciding(1))
        daemon.call("policy.reload")
        askers = [Asker(daemon) for _ in range(4)]
        for asker in askers:
            asker.start()
        alerts = 0
        for i in range(2, 202):
            broken = i % 10 == 5
            write(daemon, "policies/authorize.lua", "function authorize( broken" if broken else deciding(i))
            if broken:
                assert "does not load" in daemon_error(daemon, "policy.reload")
            else:
                daemon.call("policy.reload")
            rows = {p["name"]: p for p in daemon.call("policy.list")}
            assert rows["authorize"]["state"] == ("failed" if broken else "ok") and not rows["authorize"]["builtin"], rows
            answer = daemon.call("policy.explain", hook="authorize", input='["alert.silence", {}, {}]')
            assert answer["result"]["reason"] == f"version {i - 1 if broken else i}", (i, answer)
            assert ("note" in answer) == broken, answer
            if broken:
                alert = eventually(lambda: firing(daemon), what="the alert")[0]
                assert "what was in force before is kept" in alert["message"], alert
                alerts += 1
            elif i % 10 == 6:
                eventually(lambda: not firing(daemon), what="the end of the alert")
        for asker in askers:
            asker.over = True
        for asker in askers:
            asker.join()
        wrong = [w for asker in askers for w in asker.wrong]
        assert alerts == 20 and not wrong, wrong[:3]
        assert all(asker.newest == 201 for asker in askers) and sum(a.asked for a in askers) > 400, [a.asked for a in askers]
        assert daemon.call("alert.silences") == []
    finally:
        daemon.stop()
        daemon.remove()


def what_the_policy_refuses_does_not_run():
    daemon = Daemon(api=True).start()
    try:
        write(daemon, "policies/authorize.lua", """function authorize(op, actor, params)
  if op == "alert.silence" then
    return { allow = false, reason = "not on a Sunday" }
  end
  return { allow = true }
end
""")
        daemon.call("policy.reload")
        assert "not on a Sunday" in daemon_error(daemon, "alert.silence", matchers=["x=y"], **{"for": "1h"})
        assert daemon.call("alert.silences") == []
        write(daemon, "policies/authorize.lua", "function authorize() error('broken') end")
        daemon.call("policy.reload")
        daemon.call("policy.reload")  # changes something, destroys nothing: runs
        eventually(lambda: firing(daemon), what="the alert")
    finally:
        daemon.stop()
        daemon.remove()


def daemon_error(daemon, op, **params):
    try:
        daemon.call(op, **params)
    except Failure as e:
        return json.dumps(e.args, default=str) + str(e)
    raise AssertionError(f"{op} ran")


def govern(daemon):
    """Every member of the triad has a key: operations that need a decision wait for one."""
    for member in ("alpha", "beta", "charlie"):
        made = json.loads(cli(daemon, "governance", "keys", "create", member, os.path.join(daemon.home, f"{member}.key"),
                              "--json"))["data"]
        cli(daemon, "governance", "keys", "register", member, made["public"], "--json")
    eventually(lambda: daemon.call("governance.status")["ready"], what="the triad")
    time.sleep(1.1)


OWN_GUARD = """function authorize(op, actor)
  if op:find("^policy%.[ar]") and op ~= "policy.reload" and actor.governed then
    return { approval = "strategic", reason = "by the owner's own file" }
  end
  return { allow = true }
end
"""


def assert_guards(daemon, path, state, in_force, reason):
    row = next(p for p in daemon.call("policy.list") if p["name"] == "authorize")
    assert (row["state"], row["in_force"], row["hooks"]) == (state, in_force, ["authorize"]), row
    error = json.loads(cli(daemon, "policy", "apply", path, "--name", "deploy_gate", "--yes", "--json", code=8))["error"]
    assert reason in error["message"], error
    assert not os.path.exists(os.path.join(daemon.home, "policies", "deploy_gate.lua"))


def a_guard_that_lost_its_text_goes_on_guarding():
    """An editor, a full disk or a copied file leaves authorize.lua without `authorize`: what was in force stays, and over kill -9."""
    daemon = Daemon().start()
    try:
        guard = write(daemon, "policies/authorize.lua", OWN_GUARD)
        path = write(daemon, "gate.lua", "function deploy_gate() return { verdict = 'go' } end")
        daemon.call("policy.reload")
        govern(daemon)
        assert_guards(daemon, path, "ok", "file", "the owner's own file")
        for lost in ("", "local function authorize() return { allow = true } end\n", "function authorise() return { allow = true } end\n",
                     "function route(a, t) return { 'file' } end\n"):
            with open(guard, "w", encoding="utf-8") as f:
                f.write(lost)
            if lost:  # the first is found by the look every few seconds
                assert "authorize" in daemon_error(daemon, "policy.reload")
            eventually(lambda: [p for p in daemon.call("policy.list") if p["name"] == "authorize" and p["state"] == "failed"],
                       timeout=20, what="the look at the folder")
            assert_guards(daemon, path, "failed", "kept", "the owner's own file")
            assert "authorize: policies/authorize.lua" in doctor(daemon), doctor(daemon)
            alert = eventually(lambda: [a for a in firing(daemon) if a["labels"]["policy"] == "authorize"], what="the alert")[0]
            assert "what was in force before is kept" in alert["message"], alert
            daemon.kill()
            daemon.start()
            assert_guards(daemon, path, "failed", "last", "the owner's own file")
            write(daemon, "policies/authorize.lua", OWN_GUARD)
            daemon.call("policy.reload")
            eventually(lambda: not [a for a in firing(daemon) if a["labels"]["policy"] == "authorize"], what="the end of the alert")
        write(daemon, "policies/authorize.lua", "")
        write(daemon, "policies/authorize.lua.last", "")  # and so the copy: the built-in one is left
        daemon.kill()
        daemon.start()
        assert_guards(daemon, path, "failed", "built in", "a policy decides what others may do")
        for name in ("authorize", "quorum"):
            answer = json.loads(cli(daemon, "policy", "apply", path, "--name", name, "--json", code=7))
            assert f"does not define the hook {name}" in answer["error"]["message"], answer
        # That governance cannot decide any more opens nothing, and is said.
        cli(daemon, "governance", "keys", "revoke", "charlie", "--yes")
        eventually(lambda: not daemon.call("governance.status")["ready"], what="the end of the triad")
        said = doctor(daemon)
        assert "governance cannot decide: not every member of the triad has a key" in said, said
    finally:
        daemon.stop()
        daemon.remove()


def what_needs_a_decision_waits_for_one():
    daemon = Daemon().start()
    try:
        path = write(daemon, "route.lua", "function route() return {} end")
        govern(daemon)
        answer = json.loads(cli(daemon, "policy", "apply", path, "--json", code=8))
        details = answer["error"]["details"]
        assert details["proposal"] and details["category"] == "strategic", answer
        assert not os.path.exists(os.path.join(daemon.home, "policies", "route.lua"))
        waiting = len(daemon.call("governance.list"))
        for text, words in (("function route( broken", ()), ("function rout() end", ()), ("function route() end", ("--name", "../../x"))):
            write(daemon, "bad.lua", text)
            cli(daemon, "policy", "apply", os.path.join(daemon.home, "bad.lua"), *words, code=7)
        assert len(daemon.call("governance.list")) == waiting, "what cannot be applied was put to a vote"
        cli(daemon, "policy", "apply", path, "--dry-run")
        assert "need a decision wait for one" in doctor(daemon), doctor(daemon)
    finally:
        daemon.stop()
        daemon.remove()


if __name__ == "__main__":
    run([
        a_policy_is_applied_compared_and_removed,
        inputs_survive_a_restart,
        a_broken_policy_is_an_alert_until_it_is_mended,
        what_was_in_force_last_survives_a_restart,
        what_a_policy_says_is_text,
        reports_are_well_formed,
        no_decision_is_missed_while_files_change,
        what_the_policy_refuses_does_not_run,
        a_guard_that_lost_its_text_goes_on_guarding,
        what_needs_a_decision_waits_for_one,
    ])
