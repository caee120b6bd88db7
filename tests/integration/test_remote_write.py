"""Remote write into Debian's Prometheus and into receivers that misbehave. SPDX-License-Identifier: MIT"""

import http.server
import json
import math
import os
import struct
import sys
import threading
import time

import harness
from harness import Daemon, eventually, free_port
from monitoring import Page, Prometheus, missing

NUMBERS = {"n_zero": 0, "n_tenth": 0.1, "n_third": 1 / 3, "n_big": 1e300, "n_tiny": 5e-324, "n_negative": -17.25, "n_money": 1234567.89}


class Sink:
    """A receiver that keeps what it was sent, as (labels, time, value), and answers as it is told."""

    def __init__(self, port=0):
        outer = self
        self.samples, self.requests, self.answers = [], [], []  # answers: (status, headers) of the next requests

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, headers = outer.answers.pop(0) if outer.answers else (204, {})
                outer.requests.append((time.monotonic(), status, dict(self.headers)))
                if status == 204:
                    outer.samples += decode(unsnap(body))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0" if status == 204 else "5")
                self.end_headers()
                self.wfile.write(b"" if status == 204 else b"sorry")

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/api/v1/write"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def unsnap(data):
    """The raw snappy format."""
    size, at = varint(data, 0)
    out = bytearray()
    while at < len(data):
        tag = data[at]
        at += 1
        if tag & 3 == 0:
            length = tag >> 2
            if length >= 60:
                extra = length - 59
                length = int.from_bytes(data[at:at + extra], "little")
                at += extra
            out += data[at:at + length + 1]
            at += length + 1
            continue
        if tag & 3 == 1:
            length, offset = (tag >> 2 & 7) + 4, tag >> 5 << 8 | data[at]
            at += 1
        else:
            width = 2 if tag & 3 == 2 else 4
            length, offset = (tag >> 2) + 1, int.from_bytes(data[at:at + width], "little")
            at += width
        for _ in range(length):
            out.append(out[-offset])
    assert len(out) == size
    return bytes(out)


def fields(data):
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 2:
            length, at = varint(data, at)
            yield key >> 3, data[at:at + length]
            at += length
        elif key & 7 == 1:
            yield key >> 3, struct.unpack("<d", data[at:at + 8])[0]
            at += 8
        else:
            value, at = varint(data, at)
            yield key >> 3, value


def decode(data):
    found = []
    for number, series in fields(data):
        assert number == 1
        labels, points = [], []
        for field, message in fields(series):
            parts = dict(fields(message))
            if field == 1:
                labels.append((parts[1].decode(), parts[2].decode()))
            else:
                points.append((parts.get(2, 0), parts.get(1, 0.0)))
        assert labels == sorted(labels), "labels must be sorted"
        found += [(dict(labels), *point) for point in points]
    return found


def config(url, page, more="", name="central"):
    return f"""collectors = ( {{ plugin = "prometheus"; name = "x"; url = "{page.url}"; interval = "500ms"; }} );
host = {{ name = "edge-1"; }};
remote_write = ( {{ name = "{name}"; url = "{url}"; selector = ["n_*"]; flush_interval = "200ms"; max_backoff = "400ms"; {more} }} );
"""


def numbers():
    return "".join(f"{name} {value!r}\n" for name, value in NUMBERS.items()) + "# TYPE n_seen_total counter\nn_seen_total 1\nother 1\n"


def remote(daemon):
    return daemon.call("export.list")[0]


def received(prometheus, name):
    answer = prometheus.query(f"{name}[1h]")
    return [(round(t * 1000), float(v)) for t, v in answer[0][1]] if answer else []


def labels_times_and_values_are_exact():
    served, sink = Page(numbers()), Sink()
    daemon = Daemon(config(sink.url, served, 'labels = { team = "ops"; };')).start()
    try:
        eventually(lambda: len([s for s in sink.samples if s[0]["__name__"] == "n_tenth"]) >= 3, what="three rounds")
        names = {s[0]["__name__"] for s in sink.samples}
        assert names == set(NUMBERS) | {"n_seen_total"}, names
        for labels, _, value in sink.samples:
            assert labels == {"__name__": labels["__name__"], "collector": "x", "job": "openclaw", "instance": "edge-1", "team": "ops"}
            assert value == NUMBERS.get(labels["__name__"], 1), (labels, value)
        times = [t for labels, t, _ in sink.samples if labels["__name__"] == "n_tenth"]
        assert times == sorted(set(times)) and abs(times[-1] / 1000 - time.time()) < 10, times
        head = sink.requests[0][2]
        assert head["Content-Encoding"] == "snappy" and head["Content-Type"] == "application/x-protobuf"
        assert head["X-Prometheus-Remote-Write-Version"] == "0.1.0" and "gzip" not in json.dumps(head), head
        assert remote(daemon)["sent"] >= len(sink.samples) - 16 and remote(daemon)["dropped"] == 0
    finally:
        daemon.remove()
        sink.close()
        served.close()


