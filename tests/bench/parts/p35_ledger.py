"""The ledger: appends, one durable entry beside the disk's own fdatasync, opening, verifying. SPDX-License-Identifier: MIT"""

import tempfile

from parts.tools import block, run_json


def measure(build, options):
    entries = 100000 if options.quick else 1000000
    with tempfile.TemporaryDirectory(prefix="oc-ledger-") as folder:
        return run_json([f"{build}/bench/bench_ledger", folder, str(entries)])


def goals(r):
    yield "an entry of the ledger, group-committed", 1e6 / r["appends"], 20, "us"
    yield "an entry of the ledger, waited for", r["single_ms"], max(2, 1.5 * r["disk_ms"]), "ms"
    yield "verifying a million entries", r["verify_s"] * 1e6 / r["entries"], 1, "s"
    yield f"opening a ledger of {r['entries']} entries", r["open_ms"], 8, "ms"


def page(r):
    return ["## The ledger (`bench_ledger`)", "",
            f"Ballots of about 230 bytes. One entry that is waited for took {r['single_ms']:.2f} ms where a line written to a plain file",
            f"and synced took {r['disk_ms']:.2f} ms (medians of 300). Verifying looks at every byte of text and hashes; `portable` is without the",
            "processor's SHA instructions.", ""] + block(r)
