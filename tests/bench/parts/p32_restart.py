"""Plugins that come back. SPDX-License-Identifier: MIT"""

from parts.tools import block, run_json


def measure(build, options):
    del options
    return run_json([f"{build}/bench/bench_restart", f"{build}/fixtures/plugins", f"{build}/bin/openclaw-plughost"])


def goals(result):
    for tier in ("process", "sandbox"):
        yield f"{tier}: crash to restarted", result[f"{tier}_crash_to_restarted_p50_ms"], 100, "ms"


def page(result):
    return ["## Plugins that come back (`bench_restart`)", "",
            "A crash until it has started again (goal 100 ms), and a reload until it has switched.", ""] + block(result)
