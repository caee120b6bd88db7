#!/usr/bin/env python3
"""Runs every benchmark and writes docs/benchmarks.md: `./dev bench`. SPDX-License-Identifier: MIT

A part is a file tests/bench/parts/pNN_NAME.py with measure(build, options) -> result, goals(result) -> (what, figure, goal, unit) ...
where less is better, and page(result) -> lines. With --figures what has no goals is left out and the goals are only printed; with
--only=NAME,... only these parts are run, and nothing is written. A part that fails is named, on the page too; the others count."""

import argparse
import glob
import importlib
import json
import os
import platform
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)


def goal_table(rows):
    out = ["| what | figure | goal | figure / goal |", "|---|---|---|---|"]
    for name, figure, goal, unit in rows:
        unit = f" {unit}" if unit else ""
        missed = " (missed)" if figure > goal else ""
        out.append(f"| {name} | {figure:.3g}{unit} | {goal:.3g}{unit} | {figure / goal:.2f}{missed} |")
    return out


def cpu_name():
    with open("/proc/cpuinfo") as f:
        return next((line.split(":")[1].strip() for line in f if line.startswith("model name")), "unknown")


def parts(only):
    """The modules by name, in order of their numbers."""
    names = {os.path.basename(path)[:-3].split("_", 1)[1]: os.path.basename(path)[:-3] for path in sorted(glob.glob(f"{HERE}/parts/p[0-9]*.py"))}
    if unknown := set(only) - set(names):
        sys.exit(f"no part is named {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    return [importlib.import_module(f"parts.{module}") for name, module in names.items() if not only or name in only]


def clock(build):
    return json.loads(subprocess.run([f"{build}/bench/bench_clock"], capture_output=True, check=True).stdout)["ghz"]


def measure(options):
    """What each part measured, why the others could not, and the processor's clock before each."""
    results, failed, clocks = [], [], []
    for part in parts(options.only):
        clocks.append(clock(options.build))
        try:
            results.append((part, part.measure(options.build, options)))
        except (subprocess.CalledProcessError, OSError, ValueError, AssertionError) as error:
            failed.append(f"{part.__name__.split('_', 1)[1]}: {error}")
            print(failed[-1], file=sys.stderr)
    return results, failed, sorted(clocks)


def write(results, table, failed, clocks):
    out = ["# Benchmarks", "",
           "Written by `./dev bench`; do not edit. Every figure was measured in that one run, beside the peers, on",
           f"{cpu_name()}, {os.cpu_count()} processors, Linux {platform.release()}, on {time.strftime('%Y-%m-%d')}.",
           f"The processor's clock, after a sleep before each part, was {clocks[0]} to {clocks[-1]} GHz, mostly {clocks[len(clocks) // 2]}: that of a",
           "virtual machine is its owner's affair, and times go with it. CPU is the kernel's account summed over the threads of a process;",
           "compare ratios, not machines.", "",
           "## Goals", "", "Medians; less is better, and 1 is the goal itself.", "", *table, ""]
    if failed:
        out += ["Not measured in this run: " + ", ".join(why.split(":")[0] for why in failed) + ".", ""]
    for part, result in results:
        out += part.page(result)
    path = os.path.join(ROOT, "docs", "benchmarks.md")
    with open(path, "w") as f:
        f.write("\n".join(out).rstrip("\n") + "\n")
    print(f"wrote {path}", file=sys.stderr)


def main():
    reader = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    reader.add_argument("build")
    reader.add_argument("--quick", action="store_true", help="short windows, small data: to see that it runs")
    reader.add_argument("--windows", type=int, default=3, help="of a minute each, of the loads of watching")
    reader.add_argument("--figures", action="store_true")
    reader.add_argument("--only", type=lambda text: text.split(","), default=[])
    options = reader.parse_args()
    options.build = os.path.abspath(options.build)
    results, failed, clocks = measure(options)
    table = goal_table(row for part, result in results for row in part.goals(result))
    print("\n".join(table), file=sys.stderr)
    print(f"load average {os.getloadavg()[0]:.1f}, clock {clocks[0]} to {clocks[-1]} GHz", file=sys.stderr)
    if not options.figures and not options.only:
        write(results, table, failed, clocks)
    if failed:
        sys.exit("not measured:\n  " + "\n  ".join(failed))


if __name__ == "__main__":
    main()
