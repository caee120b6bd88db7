#!/usr/bin/env python3
"""Runs every benchmark and writes docs/benchmarks.md: `./dev bench`. SPDX-License-Identifier: MIT"""

import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def spawn_ms(command, env, runs=41):
    """Median wall time of a whole process in ms, from before its start until it has been reaped."""
    times = []
    null = os.open(os.devnull, os.O_WRONLY)
    actions = [(os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)]
    for _ in range(runs):
        start = time.perf_counter()
        pid = os.posix_spawn(command[0], command, env, file_actions=actions)
        os.waitpid(pid, 0)
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times), min(times)


def start_to_first_sample(build, runs=11):
    """Median ms from the start of openclawd to the log line of the first samples that the host took in."""
    times = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as home:
            conf = os.path.join(home, "c.conf")
            with open(conf, "w") as f:
                f.write('log = { level = "debug"; };\ncollectors = ( { plugin = "system"; interval = "10s"; } );\n')
            log = os.path.join(home, "log")
            fd = os.open(log, os.O_WRONLY | os.O_CREAT)
            start = time.time()
            pid = os.posix_spawn(f"{build}/bin/openclawd", ["openclawd", "-f", "-c", conf],
                                 {**os.environ, "OPENCLAW_HOME": home}, file_actions=[(os.POSIX_SPAWN_DUP2, fd, 2)])
            time.sleep(0.4)
            os.kill(pid, 15)
            os.waitpid(pid, 0)
            os.close(fd)
            with open(log) as f:
                line = next(text for text in f if "first samples" in text)
            stamp = re.match(r"\S+\.(\d{3})Z", line)
            ms = int(stamp.group(1))
            began = (start * 1000) % 1000
            times.append((ms - began) % 1000)
    return statistics.median(times), min(times)


def command_line(build):
    rows = []
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "OPENCLAW_HOME": home}
        rows.append(("`openclaw version`", *spawn_ms([f"{build}/bin/openclaw", "version"], env), "3 ms"))
        daemon = subprocess.Popen([f"{build}/bin/openclawd", "-f"], env=env, stderr=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL)
        time.sleep(1)
        rows.append(("`openclaw status`, daemon running", *spawn_ms([f"{build}/bin/openclaw", "status"], env), "10 ms"))
        daemon.terminate()
        daemon.wait()
    rows.append(("`openclawd`, start to first sample", *start_to_first_sample(build), "15 ms"))
    return rows


def run_json(command, **kwargs):
    print(" ".join(command), file=sys.stderr, flush=True)
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **kwargs).stdout)


def run_text(command):
    print(" ".join(command), file=sys.stderr, flush=True)
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.rstrip()


def load_table(rows):
    goals = {("W10", "openclaw"): "25", ("W1", "openclaw"): "250", ("W1000", "openclaw"): "130",
             ("W1000", "openclaw-keep-alive"): "60"}
    out = ["| load | tool | CPU ms a minute, median (min to max) | goal | RSS MiB | PSS MiB | threads |",
           "|---|---|---|---|---|---|---|"]
    for r in rows:
        if r["load"] == "STALL":
            continue
        goal = goals.get((r["load"], r["tool"]), "")
        out.append(f"| {r['load']} | {r['tool']} | {r['cpu_ms_per_min']} ({r['min']} to {r['max']}) | {goal} | "
                   f"{r['rss_kb'] / 1024:.1f} | {r['pss_kb'] / 1024:.1f} | {r['threads']} |")
    return out


def ratios(rows):
    out = []
    for load in ("W10", "W1", "W1000"):
        mine = next((r for r in rows if r["load"] == load and r["tool"] == "openclaw"), None)
        others = [r for r in rows if r["load"] == load and r["tool"] in ("collectd", "monit")]
        if mine and others:
            text = ", ".join(f"{r['tool']} needs {r['cpu_ms_per_min'] / mine['cpu_ms_per_min']:.1f} times our CPU"
                             for r in others)
            out.append(f"* {load}: {text} (machine {mine['machine_busy']} % busy, "
                       f"{mine['hits_per_min_all']} checks a minute served to all of them together).")
    return out


def sizes(build):
    total = sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(f"{build}/plugins")
                for name in names if name.endswith(".so"))
    return os.path.getsize(f"{build}/bin/openclawd") + os.path.getsize(f"{build}/bin/openclaw") + total


def cpu_name():
    with open("/proc/cpuinfo") as f:
        return next((line.split(":")[1].strip() for line in f if line.startswith("model name")), "unknown")


def main():
    build = os.path.abspath(sys.argv[1])
    quick = "--quick" in sys.argv
    window, windows = ("20", "1") if quick else ("60", next((a.split("=")[1] for a in sys.argv if a.startswith("--windows=")), "3"))
    loads = run_json([sys.executable, f"{HERE}/load.py", build, "--window", window, "--windows", windows])
    line = command_line(build)
    store = run_json([f"{build}/bench/bench_store"] + (["100", "3"] if quick else []))
    call = run_json([f"{build}/bench/bench_call", f"{build}/fixtures/plugins"])
    probe = run_text([f"{build}/bench/bench_probe", f"{build}/plugins/http/http.so", f"{build}/bench/bench_targets"])
    stall = next((r for r in loads if r["load"] == "STALL"), None)
    out = ["# Benchmarks", "",
           "Written by `./dev bench`; do not edit. Every figure was measured in that one run, beside the peers, on",
           f"{cpu_name()}, {os.cpu_count()} processors, Linux {platform.release()}, on {time.strftime('%Y-%m-%d')}.",
           "CPU is the kernel's account summed over the threads of a process; compare ratios, not machines.", "",
           "## Watching", "",
           "W10: system metrics and 10 HTTP checks every 10 s. W1: the same every second. W1000: system metrics and 1000",
           "HTTP checks every 30 s, each on a fresh connection (`openclaw-keep-alive` keeps them; so does collectd).", ""]
    out += load_table(loads) + [""] + ratios(loads)
    if stall:
        out += ["", f"STALL: 500 of 1000 targets accept and never answer, interval 10 s: of {stall['due']} checks due on the",
                f"other 500 in {stall['slots']} slots, {stall['answered']} were made."]
    out += ["", "## Starting", "", "| what | median ms | fastest ms | goal |", "|---|---|---|---|"]
    out += [f"| {name} | {median:.1f} | {fastest:.1f} | {goal} |" for name, median, fastest, goal in line]
    out += ["", f"`openclawd`, `openclaw` and all plugins together: {sizes(build) / 1e6:.1f} MB, not stripped.", "",
            "## Store (`bench_store`)", "", "```json", json.dumps(store, indent=1), "```", "",
            "## A plugin call (`bench_call`)", "", "```json", json.dumps(call, indent=1), "```", "",
            "## The probe engine against bare system calls (`bench_probe`)", "", "```", probe, "```", ""]
    path = os.path.join(ROOT, "docs", "benchmarks.md")
    with open(path, "w") as f:
        f.write("\n".join(out))
    print(f"wrote {path}", file=sys.stderr)


if __name__ == "__main__":
    main()
