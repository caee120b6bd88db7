"""=~ means the same on the command line, over REST, in Alertmanager's API, in routes and in inhibition. SPDX-License-Identifier: MIT"""

import json
import os
import subprocess
import time
import urllib.parse

import harness
from harness import Daemon, eventually
from monitoring import get_json, http

CONFIG = """collectors = ();
alerts = { channels = ( { plugin = "file"; name = "console"; path = "%s/a.txt"; } );
  inhibit = ( { name = "power"; source = ["alertname=PowerLost"]; target = ["alertname=~Disk.*"]; } ); };
"""
ANY = {"name": "alertname", "value": ".+", "isRegex": True, "isEqual": True}  # one must not match what is empty
LATER = "2099-01-01T00:00:00Z"
# matcher -> does it hold for alertname=disk_full, mount=/var, severity=warning?
ROWS = [("rule=~disk_.*", True), ("rule=~disk_*", False), ("rule=~disk", False), ("rule=~disk_full|other", True), ("rule!~disk_.*", False),
        ("rule!~disk", True), ("mount=~\"/v.*\"", True), ("mount=~\"^/var$\"", True), ("mount=/var", True), ("mount!=/var", False),
        ("severity=~\"(warning|critical)\"", True)]


def cli(daemon, *words):
    return subprocess.run([f"{harness.BUILD}/bin/openclaw", *words], env=daemon.env, capture_output=True, text=True, timeout=120)


def data(daemon, *words):
    answer = cli(daemon, "--json", *words)
    assert answer.returncode == 0, (words, answer.stdout, answer.stderr)
    return json.loads(answer.stdout)["data"]


def in_hours(n):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + n * 3600))


def post(daemon, token, **labels):
    status, _, text = http(f"{daemon.url}/api/v2/alerts", method="POST", token=token, headers={"Content-Type": "application/json"},
                           body=json.dumps([{"labels": labels, "endsAt": LATER}]).encode())
    assert status == 200, text


def call(daemon, token, method, path, body=None):
    status, _, text = http(f"{daemon.url}{path}", method=method, token=token, headers={"Content-Type": "application/json"},
                           body=json.dumps(body).encode() if body is not None else None)
    return status, json.loads(text) if text else None


def silenced(daemon):
    return [a["rule"] for a in data(daemon, "alert", "list", "--state", "all", "--silenced") if a["silenced_by"]]


def one_meaning_on_every_way_in():
    daemon = Daemon(api=True)
    daemon.write(CONFIG % daemon.home)
    try:
        daemon.start()
        token = daemon.token("operator")
        post(daemon, token, alertname="disk_full", mount="/var", severity="warning")
        for matcher, holds in ROWS:
            ways = {}
            made = data(daemon, "alert", "silence", matcher, "--for", "1h")
            assert cli(daemon, "alert", "unsilence", made["id"]).returncode == 0
            # What is shown can be given back, and is shown the same.
            again = data(daemon, "alert", "silence", made["matchers"][0], "--for", "1h")
            assert again["matchers"] == made["matchers"], (made, again)
            ways["command line"] = eventually(lambda: [bool(silenced(daemon)) == holds], what=f"{matcher} to be settled")[0]
            assert cli(daemon, "alert", "unsilence", again["id"]).returncode == 0
            status, rest = call(daemon, token, "POST", "/api/v1/alert/silence", {"matchers": [matcher], "for": "1h"})
            assert status == 200 and rest["data"]["matchers"] == made["matchers"], (status, rest)
            id = rest["data"]["id"]
            listed = {s["id"]: s for s in get_json(f"{daemon.url}/api/v2/silences", token)}
            assert len(listed[id]["matchers"]) == 1, listed[id]
            ways["REST"] = bool(eventually(lambda: [silenced(daemon)], what="the silence")[0]) == holds
            # The same silence through Alertmanager's API.
            theirs = dict(listed[id]["matchers"][0])
            call(daemon, token, "DELETE", f"/api/v2/silence/{id}")
            status, answer = call(daemon, token, "POST", "/api/v2/silences", {
                "matchers": [theirs, ANY], "startsAt": in_hours(-1), "endsAt": in_hours(1), "createdBy": "me", "comment": "c"})
            assert status == 200, answer
            shown = {s["id"]: s for s in data(daemon, "alert", "silences")}[answer["silenceID"]]
            assert shown["matchers"] == made["matchers"] + ["alertname=~.+"], (shown, made)
            ways["v2"] = eventually(lambda: [bool(silenced(daemon)) == holds], what="the silence of the v2 API")[0]
            call(daemon, token, "DELETE", f"/api/v2/silence/{answer['silenceID']}")
            name = matcher.replace("rule", "alertname", 1)
            found = json.loads(http(f"{daemon.url}/api/v2/alerts?filter={urllib.parse.quote(name)}", token=token)[2])
            ways["filter"] = bool(found) == holds
            groups = data(daemon, "alert", "groups", matcher)
            ways["groups"] = bool([a for g in groups for a in g["alerts"]]) == holds
            assert all(ways.values()), (matcher, holds, ways)
    finally:
        daemon.remove()


