"""What the parts share: programs that answer JSON, times of whole processes. SPDX-License-Identifier: MIT"""

import json
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def run_json(command, **kwargs):
    print(" ".join(command), file=sys.stderr, flush=True)
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **kwargs).stdout)


def run_text(command):
    print(" ".join(command), file=sys.stderr, flush=True)
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.rstrip()


def block(figures):
    """Figures as they came, for the page."""
    return ["```json", json.dumps(figures, indent=1), "```", ""]


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


def with_daemon(build, env, command):
    daemon = subprocess.Popen([f"{build}/bin/openclawd", "-f"], env=env, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        time.sleep(1)
        return spawn_ms(command, env)
    finally:
        daemon.terminate()
        daemon.wait()
