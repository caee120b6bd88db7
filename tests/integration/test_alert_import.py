"""A whole alert-rules.yaml of the original system becomes working configuration, and odd ones are told with their lines. SPDX-License-Identifier: MIT"""

import json
import os
import re
import subprocess

import harness
from harness import Daemon

HERE = os.path.dirname(os.path.abspath(__file__))
ORIGINAL = open(os.path.join(HERE, "original", "alert-rules.yaml")).read()

# Figures that the original's two files give differently. As shipped those of its monitoring-config.json hold; who imports alert-rules.yaml
# gets those of that file.
OTHER_FILE = {
    "agent_health.heartbeat_timeout_seconds": (120, 300),
    "response_time.warning_ms": (5000, 2000), "response_time.critical_ms": (15000, 5000),
    "api_rate_limits.error_rate_critical_percent": (15, 10),
    "cpu.warning_percent": (70, 80), "cpu.critical_percent": (90, 95),
    "memory.warning_percent": (75, 80), "memory.critical_percent": (90, 95),
}
# What nothing here can watch: the finding says why, and what to do.
WITHOUT_SUBJECT = [f"thresholds.{key}{level}" for key in (
    "langfuse.errorRate", "langfuse.traceCount", "langfuse.latency", "sessions.count", "sessions.duration", "a2a.latency",
    "deliberation.duration", "deliberation.consensusFailure") for level in ("Warning", "Critical")]
NO_ADDRESS = ["notifications.channels[1]", "notifications.channels[2]", "notifications.channels[3]", "notifications.channels[4]"]

# Every figure of the file, and the rules that watch it: (threshold, name of the rule, severity).
WATCHED = {
    "agent.heartbeat": ("agent_heartbeat_warning", "agent_offline"), "agent.health": ("agent_health_warning", "agent_health_critical"),
    "agent.memory": ("agent_memory_warning", "agent_memory_critical"), "agent.taskTimeout": ("agent_task_warning", "agent_task_critical"),
    "service.response": ("response_time_warning", "response_time_critical"),
    "service.uptime": ("service_uptime_warning", "service_uptime_critical"),
    "service.errorRate": ("api_error_rate_warning", "api_error_rate_high"), "resources.cpu": ("cpu_warning", "high_cpu_usage"),
    "resources.memory": ("memory_warning", "high_memory_usage"), "resources.disk": ("disk_warning", "disk_space_low"),
    "resources.network": ("network_warning", "network_critical"), "litellm.errorRate": ("api_error_rate_warning", "api_error_rate_high"),
    "litellm.latency": ("litellm_latency_warning", "litellm_latency_critical"),
    "litellm.tokenRate": ("litellm_tokens_warning", "litellm_tokens_critical"), "litellm.cost": ("cost_day_warning", "cost_day_critical"),
    "a2a.messageRate": ("message_rate_warning", "message_rate_critical"), "a2a.errorRate": ("message_errors_warning", "message_errors_critical"),
    "cron.missedRun": ("cron_missed", "cron_missed_critical"), "cron.duration": ("cron_running_long", "cron_running_critical"),
    "memory.vectorCount": ("vector_count_warning", "vector_count_critical"),
    "memory.queryLatency": ("vector_query_warning", "vector_query_critical"), "memory.indexSize": ("vector_index_warning", "vector_index_critical"),
}


def cli(daemon, *words):
    return subprocess.run([f"{harness.BUILD}/bin/openclaw", *words], env=daemon.env, capture_output=True, text=True, timeout=120)


def data(daemon, *words):
    answer = cli(daemon, "--json", *words)
    assert answer.returncode == 0, (words, answer.stdout, answer.stderr)
    return json.loads(answer.stdout)["data"]


def imported(daemon, text, *flags):
    path = os.path.join(daemon.home, "alert-rules.yaml")
    with open(path, "w") as f:
        f.write(text)
    return cli(daemon, "--json", "alert", "import", path, *flags)


