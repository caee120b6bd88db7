"""A plugin call against a direct one. SPDX-License-Identifier: MIT"""

from parts.tools import block, run_json


def measure(build, options):
    return None if options.figures else run_json([f"{build}/bench/bench_call", f"{build}/fixtures/plugins"])


def goals(result):
    del result
    return ()


def page(result):
    return ["## A plugin call (`bench_call`)", ""] + block(result)
