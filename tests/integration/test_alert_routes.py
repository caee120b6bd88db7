"""Trees of routes against Debian's `amtool config routes test`, and the operations over them. SPDX-License-Identifier: MIT"""

import json
import os
import random
import subprocess
import sys
import time

import harness
from harness import Daemon, Receiver, eventually
from monitoring import get_json, http, missing

NAMES = ["severity", "team", "env", "service"]
VALUES = ["critical", "warning", "a", "b", "ab", "prod"]
REGEXES = ["a|b", "a.*", "critical|warning", ".+", "", "p.?od", "[ab]+"]
TREES, LABEL_SETS = (12, 10) if not os.environ.get("OC_FULL") else (192, 30)
AT_ONCE = 12  # trees of one policy: a file has at most 256 KB

CONFIG = """collectors = ();
alerts = { channels = (
  { plugin = "file"; name = "console"; path = "%s/a.txt"; },
  { plugin = "file"; name = "slack"; path = "%s/b.txt"; },
  { plugin = "file"; name = "webhook"; path = "%s/d.txt"; },
  { plugin = "file"; name = "night"; path = "%s/c.txt"; levels = ["critical"]; } ); };
"""


def cli(daemon, *words):
    return subprocess.run([f"{harness.BUILD}/bin/openclaw", *words], env=daemon.env, capture_output=True, text=True, timeout=120)


def random_matcher(rng):
    op = rng.choice(["=", "!=", "=~", "!~"])
    value = rng.choice(REGEXES if "~" in op else VALUES + [""])
    return f'{rng.choice(NAMES)}{op}"{value}"'


def random_route(rng, depth, counter):
    counter[0] += 1
    route = {"receiver": f"r{counter[0]}"}
    if depth > 0:
        route["matchers"] = [random_matcher(rng) for _ in range(rng.randint(1, 2))]
        route["continue"] = rng.random() < 0.35
        if rng.random() < 0.2:
            del route["receiver"]
    if depth < 3:
        route["routes"] = [random_route(rng, depth + 1, counter) for _ in range(rng.randint(1, 3))]
    return route


def lua(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, list):
        return "{ " + ", ".join(lua(v) for v in value) + " }"
    return "{ " + ", ".join(f'["{k}"] = {lua(v)}' for k, v in value.items()) + " }"


def receivers(route):
    own = [route["receiver"]] if "receiver" in route else []
    return own + [r for child in route.get("routes", []) for r in receivers(child)]


def theirs(home, tree, labels):
    path = os.path.join(home, "am.yml")
    with open(path, "w") as f:  # JSON is YAML
        json.dump({"route": tree, "receivers": [{"name": r} for r in receivers(tree)]}, f)
    answer = subprocess.run(["amtool", "config", "routes", "test", f"--config.file={path}", *(f"{k}={v}" for k, v in labels.items())],
                            capture_output=True, text=True)
    assert answer.returncode == 0, (answer.stderr, tree)
    return answer.stdout.strip().split(",")


def random_trees_are_walked_as_alertmanager_walks_them():
    rng = random.Random(7)
    daemon = Daemon()
    try:
        for _ in range(TREES // AT_ONCE):
            trees, cases = [random_route(rng, 0, [0]) for _ in range(AT_ONCE)], []
            for i, tree in enumerate(trees, 1):
                for _ in range(LABEL_SETS):
                    labels = {n: rng.choice(VALUES) for n in NAMES if rng.random() < 0.6} or {"team": "a"}
                    cases.append((i, labels, theirs(daemon.home, tree, labels)))
            write_policy_test(daemon.home, trees, cases)
            answer = cli(daemon, "policy", "test", os.path.join(daemon.home, "policies", "walk_test.lua"))
            assert answer.returncode == 0, answer.stdout[-3000:] + answer.stderr
    finally:
        daemon.remove()


def write_policy_test(home, trees, cases):
    folder = os.path.join(home, "policies")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "walk.lua"), "w") as f:
        f.write("local trees = {\n" + "".join(f"  routing.tree {lua(t)},\n" for t in trees) + "}\n")
        f.write("function route(alert, at)\n  local names = {}\n"
                "  for _, found in ipairs(routing.find(trees[at], alert)) do\n    names[#names + 1] = found.channels[1]\n  end\n"
                "  return names\nend\n")
    with open(os.path.join(folder, "walk_test.lua"), "w") as f:
        f.write("tests = {\n")
        for i, (tree, labels, expected) in enumerate(cases):
            f.write(f'  {{ name = "case {i}", hook = "route", args = {{ {{ labels = {lua(labels)} }}, {tree} }}, expect = {lua(expected)} }},\n')
        f.write("}\n")


