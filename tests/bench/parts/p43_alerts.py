"""Alerts beside Debian's Alertmanager. SPDX-License-Identifier: MIT"""

import sys

from parts.tools import HERE, block, run_json


def measure(build, options):
    return run_json([sys.executable, f"{HERE}/bench_alerts.py", build] + (["--quick"] if options.quick else []))


def goals(r):
    mine, told = r["openclaw"]["ingest"], r["openclaw"]["latency"]
    yield "an alert taken in, of lists of 1000, answered when it is on the disk", 1e6 / mine["alerts_per_s"], 1e6 / 150000, "us"
    yield "a post until its webhook has come, median", told["p50_ms"], 0.3, "ms"
    yield "a post until its webhook has come, 99 %", told["p99_ms"], 1, "ms"
    yield f"memory with {r['alerts']} alerts", mine["mib"], 48, "MiB"
    yield "growth of memory when they are posted again", mine["again_mib"] / mine["mib"], 1.05, ""
    yield f"GET of one of {r['alerts']} alerts by a filter", mine["filtered_get_ms"], 2, "ms"
    yield f"GET of a few of {r['alerts']} alerts by the slowest kind of filter", max(mine["filters_ms"].values()), 2, "ms"
    crowd = r["openclaw"]["crowded"]
    made = crowd["decisions"]
    yield "memory with as many, 1000 silences and 100 rules of inhibition", crowd["mib"], 48, "MiB"
    yield f"inhibition of {r['alerts']} alerts by 100 rules, of the processor", made["inhibition_ms"], 50 * r["alerts"] / 100000, "ms"
    yield "a route decided in Lua, of the processor", made["route_us"], 5, "us"


def page(result):
    return ["## Alerts beside Debian's Alertmanager (`bench_alerts.py`)", "",
            "The same client for both: lists of 1000 alerts with six labels over one connection, then one alert a post.",
            "Client and receiver are one small C program with plain sockets (`bench_alertload.c`): no pause, no delayed acknowledgement and no",
            "interpreter of theirs is in the figures, which are taken from before the post is written until its webhook has been read. Between two posts there are",
            "10 ms, as when alerts come one by one: caches are cold then, and sleeping processors are woken. `relay` is what is left of it when nothing is",
            "done at all (`bench_relay.c`: two threads that pass the post on). The three take turns in rounds of posts; the figures are medians of the rounds.", ""] + block(result)
