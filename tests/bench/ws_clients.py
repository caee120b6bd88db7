#!/usr/bin/env python3
"""What WebSocket clients cost: delays of deltas with many of them, memory of the host. SPDX-License-Identifier: MIT

    OC_BUILD_DIR=build-release python3 ws_clients.py [CLIENTS [SECONDS]]
"""

import json
import os
import resource
import subprocess
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "integration"))

from harness import BUILD, Daemon  # noqa: E402

CONFIG = 'collectors = ( { plugin = "system"; interval = "1s"; } );\n'


def measure(clients, seconds, idle=False, token_of="viewer"):
    """The figures of bench_ws, with what the host grew by."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(65536, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
    daemon = Daemon(CONFIG, api=True).start()
    try:
        port = urllib.parse.urlsplit(daemon.url).port
        words = [os.path.join(BUILD, "bench", "bench_ws"), str(port), daemon.token(token_of), str(clients), str(seconds),
                 str(daemon.process.pid)] + (["idle"] if idle else [])
        done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr + daemon.output()[-2000:])
        figures = json.loads(done.stdout)
        figures["added_mb"] = round((figures["rss_after_kb"] - figures["rss_before_kb"]) / 1024, 1)
        return figures
    finally:
        daemon.stop()
        daemon.remove()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(int(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 10)))
    else:
        print(json.dumps({"watching_1000": measure(1000, 20), "idle_10000": measure(10000, 5, idle=True)}))