def the_operations_say_who_would_be_told_and_why():
    daemon = Daemon()
    daemon.write(CONFIG % ((daemon.home,) * 4))
    try:
        daemon.start()
        shown = cli(daemon, "alert", "routes", "show")
        assert "severity=critical -> console, webhook, slack, email" in shown.stdout, shown.stdout + shown.stderr
        answer = cli(daemon, "--json", "alert", "routes", "test", "--label", "severity=warning", "--label", "category=agent")
        data = json.loads(answer.stdout)["data"]
        assert data["told"] == ["console", "slack"] and {t["path"] for t in data["targets"]} == {'{}/{category="agent"}'}, data
        assert [o["channel"] for o in data["others"]] == ["webhook", "night"], data
        assert [r["state"] for r in data["routes"]][:3] == ["passed", "failed", "taken"], data["routes"]
        cli(daemon, "alert", "silence", "category=agent", "--for", "1h", "--comment", "work")
        data = json.loads(cli(daemon, "--json", "alert", "routes", "test", "--label", "category=agent").stdout)["data"]
        assert data["told"] == [] and len(data["silenced_by"]) == 1, data
        wrong = cli(daemon, "alert", "routes", "test", "--label", "nonsense")
        assert wrong.returncode != 0 and "no label" in wrong.stderr, wrong.stderr
        listed = json.loads(cli(daemon, "--json", "alert", "list", "--state", "all").stdout)["data"]
        assert listed == [], listed
    finally:
        daemon.remove()


MISTAKEN = """tree = routing.tree { channels = { "console", "nosuch" }, routes = {
  { matchers = { "category=agent" }, channels = { "console" }, mute = { "nope" }, active = { "night" } },
  { matchers = { "category=text" }, channels = { "console" }, group_by = { "team" }, text = "{{count}} of {{team}} {{nosuch}}" } } }
function route(alert) return routing.find(tree, alert) end
function routes(alert) return alert and routing.explain(tree, alert) or tree end
"""


def a_trial_names_what_is_not_configured_and_is_no_real_input():
    daemon = Daemon()
    daemon.write("""collectors = (); alerts = { channels = ( { plugin = "console"; } );
                    intervals = ( { name = "night"; times = "22:00-06:00"; } ); };""")
    try:
        daemon.start()
        os.makedirs(f"{daemon.home}/policies", exist_ok=True)
        with open(f"{daemon.home}/policies/route.lua", "w", encoding="utf-8") as f:
            f.write(MISTAKEN)
        daemon.call("policy.reload")
        interval = "a route names the interval nope, which is not configured"
        channel = "a route names the channel nosuch, which is not configured"
        shown = daemon.call("alert.routes.show")
        assert shown["warnings"] == [interval] and shown["text"].endswith(f"\nwarning: {interval}"), shown
        tried = daemon.call("alert.routes.test", label=["severity=critical"])
        assert tried["warnings"] == [channel] and tried["told"] == ["console"], tried
        tried = daemon.call("alert.routes.test", label=["category=agent"])
        assert tried["warnings"] == [interval] and f"\nwarning: {interval}" in tried["text"], tried
        tried = daemon.call("alert.routes.test", label=["category=text", "severity=bogus", "team=db"])
        assert tried["warnings"] == ["severities are critical, warning and info: bogus counts as warning", "the text of a route has {{nosuch}}, "
                                     "which is neither a label of its groups nor one of the host's words"], tried
        compared = daemon.call("policy.diff", name="route", text="function route() return {} end")
        assert [h["inputs"] for h in compared["hooks"]] == [0, 0] and not compared["differences"], compared
    finally:
        daemon.stop()
        daemon.remove()


RESERVED = """collectors = ();
alerts = { channels = (
  { plugin = "webhook"; name = "chat"; url = "%(broken)s"; retries = 0; fallback = "reserve"; levels = ["critical"]; },
  { plugin = "webhook"; name = "reserve"; url = "%(reserve)s"; levels = []; },
  { plugin = "webhook"; name = "uptime"; url = "%(uptime)s"; levels = []; } );
  deadman = { interval = "10m"; channels = ["uptime"]; }; storm_limit = 0; };
"""


