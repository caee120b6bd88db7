#!/usr/bin/env python3
"""Runs every benchmark and writes docs/benchmarks.md: `./dev bench`. With --figures the loads are left out, and the goals are
only printed. SPDX-License-Identifier: MIT"""

import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time

import installed

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


def api_memory(build, seconds=8):
    """MiB of resident memory of an idle host without and with the API."""
    out = {}
    for said in ("off", "on"):
        with tempfile.TemporaryDirectory() as home:
            conf = os.path.join(home, "c.conf")
            with open(conf, "w") as f:
                f.write('collectors = ( { plugin = "system"; interval = "10s"; } );\napi = { listen = ( { port = 0; } ); };\n')
            env = {**os.environ, "OPENCLAW_HOME": home, "OPENCLAW_API": said}
            daemon = subprocess.Popen([f"{build}/bin/openclawd", "-f", "-c", conf], env=env, stderr=subprocess.DEVNULL)
            time.sleep(seconds)
            with open(f"/proc/{daemon.pid}/smaps_rollup") as f:
                out[said] = int(re.search(r"^Rss:\s+(\d+)", f.read(), re.M).group(1)) / 1024
            daemon.terminate()
            daemon.wait()
    return {"without_mib": round(out["off"], 1), "with_mib": round(out["on"], 1), "added_mib": round(out["on"] - out["off"], 1)}


def with_daemon(build, env, command):
    daemon = subprocess.Popen([f"{build}/bin/openclawd", "-f"], env=env, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        time.sleep(1)
        return spawn_ms(command, env)
    finally:
        daemon.terminate()
        daemon.wait()


def plugin_list(build):
    """`plugin list` with 200 installed, each with a manifest of usual length."""
    command = [f"{build}/bin/openclaw", "plugin", "list"]
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "OPENCLAW_HOME": home, "OPENCLAW_API": "off"}
        installed.install(home, f"{build}/plugins/http", 200)
        return [("`openclaw plugin list`, 200 installed, daemon running", *with_daemon(build, env, command), 10),
                ("`openclaw plugin list`, 200 installed, no daemon", *spawn_ms(command, env), 20)]


def command_line(build):
    rows = []
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "OPENCLAW_HOME": home, "OPENCLAW_API": "off"}
        rows.append(("`openclaw version`", *spawn_ms([f"{build}/bin/openclaw", "version"], env), 3))
        rows.append(("`openclaw status`, daemon running", *with_daemon(build, env, [f"{build}/bin/openclaw", "status"]), 10))
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "OPENCLAW_HOME": home, "OPENCLAW_API": "off"}
        rows.append(("`openclaw plugin check --level 0`, no daemon", *spawn_ms(
            [f"{build}/bin/openclaw", "plugin", "check", f"{build}/plugins/system", "--level", "0"], env), 10))
    rows += plugin_list(build)
    rows.append(("`openclawd`, start to first sample", *start_to_first_sample(build), 15))
    return rows


def run_json(command, **kwargs):
    print(" ".join(command), file=sys.stderr, flush=True)
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **kwargs).stdout)


def run_text(command):
    print(" ".join(command), file=sys.stderr, flush=True)
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.rstrip()


CPU_GOALS = {("W10", "openclaw"): 25, ("W1", "openclaw"): 250, ("W1000", "openclaw"): 130, ("W1000", "openclaw-keep-alive"): 60}
RSS_GOALS = {("W10", "openclaw"): 6.5, ("W1000", "openclaw"): 12}


def load_table(rows):
    out = ["| load | tool | CPU ms a minute, median (min to max) | goal | RSS MiB | PSS MiB | threads |",
           "|---|---|---|---|---|---|---|"]
    for r in rows:
        if r["load"] == "STALL":
            continue
        goal = CPU_GOALS.get((r["load"], r["tool"]), "")
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


def isolated_table(r):
    """Each figure beside its yardstick of the same run."""
    ping, pipe = r["ping_pong_p50_us"], r["pipe_gb_per_s"]
    out = ["| what | process | sandbox | yardstick | goal |", "|---|---|---|---|---|"]
    calls = [r[f"{tier}_call_p50_us"] for tier in ("process", "sandbox")]
    out.append(f"| call, round trip, p50 us | {calls[0]:.1f} ({calls[0] / ping:.1f} x) | {calls[1]:.1f} ({calls[1] / ping:.1f} x) | "
               f"socket pair ping-pong {ping:.1f} | 2 x |")
    rates = [r[f"{tier}_stream_gb_per_s"] for tier in ("process", "sandbox")]
    out.append(f"| stream, GB/s | {rates[0]:.1f} | {rates[1]:.1f} | pipe {pipe:.1f} | 1.5, or 70 % of the pipe |")
    starts = [r[f"{tier}_start_to_first_answer_ms"] for tier in ("process", "sandbox")]
    out.append(f"| start to first answer, median ms | {starts[0]:.1f} | {starts[1]:.1f} | | 5 |")
    memory = [r[f"{tier}_private_kb"] for tier in ("process", "sandbox")]
    out.append(f"| private memory, KB | {memory[0]:.0f} | {memory[1]:.0f} | | 3072 |")
    return out


