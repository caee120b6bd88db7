"""Watching beside collectd and monit: processor, memory, and what a stall of half the targets does. SPDX-License-Identifier: MIT"""

import sys

from parts.tools import HERE, run_json

CPU_GOALS = {("W10", "openclaw"): 25, ("W1", "openclaw"): 250, ("W1000", "openclaw"): 130, ("W1000", "openclaw-keep-alive"): 60}
RSS_GOALS = {("W10", "openclaw"): 6.5, ("W1000", "openclaw"): 12}


def measure(build, options):
    if options.figures:
        return []
    window, windows = ("20", "1") if options.quick else ("60", str(options.windows))
    return run_json([sys.executable, f"{HERE}/load.py", build, "--window", window, "--windows", windows])


def goals(rows):
    for r in rows:
        key = (r["load"], r.get("tool"))
        if key in CPU_GOALS:
            yield f"{key[0]} {key[1]}: CPU a minute", r["cpu_ms_per_min"], CPU_GOALS[key], "ms"
        if key in RSS_GOALS:
            yield f"{key[0]} {key[1]}: memory", r["rss_kb"] / 1024, RSS_GOALS[key], "MiB"


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


def page(rows):
    out = ["## Watching", "",
           "W10: system metrics and 10 HTTP checks every 10 s. W1: the same every second. W1000: system metrics and 1000",
           "HTTP checks every 30 s, each on a fresh connection (`openclaw-keep-alive` keeps them; so does collectd).", ""]
    out += load_table(rows) + [""] + ratios(rows)
    stall = next((r for r in rows if r["load"] == "STALL"), None)
    if stall:
        out += ["", f"STALL: 500 of 1000 targets accept and never answer, interval 10 s: of {stall['due']} checks due on the",
                f"other 500 in {stall['slots']} slots, {stall['answered']} were made."]
    return out + [""]