def figures(text):
    """{"agent.heartbeatWarning": 120, ...} of the YAML, read here a second time and on purpose not by a YAML library."""
    found, group = {}, None
    for line in text[text.index("thresholds:"):text.index("routing:")].splitlines()[1:]:
        if re.fullmatch(r"  (\w+):", line):
            group = line.strip()[:-1]
        else:
            name, value = line.strip().split(": ")
            found[f"{group}.{name}"] = float(value)
    return found


def thresholds(daemon):
    flat = {}
    for group, members in data(daemon, "config", "get", "thresholds")["value"].items():
        flat.update({f"{group}.{name}": value for name, value in members.items()})
    return flat


def rules(daemon):
    return {r["name"]: r for r in data(daemon, "rules", "list")}


def a_whole_file_becomes_what_is_shipped():
    daemon = Daemon()
    daemon.write("collectors = ();\n")
    try:
        daemon.start()
        shipped, shipped_rules = thresholds(daemon), rules(daemon)
        report = json.loads(imported(daemon, ORIGINAL).stdout)["data"]
        files = {os.path.basename(f["file"]): f for f in report["files"]}
        assert {n: f["as_shipped"] for n, f in files.items()} == \
            {"alert-rules.conf": False, "route.lua": True, "inhibit.lua": True, "escalate.lua": True}, files
        assert sorted(f["key"] for f in report["findings"]) == sorted(WITHOUT_SUBJECT + NO_ADDRESS), \
            [(f["key"], f["message"]) for f in report["findings"]]
        assert all(f["hint"] and f["line"] > 0 and f["message"] for f in report["findings"]), report["findings"]
        checked = cli(daemon, "config", "validate")
        assert checked.returncode == 0, checked.stdout + checked.stderr
        reload = cli(daemon, "reload")
        assert reload.returncode == 0, reload.stdout + reload.stderr

        # The same figures, but for those that the original's two files give differently.
        ours = thresholds(daemon)
        assert {k: (shipped[k], ours[k]) for k in ours if shipped.get(k) != ours[k]} == OTHER_FILE
        # The same rules, one of them graver.
        theirs = rules(daemon)
        assert theirs.keys() == shipped_rules.keys(), theirs.keys() ^ shipped_rules.keys()
        differ = {n for n in theirs if {k: theirs[n].get(k) for k in ("severity", "expr", "for")} !=
                  {k: shipped_rules[n].get(k) for k in ("severity", "expr", "for")}}
        assert differ == {"api_error_rate_high"} and theirs["api_error_rate_high"]["severity"] == "critical", differ
        # Each figure of the file is that of a rule on it, as grave as the key says.
        values = figures(ORIGINAL)
        left = {k for k in values if f"thresholds.{k}" not in WITHOUT_SUBJECT}
        for key in left:
            stem, level = re.fullmatch(r"(.*)(Warning|Critical)", key).groups()
            rule = data(daemon, "rules", "show", WATCHED[stem][0 if level == "Warning" else 1])
            names = re.findall(r"thresholds\.([\w.]+)", rule["expr"])
            assert any(ours[n] == values[key] for n in names), (key, values[key], rule["expr"], ours)
            assert rule["severity"] == level.lower(), (key, rule["severity"])
        settings = data(daemon, "config", "get", "alerts")["value"]
        assert settings["cooldown"] == "5m" and settings.get("storm_interval") == "5m", settings
        channels = {c.get("name", c["plugin"]): c for c in settings["channels"]}
        assert list(channels) == ["console"] and channels["console"]["enabled"], channels
        window = data(daemon, "config", "get", "maintenance")["value"]
        assert window == [{"name": "maintenance-window", "services": ["*"], "days": ["sunday"], "start": "02:00", "duration": "2h",
                           "enabled": False}], window
    finally:
        daemon.remove()


