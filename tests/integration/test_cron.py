"""Schedules of a running host: at their times, while it is killed again and again, and what people see of them. OC_FULL=1 kills
300 times instead of 20. SPDX-License-Identifier: MIT"""

import datetime
import json
import os
import random
import time
import urllib.error
import urllib.request

from harness import FULL, Daemon, Failure, eventually, run

KILLS = 300 if FULL else 20
BASE = "collectors = ();\nalerts = { channels = (); };\n"

# A tool that writes a line when it begins and one when it is done.
PROGRAM = """import json, sys, time
for line in sys.stdin:
    r = json.loads(line)
    if r["method"] == "list":
        answer = [{"name": "work", "description": "Works", "input_schema": {"type": "object"}}]
    else:
        with open(sys.argv[1], "a") as f:
            f.write("began %s\\n" % r["arguments"]["who"])
        time.sleep(r["arguments"].get("sleep", 0.4))
        with open(sys.argv[1], "a") as f:
            f.write("ended %s\\n" % r["arguments"]["who"])
        answer = "done"
    print(json.dumps({"id": r["id"], "result": answer}), flush=True)
"""


def host(schedules=""):
    return Daemon(BASE + schedules)


def add(daemon, **params):
    """cron.add, which has a parameter "op" of its own."""
    client = daemon.client()
    client.send({"id": 1, "op": "cron.add", "params": params})
    answer = client.receive()
    client.close()
    assert answer["ok"], answer
    return answer["data"]


def the_shipped_schedules_are_there_and_say_why_they_wait():
    daemon = host().start()
    rows = {row["name"]: row for row in daemon.call("cron.list")}
    expected = {"database-backup": "0 2 * * *", "redis-backup": "0 3 * * *", "workspace-backup": "0 4 * * *",
                "agent-state-backup": "0 */6 * * *", "full-backup": "0 5 * * 0", "backup-cleanup": "0 6 * * *", "health": "*/5 * * * *"}
    assert {name: row["cron"] for name, row in rows.items()} == expected, rows
    assert rows["health"]["status"] == "on" and rows["health"]["next"], rows["health"]
    for name, row in rows.items():
        if not row["available"]:
            assert row["reason"] == f"operation {row['op']} is not available on this host" and row["next"] is None, row
    record = daemon.call("cron.run", name="health")
    assert record["state"] == "ok" and record["trigger"] == "manual", record
    assert daemon.call("cron.history", name="health")[0]["run"] == record["run"]
    assert daemon.stop() == 0
    daemon.remove()


def a_run_that_needs_a_decision_ends_with_it():
    try:
        import governance
    except ImportError:
        print("      left out: no Python package cryptography")
        return
    daemon = host()
    folder = os.path.join(daemon.home, "policies")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "authorize.lua"), "w") as f:
        f.write("function authorize(op, actor) if op == 'alert.silence' and string.sub(actor.name, 1, 9) == 'schedule:' then\n"
                "return { approval = 'emergency' } end return { allow = true } end\n")
    daemon.start()
    members = governance.enroll(daemon.call)

    def asked(name):
        add(daemon, name=name, every="1h", op="alert.silence", params=json.dumps({"matchers": ["rule=x"], "for": "1h", "comment": name}))
        record = daemon.call("cron.run", name=name)
        assert record["state"] == "waiting" and record["proposal"], record
        return daemon.call("governance.show", proposal=record["proposal"])

    def ended(name):
        return eventually(lambda: (lambda r: r if r["state"] != "waiting" else None)(daemon.call("cron.history", name=name)[0]), what="the end")

    def decide(proposal, choice):
        for name in ("alpha", "beta"):
            members[name].vote(daemon.call, proposal, choice)

    decide(asked("good"), "yes")
    assert ended("good")["state"] == "ok" and len(daemon.call("alert.silences")) == 1
    decide(asked("bad"), "no")
    record = ended("bad")
    assert record["state"] == "rejected" and "rejected" in record["message"], record
    assert daemon.call("cron.show", name="bad")["status"] == "failing"
    proposal = asked("gone")
    daemon.kill()
    daemon.start()
    daemon.call("cron.remove", name="gone")
    proposal = eventually(lambda: (lambda p: p if p["status"] != "open" else None)(daemon.call("governance.show", proposal=proposal["id"])),
                          what="the withdrawal")
    assert proposal["status"] == "withdrawn" and "was removed" in proposal["reason"], proposal
    assert len(daemon.call("alert.silences")) == 1
    assert daemon.stop() == 0
    daemon.remove()


