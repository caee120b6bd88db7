"""/metrics: formats, access, names, and what Debian's promtool and Prometheus say of it. SPDX-License-Identifier: MIT"""

import glob
import json
import os
import re
import shutil
import sys
import tempfile

import harness
from harness import Daemon, eventually, free_port
from monitoring import SOURCE, Page, Prometheus, http, missing, tool

OPEN = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
ODD = 'odd{path="C:\\\\x \\"y\\"",text="a\\nb ä"} 1.5\n'
LISTEN = "api = { listen = ( { port = PORT; } ); };\n"
SYSTEM = '{ plugin = "system"; interval = "1s"; }'


def with_daemon(check, collectors=SYSTEM, config="", api=True):
    daemon = Daemon(f"collectors = ( {collectors} );\n{config}", api=api).start()
    try:
        check(daemon)
    finally:
        daemon.remove()


def page(daemon, accept=None, token=None):
    status, headers, body = http(daemon.url + "/metrics", token=token or daemon.token("viewer"),
                                 headers={"Accept": accept} if accept else {})
    assert status == 200, (status, body)
    return headers["Content-Type"], body.decode()


def families(text):
    return re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M)


def names(text):
    return {re.match(r"[A-Za-z_:][A-Za-z0-9_:]*", line)[0] for line in text.splitlines() if line and line[0] != "#"}


def value(text, name, **labels):
    for line in text.splitlines():
        if line.startswith(name) and all(f'{k}="{v}"' in line for k, v in labels.items()):
            return float(line.rsplit(" ", 1)[1])
    return None


def sampled(daemon, name):
    eventually(lambda: name in names(page(daemon)[1]), what=name)


def the_page_needs_a_viewer():
    def check(daemon):
        assert http(daemon.url + "/metrics")[0] == 401
        assert http(daemon.url + "/metrics", token="oc_" + "x" * 43)[0] == 401
        assert http(daemon.url + "/metrics", token=daemon.token("viewer"))[0] == 200
        assert http(daemon.url + "/metrics", method="POST", body=b"", token=daemon.token("admin"))[0] == 405
    with_daemon(check)


def the_format_follows_the_accept_header():
    def check(daemon):
        sampled(daemon, "openclaw_system_cpu_ratio")
        kind, text = page(daemon)
        assert kind == "text/plain; version=0.0.4; charset=utf-8", kind
        assert not text.endswith("# EOF\n") and "# TYPE process_cpu_seconds_total counter" in text
        kind, text = page(daemon, OPEN)
        assert kind == "application/openmetrics-text; version=1.0.0; charset=utf-8", kind
        assert text.endswith("\n# EOF\n") and "# TYPE process_cpu_seconds counter" in text
        assert "# UNIT openclaw_operation_duration_seconds seconds\n" in text and 'le="1.0"' in text
    with_daemon(check)


def every_family_is_there_once_with_its_samples_together():
    def check(daemon):
        sampled(daemon, "openclaw_system_cpu_ratio")
        for accept in (None, OPEN):
            text = page(daemon, accept)[1]
            found = [name for name, _ in families(text)]
            assert len(found) == len(set(found)), [n for n in found if found.count(n) > 1]
            series = [line.rsplit(" ", 1)[0] for line in text.splitlines() if line and line[0] != "#"]
            assert len(series) == len(set(series)), "a series comes twice"
    with_daemon(check)


def promtool_has_nothing_to_say():
    def check(daemon):
        sampled(daemon, "openclaw_system_cpu_ratio")
        sampled(daemon, "openclaw_http_response_seconds")
        done = tool("promtool", "check", "metrics", text=page(daemon)[1], check=False)
        assert done.returncode == 0 and not done.stdout.strip() and not done.stderr.strip(), done.stdout + done.stderr
    http_check = f'{{ plugin = "http"; name = "web"; interval = "1s"; targets = ( {{ name = "a"; url = "http://127.0.0.1:{free_port()}/"; }} ); }}'
    served = Page("up 1\n")
    try:
        with_daemon(check, SYSTEM + "," + http_check.replace(re.search(r"http://[^\"]+", http_check)[0], served.url))
    finally:
        served.close()


def strange_labels_come_through_unchanged():
    served = Page(ODD)

    def check(daemon):
        sampled(daemon, "odd")
        line = next(l for l in page(daemon)[1].splitlines() if l.startswith("odd{"))
        assert line == 'odd{collector="strange",path="C:\\\\x \\"y\\"",text="a\\nb ä"} 1.5', line
    try:
        with_daemon(check, f'{{ plugin = "prometheus"; name = "strange"; url = "{served.url}"; interval = "1s"; }}')
    finally:
        served.close()


