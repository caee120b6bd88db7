"""The original's paths, with the original's shapes. SPDX-License-Identifier: MIT"""

import json
import os
import socket
import subprocess
import time
import urllib.parse

import harness
from harness import Daemon, eventually
from rest import Rest

CONFIG = """collectors = ( { plugin = "system"; interval = "1s"; },
                { plugin = "tcp"; name = "web"; interval = "1s"; targets = ( { name = "gone"; host = "127.0.0.1"; port = %d; } ); } );
alerts = { rules = ( { name = "web_down"; expr = "web.up == false"; severity = "critical"; category = "service"; } ); };
"""


def daemon(config):
    return Daemon(config, api=True).start()


def clients(d):
    return [Rest(d.url, d.token(role)) for role in ("viewer", "operator", "admin")]


def test_health_has_the_original_shape():
    d = daemon('collectors = ( { plugin = "system"; interval = "1s"; } );\n')
    try:
        viewer, _, _ = clients(d)
        health = eventually(lambda: next((h for h in [viewer.get("/api/health").json] if h["resources"].get("cpu")), None),
                            what="figures of the machine")
        assert set(health) == {"timestamp", "agents", "services", "resources", "alerts", "summary"}, set(health)
        assert {"overallStatus", "healthyAgents", "totalAgents", "healthyServices", "totalServices", "criticalAlerts",
                "warningAlerts", "cpuUsage", "memoryUsage", "diskUsage"} <= set(health["summary"])
        assert {"total", "used", "free", "usage"} <= set(health["resources"]["memory"]["system"]), health["resources"]
        for part in ("agents", "services", "resources", "alerts", "summary"):
            assert isinstance(viewer.get(f"/api/health/{part}").json, type(health[part])), part
        assert Rest(d.url).get("/health").json["status"] == "ok"
        assert Rest(d.url).get("/api/health").status == 401
        up = viewer.get("/api/metrics").json
        assert up["status"] == "success" and up["data"]["resultType"] == "vector", up
        assert {"metric", "value"} == set(up["data"]["result"][0]), up
    finally:
        d.stop()
        d.remove()


def test_health_is_made_once_for_many_and_anew_when_something_changes():
    d = daemon('collectors = ( { plugin = "system"; interval = "1h"; } );\n')
    try:
        viewer, operator, _ = clients(d)
        d.call("health.check", wait="10s")
        time.sleep(1.2)
        first = viewer.get("/api/health")
        again = viewer.get("/api/health", headers={"If-None-Match": first.headers["ETag"]})
        assert again.status == 304 and again.body == b"" and again.headers["ETag"] == first.headers["ETag"], again.status
        assert viewer.get("/api/health", headers={"If-None-Match": '"other"'}).status == 200
        operator.post("/api/v1/alert/silence", {"matchers": ["nothing"], "for": "1h"}).data
        after = viewer.get("/api/health", headers={"If-None-Match": first.headers["ETag"]})
        assert after.status == 200, after.status
    finally:
        d.stop()
        d.remove()


def firing(d, viewer):
    return eventually(lambda: viewer.get("/api/alerts").json, what="an alert")[0]


def alerting():
    return daemon("""collectors = ( { plugin = "system"; interval = "1s"; } );
alerts = { rules = ( { name = "always"; expr = "system.cpu_count > 0"; severity = "warning"; category = "resource"; } ); };
""")


def any_rule(d):
    """A rule over whatever figure there is."""
    names = [row["name"] for row in eventually(lambda: d.call("metrics.list"), what="samples")]
    return next(n for n in names if n.startswith("system.memory"))


def test_alerts_are_listed_whole_and_the_document_says_how_many_there_are():
    d = daemon('collectors = ( { plugin = "system"; interval = "1h"; } );\n')
    try:
        viewer, operator, _ = clients(d)
        many = [{"labels": {"alertname": f"storm_{i}", "severity": "warning"}} for i in range(3000)]
        assert operator.post("/api/v2/alerts", many).status == 200
        assert operator.post("/api/v1/alert/silence", {"matchers": ["storm_7"], "for": "1h"}).data

        def storm(rows):
            return {row["id"]: row for row in rows if row["rule"].startswith("storm_")}
        for path in ("/api/alerts", "/api/health/alerts"):
            eventually(lambda: len(storm(viewer.get(path).json)) == 3000, what="all of them")
            rows = storm(viewer.get(path).json)
            assert sum(row["dismissed"] for row in rows.values()) == 1
            for row in storm(d.call("alert.list")).values():  # each of them is as we have it, and says a little more
                assert rows[row["id"]] == {**row, "acknowledged": False, "dismissed": row["silenced_by"] is not None}, (row, rows[row["id"]])
        for i in range(20):  # somebody who does not wait for it
            with socket.create_connection(("127.0.0.1", urllib.parse.urlsplit(d.url).port)) as s:
                s.sendall(f"GET /api/alerts HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {viewer.token}\r\n\r\n".encode())
                time.sleep(0.002 * i)
        health = eventually(lambda: next((h for h in [viewer.get("/api/health").json] if h["summary"]["totalAlerts"] >= 3000), None),
                            what="their number")
        assert len(health["alerts"]) == 250 and health["summary"]["warningAlerts"] >= 2999, health["summary"]
        assert health["summary"]["totalAlerts"] > health["summary"]["criticalAlerts"] + health["summary"]["warningAlerts"]
        assert d.stop() == 0, d.output()[-3000:]
    finally:
        d.remove()


