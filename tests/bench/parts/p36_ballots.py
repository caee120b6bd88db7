"""Ballots: many at once through the whole service, and one until its receipt. SPDX-License-Identifier: MIT"""

import tempfile

from parts.tools import block, run_json


def measure(build, options):
    with tempfile.TemporaryDirectory(prefix="oc-ballots-") as folder:
        return run_json([f"{build}/bench/bench_ballots", folder, "100" if options.quick else "900"])


def goals(r):
    yield "a ballot, signature known to be good, group-committed", r["commit_cpu_us"], 20, "us of CPU"
    yield "a ballot on the signed sheet of its member, group-committed", 1e6 / r["sheet_per_s"], 20, "us"
    yield "verifying two threads' worth of signatures, as a multiple of what batches take", r["verify_per_s_limit"] / r["batch_per_s"], 2, "times"
    yield "a ballot until its receipt", r["one_us_p50"] / 1000, max(2, 1.5 * r["fdatasync_us_p50"] / 1000), "ms"
    yield "the loop is held up while 1000 large proposals are saved", r["save_pause_ms"], 10, "ms"


def page(r):
    return ["## Ballots (`bench_ballots`)", "",
            f"16 members, 7 of whom vote on each proposal. Without signatures {r['commit_per_s']:.0f} ballots a second are written, counted and",
            f"acknowledged. An Ed25519 signature alone allows {r['verify_per_s_one_core']:.0f} a second on one core and {r['verify_per_s_limit']:.0f} on two threads;",
            f"batches of 5000, verified by two workers while the loop writes, come to {r['batch_per_s']:.0f}: {100 * r['batch_per_s'] / r['verify_per_s_limit']:.0f} % of what nothing but",
            f"signatures would. On sheets, where one signature is good for all ballots of a member, {r['sheet_per_s']:.0f} a second are taken, the proof of each",
            f"verified. One ballot after the other took {r['one_us_p50'] / 1000:.2f} ms (p99 {r['one_us_p99'] / 1000:.1f} ms) where an fdatasync in between",
            f"took {r['fdatasync_us_p50'] / 1000:.2f} ms (p99 {r['fdatasync_us_p99'] / 1000:.1f} ms). A state of {r['save_mb']:.0f} MB with 1000 open proposals is saved by a worker in",
            f"{r['save_worker_ms']:.0f} ms, in which the loop is held up for {r['save_pause_ms']:.1f} ms at most; by the loop itself it would be {r['save_on_loop_ms']:.0f} ms.", ""] + block(r)
