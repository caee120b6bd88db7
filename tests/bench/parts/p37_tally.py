"""The tally: what counting costs, a signature, and the question to the policy. SPDX-License-Identifier: MIT"""

import os

from parts.tools import HERE, block, run_json


def measure(build, options):
    return run_json([f"{build}/bench/bench_tally", "200000" if options.quick else "2000000", "20000",
                     os.path.join(HERE, "..", "..", "etc", "policies", "quorum.lua")])


def goals(r):
    yield "a tally of three voters", r["tally_3_ns"] / 1000, 1, "us"
    yield "a tally of 64 voters", r["tally_64_ns"] / 1000, 10, "us"
    yield "the policy's count of three voters", r["policy_us"], 100, "us"


def page(r):
    return ["## The tally (`bench_tally`)", "",
            f"Counting three voters took {r['tally_3_ns']:.0f} ns, seven {r['tally_7_ns']:.0f} ns, 64 of them {r['tally_64_ns']:.0f} ns. One core verified",
            f"{r['ballots_verified_per_second']:.0f} signed ballots a second. The policy, which counts a second time in Lua, answered in {r['policy_us']:.1f} us, its",
            "arguments and its answer included.", ""] + block(r)
