#!/usr/bin/env python3
"""GET /api/health against nginx with the same bytes as a static file: bench_http.py BUILD [--seconds N] [--rounds N].
SPDX-License-Identifier: MIT

Server on one processor, wrk (-t1 -c32, keep-alive) on the other; the two take turns, so that what else the machine does hits
both. nginx has one worker and no access log. Prints one JSON document: requests a second, CPU microseconds a request (utime
and stime of the server) and the ratio, medians of the rounds.
"""

import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
TICKS = os.sysconf("SC_CLK_TCK")
GOAL = 0.8


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def on_one(words, processor):
    return ["taskset", "-c", str(processor), *words]


def wrk(url, seconds, headers=()):
    words = ["wrk", "-t1", "-c32", f"-d{seconds}s", "--latency"]
    for header in headers:
        words += ["-H", header]
    text = subprocess.run(on_one([*words, url], 0), check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in text:
        raise SystemExit(f"{url}: {text}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", text)
    p99 = re.search(r"99%\s+(\S+)", text)
    return float(found.group(1)), p99.group(1)


def round_of(name, url, pid, seconds, headers=()):
    before = cpu_seconds(pid)
    rate, p99 = wrk(url, seconds, headers)
    used = cpu_seconds(pid) - before
    return {"server": name, "requests_per_second": rate, "cpu_us": used * 1e6 / (rate * seconds), "p99": p99}


class Host:
    def __init__(self, build, folder):
        sys.path.insert(0, os.path.join(os.path.dirname(HERE), "integration"))
        os.environ["OC_BUILD_DIR"] = build
        import harness
        home = os.path.join(folder, "home")
        os.makedirs(home)
        self.daemon = harness.Daemon('collectors = ( { plugin = "system"; interval = "10s"; } );\n'
                                     'api = { listen = ( { port = 0; } ); requests_per_second = 0; };\n', home=home, api=True)
        self.daemon.start(preexec=lambda: os.sched_setaffinity(0, {1}))
        self.daemon.call("health.check", wait="10s")
        time.sleep(1.5)
        self.url = self.daemon.url + "/api/health"
        self.headers = [f"Authorization: Bearer {self.daemon.token('viewer')}"]
        self.pid = self.daemon.process.pid

    def body(self):
        request = urllib.request.Request(self.url, headers=dict(h.split(": ", 1) for h in self.headers))
        with urllib.request.urlopen(request) as answer:
            return answer.read()

    def close(self):
        self.daemon.stop()


class Nginx:
    def __init__(self, folder, body):
        import harness
        self.port = harness.free_port()
        site = os.path.join(folder, "site")
        os.makedirs(site)
        os.chmod(folder, 0o755)
        with open(os.path.join(site, "health.json"), "wb") as f:
            f.write(body)
        conf = os.path.join(folder, "nginx.conf")
        with open(conf, "w", encoding="ascii") as f:
            f.write(f"""daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
user root;
events {{ worker_connections 512; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; types {{ application/json json; }}
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d;
  scgi_temp_path {folder}/e; open_file_cache max=100 inactive=60s;
  server {{ listen 127.0.0.1:{self.port}; root {site}; }} }}
""")
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        self.process = subprocess.Popen(on_one([program, "-p", folder, "-c", conf], 1), stderr=subprocess.DEVNULL)
        self.url = f"http://127.0.0.1:{self.port}/health.json"
        for _ in range(100):
            try:
                urllib.request.urlopen(self.url).read()
                break
            except OSError:
                time.sleep(0.05)
        children = subprocess.run(["pgrep", "-P", str(self.process.pid)], check=True, capture_output=True, text=True).stdout.split()
        self.pid = int(children[0])

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="openclaw-bench-") as folder:
        host = Host(os.path.abspath(given.build), folder)
        body = host.body()
        nginx = Nginx(folder, body)
        rounds = []
        try:
            for _ in range(given.rounds):
                rounds.append(round_of("openclaw", host.url, host.pid, given.seconds, host.headers))
                rounds.append(round_of("nginx", nginx.url, nginx.pid, given.seconds))
        finally:
            nginx.close()
            host.close()
    result = {"bytes": len(body), "load_average": os.getloadavg()[0]}
    for name in ("openclaw", "nginx"):
        own = [r for r in rounds if r["server"] == name]
        for key in ("requests_per_second", "cpu_us"):
            result[f"{name}_{key}"] = round(statistics.median(r[key] for r in own), 1)
        result[f"{name}_p99"] = own[-1]["p99"]
    pairs = zip(rounds[0::2], rounds[1::2])
    result["ratio"] = round(statistics.median(a["requests_per_second"] / b["requests_per_second"] for a, b in pairs), 3)
    result["cpu_ratio"] = round(result["nginx_cpu_us"] / result["openclaw_cpu_us"], 3)
    result["goal"] = GOAL
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
