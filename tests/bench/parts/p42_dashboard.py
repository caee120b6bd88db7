"""The dashboard in a real browser. SPDX-License-Identifier: MIT"""

import sys

from parts.tools import HERE, block, run_json


def measure(build, options):
    del options
    return run_json([sys.executable, f"{HERE}/bench_dashboard.py", build])


def goals(page):
    slowest = max(page["actions_ms"], key=page["actions_ms"].get)
    yield f"dashboard, {page['checks']} checks: first paint", page["first_contentful_paint_ms"], 1000, "ms"
    yield f"dashboard, {page['checks']} checks: the slowest action ({slowest})", page["actions_ms"][slowest], 100, "ms"
    yield "dashboard: transferred by the first look", page["transferred_bytes"] / 1024, 250, "KB"


def page(result):
    return ["## The dashboard in Chromium (`bench_dashboard.py`)", "",
            "Of an action: from the event until the second frame after what it changed was there.", ""] + block(result)