def a_schedule_of_the_file_changes_a_shipped_one():
    daemon = host('schedules = ( { name = "health"; cron = "*/10 * * * *"; enabled = false; },\n'
                  '  { name = "bad"; cron = "60 * * * *"; op = "health.check"; } );\n').start()
    rows = {row["name"]: row for row in daemon.call("cron.list")}
    assert len(rows) == 7 and rows["health"]["cron"] == "*/10 * * * *" and rows["health"]["status"] == "disabled", rows
    assert 'schedules[' in daemon.output() or any("minute: column 1" in d["message"] for d in daemon.call("config.check")), daemon.output()
    try:
        daemon.call("cron.edit", name="health", every="1m")
        raise AssertionError("it was edited")
    except Failure as failure:
        assert failure.code == "conflict", failure
    daemon.call("cron.enable", name="health")
    daemon.kill()
    daemon.start()
    assert {row["name"]: row for row in daemon.call("cron.list")}["health"]["status"] == "on"
    assert daemon.stop() == 0
    daemon.remove()


def what_was_added_runs_every_second():
    daemon = host().start()
    add(daemon, name="tick", every="1s", op="health.summary")
    eventually(lambda: len([r for r in daemon.call("cron.history", name="tick") if r["state"] == "ok"]) >= 3, what="three runs")
    daemon.call("cron.disable", name="tick")
    count = daemon.call("cron.history", name="tick")[0]["run"]
    time.sleep(1.5)
    assert daemon.call("cron.history", name="tick")[0]["run"] <= count + 1
    daemon.call("cron.remove", name="tick")
    assert "tick" not in [row["name"] for row in daemon.call("cron.list")]
    assert daemon.stop() == 0
    daemon.remove()


def schedule_of_tool(name, more, **arguments):
    text = json.dumps(arguments).replace('"', '\\"')
    return f'{{ name = "{name}"; {more} op = "tool.call"; params = {{ name = "work"; arguments = "{text}"; }}; }}'


def with_tool(daemon, schedules):
    """The host with the tool above; returns where that writes what it does."""
    program, trace = os.path.join(daemon.home, "tool.py"), os.path.join(daemon.home, "trace")
    with open(program, "w", encoding="utf-8") as f:
        f.write(PROGRAM)
    daemon.write(BASE + f'plugins = {{ script = {{ command = [ "python3", "{program}", "{trace}" ]; }}; }};\n'
                 f'schedules = (\n{",".join(schedules)});\n')
    return trace


def missed_runs_raise_alerts():
    daemon = host()
    with_tool(daemon, [schedule_of_tool("stuck", 'every = "1s"; timeout = "20s";', who="stuck", sleep=30)])
    daemon.start()

    def alerts():
        return {a["rule"]: a for a in daemon.call("alert.list") if a["labels"].get("schedule") == "stuck"}

    eventually(lambda: "cron_missed" in alerts(), what="a warning")
    found = eventually(lambda: "cron_missed_critical" in alerts() and alerts(), what="a critical alert")
    assert found["cron_missed"]["severity"] == "warning" and found["cron_missed_critical"]["severity"] == "critical", found
    daemon.call("cron.disable", name="stuck")
    eventually(lambda: not [r for r in alerts() if r.startswith("cron_missed")], what="the end of the alerts")
    daemon.kill()
    daemon.remove()