def a_rules_name_may_have_stars_and_a_glob_behind_an_operator_is_told():
    daemon = Daemon(api=True)
    daemon.write(CONFIG % daemon.home)
    try:
        daemon.start()
        token = daemon.token("operator")
        post(daemon, token, alertname="disk_full", mount="/var")
        made = data(daemon, "alert", "silence", "disk_*", "--for", "1h")
        assert made["matchers"] == ["alertname=~disk_.*"], made
        eventually(lambda: silenced(daemon), what="the silence of a rule's name with a star")
        assert data(daemon, "alert", "silence", "disk_full", "--for", "1h")["matchers"] == ["alertname=disk_full"]
        for wrong in ("rule=~*full", "rule=~(", "rule=~a{2001}", "rule=~" + "(" * 300 + ")" * 300, "rule=~\\1", "=x", "a!b", "rule=~(?=x)",
                      "rule=" + "x" * 5000):
            answer = cli(daemon, "alert", "silence", wrong, "--for", "1h")
            assert answer.returncode == 7, (wrong, answer.returncode, answer.stderr)
            assert answer.stderr.count("\n") >= 1 and "Traceback" not in answer.stderr, answer.stderr
        assert "regular expression: .* matches anything" in cli(daemon, "alert", "silence", "rule=~*full", "--for", "1h").stderr
        # Patterns that make other machines hang.
        for slow in ("rule=~(a*)*b", "rule=~(a|aa)+$", "rule=~(.*a){20}", "rule=~(x+x+)+y"):
            assert cli(daemon, "alert", "silence", slow, "--for", "1h").returncode == 0, slow
        post(daemon, token, alertname="a" * 4000, mount="x" * 4000)
        assert len(data(daemon, "alert", "list")) >= 1
    finally:
        daemon.remove()


def inhibition_and_routes_read_them_the_same_way():
    daemon = Daemon(api=True)
    daemon.write(CONFIG % daemon.home)
    os.makedirs(os.path.join(daemon.home, "policies"), exist_ok=True)
    with open(os.path.join(daemon.home, "policies", "route.lua"), "w") as f:
        f.write('tree = routing.tree { channels = {}, routes = { { matchers = { "alertname=~disk_.*" }, channels = { "console" } } } }\n'
                "function route(alert, at) return routing.find(tree, alert) end\n")
    try:
        daemon.start()
        token = daemon.token("operator")
        for name, told in (("disk_full", ["console"]), ("disk", []), ("my_disk_full", [])):
            assert data(daemon, "alert", "routes", "test", "--label", f"alertname={name}")["told"] == told, name
        post(daemon, token, alertname="PowerLost")
        for name, quiet in (("DiskFull", True), ("Disk", True), ("MyDisk", False)):
            post(daemon, token, alertname=name)
            eventually(lambda: [a for a in data(daemon, "alert", "list", "--state", "all") if a["rule"] == name and
                                bool(a.get("inhibited_by")) == quiet], what=f"{name} to be {'kept quiet' if quiet else 'heard'}")
    finally:
        daemon.remove()


def the_name_of_an_alert_and_its_label_rule_are_two_things():
    daemon = Daemon(api=True)
    daemon.write(CONFIG % daemon.home)
    try:
        daemon.start()
        token = daemon.token("operator")
        post(daemon, token, **{"alertname": "Foreign", "rule": "x", "instance": "n1", "severity": "critical", "odd =\"name": "y"})
        alert = data(daemon, "alert", "list", "--rule", "Foreign")[0]
        for matcher, holds, shown in (("Foreign", True, "alertname=Foreign"), ("For*", True, "alertname=~For.*"),
                                      ("rule=Foreign", True, "alertname=Foreign"), ("{rule=\"Foreign\"}", True, "alertname=Foreign"),
                                      ("rule=x", False, "alertname=x"), ("\"rule\"=x", True, "\"rule\"=x"),
                                      ("\"rule\"=Foreign", False, "\"rule\"=Foreign")):
            for more in ((), ("--regex",)) if "=" in matcher else ((),):
                made = data(daemon, "alert", "silence", matcher, "--for", "1h", *more)
                assert made["matchers"] == [shown], (matcher, made)
                assert (silenced(daemon) == ["Foreign"]) == holds, (matcher, more)
                theirs = {s["id"]: s for s in get_json(f"{daemon.url}/api/v2/silences", token)}[made["id"]]["matchers"][0]
                assert theirs["name"] == ("rule" if "\"rule\"" in shown else "alertname"), theirs
                found = [s["id"] for s in get_json(f"{daemon.url}/api/v2/silences?filter=alertname=Foreign", token)
                         if s["status"]["state"] == "active"]
                assert (made["id"] in found) == (shown == "alertname=Foreign"), (matcher, found)
                assert cli(daemon, "alert", "unsilence", made["id"]).returncode == 0
        # In Alertmanager's words it is the label, as there; it is shown so that it can be given back.
        status, answer = call(daemon, token, "POST", "/api/v2/silences", {
            "matchers": [{"name": "rule", "value": "x", "isRegex": False, "isEqual": True}], "startsAt": in_hours(-1), "endsAt": in_hours(1),
            "createdBy": "me", "comment": "c"})
        assert status == 200 and silenced(daemon) == ["Foreign"], answer
        assert data(daemon, "alert", "silences")[0]["matchers"] == ["\"rule\"=x"]
        call(daemon, token, "DELETE", f"/api/v2/silence/{answer['silenceID']}")
        # Dismissed: this alert, and not its neighbour.
        post(daemon, token, **{"alertname": "Foreign", "rule": "other", "instance": "n1", "severity": "critical", "odd =\"name": "y"})
        status, answer = call(daemon, token, "POST", f"/api/alerts/{alert['id']}/dismiss", {})
        assert status == 200 and answer["success"], answer
        hushed = [a["id"] for a in data(daemon, "alert", "list", "--state", "all", "--silenced") if a["silenced_by"]]
        assert hushed == [alert["id"]], (hushed, answer)
    finally:
        daemon.remove()


if __name__ == "__main__":
    harness.run([one_meaning_on_every_way_in, a_rules_name_may_have_stars_and_a_glob_behind_an_operator_is_told,
                 the_name_of_an_alert_and_its_label_rule_are_two_things,
                 inhibition_and_routes_read_them_the_same_way])