def test_a_value_is_written_in_every_list_as_people_write_it():
    d = daemon("""collectors = ( { plugin = "exec"; interval = "1h"; command = [ "/bin/echo", "fine|load=99.3" ]; } );
alerts = { rules = ( { name = "loaded"; expr = "exec.perf > 1"; severity = "warning"; } ); };
""")
    try:
        viewer, _, _ = clients(d)
        eventually(lambda: [a for a in viewer.get("/api/health").json["alerts"] if a["rule"] == "loaded"], what="the alert")
        for path in ("/api/alerts", "/api/health/alerts", "/api/health"):
            assert b'"value":99.3,' in viewer.get(path).body, (path, viewer.get(path).body)
    finally:
        d.stop()
        d.remove()


def test_alerts_are_acknowledged_and_dismissed():
    d = daemon('collectors = ( { plugin = "system"; interval = "1s"; } );\n')
    try:
        viewer, operator, _ = clients(d)
        metric = any_rule(d)
        d.write('collectors = ( { plugin = "system"; interval = "1s"; } );\nalerts = { rules = ( { name = "always"; expr = "%s >= 0"; '
                'severity = "warning"; category = "resource"; } ); };\n' % metric)
        d.call("reload")
        alert = firing(d, viewer)
        assert alert["acknowledged"] is False and alert["dismissed"] is False, alert
        assert {"id", "severity", "category", "title", "description", "timestamp"} <= set(alert), alert
        assert viewer.post(f"/api/alerts/{alert['id']}/acknowledge").status == 403
        done = operator.post(f"/api/alerts/{alert['id']}/acknowledge").json
        assert done["success"] is True and done["alert"]["acknowledged"] is True, done
        assert viewer.get("/api/health").json["alerts"][0]["acknowledged"] is True
        done = operator.post(f"/api/alerts/{alert['id']}/dismiss").json
        assert done["success"] is True, done
        assert viewer.get("/api/health/alerts").json[0]["dismissed"] is True
        again = operator.post(f"/api/alerts/{alert['id']}/dismiss").json
        silences = d.call("alert.silences")
        assert len(silences) == 1 and again == done, silences
        assert operator.post("/api/alerts/ffffffffffff/acknowledge").status == 404
        assert operator.post("/api/alerts/ffffffffffff/dismiss").status == 404
    finally:
        d.stop()
        d.remove()


def test_the_configuration_is_shown_without_secrets():
    d = daemon('collectors = ( { plugin = "system"; } );\nalerts = { channels = ( { plugin = "webhook"; '
               'url = "http://ann:pass-word-1@127.0.0.1:1/"; secret = "pass-word-2"; } ); };\n')
    try:
        for client in clients(d):
            answer = client.get("/api/config")
            assert answer.status == 200 and answer.json["collectors"][0]["plugin"] == "system", answer.body
            assert b"pass-word" not in answer.body
    finally:
        d.stop()
        d.remove()


