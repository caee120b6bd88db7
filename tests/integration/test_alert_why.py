"""`openclaw alert why ID`, and the receivers that Alertmanager's API gives of alerts nobody was told of. SPDX-License-Identifier: MIT"""

import json
import os
import subprocess
import time

import harness
from harness import Daemon, eventually
from monitoring import get_json, http

CONFIG = """collectors = ( { plugin = "tcp"; name = "web"; interval = "1s"; targets = ( { name = "a"; host = "127.0.0.1"; port = 1; } ); } );
alerts = { channels = ( { plugin = "file"; name = "console"; path = "%s/a.txt"; levels = ["critical"]; },
                        { plugin = "file"; name = "dba"; path = "%s/b.txt"; levels = ["warning", "critical"]; } );
  rules = ( { name = "down"; expr = "tcp.up == false"; severity = "critical"; } );
  intervals = ( { name = "always"; times = "00:00-24:00"; } );
  inhibit = ( { name = "power"; source = ["alertname=PowerLost"]; target = ["alertname=Quiet"]; } ); };
"""
ROUTE = """tree = routing.tree { channels = { "console" }, routes = {
  { matchers = { "team=db" }, channels = { "dba" } },
  { matchers = { "team=night" }, channels = { "dba" }, mute = { "always" } },
  { matchers = { "team=group" }, channels = { "dba" }, group_by = { "team" }, group_wait = "1h" },
} }
function route(alert, at)
  return routing.find(tree, alert)
end
"""
LATER = "2099-01-01T00:00:00Z"


def cli(daemon, *words):
    return subprocess.run([f"{harness.BUILD}/bin/openclaw", *words], env=daemon.env, capture_output=True, text=True, timeout=120)


def data(daemon, *words):
    answer = cli(daemon, "--json", *words)
    assert answer.returncode == 0, (words, answer.stdout, answer.stderr)
    return json.loads(answer.stdout)["data"]


def post(daemon, token, **labels):
    status, _, text = http(f"{daemon.url}/api/v2/alerts", method="POST", token=token, headers={"Content-Type": "application/json"},
                           body=json.dumps([{"labels": labels, "endsAt": LATER, "generatorURL": "http://prom/g"}]).encode())
    assert status == 200, text


def started():
    daemon = Daemon(api=True)
    daemon.write(CONFIG % (daemon.home, daemon.home))
    os.makedirs(os.path.join(daemon.home, "policies"), exist_ok=True)
    with open(os.path.join(daemon.home, "policies", "route.lua"), "w") as f:
        f.write(ROUTE)
    daemon.start()
    return daemon, daemon.token("operator")


def named(daemon, rule):
    return eventually(lambda: [a for a in data(daemon, "alert", "list", "--state", "all") +
                               data(daemon, "alert", "list", "--state", "all", "--silenced") if a["rule"] == rule], what=rule)[0]


def everything_that_has_a_say_is_said():
    daemon, token = started()
    try:
        id = named(daemon, "down")["id"]
        eventually(lambda: [r for r in data(daemon, "alert", "why", id)["history"] if r["event"] == "notified"], what="a notification")
        why = data(daemon, "alert", "why", id[:6])
        assert why["origin"]["expr"] == "tcp.up == false" and why["origin"]["file"].endswith("openclaw.conf") and why["origin"]["line"] > 0, why["origin"]
        assert why["decided"]["where"].endswith("route.lua:7") and "routing.find" in why["decided"]["text"], why["decided"]
        assert [t["channel"] for t in why["routing"]["targets"]] == ["console"] and why["silences"] == [], why["routing"]
        assert why["next"]["at"] and why["next"]["reason"] == "alerts.repeat_interval", why["next"]
        assert why["escalation"]["step"] == 0 and why["escalation"]["due"], why["escalation"]
        for text in ("rule down: tcp.up == false", "decided at", "route.lua:7", "console by", "notified to console", "told again:", "escalation:"):
            assert text in why["text"], (text, why["text"])
        assert cli(daemon, "alert", "why", id).stdout.strip() == data(daemon, "alert", "why", id)["text"].strip()

        data(daemon, "alert", "silence", "rule=down", "--for", "2h", "--comment", "moving")
        why = eventually(lambda: [w for w in [data(daemon, "alert", "why", id)] if w["next"]["reason"] == "the silence ends"], what="the silence")[0]
        assert why["silences"][0]["comment"] == "moving" and why["next"]["at"] == why["silences"][0]["ends"], why
        assert why["silences"][0]["maintenance"] is False and "silenced by" in why["text"], why["text"]
        data(daemon, "alert", "unsilence", why["silences"][0]["id"])
        data(daemon, "alert", "ack", id, "--comment", "on it")
        why = data(daemon, "alert", "why", id)
        assert why["next"]["reason"] == "somebody acknowledged it" and "acknowledged by" in why["text"], why
        data(daemon, "alert", "assign", id, "bob")
        data(daemon, "alert", "unassign", id)
        text = data(daemon, "alert", "why", id)["text"]
        assert " assigned to bob: " in text and " assigned to nobody: " in text, text
    finally:
        daemon.remove()


