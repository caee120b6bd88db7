"""What is imported from the original system's files is what our validator takes, and nothing else stops being watched. SPDX-License-Identifier: MIT"""

import json
import os
import subprocess

import harness
from harness import Daemon, eventually

HERE = os.path.dirname(os.path.abspath(__file__))
RULES = open(os.path.join(HERE, "original", "alert-rules.yaml")).read()
BUILT_IN = ["system", "agent", "gateway", "litellm", "postgres", "redis", "ollama", "langfuse", "websocket_bridge", "dashboard"]


def cli(daemon, *words, **variables):
    return subprocess.run([f"{harness.BUILD}/bin/openclaw", *words], env={**daemon.env, **variables}, capture_output=True, text=True,
                          timeout=120)


def data(daemon, *words, **variables):
    answer = cli(daemon, "--json", *words, **variables)
    assert answer.stdout, (words, answer.returncode, answer.stderr)
    return json.loads(answer.stdout)["data"]


def imported(daemon, name, text, conf="imported.conf"):
    """The report of an import that goes into this file of conf.d."""
    path, conf_d = os.path.join(daemon.home, name), os.path.join(daemon.home, "conf.d")
    os.makedirs(conf_d, exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    return data(daemon, "config", "import", path, "--output", os.path.join(conf_d, conf), "--force")


def errors(daemon, **variables):
    """What the validator finds wrong with the configuration in use."""
    found = data(daemon, "config", "validate", daemon.config, **variables)["findings"]
    return [f"{f['key']}: {f['message']}" for f in found if not f["warning"]]


def collectors(daemon):
    return {c["plugin"]: c for c in data(daemon, "config", "get", "collectors")["value"]}


MONITORING = {
    "version": "1.0.0",
    "monitoring": {"health_check_interval_seconds": 45, "metrics_retention_days": 30, "alert_cooldown_minutes": 15},
    "thresholds": {"agent_health": {"max_consecutive_failures": 3, "heartbeat_timeout_seconds": 120}},
    "alerting": {
        "channels": {"console": {"enabled": True, "levels": ["warning", "critical"]},
                     "webhook": {"enabled": False, "url": "", "secret": "", "retry_count": 3, "timeout_ms": 10000},
                     "email": {"enabled": False, "smtp_host": "", "smtp_port": 587, "from_address": "", "recipients": [], "use_tls": True}},
        "rules": [{"name": "agent_offline", "condition": "agent.heartbeat_missed > 120", "severity": "critical",
                   "message": "Agent {agent_id} is away", "channels": ["console"]},
                  {"name": "redis_connection_failed", "condition": "redis.connected == false", "severity": "critical"}]},
}
OPENCLAW = {
    "version": "2.0.0", "collective": {"name": "Heretek"},
    "models": {"providers": {"litellm": {"enabled": True, "base_url": "http://127.0.0.1:4001", "api_key": "sk-1"}}},
    "agents": [{"id": "steward", "port": 8001}, {"id": "alpha", "port": 9002}],
    "embedding": {"provider": "ollama", "api_base": "http://127.0.0.1:11435"},
}


def an_import_leaves_no_collector_out():
    daemon = Daemon()
    try:
        before = collectors(daemon)
        assert list(before) == BUILT_IN, before
        imported(daemon, "monitoring-config.json", json.dumps(MONITORING))
        after = collectors(daemon)
        assert after == {name: {**c, "interval": "45s"} for name, c in before.items()}, after
        assert errors(daemon) == [], errors(daemon)
        imported(daemon, "openclaw.json", json.dumps(OPENCLAW))
        after = collectors(daemon)
        assert after == {**before, "agent": {**before["agent"], "agents": [{"name": "steward", "port": 8001}, {"name": "alpha", "port": 9002}]},
                         "litellm": {**before["litellm"], "url": "http://127.0.0.1:4001"},
                         "ollama": {**before["ollama"], "url": "http://127.0.0.1:11435"}}, after
        assert errors(daemon) == [], errors(daemon)
    finally:
        daemon.remove()


def what_another_file_says_of_a_collector_stays():
    daemon = Daemon('collectors = ( { plugin = "postgres"; interval = "5s"; dsn = "postgresql://me@db/x"; }, { plugin = "tcp"; name = "own"; } );\n')
    try:
        imported(daemon, "openclaw.json", json.dumps(OPENCLAW), "openclaw.conf")
        after = collectors(daemon)
        assert after["postgres"] == {"plugin": "postgres", "interval": "5s", "dsn": "postgresql://me@db/x"}, after
        assert after["system"] == {"plugin": "system", "interval": "10s"}, after
        assert after["redis"] == {"plugin": "redis", "interval": "30s", "url": "redis://127.0.0.1:6379"}, after
        assert [a["name"] for a in after["agent"]["agents"]] == ["steward", "alpha"], after
        # The second file sorts before the first and says an interval; the first says none.
        imported(daemon, "monitoring-config.json", json.dumps(MONITORING), "monitoring-config.conf")
        after = collectors(daemon)
        assert {c: after[c]["interval"] for c in BUILT_IN} == {c: "45s" for c in BUILT_IN}, after
        assert after["postgres"]["dsn"] == "postgresql://me@db/x" and after["litellm"]["url"] == "http://127.0.0.1:4001", after
        assert after["tcp"] == {"plugin": "tcp", "name": "own"}, after
    finally:
        daemon.remove()


def channels(daemon):
    return {c.get("name", c["plugin"]): c for c in data(daemon, "config", "get", "alerts.channels")["value"]}


def a_channel_that_works_is_not_switched_off_by_a_placeholder():
    def webhook(enabled, url):
        return json.dumps({"alerting": {"channels": {"webhook": {"enabled": enabled, "url": url}}}})
    daemon = Daemon('collectors = ();\nalerts = { channels = ( { plugin = "webhook"; url = "https://real.example/"; } ); };\n')
    try:
        for enabled in (False, True):
            finding, = imported(daemon, "monitoring-config.json", webhook(enabled, ""))["findings"]
            assert "the channel is left out" in finding["message"] and "`url`" in finding["message"], finding
            assert channels(daemon) == {"webhook": {"plugin": "webhook", "url": "https://real.example/"}}, channels(daemon)
        # Off in one file and on in the next is on.
        imported(daemon, "alert-rules.yaml", "notifications: { channels: [ { type: webhook, enabled: false, url: 'https://a.example/' } ] }\n", "alert-rules.conf")
        imported(daemon, "monitoring-config.json", webhook(True, "https://b.example/"), "monitoring-config.conf")
        assert (channels(daemon)["webhook"]["enabled"], channels(daemon)["webhook"]["url"]) == (True, "https://b.example/"), channels(daemon)
        assert errors(daemon) == [], errors(daemon)
    finally:
        daemon.remove()


def who_follows_the_hint_has_a_channel_that_works():
    daemon = Daemon("collectors = ();\n")
    variables = {"SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/x", "PAGERDUTY_ROUTING_KEY": "0" * 32}
    said = [('url: ""', "url: 'https://example.org/hook'"), ('webhookUrl: ""', "webhookUrl: '${SLACK_WEBHOOK_URL}'"), ('host: ""', "host: mail.example.org"),
            ("to: []", "to: [b@example.org]"), ('routingKey: ""', "routingKey: '${PAGERDUTY_ROUTING_KEY}'"), ("enabled: false", "enabled: true")]
    try:
        hints = [f["hint"] for f in imported(daemon, "alert-rules.yaml", RULES)["findings"] if "the channel is left out" in f["message"]]
        assert errors(daemon) == [] and list(channels(daemon)) == ["console"], (errors(daemon), channels(daemon))
        assert hints == ["Mend it in this file, and import it again."] * 4, hints
        text = RULES
        for old, new in said:
            assert old in text, old
            text = text.replace(old, new)
        findings = imported(daemon, "alert-rules.yaml", text)["findings"]
        assert not [f for f in findings if f["key"].startswith("notifications")], findings
        assert errors(daemon, **variables) == [], errors(daemon, **variables)
        ours = channels(daemon)
        assert list(ours) == ["console", "webhook", "slack", "email", "pagerduty"] and all(c["enabled"] for c in ours.values()), ours
        assert ours["slack"]["mention"] == ["@channel"] and ours["email"]["subject"] == "[OpenClaw] {severity}: {title}", ours
    finally:
        daemon.remove()


def limits(minutes, days, seconds, warning, critical, port, retries, timeout, keep, size):
    """A monitoring-config.json with these figures."""
    return {"monitoring": {"health_check_interval_seconds": seconds, "metrics_retention_days": days, "alert_cooldown_minutes": minutes},
            "thresholds": {"cpu": {"warning_percent": warning, "critical_percent": critical}},
            "alerting": {"channels": {
                "file": {"max_size_mb": size, "rotation_count": keep},
                "webhook": {"url": "http://127.0.0.1:9/", "retry_count": retries, "timeout_ms": timeout},
                "email": {"smtp_host": "h", "smtp_port": port, "from_address": "a@b.example", "recipients": ["c@d.example"]}}}}


LEAST = limits(0, 1 / 24, 0.1, 0, 1, 1, 0, 100, 0, 1)
MOST = limits(7 * 1440, 3650, 86400, 99, 100, 65535, 10, 300000, 100, 1 << 20)
BEYOND = [limits(-1, 0, 0, -1, -1, 0, -1, 99, -1, 0), limits(7 * 1440 + 1, 3651, 86401, 101, 101, 65536, 11, 300001, 101, (1 << 20) + 1)]


def what_is_taken_is_what_the_validator_takes():
    daemon = Daemon("collectors = ();\n")
    try:
        for figures in (LEAST, MOST):
            report = imported(daemon, "m.json", json.dumps(figures))
            assert report["findings"] == [], report["findings"]
            assert errors(daemon) == [], (errors(daemon), report["text"])
        for figures in BEYOND:
            report = imported(daemon, "m.json", json.dumps(figures))
            assert len(report["findings"]) == 10 and all("expected" in f["message"] for f in report["findings"]), report["findings"]
            assert errors(daemon) == [], (errors(daemon), report["text"])
        # One step further the validator says no: the limits are not narrower than its own.
        conf = open(os.path.join(daemon.home, "conf.d", "imported.conf")).read()
        beyond = [('alerts = {', 'alerts = {\n    cooldown = "10081m";'), ('"http://127.0.0.1:9/";', '"http://127.0.0.1:9/"; retries = 11;'),
                  ('"http://127.0.0.1:9/";', '"http://127.0.0.1:9/"; timeout = "300001ms";'),
                  ('plugin = "file";', 'plugin = "file"; keep = 101;'), ('alerts = {', 'store = { retention = "3651d"; };\nalerts = {'),
                  ('alerts = {', 'collectors = ( { plugin = "system"; interval = "86401s"; } );\nalerts = {'),
                  ('plugin = "file";', 'plugin = "file"; levels = ["grave"];'), ('"http://127.0.0.1:9/";', '"http://127.0.0.1:9/"; method = "GET";')]
        for old, new in beyond:
            assert old in conf, (old, conf)
            with open(os.path.join(daemon.home, "conf.d", "imported.conf"), "w") as f:
                f.write(conf.replace(old, new, 1))
            assert len(errors(daemon)) == 1, (new, errors(daemon))
    finally:
        daemon.remove()


ODD = """
notifications:
  channels:
    ops: { type: webhook, url: 'http://127.0.0.1:9/a', payload: '{"text": "{{title}}"}', method: GET }
    dev: { type: webhook, url: 'http://127.0.0.1:9/b', payload: hello, headers: [x] }
    'on call': { type: console, format: plaid }
    console: { enabled: no }
    mail: { type: email, enabled: yes, smtp: { host: h, port: 99999 }, from: a@b.example, to: [] }
suppression:
  rules:
    - { name: duplicate-suppression, window: 1000000 }
    - { name: maintenance-window, schedule: [ { day: [saturday, sunday], start: '02:00', end: '04:00', timezone: Europe/Berlin } ] }
    - { name: maintenance-window, schedule: [ { day: 0, start: '02:00', end: '04:00' }, { start: '02:00', end: '03:00', timezone: Nowhere } ] }
thresholds: { resources: { cpuWarning: 500, memoryWarning: -1 } }
"""


ODD_MONITORING = {
    "thresholds": {"cpu": {"warning_percent": 95, "critical_percent": 90}, "disk": {"critical_percent": 70}},
    "alerting": {"rules": [{"name": "gateway", "condition": "!gateway.up", "severity": "critical"},
                           {"name": "gateway", "condition": "gateway.up == false", "severity": "critical"}]},
}
ODD_AGENTS = {"agents": [{"id": "steward", "port": 8001}, {"id": "steward", "port": 8002}] + [{"id": f"a{i}", "port": 9000} for i in range(300)]}


def figures_rules_and_agents_that_are_refused_together_are_left_out():
    daemon = Daemon()
    try:
        told = [f["key"] for f in imported(daemon, "monitoring-config.json", json.dumps(ODD_MONITORING))["findings"]]
        assert told == ["alerting.rules[1]", "thresholds.cpu.warning_percent", "thresholds.disk.critical_percent"], told
        assert errors(daemon) == [], errors(daemon)
        rule, = [r for r in data(daemon, "config", "get", "alerts.rules")["value"] if r["name"] == "gateway"]
        assert rule["expr"] == "not gateway.up", rule
        imported(daemon, "openclaw.json", json.dumps(ODD_AGENTS))
        assert len(collectors(daemon)["agent"]["agents"]) == 256, collectors(daemon)["agent"]
        daemon.start()
        states = eventually(lambda: {s for s in [c["state"] for c in daemon.call("collector.list") if c["plugin"] == "agent"] if s != "starting"})
        assert states and "failed" not in states, states
    finally:
        daemon.remove()


def an_odd_file_becomes_a_configuration_without_errors():
    daemon = Daemon("collectors = ();\n")
    try:
        report = imported(daemon, "alert-rules.yaml", ODD)
        assert errors(daemon) == [], (errors(daemon), report["text"])
        ours = data(daemon, "config", "get", "alerts.channels")["value"]
        assert [(c["plugin"], c.get("name"), c["enabled"]) for c in ours] == [
            ("webhook", "ops", True), ("webhook", "dev", True), ("console", None, True), ("console", "console-2", False)], ours
        window, = data(daemon, "config", "get", "maintenance")["value"]
        assert window["days"] == ["saturday", "sunday"] and window["zone"] == "Europe/Berlin", window
    finally:
        daemon.remove()


if __name__ == "__main__":
    harness.run([an_import_leaves_no_collector_out, what_another_file_says_of_a_collector_stays,
                 a_channel_that_works_is_not_switched_off_by_a_placeholder, figures_rules_and_agents_that_are_refused_together_are_left_out,
                 who_follows_the_hint_has_a_channel_that_works,
                 what_is_taken_is_what_the_validator_takes, an_odd_file_becomes_a_configuration_without_errors])