def the_shipped_window_is_an_example_that_is_off():
    daemon = Daemon()
    daemon.write("collectors = ();\n")
    try:
        daemon.start()
        window, = data(daemon, "config", "get", "maintenance")["value"]
        assert (window["days"], window["start"], window["duration"], window["enabled"]) == (["sunday"], "02:00", "2h", False), window
    finally:
        daemon.remove()


def what_differs_becomes_policies_that_load():
    daemon = Daemon()
    try:
        text = ORIGINAL.replace("window: 600", "window: 60").replace("[console, email]", "[email]").replace("after: 900", "after: 60") \
            .replace("channels: [email, pagerduty]", 'channels: ["console\\"; os.exit()"]').replace("occurrences: 5", "occurrences: 3") \
            .replace("groupBy: agent", "groupBy: team").replace("for agent {{agent}}", "of team {{team}}") \
            .replace("{ category: session }", "{ category: '~a\"b\\' }")
        report = json.loads(imported(daemon, text).stdout)["data"]
        assert not any(f["as_shipped"] for f in report["files"]), report["files"]
        read = {name: open(os.path.join(daemon.home, "policies", f"{name}.lua")).read() for name in ("route", "inhibit", "escalate")}
        assert '{ matchers = { "category=langfuse" }, channels = { "email" } },' in read["route"], read["route"]
        assert 'text = "{{count}} alerts of team {{team}}"' in read["route"], read["route"]
        assert '"category=\\"~a\\\\\\"b\\\\\\\\\\""' in read["route"], read["route"]
        assert 'window = "60s"' in read["inhibit"], read["inhibit"]
        assert '{ after = 60, channels = { "console\\"; os.exit()" } },' in read["escalate"], read["escalate"]
        assert "local repeats = { count = 3, within = 1800 }" in read["escalate"], read["escalate"]
        for name in read:
            checked = cli(daemon, "policy", "check", os.path.join(daemon.home, "policies", f"{name}.lua"))
            assert checked.returncode == 0, checked.stdout + checked.stderr
        conf = open(os.path.join(daemon.home, "conf.d", "alert-rules.conf")).read()
        assert 'group_by = ["team"];' in conf and 'group_interval = "5m";' in conf, conf
        again = imported(daemon, text)
        assert again.returncode != 0 and "exists" in again.stderr + again.stdout, again.stderr
        off = re.sub(r"(- name: (critical|warning)-escalation\n      enabled: )true", r"\1off", text)
        assert imported(daemon, off, "--force").returncode == 0
        policy = open(os.path.join(daemon.home, "policies", "escalate.lua")).read()
        assert "local steps = {\n}\n" in policy and "count = math.huge" in policy, policy
        assert cli(daemon, "policy", "check", os.path.join(daemon.home, "policies", "escalate.lua")).returncode == 0
    finally:
        daemon.remove()


