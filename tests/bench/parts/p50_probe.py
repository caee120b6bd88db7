"""The probe engine against bare system calls. SPDX-License-Identifier: MIT"""

from parts.tools import run_text


def measure(build, options):
    return None if options.figures else run_text([f"{build}/bench/bench_probe", f"{build}/plugins/http/http.so", f"{build}/bench/bench_targets"])


def goals(result):
    del result
    return ()


def page(result):
    return ["## The probe engine against bare system calls (`bench_probe`)", "", "```", result, "```", ""]
