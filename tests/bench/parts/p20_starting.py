"""Whole commands and the start of the host. SPDX-License-Identifier: MIT"""

import os
import re
import statistics
import tempfile
import time

import installed
from parts.tools import spawn_ms, with_daemon

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


def sizes(build):
    total = sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(f"{build}/plugins")
                for name in names if name.endswith(".so"))
    return os.path.getsize(f"{build}/bin/openclawd") + os.path.getsize(f"{build}/bin/openclaw") + total


def measure(build, options):
    del options
    return {"rows": command_line(build), "bytes": sizes(build)}


def goals(result):
    for name, median, _, goal in result["rows"]:
        yield name, median, goal, "ms"


def page(result):
    out = ["## Starting", "", "| what | median ms | fastest ms | goal ms |", "|---|---|---|---|"]
    out += [f"| {name} | {median:.1f} | {fastest:.1f} | {goal} |" for name, median, fastest, goal in result["rows"]]
    return out + ["", f"`openclawd`, `openclaw` and all plugins together: {result['bytes'] / 1e6:.1f} MB, not stripped.", ""]