def what_is_gone_is_left_out():
    served = Page("here 1\n")

    def check(daemon):
        sampled(daemon, "here")
        daemon.write(f"collectors = ( {SYSTEM} );\n" + LISTEN.replace("PORT", daemon.url.rsplit(":", 1)[1]))
        daemon.call("reload")
        sampled(daemon, "openclaw_system_cpu_ratio")
        assert "here" not in names(page(daemon)[1])
    try:
        with_daemon(check, f'{{ plugin = "prometheus"; name = "x"; url = "{served.url}"; interval = "1s"; }}',
                    LISTEN.replace("PORT", str(free_port())))
    finally:
        served.close()


def a_page_that_was_scraped_cannot_speak_in_our_name():
    served = Page("openclaw_alerts{state=\"active\"} 99\n# TYPE process_open_fds gauge\nprocess_open_fds 1e9\n")

    def check(daemon):
        sampled(daemon, "scraped_openclaw_alerts")
        text = page(daemon)[1]
        assert value(text, "openclaw_alerts{", state="active") != 99 and value(text, "process_open_fds ") < 1e6
    try:
        with_daemon(check, f'{{ plugin = "prometheus"; name = "x"; url = "{served.url}"; interval = "1s"; }}')
    finally:
        served.close()


def the_host_counts_itself():
    def check(daemon):
        sampled(daemon, "openclaw_collector_calls_total")
        before = value(page(daemon)[1], "openclaw_operations_total", operation="health.summary", code="ok") or 0
        for _ in range(3):
            daemon.call("health.summary")
        text = page(daemon)[1]
        after = value(text, "openclaw_operations_total", operation="health.summary", code="ok")
        assert after >= before + 3, (before, after)
        count = value(text, "openclaw_operation_duration_seconds_count", operation="health.summary")
        assert count == value(text, "openclaw_operation_duration_seconds_bucket", operation="health.summary", le="+Inf")
        assert value(text, "openclaw_collector_calls_total", plugin="system", code="ok") >= 1
        with open(f"/proc/{daemon.process.pid}/stat") as f:
            assert abs(value(text, "process_resident_memory_bytes") / 4096 - int(f.read().rsplit(")", 1)[1].split()[21])) < 5000
        for name in ("openclaw_build_info", "openclaw_store_series", "openclaw_events_total", "openclaw_plugin_calls_total",
                     "openclaw_alerts", "openclaw_alerts_firing", "openclaw_silences", "openclaw_notifications_total",
                     "process_start_time_seconds", "openclaw_api_requests_total", "openclaw_api_request_duration_seconds_count",
                     "openclaw_jobs"):
            assert name in names(text), name
    with_daemon(check)


# ---- the shipped rules and dashboard ----

# Of what needs more than one machine, or money: declared by the plugins, seen by their own tests.
ELSEWHERE = {"openclaw_postgres_replication_lag_seconds", "openclaw_postgres_database_bytes", "openclaw_postgres_pool_ratio",
             "openclaw_postgres_commits_total", "openclaw_postgres_rollbacks_total", "openclaw_redis_memory_used_ratio",
             "openclaw_redis_memory_used_bytes", "openclaw_redis_clients",
             "openclaw_system_cgroup_cpu_ratio", "openclaw_system_cgroup_memory_ratio", "openclaw_system_swap_ratio",
             "openclaw_remote_write_samples_total", "openclaw_usage_tokens_total", "openclaw_usage_requests_total",
             "openclaw_usage_spend_dollars_total", "openclaw_api_error_rate_ratio", "openclaw_litellm_latency_p50_seconds",
             "openclaw_litellm_latency_p95_seconds", "openclaw_litellm_latency_p99_seconds"}


def expressions():
    with open(os.path.join(SOURCE, "etc/prometheus/rules.yml")) as f:
        yield from re.findall(r"^ +expr: '(.*)'$", f.read(), re.M)
    for path in glob.glob(os.path.join(SOURCE, "etc/grafana/dashboards/*.json")):
        with open(path) as f:
            for panel in json.load(f)["panels"]:
                yield from (target["expr"] for target in panel.get("targets", []))


def used_names():
    words = set()
    for text in expressions():
        words |= set(re.findall(r"\b(?:openclaw|process|litellm)_[a-z0-9_]+", re.sub(r'"[^"]*"', '""', text)))
    return words