def a_channel_without_levels_is_for_signs_of_life_and_fallbacks():
    reserve, uptime = Receiver(), Receiver()
    daemon = Daemon(api=True)
    daemon.write(RESERVED % {"broken": f"http://127.0.0.1:{harness.free_port()}/", "reserve": reserve.url, "uptime": uptime.url})
    try:
        daemon.start()
        data = json.loads(cli(daemon, "--json", "alert", "routes", "test", "--label", "severity=critical").stdout)["data"]
        assert data["told"] == ["chat"], data
        assert {o["channel"]: o["reason"] for o in data["others"]} == dict.fromkeys(["reserve", "uptime"], "its levels do not admit the severity"), data
        post(daemon, daemon.token("operator"), ("alertname=A severity=critical", LATER))
        eventually(lambda: reserve.deliveries, what="the alert, by way of the reserve")
        eventually(lambda: uptime.deliveries, what="a sign of life")
        time.sleep(1)
        assert [b["alert"]["rule"] for b in bodies(reserve)] == ["A"], bodies(reserve)  # once
        assert {b["event"] for b in bodies(uptime)} == {"notice"}, bodies(uptime)
    finally:
        daemon.remove()
        reserve.close()
        uptime.close()


GROUPED = """collectors = ();
alerts = { group_wait = "1s"; group_interval = "2s"; group_by = ["team"]; storm_limit = 0;
  channels = ( { plugin = "webhook"; name = "hook"; url = "%s"; levels = ["info", "warning", "critical"]; } ); };
"""


def post(daemon, token, *alerts):
    document = [{"labels": dict(pair.split("=") for pair in labels.split()), "endsAt": ends} for labels, ends in alerts]
    status, _, text = http(f"{daemon.url}/api/v2/alerts", method="POST", body=json.dumps(document).encode(), token=token,
                           headers={"Content-Type": "application/json"})
    assert status == 200, text


def bodies(receiver):
    return [json.loads(body) for _, body in receiver.deliveries]


LATER, BEFORE = "2099-01-01T00:00:00Z", "2020-01-01T00:00:00Z"


def groups_and_inhibition_are_seen_through_the_api_and_survive_kill():
    receiver = Receiver()
    daemon = Daemon(api=True)
    daemon.write(GROUPED % receiver.url)
    try:
        daemon.start()
        token = daemon.token("operator")
        post(daemon, token, ("alertname=A team=db severity=critical instance=i", LATER), ("alertname=B team=db severity=warning", LATER),
             ("alertname=C team=db severity=info instance=i", LATER), ("alertname=D team=web severity=warning", LATER))
        eventually(lambda: len(bodies(receiver)) >= 2, what="a notification for each of two groups")
        sent = {b["group"]["labels"]["team"]: b for b in bodies(receiver)}
        assert sent["db"]["group"]["firing"] == 2 and sent["web"]["group"]["firing"] == 1, sent
        assert sent["db"]["alert"]["told"] == ["hook"], sent["db"]["alert"]
        assert [a["rule"] for a in sent["db"]["alerts"]] == ["A", "B"] and sent["db"]["alert"]["rule"] == "A", sent["db"]
        assert sent["db"]["text"] == "2 alerts, critical (1), warning (1): team=db", sent["db"]["text"]
        groups = get_json(f"{daemon.url}/api/v2/alerts/groups", token)
        assert [(g["receiver"]["name"], g["labels"]) for g in groups if any(a["labels"]["alertname"] == "A" for a in g["alerts"])] == \
            [("hook", {"team": "db"})], groups
        alerts = {a["labels"]["alertname"]: a for a in get_json(f"{daemon.url}/api/v2/alerts", token)}
        assert alerts["C"]["status"]["state"] == "suppressed" and alerts["C"]["status"]["inhibitedBy"] == [alerts["A"]["fingerprint"]], alerts["C"]
        assert "C" not in [a["labels"]["alertname"] for a in get_json(f"{daemon.url}/api/v2/alerts?inhibited=false", token)]
        time.sleep(0.6)  # until then what was delivered may be delivered once more, with the same id
        daemon.kill()
        daemon.start()
        post(daemon, token, ("alertname=D team=web severity=warning", BEFORE))
        eventually(lambda: len(bodies(receiver)) >= 3, what="the end of a group that was told before the crash")
        time.sleep(1)
        last = bodies(receiver)[2:]
        assert [(b["event"], b["group"]["labels"]) for b in last] == [("resolved", {"team": "web"})], last
    finally:
        daemon.remove()
        receiver.close()


if __name__ == "__main__":
    if missing("amtool"):
        print("skipped: Debian's prometheus-alertmanager is not installed")
        sys.exit(77)
    harness.run([random_trees_are_walked_as_alertmanager_walks_them, the_operations_say_who_would_be_told_and_why,
                 a_trial_names_what_is_not_configured_and_is_no_real_input,
                 a_channel_without_levels_is_for_signs_of_life_and_fallbacks, groups_and_inhibition_are_seen_through_the_api_and_survive_kill])