def a_role_is_never_above_its_author():
    daemon = Daemon(BASE, api=True).start()
    def post(operation, **params):
        request = urllib.request.Request(f"{daemon.url}/api/v1/{operation.replace('.', '/')}", json.dumps(params).encode(),
                                         {"Authorization": "Bearer " + token, "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status
        except urllib.error.HTTPError as problem:
            return problem.code

    token = daemon.token("operator")
    assert post("cron.add", name="mine", every="1h", op="health.check") in (200, 201)
    assert post("cron.add", name="theirs", every="1h", op="health.summary", role="admin") == 403
    token = daemon.token("viewer")
    assert post("cron.run", name="mine") == 403
    assert daemon.stop() == 0
    daemon.remove()


# ---- kill -9 ----

def lines(path):
    try:
        with open(path, encoding="utf-8") as f:
            return f.read().split("\n")
    except FileNotFoundError:
        return []


def killed_again_and_again_nothing_runs_twice():
    """Every run that began is in the history; each due time began at most once, because tool.call may not be repeated."""
    rng = random.Random(int(os.environ.get("OC_SEED", "11")))
    daemon = host()
    policies = ["skip", "once", "all", "once"]
    trace = with_tool(daemon, [schedule_of_tool(f"w{i}", f'every = "{1 + i % 2}s"; catch_up = "{policies[i]}";', who=f"w{i}") for i in range(4)])
    runs, interrupted = {}, 0
    for kill in range(KILLS):
        daemon.start()
        eventually(lambda: any(line.startswith("began") for line in lines(trace)) or kill, what="a run")
        time.sleep(rng.uniform(0.2, 1.2))
        collect(daemon, runs)
        time.sleep(rng.uniform(0, 0.3))
        daemon.kill()
    daemon.start()
    time.sleep(0.5)
    collect(daemon, runs)
    for name, records in runs.items():
        dues = [r["due"] for r in records.values() if r["state"] in ("ok", "running", "interrupted") and r["trigger"] != "repeat"]
        assert len(dues) == len(set(dues)), (name, sorted(dues))
        interrupted += sum(r["state"] == "interrupted" for r in records.values())
        numbers = sorted(records)
        open_ones = [n for n in numbers[:-1] if records[n]["state"] == "running"]
        assert not open_ones, (name, [records[n] for n in open_ones])
        assert not [r for r in records.values() if r.get("trigger") == "repeat"], name
    began = [line for line in lines(trace) if line.startswith("began")]
    claimed = sum(r["state"] in ("ok", "failed", "running", "interrupted") for records in runs.values() for r in records.values())
    assert len(began) <= claimed, (len(began), claimed)
    print(f"  {KILLS} kills, {claimed} runs claimed, {len(began)} began, {interrupted} interrupted")
    assert daemon.stop() == 0
    daemon.remove()


def collect(daemon, runs):
    for i in range(4):
        for record in daemon.call("cron.history", name=f"w{i}", limit=1000):
            runs.setdefault(f"w{i}", {})[record["run"]] = record


# ---- crontabs ----

def the_originals_crontab_is_taken_over():
    daemon = host("schedules = ();\n").start()
    path = os.path.join(daemon.home, "crontab.txt")
    with open(path, "w", encoding="utf-8") as f:
        for times, option in (("0 2 * * *", "--database"), ("0 3 * * *", "--redis"), ("0 4 * * *", "--workspace"),
                              ("0 */6 * * *", "--agent-state"), ("0 5 * * 0", "--full"), ("0 6 * * *", "--cleanup")):
            f.write(f"{times} /root/heretek/heretek-openclaw/scripts/production-backup.sh {option} >> /root/.openclaw/logs/backup-cron.log 2>&1\n")
        f.write("*/5 * * * * /root/heretek/heretek-openclaw/scripts/health-check.sh >> /root/.openclaw/logs/health-cron.log 2>&1\n")
        f.write("0 1 * * * rm -rf /tmp/cache\n")
    result = daemon.call("cron.import", file=path)
    assert (result["added"], result["present"], result["findings"]) == (0, 7, 1), result
    assert daemon.call("cron.import", file=path)["present"] == 7
    assert daemon.stop() == 0
    daemon.remove()


def times_are_shown_on_the_clock_of_their_zone():
    daemon = host().start()
    rows = daemon.call("cron.next", cron="30 2 * * *", zone="Europe/Berlin", count=3, **{"from": "2026-03-28T00:00:00Z"})
    assert [r["clock"] for r in rows] == ["2026-03-28 02:30 +01:00", "2026-03-29 03:00 +02:00", "2026-03-30 02:30 +02:00"], rows
    assert datetime.datetime.fromisoformat(rows[1]["at"].replace("Z", "+00:00")).hour == 1
    assert daemon.stop() == 0
    daemon.remove()


if __name__ == "__main__":
    run([the_shipped_schedules_are_there_and_say_why_they_wait, a_run_that_needs_a_decision_ends_with_it, a_schedule_of_the_file_changes_a_shipped_one,
         what_was_added_runs_every_second, missed_runs_raise_alerts, a_role_is_never_above_its_author,
         killed_again_and_again_nothing_runs_twice, the_originals_crontab_is_taken_over,
         times_are_shown_on_the_clock_of_their_zone])