# text, exit code 0 or not, what the answer says
ODD = [
    ("a: &a [x]\nb: *a\n", False, "line 2: aliases are not supported"),
    ("thresholds: {cpu: 1}\nthresholds: {cpu: 2}\n", False, "line 2: a key that is there twice"),
    ("thresholds:\n  agent:\n    heartbeatWarning: soon\n", True, 'alert-rules.yaml:3: thresholds.agent.heartbeatWarning: expected a number that is not negative, found a text ("soon")'),
    ("thresholds:\n  agent:\n    memoryWraning: 5\n", True, "alert-rules.yaml:3: thresholds.agent.memoryWraning: there is no such setting here\n  Did you mean thresholds.agent.memoryWarning?"),
    ("thresholds: {}\nescalation:\n  rules:\n    - name: critical-escalation\n      after: -5\n", True, "escalation.rules[0]: expected `after` (whole seconds, up to 30 days)"),
    ("thresholds: {}\nescalation:\n  rules: [ 5, [ ], null, { occurrences: 9e9 } ]\n", True, "escalation.rules[3]: expected"),
    ("thresholds: {}\nescalation:\n  rules:\n" + "    - { after: 5, channels: [a] }\n" * 21, True, "escalation.rules[20]: there are 20 steps already"),
    ("thresholds:\n  resources:\n    cpuWarning: 95\n    cpuCritical: 90\n", True, "alert-rules.yaml:3: thresholds.resources.cpuWarning: expected less than cpuCritical, which is 90; found 95"),
    ("thresholds: {}\nrouting:\n  rules:\n    - 5\n    - { match: 5, channels: [a] }\n    - { match: { a: b }, channels: 5 }\n", True, "alert-rules.yaml:6: routing.rules[2]: expected `match`"),
    ("thresholds: {}\nrouting: { rules: { match: { a: b } } }\n", True, "alert-rules.yaml:2: routing: expected a group with a list, `rules`"),
    ("thresholds: {}\nrouting: { match: { a: b } }\n", True, "alert-rules.yaml:2: routing: expected a group with a list, `rules`"),
    ("thresholds: {}\nrouting: x\n", True, "alert-rules.yaml:2: routing: expected a group with a list, `rules`"),
    ("thresholds: {}\nescalation: [ { after: 5, channels: [a] } ]\n", True, "alert-rules.yaml:2: escalation: expected a group with a list, `rules`"),
    ("thresholds: {}\naggregation:\n  rules:\n    - { groupBy: [a, b], window: 5 }\n", True, "aggregation.rules[0]: expected `groupBy`, one label"),
    ("thresholds: {}\naggregation: { rules: [ { groupBy: a, window: 999999999999 } ] }\n", True, "expected `groupBy`, one label, and `window`"),
    ("suppression:\n  rules:\n    - { name: severity-cascade, window: -1 }\n", True, "expected `window`, whole seconds up to 30 days"),
    ("suppression:\n  rules:\n    - { name: maintenance-window, schedule: { start: '25:00', end: '26:00' } }\n", True, "expected `start` and `end` as HH:MM in window 1"),
    ("suppression:\n  rules:\n    - { name: severity-cascade }\n    - { name: my-severity-cascade }\n", True, 'alert-rules.yaml:4: suppression.rules[1]: the rule "my-severity-cascade" has no counterpart'),
    ("thresholds: {}\n---\nnotifications: {}\n", False, "line 2: a second document"),
    ("notifications:\n  channels:\n    - { type: pigeon }\n    - 5\n", True, 'expected type console, webhook, slack, email or pagerduty, not "pigeon"'),
    ("notifications: { channels: { console: { enabled: true }, webhook: 5 } }\n", True, "notifications.channels.webhook: expected a group, found a number (5)"),
    ("thresholds: " + "[" * 100 + "]" * 100, False, "nested too deeply"),
    ("thresholds: \x01", False, "control characters are not allowed"),
    ("thresholds: {a: \xff}".encode("latin-1").decode("utf-8", "surrogateescape"), False, "UTF-8"),
    ("", False, "line 1: an empty file"),
    ("just words", False, "not a configuration of the original system"),
    ("thresholds: {" + ", ".join(f"k{i}: {i}" for i in range(120000)) + "}", False, ""),
    ("thresholds: {}\n#" + "x" * (1 << 20), False, ""),
]


SECOND_REPEATS = ("escalation.rules[1]", "a second rule for repeats: the first one holds")

