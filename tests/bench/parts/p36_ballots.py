"""Ballots: many at once through the whole service, and one until its receipt. SPDX-License-Identifier: MIT"""

import tempfile

from parts.tools import block, run_json


def measure(build, options):
    with tempfile.TemporaryDirectory(prefix="oc-ballots-") as folder:
        return run_json([f"{build}/bench/bench_ballots", folder, "100" if options.quick else "900"])


def goals(r):
    yield "a ballot, signature known to be good, group-committed", r["commit_cpu_us"], 20, "us of CPU"
    yield "a ballot until its receipt", r["one_us_p50"] / 1000, max(2, 1.5 * r["fdatasync_us_p50"] / 1000), "ms"


def page(r):
    return ["## Ballots (`bench_ballots`)", "",
            "16 members, 7 of whom vote on each proposal. An Ed25519 signature alone allows "
            f"{r['verify_per_s_one_core']:.0f} ballots a second on one core;",
            f"batches of 5000, verified on two workers while the loop writes, come to {r['batch_per_s']:.0f} a second. One ballot after the other took",
            f"{r['one_us_p50'] / 1000:.2f} ms (p99 {r['one_us_p99'] / 1000:.1f} ms) where an fdatasync took {r['fdatasync_us_p50'] / 1000:.2f} ms.", ""] + block(r)