def test_what_may_be_a_secret_is_for_admins_whichever_way_it_is_asked_for():
    d = daemon("""collectors = (
  { plugin = "http"; name = "h"; url = "http://hush-u@127.0.0.1:1/p?t=hush-q"; body = "hush-body"; headers = { X-A = "hush-h1"; }; interval = "1h"; },
  { plugin = "prometheus"; name = "p"; targets = ( { name = "t"; url = "http://127.0.0.1:1/m?k=hush-q2"; headers = { X-B = "hush-h2"; }; } ); interval = "1h"; },
  { plugin = "exec"; name = "e"; command = ["/bin/true", "--key", "hush-arg"]; env = { KEY = "hush-env"; }; interval = "1h"; },
  { plugin = "redis"; enabled = false; name = "off"; words = "hush-off"; interval = "1h"; }
);
remote_write = ( { name = "r"; url = "http://127.0.0.1:1/w?org=hush-org"; headers = { X-Org = "hush-h3"; }; } );
alerts = { channels = ( { plugin = "webhook"; name = "w"; url = "http://127.0.0.1:1/hush-path"; headers = { X-Key = "hush-h4"; }; } ); };
""")
    try:
        keys = (None, "collectors", "collectors.h", "collectors[0].headers", "collectors[0].headers.X-A", "collectors[0].body", "collectors[0].url",
                "collectors[1].targets", "collectors[2].command", "collectors[2].command[2]", "collectors.e.env", "remote_write",
                "remote_write[0].url", "alerts.channels.w.headers")
        viewer, operator, admin = clients(d)
        for client in (viewer, operator):
            assert b"hush" not in client.get("/api/config").body
            for op in ("show", "get", "explain"):
                for key in keys[op != "show":]:
                    answer = client.post("/api/v1/config/" + op, {"key": key} if key else {})
                    assert answer.status == 200 and b"hush" not in answer.body, (op, key, answer.body)
                    assert key is None or b"********" in answer.body, (op, key, answer.body)
            for path in ("/api/v1/plugin/instances", "/api/v1/alert/channels", "/api/v1/export/list", "/api/v1/health/snapshot", "/api/v1/status",
                         "/api/v1/doctor", "/api/v1/logs", "/api/v1/events/list", "/api/v1/plugin/list", "/api/v1/collectors/list"):
                body = client.get(path).body
                assert b"hush" not in body, (path, body[max(0, body.index(b"hush") - 300):][:500])
            shown = client.get("/api/config").json
            assert shown["collectors"][2]["command"][0] == "/bin/true" and shown["collectors"][0]["interval"] == "1h", shown
        told = admin.get("/api/config").body
        for word in (b"hush-body", b"hush-h1", b"hush-q", b"hush-h2", b"hush-arg", b"hush-env", b"hush-org", b"hush-h3", b"hush-h4"):
            assert word in told, (word, told)
        assert b"hush-path" not in told, "the path of a channel is a secret to everyone"
        assert "hush-body" in json.dumps(d.call("config.show"))  # the owner, by the control socket
        assert "hush" not in d.output().replace("hush-path", ""), d.output()
    finally:
        d.stop()
        d.remove()


def test_thresholds_are_set_in_the_file_and_in_force():
    d = daemon('# kept\ncollectors = ( { plugin = "system"; } );\n')
    try:
        _, operator, admin = clients(d)
        body = {"cpu": {"warning_percent": 61}, "disk": {"warning_percent": 62.5}}
        assert operator.post("/api/config/alerts", body).status == 403
        done = admin.post("/api/config/alerts", body)
        assert done.status == 200 and done.json["thresholds"]["cpu"]["warning_percent"] == 61, done.body
        assert admin.post("/api/config/alerts", {"thresholds": {"resources": {"cpuCritical": 93}}}).status == 200
        assert d.call("config.get", key="thresholds.cpu.critical_percent")["value"] == 93
        with open(d.config) as f:
            assert "# kept" in f.read()
        for bad, status in (({}, 422), ({"cpu": {"warnin_percent": 1}}, 422), ({"cpu": {"warning_percent": "x"}}, 422),
                            ({"cpu": 7}, 422), ([], 400), ({"a": {"b": {"c": {"d": {"e": 1}}}}}, 422)):
            answer = admin.post("/api/config/alerts", bad)
            assert answer.status == status, (bad, answer.status, answer.body)
        with open(d.config) as f:
            before = f.read()
        for bad, words in (({"cpu": {"warning_percent": -5, "critical_percent": 10}}, "0 to 100"), ({"cpu": {"warning_percent": 5000}}, "0 to 100"),
                           ({"cpu": {"warning_percent": 95}}, "less than critical_percent"),
                           ({"disk": {"warning_percent": 50}, "cpu": {"critical_percent": 60}}, "critical_percent")):
            answer = admin.post("/api/config/alerts", bad)
            assert answer.status == 422 and words in answer.error["message"] and answer.error["hint"], (bad, answer.body)
        with open(d.config) as f:
            assert f.read() == before, "of what is refused nothing is written"
        audit = json.dumps(admin.get("/api/v1/audit/list").data)
        assert '"value": "93"' in audit and "********" not in audit, audit  # no threshold is a secret
        for both in ((95, 97), (10, 20)):  # whichever has to move out of the other's way first
            answer = admin.post("/api/config/alerts", {"cpu": {"warning_percent": both[0], "critical_percent": both[1]}})
            assert answer.status == 200 and answer.json["thresholds"]["cpu"]["critical_percent"] == both[1], answer.body
        assert "Did you mean" in admin.post("/api/config/alerts", {"cpu": {"warnin_percent": 1}}).error["hint"]
    finally:
        d.stop()
        d.remove()


def thresholds_of_the_original():
    """[("agent", "heartbeatWarning", 120), ...] of alert-rules.yaml."""
    with open(os.path.join(os.path.dirname(__file__), "original", "alert-rules.yaml")) as f:
        block = f.read().split("thresholds:\n")[1].split("\nrouting:")[0]
    group, found = None, []
    for line in block.splitlines():
        key, _, value = line.strip().partition(":")
        if value.strip():
            found.append((group, key, float(value)))
        else:
            group = key
    return found


