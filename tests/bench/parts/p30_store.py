"""The store: appending, keeping, asking. SPDX-License-Identifier: MIT"""

from parts.tools import block, run_json


def measure(build, options):
    return None if options.figures else run_json([f"{build}/bench/bench_store"] + (["100", "3"] if options.quick else []))


def goals(result):
    del result
    return ()


def page(result):
    return ["## Store (`bench_store`)", ""] + block(result)