def a_series_that_ends_is_marked_stale():
    served, sink = Page(numbers()), Sink()
    daemon = Daemon(config(sink.url, served)).start()
    try:
        eventually(lambda: sink.samples, what="samples")
        with open(daemon.config) as f:
            text = f.read()
        daemon.write(text[text.index("host ="):] + "collectors = ();\n")
        daemon.call("reload")
        ended = eventually(lambda: {s[0]["__name__"] for s in sink.samples if math.isnan(s[2])} >= set(NUMBERS), what="the markers")
        assert ended
    finally:
        daemon.remove()
        sink.close()
        served.close()


def an_outage_and_a_restart_lose_nothing():
    served = Page(numbers())
    port = free_port()
    args = ("--web.enable-remote-write-receiver",)
    daemon = Daemon(config(f"http://127.0.0.1:{port}/api/v1/write", served)).start()
    prometheus = None
    count = [0]

    def tick(rounds):
        for _ in range(rounds):
            count[0] += 1
            served.text = numbers().replace("n_seen_total 1", f"n_seen_total {count[0]}")
            time.sleep(0.5)
    try:
        tick(4)  # nobody listens
        eventually(lambda: remote(daemon)["waiting"] > 0 and remote(daemon)["last_error"], what="samples that wait")
        assert remote(daemon)["sent"] == 0
        assert daemon.stop() == 0
        left = os.listdir(os.path.join(daemon.home, "data/export/central"))
        assert left and all(name.endswith(".batch") for name in left), left
        daemon.start()
        tick(3)
        prometheus = Prometheus(args=args, port=port)
        tick(3)
        daemon.process.kill()
        daemon.process.wait()
        daemon.start()
        tick(3)
        eventually(lambda: remote(daemon)["waiting"] <= 16, what="the queue to empty")
        got = received(prometheus, "n_seen_total")
        values = [v for _, v in got]
        assert values == sorted(values) and values[0] <= 2, values
        # each second value at least was scraped and none is lost: kill -9 may cost what had gathered for 200 ms
        missing_values = set(range(int(values[0]), int(values[-1]))) - {int(v) for v in values}
        assert len(missing_values) <= 5, (missing_values, values)
        for name, value in NUMBERS.items():
            found = received(prometheus, name)
            assert len(found) >= 10 and all(v == value for _, v in found), (name, found)
        assert remote(daemon)["refused"] == 0 and remote(daemon)["dropped"] == 0, remote(daemon)
    finally:
        daemon.remove()
        if prometheus:
            prometheus.remove()
        served.close()


def a_receiver_that_is_busy_is_asked_again_later():
    served, sink = Page(numbers()), Sink()
    sink.answers = [(503, {}), (500, {}), (429, {"Retry-After": "1"}), (204, {})]
    daemon = Daemon(config(sink.url, served, "").replace('max_backoff = "400ms"', 'max_backoff = "5s"')).start()
    try:
        eventually(lambda: sink.samples, timeout=30, what="the first batch")
        times = [t for t, _, _ in sink.requests[:4]]
        assert [s for _, s, _ in sink.requests[:4]] == [503, 500, 429, 204]
        pauses = [b - a for a, b in zip(times, times[1:])]
        assert pauses[0] >= 0.9 and pauses[1] >= 1.8 and pauses[2] >= 1.0, pauses
        seen = sorted(t for labels, t, _ in sink.samples if labels["__name__"] == "n_tenth")
        eventually(lambda: remote(daemon)["sent"] > 0 and remote(daemon)["refused"] == 0, what="figures")
        assert seen, "the batch that was refused came again"
    finally:
        daemon.remove()
        sink.close()
        served.close()


def what_somebody_can_put_right_costs_nothing_of_the_backlog():
    served, sink = Page(numbers()), Sink()
    sink.answers = [(401, {}), (403, {}), (404, {}), (302, {"Location": "/login"})]
    daemon = Daemon(config(sink.url, served)).start()
    try:
        eventually(lambda: sink.samples, what="the batch, when the token is good again")
        assert [s for _, s, _ in sink.requests[:5]] == [401, 403, 404, 302, 204], sink.requests
        row = remote(daemon)
        assert row["refused"] == row["dropped"] == 0, row
        assert "HTTP 401: sorry" in daemon.output(), daemon.output()
    finally:
        daemon.remove()
        sink.close()
        served.close()


def what_is_refused_for_good_is_dropped_and_said():
    served, sink = Page(numbers()), Sink()
    sink.answers = [(400, {})]
    daemon = Daemon(config(sink.url, served)).start()
    try:
        eventually(lambda: sink.samples, what="the batch after it")
        row = remote(daemon)
        assert row["refused"] >= 8 and row["dropped"] == 0, row
        assert "HTTP 400: sorry" in daemon.output(), daemon.output()
        lost = daemon.call("events.list", topic="export.dropped")[0]["data"]
        assert lost["remote"] == "central" and lost["samples"] == row["refused"] and "400" in lost["reason"], lost
    finally:
        daemon.remove()
        sink.close()
        served.close()