def isolated_goals(r):
    for tier in ("process", "sandbox"):
        yield f"{tier}: a call, against a ping-pong", r[f"{tier}_call_p50_us"] / r["ping_pong_p50_us"], 2, "x"
        # the other way round, so that less is better here too
        enough = min(1.5, 0.7 * r["pipe_gb_per_s"])
        yield f"{tier}: a stream, ns a byte", 1 / r[f"{tier}_stream_gb_per_s"], 1 / enough, "ns"
        yield f"{tier}: start to first answer", r[f"{tier}_start_to_first_answer_ms"], 5, "ms"
        yield f"{tier}: private memory", r[f"{tier}_private_kb"], 3072, "KB"


def alert_goals(r):
    mine, told = r["openclaw"]["ingest"], r["openclaw"]["latency"]
    yield "an alert taken in, of lists of 1000, answered when it is on the disk", 1e6 / mine["alerts_per_s"], 1e6 / 150000, " us"
    yield "a post until its webhook has come, median", told["p50_ms"], 0.3, " ms"
    yield "a post until its webhook has come, 99 %", told["p99_ms"], 1, " ms"
    yield f"memory with {r['alerts']} alerts", mine["mib"], 48, " MiB"
    yield "growth of memory when they are posted again", mine["again_mib"] / mine["mib"], 1.05, ""
    yield f"GET of one of {r['alerts']} alerts by a filter", mine["filtered_get_ms"], 2, " ms"


def web_goals(memory, sockets):
    watching, idle = sockets["watching_1000"], sockets["idle_10000"]
    yield "memory of the API in an idle host", memory["added_mib"], 4, " MiB"
    yield "1000 WebSocket clients: a change until it is read, 99 %", watching["p99_ms"], 50, " ms"
    yield "1000 WebSocket clients: memory added", watching["added_mb"], 30, " MiB"
    yield "10 000 idle WebSocket clients: memory added", idle["added_mb"], 120, " MiB"


def goals(loads, line, restart, isolated, registry, http, alerts, memory, sockets):
    """(what, figure, goal, unit): every figure that has a goal. Medians; less is better."""
    for r in loads:
        key = (r["load"], r.get("tool"))
        if key in CPU_GOALS:
            yield f"{key[0]} {key[1]}: CPU a minute", r["cpu_ms_per_min"], CPU_GOALS[key], "ms"
        if key in RSS_GOALS:
            yield f"{key[0]} {key[1]}: memory", r["rss_kb"] / 1024, RSS_GOALS[key], "MiB"
    for name, median, _, goal in line:
        yield name, median, goal, "ms"
    yield from isolated_goals(isolated)
    for tier in ("process", "sandbox"):
        yield f"{tier}: crash to restarted", restart[f"{tier}_crash_to_restarted_p50_ms"], 100, "ms"
    packages = registry["packages"]
    yield f"cold resolve among {packages} packages: requests", registry["requests"], 5, ""
    yield f"cold resolve among {packages} packages: bytes", registry["bytes"] / 1000, 100, "KB"
    yield f"cold resolve among {packages} packages: time", registry["cold_ms"], 30, "ms"
    # the other way round, so that less is better here too
    yield "GET /api/health: requests of nginx to one of ours", 1 / http["ratio"], 1 / http["goal"], ""
    yield from alert_goals(alerts)
    yield from web_goals(memory, sockets)