# text, the policy that it becomes, what is in that and what is not, and where something is told, and how it begins
ONE_OF_TWO = [
    ("escalation:\n  rules:\n    - { name: warning-escalation, occurrences: 3, window: 60 }\n    - { name: warning-escalation, enabled: no }\n",
     "escalate", "local repeats = { count = 3, within = 60 }\n", "math.huge", SECOND_REPEATS),
    ("escalation:\n  rules:\n    - { name: warning-escalation, enabled: no }\n    - { name: warning-escalation, occurrences: 3, window: 60 }\n",
     "escalate", "local repeats = { count = math.huge, within = 1800 }\n", "count = 3", SECOND_REPEATS),
    ("aggregation:\n  rules:\n    - { groupBy: service, window: 0, format: F }\n    - { groupBy: service, window: 300, format: G }\n",
     "route", 'text = "G",', '"F"', ("aggregation.rules[0]", "expected `groupBy`")),
    ("aggregation:\n  rules:\n    - { groupBy: service, window: 300, format: '' }\nrouting: { rules: [ { match: { a: b }, channels: [c] } ] }\n",
     "route", '"a=b"', "  text = ", None),
    ("routing:\n  rules:\n    - { match: { a: b }, channels: [c] }\n    - { match: { d: e }, channels: [f], enabled: no }\n", "route", '"a=b"', '"d=e"', None),
]


def of_two_rules_for_one_thing_one_holds_and_the_other_is_told():
    daemon = Daemon()
    try:
        for text, name, there, not_there, told in ONE_OF_TWO:
            report = json.loads(imported(daemon, "thresholds: {}\n" + text, "--force").stdout)["data"]
            path = os.path.join(daemon.home, "policies", f"{name}.lua")
            policy = "".join(line for line in open(path) if not line.startswith("--"))
            assert there in policy and not_there not in policy, (text, policy)
            found = [(f["key"], f["message"]) for f in report["findings"]]
            assert [key for key, _ in found] == ([told[0]] if told else []), (text, found)
            assert not told or found[0][1].startswith(told[1]), (text, found)
            checked = cli(daemon, "policy", "check", path)
            assert checked.returncode == 0, checked.stdout + checked.stderr
    finally:
        daemon.remove()


def odd_files_are_told_with_file_line_and_what_was_expected():
    daemon = Daemon()
    path = os.path.join(daemon.home, "alert-rules.yaml")
    try:
        for text, sound, expected in ODD:
            with open(path, "w", errors="surrogateescape") as f:
                f.write(text)
            answer = cli(daemon, "alert", "import", path, "--dry-run")
            said = answer.stdout + answer.stderr
            assert (answer.returncode == 0) == sound and expected in said, (text[:200], answer.returncode, said[:3000])
            assert "Sanitizer" not in said and answer.returncode >= 0, said
        assert not os.path.exists(os.path.join(daemon.home, "policies", "route.lua"))
    finally:
        daemon.remove()


def what_is_written_is_what_is_read():
    """Beside the file when that is not in the home; in the home when there is none."""
    daemon = Daemon()
    site = os.path.join(daemon.home, "site")
    try:
        os.mkdir(site)
        os.rename(daemon.config, os.path.join(site, "openclaw.conf"))
        if not os.path.exists("/etc/openclaw/openclaw.conf"):
            assert imported(daemon, ORIGINAL).returncode == 0
            assert thresholds(daemon)["agent_health.heartbeat_timeout_seconds"] == 300
        daemon.env["OPENCLAW_CONFIG"] = os.path.join(site, "openclaw.conf")
        assert thresholds(daemon)["agent_health.heartbeat_timeout_seconds"] == 120
        answer = imported(daemon, ORIGINAL, "--force")
        assert answer.returncode == 0 and os.path.exists(os.path.join(site, "conf.d", "alert-rules.conf")), answer.stdout
        assert thresholds(daemon)["agent_health.heartbeat_timeout_seconds"] == 300
    finally:
        daemon.remove()


if __name__ == "__main__":
    harness.run([a_whole_file_becomes_what_is_shipped, the_shipped_window_is_an_example_that_is_off, what_differs_becomes_policies_that_load,
                 of_two_rules_for_one_thing_one_holds_and_the_other_is_told, odd_files_are_told_with_file_line_and_what_was_expected, what_is_written_is_what_is_read])