def declared():
    """Exported names of what the manifests promise, by the mapping of docs/prometheus.md."""
    found = set()
    for path in glob.glob(os.path.join(SOURCE, "plugins/*/*/plugin.json")):
        with open(path) as f:
            for metric in json.load(f).get("metrics", []):
                name = "openclaw_" + metric["name"].replace(".", "_")
                counter = metric["type"] == "counter"
                name = re.sub(r"_total$", "", name)
                name = re.sub(r"_ms$", "_seconds", re.sub(r"_percent$", "_ratio", name))
                found.add(name + ("_total" if counter else ""))
    return found


def every_name_of_rules_and_dashboard_is_a_real_one():
    used = used_names()
    assert len(used) > 30, used
    assert not (ELSEWHERE - used), f"not used any more: {ELSEWHERE - used}"
    lost = ELSEWHERE - declared() - {"openclaw_remote_write_samples_total"}
    assert not lost, f"no plugin declares {lost}"
    collectors = ", ".join(f'{{ plugin = "{p}"; interval = "1s"; {more} }}' for p, more in
                           (("system", ""), ("agent", ""), ("gateway", ""), ("litellm", ""), ("ollama", ""), ("langfuse", ""),
                            ("postgres", f'dsn = "postgresql://x@127.0.0.1:{free_port()}/x";'),
                            ("redis", f'url = "redis://127.0.0.1:{free_port()}";')))

    def check(daemon):
        wanted = used - ELSEWHERE
        try:
            eventually(lambda: wanted <= names(page(daemon)[1]), timeout=30, what="every name on the page")
        except AssertionError:
            raise AssertionError(f"not on the page: {wanted - names(page(daemon)[1])}") from None
    with_daemon(check, collectors)


def promtool_accepts_the_rules_and_their_tests():
    folder = tempfile.mkdtemp(prefix="openclaw-rules-")
    try:
        shutil.copytree(os.path.join(SOURCE, "etc/prometheus"), folder, dirs_exist_ok=True)
        for name in ("openclaw.token", "openclaw-alerts.token"):
            open(os.path.join(folder, name), "w").close()
        tool("promtool", "check", "rules", f"{folder}/rules.yml")
        tool("promtool", "test", "rules", f"{folder}/rules_test.yml")
        tool("promtool", "check", "config", f"{folder}/prometheus.yml")
    finally:
        shutil.rmtree(folder)


def prometheus_scrapes_both_formats():
    served = Page("".join(f'many{{n="{i}"}} {i}\n' for i in range(500)) + ODD)

    def check(daemon):
        sampled(daemon, "many")
        port = daemon.url.rsplit(":", 1)[1]
        prometheus = Prometheus(f"""
global: {{ scrape_interval: 1s }}
scrape_configs:
  - job_name: openclaw
    authorization: {{ credentials_file: token }}
    static_configs: [ {{ targets: ["127.0.0.1:{port}"] }} ]
""", files={"token": daemon.token("viewer")})
        try:
            eventually(lambda: prometheus.query('up{job="openclaw"} == 1'), what="a good scrape")
            assert not prometheus.targets()[0]["lastError"], prometheus.targets()
            eventually(lambda: len(prometheus.query("many")) == 500, what="500 series")
            assert prometheus.query('odd')[0][0]["text"] == "a\nb ä"
            for name, kind, unit in (("openclaw_operation_duration_seconds", "histogram", "seconds"),
                                     ("process_cpu_seconds", "counter", "seconds"), ("openclaw_alerts", "gauge", "")):
                found = json.loads(http(f"{prometheus.url}/api/v1/targets/metadata?metric={name}")[2])["data"]
                assert found and found[0]["type"] == kind and found[0]["unit"] == unit and found[0]["help"], (name, found)
            bad = prometheus.output()
            assert "duplicate" not in bad and "Error" not in bad, bad
        finally:
            prometheus.remove()
    try:
        with_daemon(check, f'{{ plugin = "prometheus"; name = "x"; url = "{served.url}"; interval = "1s"; }}')
    finally:
        served.close()


if __name__ == "__main__":
    if missing("prometheus", "promtool"):
        print("skipped: Debian's prometheus is not installed")
        sys.exit(77)
    harness.run([the_page_needs_a_viewer, the_format_follows_the_accept_header,
                 every_family_is_there_once_with_its_samples_together, promtool_has_nothing_to_say,
                 strange_labels_come_through_unchanged, what_is_gone_is_left_out,
                 a_page_that_was_scraped_cannot_speak_in_our_name, the_host_counts_itself,
                 every_name_of_rules_and_dashboard_is_a_real_one, promtool_accepts_the_rules_and_their_tests,
                 prometheus_scrapes_both_formats])
