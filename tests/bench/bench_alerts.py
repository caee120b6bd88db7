#!/usr/bin/env python3
"""Alerts posted to us and to Debian's prometheus-alertmanager in the same run: prints JSON. SPDX-License-Identifier: MIT

    bench_alerts.py BUILD [--quick]
"""

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

TOOL = shutil.which("prometheus-alertmanager")
AM_CONFIG = """route: {{ receiver: hook, group_by: {by}, group_wait: 0s, group_interval: 1h, repeat_interval: 4h }}
receivers: [ {{ name: hook, webhook_configs: [ {{ url: 'http://127.0.0.1:{port}/x', send_resolved: false }} ] }} ]
"""
CONFIG = """collectors = ();
log = {{ level = "error"; }};
alerts = {{ storm_limit = 0; channels = ( {channels} ); inhibit = ( {inhibit} ); }};
api = {{ enabled = true; requests_per_second = 0; body_max = "32MB"; listen = ( {{ port = {port}; }} ); }};
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, command, env, port):
        self.process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.port, self.token = port, "-"
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", port)) == 0:
                    time.sleep(0.5)
                    return
            time.sleep(0.02)
        raise SystemExit(f"{command[0]} does not listen")

    def rss_mib(self):
        with open(f"/proc/{self.process.pid}/status") as f:
            return next(int(line.split()[1]) / 1024 for line in f if line.startswith("VmRSS"))

    def cpu_s(self):
        with open(f"/proc/{self.process.pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def ours(build, home, channels, inhibit=""):
    port = free_port()
    conf = os.path.join(home, "c.conf")
    with open(conf, "w") as f:
        f.write(CONFIG.format(port=port, channels=channels, inhibit=inhibit))
    env = {**os.environ, "OPENCLAW_HOME": home, "OPENCLAW_API": "on"}
    server = Server([f"{build}/bin/openclawd", "-f", "-c", conf], env, port)
    made = subprocess.run([f"{build}/bin/openclaw", "-c", conf, "--json", "token", "create", "bench", "--role", "operator"],
                          env=env, capture_output=True, text=True, check=True)
    server.token = json.loads(made.stdout)["data"]["token"]
    return server


def theirs(home, by, sink):
    port = free_port()
    conf = os.path.join(home, "am.yml")
    with open(conf, "w") as f:
        f.write(AM_CONFIG.format(by=by, port=sink))
    return Server([TOOL, f"--config.file={conf}", f"--storage.path={home}/am", f"--web.listen-address=127.0.0.1:{port}",
                   "--cluster.listen-address=", "--log.level=error"], dict(os.environ), port)


def load(build, server, what, *args):
    answer = subprocess.run([f"{build}/bench/bench_alertload", what, str(server.port), server.token, *map(str, args)],
                            capture_output=True, text=True, check=True)
    return json.loads(answer.stdout)


def taking_in(build, server, count):
    """Posts distinct alerts in lists of 1000, then the same again; memory, and a filter that finds one."""
    result = {"idle_mib": server.rss_mib()}
    before = server.cpu_s()
    result |= load(build, server, "ingest", count, 1000, "a")
    time.sleep(3)
    result["cpu_us_per_alert"] = (server.cpu_s() - before) * 1e6 / count
    result["mib"] = server.rss_mib()
    result["again_per_s"] = load(build, server, "ingest", count, 1000, "a")["alerts_per_s"]
    time.sleep(1)
    result["again_mib"] = server.rss_mib()
    result["filtered_get_ms"] = load(build, server, "get", 20, "/api/v2/alerts?filter=instance=a-77")["p50_ms"]
    result["filters_ms"] = {text: filtered(build, server, text) for text in FILTERS}
    result["full_get_ms"] = load(build, server, "get", 2, "/api/v2/alerts")["p50_ms"]
    return result


# Every kind, on a label of which each alert has another value; few alerts are found, so that it is finding them that takes the time.
FILTERS = ['instance="a-77"', 'instance!="a-77",alertname="none"', 'instance=~"a-77"', 'instance=~"a-77.*7"', 'instance=~".*-7777"',
           'instance=~".*(77|88)999"', 'instance=~"[a-c]-7[0-9]?777"', 'instance!~"a-.*"', 'instance!~".+"', 'instance!~".*[0-9]"',
           'instance!~"(a|b)-[0-9]{1,7}"']


def filtered(build, server, text):
    query = "&".join("filter=" + urllib.parse.quote(part.strip('"') + '"') for part in text.split('",'))
    return load(build, server, "get", 21 if server.token != "-" else 3, "/api/v2/alerts?" + query)["p50_ms"]


SILENCES, RULES = 1000, 100


def rules():
    """Each about one of the 20 services and one of the 50 names of alerts."""
    one = '{{ source = ["service=svc{0}", "severity=critical"]; target = ["alertname=T{1}", "severity=warning"]; equal = ["service", "env"]; }}'
    return ", ".join(one.format(i % 20, i % 50) for i in range(RULES))


def silence(server, i):
    body = json.dumps({"matchers": [{"name": "instance", "value": f"a-{i * 7}", "isRegex": False, "isEqual": True}], "createdBy": "bench",
                       "comment": "x", "startsAt": "2020-01-01T00:00:00Z",
                       "endsAt": in_an_hour()})
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("POST", "/api/v2/silences", body, {"Content-Type": "application/json", "Authorization": f"Bearer {server.token}"})
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    connection.close()


def in_an_hour():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))


def crowded(build, server, count):
    """As many alerts beside 1000 silences and 100 rules of inhibition, the same as taking_in() without: what that costs."""
    for i in range(SILENCES):
        silence(server, i)
    before = server.cpu_s()
    result = load(build, server, "ingest", count, 1000, "a")
    time.sleep(4)
    result["cpu_us_per_alert"] = (server.cpu_s() - before) * 1e6 / count
    result["mib"] = server.rss_mib()
    result["full_get_ms"] = load(build, server, "get", 2, "/api/v2/alerts")["p50_ms"]
    result["inhibited_get_ms"] = load(build, server, "get", 5, "/api/v2/alerts?active=false&filter=alertname=T1")["p50_ms"]
    result["decisions"] = json.loads(subprocess.run([f"{build}/bench/bench_routing", str(count)], capture_output=True, text=True, check=True).stdout)
    return result


def bare(build, sink):
    """What the machine allows: two threads that pass a post on and do nothing else."""
    port = free_port()
    return Server([f"{build}/bench/bench_relay", str(port), str(sink)], dict(os.environ), port)


def hooked(build, home, sink):
    return ours(build, home, f'{{ plugin = "webhook"; url = "http://127.0.0.1:{sink}/x"; }}')


ROUNDS = 5


def telling(build, servers, count):
    """One after the other in rounds, so that a busy minute of the machine meets all alike: the median of the rounds."""
    rounds = {tool: [] for tool in servers}
    for _ in range(ROUNDS):
        for tool, (server, sink) in servers.items():
            rounds[tool].append(load(build, server, "latency", count // ROUNDS, 10, sink))
    return {tool: {key: sorted(r[key] for r in all)[ROUNDS // 2] for key in all[0]} for tool, all in rounds.items()}


def all_telling(build, home, posts):
    makers = {"openclaw": lambda sink: hooked(build, home, sink), "relay": lambda sink: bare(build, sink)}
    if TOOL:
        makers["alertmanager"] = lambda sink: theirs(home, "['...']", sink)
    servers = {}
    try:
        for tool, make in makers.items():
            sink = free_port()
            servers[tool] = (make(sink), sink)
        return telling(build, servers, posts)
    finally:
        for server, _ in servers.values():
            server.stop()


def main():
    build = os.path.abspath(sys.argv[1])
    count, posts = (20000, 100) if "--quick" in sys.argv else (100000, 1000)
    result = {"alerts": count, "goals": {"alerts_per_s": 150000, "p50_ms": 0.3, "p99_ms": 1, "mib": 48, "filtered_get_ms": 2}}
    with tempfile.TemporaryDirectory() as home:
        def run(tool, what, measure, start):
            folder = f"{home}/{tool}-{what}"
            os.mkdir(folder)
            server = start(folder)
            try:
                result.setdefault(tool, {})[what] = measure(build, server, count)
            finally:
                server.stop()

        run("openclaw", "ingest", taking_in, lambda folder: ours(build, folder, ""))
        run("openclaw", "crowded", crowded, lambda folder: ours(build, folder, "", rules()))
        if TOOL:
            run("alertmanager", "ingest", taking_in, lambda folder: theirs(folder, "[alertname]", free_port()))
        for tool, latency in all_telling(build, home, posts).items():
            result.setdefault(tool, {})["latency"] = latency
    result["load_average"] = os.getloadavg()[0]
    print(json.dumps(result))


if __name__ == "__main__":
    main()