NOWHERE = ("langfuse.", "sessions.", "deliberation.", "a2a.latency")  # what nothing here can tell


def test_every_threshold_of_the_original_is_known_by_its_name():
    d = daemon("collectors = ();\n")
    try:
        admin = Rest(d.url, d.token("admin"))
        names = thresholds_of_the_original()
        assert len(names) == 60, names
        body = {}
        for group, key, value in names:
            name = f"{group}.{key}"
            if name.startswith(NOWHERE):
                answer = admin.post("/api/config/alerts", {group: {key: value}})
                assert answer.status == 422 and name in answer.error["message"] and answer.error["hint"], (name, answer.body)
                assert "no threshold is named" not in answer.error["message"], answer.body
            else:
                body.setdefault(group, {})[key] = value
        answer = admin.post("/api/config/alerts", body)
        assert answer.status == 200, answer.body
        health = answer.json["thresholds"]["agent_health"]
        assert health["heartbeat_warning_seconds"] == 120 and health["heartbeat_timeout_seconds"] == 300, health
        assert answer.json["thresholds"]["cron"]["missed_critical"] == 3, answer.body
    finally:
        d.stop()
        d.remove()


def test_a_threshold_that_cannot_be_meant_is_refused_and_at_a_start_the_default_holds():
    d = daemon('collectors = ();\nthresholds = {\n  cpu = { warning_percent = 5000; };\n  memory = { warning_percent = 95; };\n};\n')
    try:
        output = d.output()
        assert "openclaw.conf:3" in output and "thresholds.cpu.warning_percent" in output and "found 5000" in output, output
        assert "the default, 70, holds" in output and "thresholds.memory.warning_percent" in output, output
        command = [os.path.join(harness.BUILD, "bin", "openclaw"), "--config", d.config, "config"]
        checked = subprocess.run([*command, "validate", d.config], capture_output=True, text=True, env=d.env, timeout=60, check=False)
        assert checked.returncode == 7 and ":3" in checked.stdout + checked.stderr and "0 to 100" in checked.stdout + checked.stderr, checked
        d.write("collectors = ();\n")
        d.call("reload")
        for value in ("5000", "100.5", "90"):
            done = subprocess.run([*command, "set", "thresholds.cpu.warning_percent", value], capture_output=True, text=True, env=d.env, timeout=60, check=False)
            assert done.returncode != 0 and "thresholds.cpu.warning_percent" in done.stderr, (value, done)
        done = subprocess.run([*command, "set", "thresholds.cpu.warning_percent", "60"], capture_output=True, text=True, env=d.env, timeout=60, check=False)
        assert done.returncode == 0, done
    finally:
        d.stop()
        d.remove()


def test_a_threshold_of_a_wrong_kind_in_the_file_does_not_say_of_what_kind_it_is():
    d = daemon('collectors = ();\nthresholds = { cpu = { critical_percent = "ninety"; }; };\n')
    try:
        assert "expected a percentage from 0 to 100, found" in d.output() and "ninety" in d.output(), d.output()
        rule = d.call("rules.show", name="high_cpu_usage")
        assert not rule["problem"], rule
        admin = Rest(d.url, d.token("admin"))
        answer = admin.post("/api/config/alerts", {"cpu": {"warning_percent": 95, "critical_percent": 20}})
        assert answer.status == 422 and "expected less than critical_percent" in answer.error["message"], answer.body
        answer = admin.post("/api/config/alerts", {"cpu": {"warning_percent": 60, "critical_percent": 80}})
        assert answer.status == 200 and answer.json["thresholds"]["cpu"]["critical_percent"] == 80, answer.body
    finally:
        d.stop()
        d.remove()


def test_what_litellm_never_told_is_503_and_no_zero():
    d = daemon("cost = { budgets = ( { daily_dollars = 5.0; } ); };\n")
    try:
        viewer = Rest(d.url, d.token("viewer"))
        for path in ("health", "metrics", "spend", "spend/models", "spend/endpoints", "budgets", "models/usage",
                     "agents/usage", "prometheus"):
            answer = viewer.get("/api/litellm/" + path)
            assert answer.status == 503 and answer.json["error"], (path, answer.status, answer.body)
        budget = viewer.get("/api/v1/cost/budget/list").data[0]
        assert budget["used"] is None and budget["state"] == "unknown", budget
        assert "openclaw_cost" not in viewer.get("/metrics").body.decode()
    finally:
        d.stop()
        d.remove()


if __name__ == "__main__":
    harness.run([v for k, v in list(globals().items()) if k.startswith("test_")])
