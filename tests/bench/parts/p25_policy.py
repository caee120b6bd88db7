"""What a decision of a policy costs. SPDX-License-Identifier: MIT"""

from parts.tools import block, run_json


def measure(build, options):
    del options
    return run_json([f"{build}/bench/bench_policy"])


def goals(result):
    yield "a small policy decides, conversion included", result["route_small_ns"] / 1000, 5, "us"
    yield "the shipped `route` decides among 11 channels", result["route_ns"] / 1000, 5, "us"
    yield "the gate adds to a call", result["gate_ns"] / 1000, 10, "us"
    yield "keeping inputs for `policy diff`, of a storm", result["route_kept_ns"] / result["route_ns"], 1.1, ""


def page(result):
    return ["## Decisions (`bench_policy`)", "",
            "An alert of usual size is said to Lua, the policy answers, and the answer is read; processor time, the best of five",
            "rounds of 20 000. `route_json` is the same through JSON trees; a reload reads, compiles and puts in force.", ""] + block(result)
