"""A host with nothing to do does nothing, and a command that only looks leaves nothing behind. SPDX-License-Identifier: MIT"""

import os
import subprocess
import tempfile
import time

import harness
from harness import BUILD, Daemon

REST = 12  # s
# Of the main thread while nothing is watched: the policies' folder is looked at every 5 s, samples go to the disk every 10 s, and a minute's
# worth of upkeep may fall into it. The API looks at its connections every second. What polls more often is far above that.
WAKES_MAX = 12 + 2 * REST // 5
WAKES_MAX_API = WAKES_MAX + 2 * REST


def wakes(pid):
    with open(f"/proc/{pid}/task/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("voluntary_ctxt_switches"))


def at_rest(config, api):
    daemon = Daemon(config, api=api).start()
    try:
        time.sleep(3)
        before = wakes(daemon.process.pid)
        time.sleep(REST)
        return wakes(daemon.process.pid) - before
    finally:
        daemon.stop()


def idle_hosts_sleep():
    for api, limit in ((False, WAKES_MAX), (True, WAKES_MAX_API)):
        count = at_rest("collectors = ();\nschedules = ();\n", api)
        assert count <= limit, (api, count, limit)


def commands_that_look_leave_nothing():
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "OPENCLAW_HOME": home, "OPENCLAW_API": "off"}
        env.pop("OPENCLAW_CONFIG", None)
        for words in (["plugin", "list"], ["skill", "list"], ["plugin", "check", f"{BUILD}/plugins/console", "--level", "0"]):
            done = subprocess.run([f"{BUILD}/bin/openclaw", *words], env=env, capture_output=True, text=True, check=False)
            assert done.returncode == 0, (words, done.stdout, done.stderr)
            assert os.listdir(home) == [], (words, os.listdir(home))


if __name__ == "__main__":
    harness.run([commands_that_look_leave_nothing, idle_hosts_sleep])
