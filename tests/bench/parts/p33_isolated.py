"""A plugin in a process of its own. SPDX-License-Identifier: MIT"""

from parts.tools import run_json


def measure(build, options):
    del options
    return run_json([f"{build}/bench/bench_isolated", f"{build}/fixtures/plugins", f"{build}/bin/openclaw-plughost"])


def goals(r):
    for tier in ("process", "sandbox"):
        yield f"{tier}: a call, against a ping-pong", r[f"{tier}_call_p50_us"] / r["ping_pong_p50_us"], 2, "x"
        # the other way round, so that less is better here too
        enough = min(1.5, 0.7 * r["pipe_gb_per_s"])
        yield f"{tier}: a stream, ns a byte", 1 / r[f"{tier}_stream_gb_per_s"], 1 / enough, "ns"
        yield f"{tier}: start to first answer", r[f"{tier}_start_to_first_answer_ms"], 5, "ms"
        yield f"{tier}: private memory", r[f"{tier}_private_kb"], 3072, "KB"


def isolated_table(r):
    """Each figure beside its yardstick of the same run."""
    ping, pipe = r["ping_pong_p50_us"], r["pipe_gb_per_s"]
    out = ["| what | process | sandbox | yardstick | goal |", "|---|---|---|---|---|"]
    calls = [r[f"{tier}_call_p50_us"] for tier in ("process", "sandbox")]
    out.append(f"| call, round trip, p50 us | {calls[0]:.1f} ({calls[0] / ping:.1f} x) | {calls[1]:.1f} ({calls[1] / ping:.1f} x) | "
               f"socket pair ping-pong {ping:.1f} | 2 x |")
    rates = [r[f"{tier}_stream_gb_per_s"] for tier in ("process", "sandbox")]
    out.append(f"| stream, GB/s | {rates[0]:.1f} | {rates[1]:.1f} | pipe {pipe:.1f} | 1.5, or 70 % of the pipe |")
    starts = [r[f"{tier}_start_to_first_answer_ms"] for tier in ("process", "sandbox")]
    out.append(f"| start to first answer, median ms | {starts[0]:.1f} | {starts[1]:.1f} | | 5 |")
    memory = [r[f"{tier}_private_kb"] for tier in ("process", "sandbox")]
    out.append(f"| private memory, KB | {memory[0]:.0f} | {memory[1]:.0f} | | 3072 |")
    return out


def page(result):
    return ["## A plugin in a process of its own (`bench_isolated`)", ""] + isolated_table(result) + [""]