def goal_table(rows):
    out = ["| what | figure | goal | figure / goal |", "|---|---|---|---|"]
    for name, figure, goal, unit in rows:
        unit = f" {unit}" if unit else ""
        missed = " (missed)" if figure > goal else ""
        out.append(f"| {name} | {figure:.3g}{unit} | {goal:.3g}{unit} | {figure / goal:.2f}{missed} |")
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
    figures = "--figures" in sys.argv
    loads = [] if figures else run_json([sys.executable, f"{HERE}/load.py", build, "--window", window, "--windows", windows])
    line = command_line(build)
    restart = run_json([f"{build}/bench/bench_restart", f"{build}/fixtures/plugins", f"{build}/bin/openclaw-plughost"])
    isolated = run_json([f"{build}/bench/bench_isolated", f"{build}/fixtures/plugins", f"{build}/bin/openclaw-plughost"])
    registry = run_json([f"{build}/bench/bench_registry"])
    http = run_json([sys.executable, f"{HERE}/bench_http.py", build])
    alerts = run_json([sys.executable, f"{HERE}/bench_alerts.py", build] + (["--quick"] if quick else []))
    memory = api_memory(build)
    sockets = run_json([sys.executable, f"{HERE}/ws_clients.py"], env={**os.environ, "OC_BUILD_DIR": os.path.abspath(build)})
    table = goal_table(goals(loads, line, restart, isolated, registry, http, alerts, memory, sockets))
    print("\n".join(table), file=sys.stderr)
    print(f"load average {os.getloadavg()[0]:.1f}", file=sys.stderr)
    if figures:
        return
    store = run_json([f"{build}/bench/bench_store"] + (["100", "3"] if quick else []))
    call = run_json([f"{build}/bench/bench_call", f"{build}/fixtures/plugins"])
    probe = run_text([f"{build}/bench/bench_probe", f"{build}/plugins/http/http.so", f"{build}/bench/bench_targets"])
    stall = next((r for r in loads if r["load"] == "STALL"), None)
    out = ["# Benchmarks", "",
           "Written by `./dev bench`; do not edit. Every figure was measured in that one run, beside the peers, on",
           f"{cpu_name()}, {os.cpu_count()} processors, Linux {platform.release()}, on {time.strftime('%Y-%m-%d')}.",
           "CPU is the kernel's account summed over the threads of a process; compare ratios, not machines.", "",
           "## Goals", "", "Medians; less is better, and 1 is the goal itself.", ""]
    out += table
    out += ["", "## Watching", "",
           "W10: system metrics and 10 HTTP checks every 10 s. W1: the same every second. W1000: system metrics and 1000",
           "HTTP checks every 30 s, each on a fresh connection (`openclaw-keep-alive` keeps them; so does collectd).", ""]
    out += load_table(loads) + [""] + ratios(loads)
    if stall:
        out += ["", f"STALL: 500 of 1000 targets accept and never answer, interval 10 s: of {stall['due']} checks due on the",
                f"other 500 in {stall['slots']} slots, {stall['answered']} were made."]
    out += ["", "## Starting", "", "| what | median ms | fastest ms | goal ms |", "|---|---|---|---|"]
    out += [f"| {name} | {median:.1f} | {fastest:.1f} | {goal} |" for name, median, fastest, goal in line]
    out += ["", f"`openclawd`, `openclaw` and all plugins together: {sizes(build) / 1e6:.1f} MB, not stripped.", "",
            "## Store (`bench_store`)", "", "```json", json.dumps(store, indent=1), "```", "",
            "## A plugin call (`bench_call`)", "", "```json", json.dumps(call, indent=1), "```", "",
            "## Plugins that come back (`bench_restart`)", "",
            "A crash until it has started again (goal 100 ms), and a reload until it has switched.", "",
            "```json", json.dumps(restart, indent=1), "```", "",
            "## A plugin in a process of its own (`bench_isolated`)", ""]
    out += isolated_table(isolated)
    out += ["", f"## Resolving in a registry of {registry['packages']} packages (`bench_registry`)", "",
            "Read from `file://` by a client that knows the root and nothing else; goals: 5 requests, 100 000 bytes, 30 ms.", "",
            "```json", json.dumps(registry, indent=1), "```"]
    out += ["",
            "## GET /api/health beside nginx (`bench_http.py`)", "",
            "The same bytes as a static file, one worker, one processor each for the server and for wrk; goal: 80 % of its requests.",
            "", "```json", json.dumps(http, indent=1), "```", "",
            "## WebSocket clients (`ws_clients.py`), and memory of the API", "",
            "A host with one collector a second; every client reads every change of health.", "",
            "```json", json.dumps({"api": memory, **sockets}, indent=1), "```", "",
            "## Alerts beside Debian's Alertmanager (`bench_alerts.py`)", "",
            "The same client for both: lists of 1000 alerts with six labels over one connection, then one alert a post.", "",
            "```json", json.dumps(alerts, indent=1), "```", "",
            "## The probe engine against bare system calls (`bench_probe`)", "", "```", probe, "```", ""]
    path = os.path.join(ROOT, "docs", "benchmarks.md")
    with open(path, "w") as f:
        f.write("\n".join(out))
    print(f"wrote {path}", file=sys.stderr)


if __name__ == "__main__":
    main()
