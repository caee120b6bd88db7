"""Resolving in a large registry. SPDX-License-Identifier: MIT"""

from parts.tools import block, run_json


def measure(build, options):
    del options
    return run_json([f"{build}/bench/bench_registry"])


def goals(result):
    packages = result["packages"]
    yield f"cold resolve among {packages} packages: requests", result["requests"], 5, ""
    yield f"cold resolve among {packages} packages: bytes", result["bytes"] / 1000, 100, "KB"
    yield f"cold resolve among {packages} packages: time", result["cold_ms"], 30, "ms"


def page(result):
    return [f"## Resolving in a registry of {result['packages']} packages (`bench_registry`)", "",
            "Read from `file://` by a client that knows the root and nothing else; goals: 5 requests, 100 000 bytes, 30 ms.", ""] + block(result)
