#!/usr/bin/env python3
"""The dashboard with 1000 checks in a real browser: what the first look transfers, how soon it paints, how long each action takes.
SPDX-License-Identifier: MIT"""

import json
import os
import sys

os.environ["OC_BUILD_DIR"] = os.path.abspath(sys.argv[1])
sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", name) for name in ("integration", "browser")]

from harness import eventually  # noqa: E402
from world import World  # noqa: E402


def measure():
    world = World(1000)
    try:
        eventually(lambda: world.daemon.call("health.summary")["checks"]["total"] >= 1000, what="the checks")
        return world.drive("speed.mjs")
    finally:
        world.close()


print(json.dumps({**measure(), "load_average": round(os.getloadavg()[0], 2)}, indent=1))