def muted_grouped_and_inhibited_alerts_say_so():
    daemon, token = started()
    try:
        post(daemon, token, alertname="Night", team="night", severity="critical")
        why = data(daemon, "alert", "why", named(daemon, "Night")["id"])
        assert why["routing"]["targets"][0]["muted"] and "muted until" in why["text"], why["text"]
        assert why["origin"] == {"posted": "Night", "generator": "http://prom/g"}, why["origin"]

        post(daemon, token, alertname="Together", team="group", severity="warning")
        why = eventually(lambda: [w for w in [data(daemon, "alert", "why", named(daemon, "Together")["id"])] if w["next"]["at"]], what="its group")[0]
        assert "its group is told" in why["next"]["reason"] and why["routing"]["targets"][0]["grouped"], why["next"]

        post(daemon, token, alertname="PowerLost", team="db")
        post(daemon, token, alertname="Quiet", team="db")
        why = eventually(lambda: [w for w in [data(daemon, "alert", "why", named(daemon, "Quiet")["id"])] if w["routing"]["inhibited_by"]],
                         what="inhibition")[0]
        assert why["routing"]["inhibited_by"][0]["rule"] == "power" and why["next"]["at"] is None, why["next"]
        assert "kept quiet by alert" in why["text"], why["text"]
        wrong = cli(daemon, "alert", "why", "ffffffffffff")
        assert wrong.returncode != 0 and "no alert" in wrong.stderr, wrong.stderr
        status, _, text = http(f"{daemon.url}/api/v1/alert/why?id={why['alert']['id']}", token=token)
        assert status == 200 and json.loads(text)["data"]["origin"]["posted"] == "Quiet", text
    finally:
        daemon.remove()


def receivers_of_alerts_that_were_not_told_are_those_of_the_policy():
    daemon, token = started()
    try:
        data(daemon, "alert", "silence", "severity=warning", "--for", "1h")
        for team in ("db", "web"):
            post(daemon, token, alertname="A", team=team, severity="warning")

        def receivers():
            return {a["labels"]["team"]: [r["name"] for r in a["receivers"]] for a in get_json(f"{daemon.url}/api/v2/alerts", token)
                    if a["labels"]["alertname"] == "A"}
        # Levels alone would say dba of both: console hears only what is critical. The policy names it all the same.
        assert receivers() == {"db": ["dba"], "web": ["console"]}, receivers()
        assert [a["labels"]["team"] for a in get_json(f"{daemon.url}/api/v2/alerts?receiver=dba", token) if a["labels"]["alertname"] == "A"] == ["db"]
        with open(os.path.join(daemon.home, "policies", "route.lua"), "w") as f:
            f.write(ROUTE.replace("team=db", "team=web"))
        assert cli(daemon, "reload").returncode == 0
        eventually(lambda: receivers() == {"db": ["console"], "web": ["dba"]}, what="the new policy's receivers")
    finally:
        daemon.remove()


def a_list_of_many_untold_alerts_asks_once():
    count = 20000 if not os.environ.get("OC_FULL") else 100000
    daemon, token = started()
    try:
        data(daemon, "alert", "silence", "alertname=~M.*", "--for", "1h")
        for first in range(0, count, 5000):
            document = [{"labels": {"alertname": "M", "n": str(n), "team": "db"}, "endsAt": LATER} for n in range(first, first + 5000)]
            status, _, text = http(f"{daemon.url}/api/v2/alerts", method="POST", token=token, headers={"Content-Type": "application/json"},
                                   body=json.dumps(document).encode())
            assert status == 200, text
        took = []
        for _ in range(3):
            began = time.monotonic()
            alerts = get_json(f"{daemon.url}/api/v2/alerts", token)
            took.append(time.monotonic() - began)
            assert sum([r["name"] for r in a["receivers"]] == ["dba"] for a in alerts) == count
        print(f"      {count} alerts that nobody was told of: {took[0]:.2f} s, then {took[1]:.2f} and {took[2]:.2f} s")
    finally:
        daemon.remove()


if __name__ == "__main__":
    harness.run([everything_that_has_a_say_is_said, muted_grouped_and_inhibited_alerts_say_so,
                 receivers_of_alerts_that_were_not_told_are_those_of_the_policy, a_list_of_many_untold_alerts_asks_once])