def the_queue_is_bounded_and_the_oldest_goes_first():
    served = Page("".join(f'n_many{{i="{i}",pad="{"x" * 100}"}} 1\n' for i in range(400)))
    port = free_port()
    daemon = Daemon(config(f"http://127.0.0.1:{port}/api/v1/write", served, 'queue_size = "256KB"; batch = 400;')).start()
    sink = None
    try:
        eventually(lambda: remote(daemon)["dropped"] > 800, timeout=30, what="drops")
        row = remote(daemon)
        assert row["waiting_bytes"] < 256 * 1024 + 120 * 1024, row
        folder = os.path.join(daemon.home, "data/export/central")
        assert sum(os.path.getsize(os.path.join(folder, f)) for f in os.listdir(folder)) < 400 * 1024
        oldest = time.time() * 1000
        sink = Sink(port)
        eventually(lambda: sink.samples, what="what is left")
        assert min(t for _, t, _ in sink.samples) > oldest - 5000
        assert remote(daemon)["dropped"] % 400 == 0
    finally:
        daemon.remove()
        if sink:
            sink.close()
        served.close()


def a_batch_that_cannot_be_read_waits_and_one_that_is_gone_is_told():
    served, port = Page(numbers()), free_port()
    daemon = Daemon(config(f"http://127.0.0.1:{port}/api/v1/write", served)).start()
    folder, sink = os.path.join(daemon.home, "data/export/central"), None
    try:
        eventually(lambda: len(os.listdir(folder)) >= 3, what="batches that wait")
        oldest, second = (os.path.join(folder, name) for name in sorted(os.listdir(folder))[:2])
        os.rename(oldest, daemon.home + "/aside")
        os.symlink(oldest, oldest)  # a loop: the file is there, and cannot be opened
        eventually(lambda: "cannot open" in remote(daemon)["last_error"], what="the error of the disk")
        assert remote(daemon)["dropped"] == 0 and os.path.islink(oldest), remote(daemon)
        os.rename(daemon.home + "/aside", oldest)
        os.unlink(second)
        sink = Sink(port)
        eventually(lambda: remote(daemon)["sent"] > 0 and remote(daemon)["waiting_bytes"] == 0, what="an empty queue")
        lost = daemon.call("events.list", topic="export.dropped")
        gone = int(second.rsplit("-", 1)[1].split(".")[0])
        assert [row["data"]["samples"] for row in lost] == [gone] and "cannot open" in lost[0]["data"]["reason"], lost
        assert remote(daemon)["dropped"] == gone, remote(daemon)
    finally:
        daemon.remove()
        if sink:
            sink.close()
        served.close()


def in_a_sandbox_it_sends_as_well():
    served, sink = Page(numbers()), Sink()
    daemon = Daemon(config(sink.url, served) + 'isolation = { plugins = { remote-write = { tier = "sandbox"; }; }; };\n').start()
    try:
        eventually(lambda: len([s for s in sink.samples if s[0]["__name__"] == "n_third"]) >= 2, what="samples")
        assert all(value == NUMBERS.get(labels["__name__"], 1) for labels, _, value in sink.samples)
        tiers = [row["tier"] for row in daemon.call("plugin.instances") if row["plugin"] == "remote-write"]
        assert tiers == ["sandbox"], tiers
    finally:
        daemon.remove()
        sink.close()
        served.close()


def a_wrong_remote_disables_itself_alone():
    served, sink = Page(numbers()), Sink()
    good = config(sink.url, served)
    wrong = good.replace("remote_write = (", 'remote_write = ( { name = "bad"; url = "gopher://x"; }, { name = "none"; plugin = "nothing"; },')
    daemon = Daemon(wrong).start()
    try:
        eventually(lambda: sink.samples, what="the good one")
        rows = {row["name"]: row for row in daemon.call("export.list")}
        assert rows["bad"]["state"] == "failed" and rows["none"]["state"] == "failed", rows
        assert "no plugin named nothing" in rows["none"]["last_error"]
        assert rows["central"]["state"] in ("ready", "busy"), rows
    finally:
        daemon.remove()
        sink.close()
        served.close()


if __name__ == "__main__":
    if missing("prometheus"):
        print("skipped: Debian's prometheus is not installed")
        sys.exit(77)
    harness.run([labels_times_and_values_are_exact, a_series_that_ends_is_marked_stale, an_outage_and_a_restart_lose_nothing,
                 a_receiver_that_is_busy_is_asked_again_later, what_somebody_can_put_right_costs_nothing_of_the_backlog,
                 what_is_refused_for_good_is_dropped_and_said, the_queue_is_bounded_and_the_oldest_goes_first,
                 a_batch_that_cannot_be_read_waits_and_one_that_is_gone_is_told, in_a_sandbox_it_sends_as_well, a_wrong_remote_disables_itself_alone])
