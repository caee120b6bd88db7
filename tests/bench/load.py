#!/usr/bin/env python3
"""Runs openclawd, collectd and monit on the same load at the same time and compares what they cost.

W10: system metrics and 10 HTTP checks every 10 s. W1: the same every second. W1000: system metrics and 1000 HTTP checks
every 30 s, on fresh connections; K1000 keeps them alive. STALL: 500 of 1000 targets accept and never answer.
CPU is the kernel's own account (ns) summed over all threads of the process, taken over a window after a warm-up.
SPDX-License-Identifier: MIT"""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

BASE = 21000


def tasks(pid):
    try:
        return os.listdir(f"/proc/{pid}/task")
    except FileNotFoundError:
        return []


def cpu_ns(pid):
    """CPU time of all live threads of `pid` in ns."""
    total = 0
    for task in tasks(pid):
        try:
            with open(f"/proc/{pid}/task/{task}/schedstat") as f:
                total += int(f.read().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total


def memory_kb(pid):
    fields = {}
    with open(f"/proc/{pid}/smaps_rollup") as f:
        for line in f.readlines()[1:]:
            key, value = line.split(":")
            fields[key] = int(value.split()[0])
    return fields["Rss"], fields["Pss"]


def busy():
    with open("/proc/stat") as f:
        fields = [int(x) for x in f.readline().split()[1:]]
    return sum(fields), fields[3] + fields[4]


def openclaw_config(path, interval, targets, keep_alive=False):
    rows = ",\n".join(
        f'    {{ name = "t{i}"; url = "http://127.0.0.1:{BASE + i}/"; }}' for i in range(targets))
    with open(path, "w") as f:
        f.write(f"""collectors = (
  {{ plugin = "system"; interval = "{interval}s"; processes = "states"; }},
  {{ plugin = "http"; name = "web"; interval = "{interval}s"; timeout = "5s";
    keep_alive = {"true" if keep_alive else "false"};
    targets = (
{rows}
    ); }}
);
alerts = {{ channels = ( {{ plugin = "console"; }} ); }};
""")


def collectd_config(path, home, interval, targets):
    pages = "\n".join(
        f'  <Page "t{i}">\n    URL "http://127.0.0.1:{BASE + i}/"\n    MeasureResponseTime true\n  </Page>'
        for i in range(targets))
    plugins = "cpu memory disk df interface load processes swap uptime curl threshold csv".split()
    loads = "\n".join(f"LoadPlugin {p}" for p in plugins)
    with open(path, "w") as f:
        f.write(f"""Hostname "bench"
BaseDir "{home}"
PIDFile "{home}/collectd.pid"
PluginDir "/usr/lib/collectd"
TypesDB "/usr/share/collectd/types.db"
Interval {interval}
{loads}
<Plugin csv>
  DataDir "{home}/csv"
</Plugin>
<Plugin curl>
{pages}
</Plugin>
<Plugin threshold>
  <Plugin "load">
    <Type "load">
      WarningMax 90
      FailureMax 95
    </Type>
  </Plugin>
</Plugin>
""")


def monit_config(path, home, interval, targets):
    hosts = "\n".join(
        f"check host t{i} with address 127.0.0.1\n  if failed port {BASE + i} protocol http with timeout 5 seconds then alert"
        for i in range(targets))
    with open(path, "w") as f:
        f.write(f"""set daemon {interval}
set pidfile {home}/monit.pid
set idfile {home}/monit.id
set statefile {home}/monit.state
set log {home}/monit.log
check system bench
  if loadavg (5min) > 90 then alert
  if cpu usage > 95% for 10 cycles then alert
  if memory usage > 95% then alert
  if swap usage > 95% then alert
check filesystem root with path /
  if space usage > 95% then alert
check network lo interface lo
  if saturation > 95% then alert
{hosts}
""")
    os.chmod(path, 0o600)


class Targets:
    def __init__(self, build, count, stalled=0):
        command = [f"{build}/bench/bench_targets", str(BASE), str(count)] + ([str(stalled)] if stalled else [])
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()  # "ready"

    def hits(self):
        self.process.send_signal(signal.SIGUSR1)
        return int(self.process.stdout.readline().split()[1])

    def stop(self):
        self.process.kill()
        self.process.wait()


def start_tools(names, build, home, interval, targets):
    running = {}
    for name in names:
        folder = f"{home}/{name}"
        os.makedirs(folder)
        conf = f"{folder}/conf"
        quiet = {"stdout": subprocess.DEVNULL, "stderr": open(f"{folder}/log", "w"), "env": {**os.environ, "OPENCLAW_HOME": folder, "OPENCLAW_API": "off"}}
        if name.startswith("openclaw"):
            openclaw_config(conf, interval, targets, keep_alive=name.endswith("keep-alive"))
            command = [f"{build}/bin/openclawd", "--foreground", "--config", conf]
        elif name == "collectd":
            collectd_config(conf, folder, interval, targets)
            command = [shutil.which("collectd") or "/usr/sbin/collectd", "-f", "-C", conf]
        else:
            monit_config(conf, folder, interval, targets)
            command = [shutil.which("monit") or "/usr/bin/monit", "-I", "-c", conf]
        running[name] = subprocess.Popen(command, **quiet)
    return running


def stop_tools(running):
    for process in running.values():
        process.terminate()
    for process in running.values():
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def measure(load, names, build, interval, targets, window, windows, warmup, stalled=0):
    home = tempfile.mkdtemp(prefix="openclaw-bench-")
    server = Targets(build, targets, stalled)
    running = start_tools(names, build, home, interval, targets)
    samples = {name: [] for name in names}
    rows = []
    try:
        time.sleep(warmup)
        hits = server.hits()
        began = time.time()
        load_before = busy()
        for _ in range(windows):
            before = {n: cpu_ns(p.pid) for n, p in running.items()}
            start = time.time()
            time.sleep(window)
            seconds = time.time() - start
            for n, p in running.items():
                samples[n].append((cpu_ns(p.pid) - before[n]) / 1e6 * 60 / seconds)
        load_after = busy()
        made = (server.hits() - hits) / (time.time() - began) * 60
        percent = 100 - 100 * (load_after[1] - load_before[1]) / max(1, load_after[0] - load_before[0])
        for n, p in running.items():
            if p.poll() is not None:
                raise SystemExit(f"{n} has died; see {home}/{n}/log")
            rss, pss = memory_kb(p.pid)
            rows.append({"load": load, "tool": n, "cpu_ms_per_min": round(statistics.median(samples[n]), 1),
                         "min": round(min(samples[n]), 1), "max": round(max(samples[n]), 1), "rss_kb": rss, "pss_kb": pss,
                         "threads": len(tasks(p.pid)), "hits_per_min_all": round(made), "machine_busy": round(percent)})
    finally:
        stop_tools(running)
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
    return rows


def stall(build, window):
    """500 of 1000 targets never answer: the others must be checked at every slot."""
    home = tempfile.mkdtemp(prefix="openclaw-bench-")
    server = Targets(build, 1000, 500)
    running = start_tools(["openclaw"], build, home, 10, 1000)
    try:
        time.sleep(12)
        hits = server.hits()
        time.sleep(window)
        made = server.hits() - hits
    finally:
        stop_tools(running)
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
    return {"load": "STALL", "slots": window // 10, "answered": made, "due": 500 * (window // 10)}


LOADS = {"W10": (10, 10), "W1": (1, 10), "W1000": (30, 1000)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build")
    parser.add_argument("--window", type=int, default=60)
    parser.add_argument("--windows", type=int, default=3)
    parser.add_argument("--loads", default="W10,W1,W1000,STALL")
    parser.add_argument("--alone", action="store_true", help="only openclawd")
    args = parser.parse_args()
    rows = []
    for load in args.loads.split(","):
        print(f"{load} ...", file=sys.stderr, flush=True)
        if load == "STALL":
            rows.append(stall(args.build, args.window))
            continue
        interval, targets = LOADS[load]
        names = ["openclaw"] + (["openclaw-keep-alive"] if load == "W1000" else [])
        names += [] if args.alone else [t for t in ("collectd", "monit") if shutil.which(t) or os.path.exists(f"/usr/sbin/{t}")]
        rows += measure(load, names, args.build, interval, targets, args.window, args.windows, max(12, interval + 5))
    json.dump(rows, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
