"""GET /api/health beside nginx. SPDX-License-Identifier: MIT"""

import sys

from parts.tools import HERE, block, run_json


def measure(build, options):
    del options
    return run_json([sys.executable, f"{HERE}/bench_http.py", build])


def goals(result):
    # the other way round, so that less is better here too
    yield "GET /api/health: requests of nginx to one of ours", 1 / result["ratio"], 1 / result["goal"], ""


def page(result):
    return ["## GET /api/health beside nginx (`bench_http.py`)", "",
            "The same bytes as a static file, one worker, one processor each for the server and for wrk; goal: 80 % of its requests.",
            ""] + block(result)
