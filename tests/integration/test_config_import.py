"""What is imported from the original system's files is what our validator takes, and nothing else stops being watched. SPDX-License-Identifier: MIT"""

import json
import os
import re
import subprocess

import harness
from harness import Daemon

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


def imported(daemon, name, text):
    """The report of an import that goes into conf.d."""
    path, conf_d = os.path.join(daemon.home, name), os.path.join(daemon.home, "conf.d")
    os.makedirs(conf_d, exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    return data(daemon, "config", "import", path, "--output", os.path.join(conf_d, "imported.conf"), "--force")


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


def who_follows_the_hint_has_a_channel_that_works():
    daemon = Daemon("collectors = ();\n")
    variables = {"SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/x", "PAGERDUTY_ROUTING_KEY": "0" * 32}
    values = {"url": '"https://example.org/hook"', "host": '"mail.example.org"', "from": '"a@example.org"', "to": '["b@example.org"]'}
    try:
        for name, text in (("alert-rules.yaml", RULES), ("monitoring-config.json", json.dumps(MONITORING))):
            hints = [f["hint"] for f in imported(daemon, name, text)["findings"] if "the channel is off" in f["message"]]
            assert errors(daemon) == [], errors(daemon)
            assert hints and all(h.endswith(" and take `enabled = false` out.") for h in hints), hints
            path = os.path.join(daemon.home, "conf.d", "imported.conf")
            conf = open(path).read()
            for key in re.findall(r"`(\w+)`", " ".join(h for h in hints if h.startswith("Write"))):
                conf, count = re.subn(rf'\b{key} = (\["[^"]*invalid"\]|"[^"]*invalid/?");', f"{key} = {values[key]};", conf)
                assert count == 1, (key, conf)
            said = {v for h in hints if h.startswith("Set") for v in re.findall(r"`(\w+)` in the environment", h)}
            assert "invalid" not in conf, conf
            start, end = conf.index("channels = ("), conf.index("    );\n", conf.index("channels = ("))
            with open(path, "w") as f:
                f.write(conf[:start] + re.sub(r"\s*enabled = false;", "", conf[start:end]) + conf[end:])
            assert errors(daemon, **{v: variables[v] for v in said}) == [], (errors(daemon, **variables), conf)
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


def an_odd_file_becomes_a_configuration_without_errors():
    daemon = Daemon("collectors = ();\n")
    try:
        report = imported(daemon, "alert-rules.yaml", ODD)
        assert errors(daemon) == [], (errors(daemon), report["text"])
        channels = data(daemon, "config", "get", "alerts.channels")["value"]
        assert [(c["plugin"], c.get("name"), c.get("enabled", True)) for c in channels] == [
            ("webhook", "ops", True), ("webhook", "dev", True), ("console", None, True), ("console", "console-2", False),
            ("email", "mail", False)], channels
        window, = data(daemon, "config", "get", "maintenance")["value"]
        assert window["days"] == ["saturday", "sunday"] and window["zone"] == "Europe/Berlin", window
    finally:
        daemon.remove()


if __name__ == "__main__":
    harness.run([an_import_leaves_no_collector_out, who_follows_the_hint_has_a_channel_that_works,
                 what_is_taken_is_what_the_validator_takes, an_odd_file_becomes_a_configuration_without_errors])
