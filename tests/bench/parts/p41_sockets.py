"""WebSocket clients, and memory of the API. SPDX-License-Identifier: MIT"""

import os
import re
import subprocess
import sys
import tempfile
import time

from parts.tools import HERE, block, run_json


def api_memory(build, seconds=8):
    """MiB of resident memory of an idle host without and with the API."""
    out = {}
    for said in ("off", "on"):
        with tempfile.TemporaryDirectory() as home:
            conf = os.path.join(home, "c.conf")
            with open(conf, "w") as f:
                f.write('collectors = ( { plugin = "system"; interval = "10s"; } );\napi = { requests_per_second = 0; listen = ( { port = 0; } ); };\n')
            env = {**os.environ, "OPENCLAW_HOME": home, "OPENCLAW_API": said}
            daemon = subprocess.Popen([f"{build}/bin/openclawd", "-f", "-c", conf], env=env, stderr=subprocess.DEVNULL)
            time.sleep(seconds)
            with open(f"/proc/{daemon.pid}/smaps_rollup") as f:
                out[said] = int(re.search(r"^Rss:\s+(\d+)", f.read(), re.M).group(1)) / 1024
            daemon.terminate()
            daemon.wait()
    return {"without_mib": round(out["off"], 1), "with_mib": round(out["on"], 1), "added_mib": round(out["on"] - out["off"], 1)}


def measure(build, options):
    del options
    return {"api": api_memory(build),
            **run_json([sys.executable, f"{HERE}/ws_clients.py"], env={**os.environ, "OC_BUILD_DIR": os.path.abspath(build)})}


def goals(result):
    watching, idle = result["watching_1000"], result["idle_10000"]
    yield "memory of the API in an idle host", result["api"]["added_mib"], 4, "MiB"
    yield "1000 WebSocket clients: a change until it is read, 99 %", watching["p99_ms"], 50, "ms"
    yield "1000 WebSocket clients: memory added", watching["added_mb"], 30, "MiB"
    yield "10 000 idle WebSocket clients: memory added", idle["added_mb"], 120, "MiB"


def page(result):
    return ["## WebSocket clients (`ws_clients.py`), and memory of the API", "",
            "A host with one collector a second; every client reads every change of health.", ""] + block(result)
