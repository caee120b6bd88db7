"""A list of new alerts, many who watch, and long answers hold nobody else up. SPDX-License-Identifier: MIT"""

import http.client
import json
import os
import threading
import time

import harness
from harness import Daemon, eventually

ALERTS = 6000


def connect(daemon):
    return http.client.HTTPConnection(daemon.url.split("//")[1], timeout=120)


def ask(connection, method, path, token, document=None, headers=None):
    body = json.dumps(document) if document is not None else None
    connection.request(method, path, body, {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **(headers or {})})
    answer = connection.getresponse()
    return answer.status, answer.read()


class Probe:
    """Asks for /healthz without a pause and remembers when each answer came."""

    def __init__(self, daemon):
        self.answers, self.over = [], False
        self.connection = connect(daemon)
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        while not self.over:
            self.connection.request("GET", "/healthz")
            assert self.connection.getresponse().read() is not None
            self.answers.append(time.monotonic())
            time.sleep(0.001)

    def end(self):
        self.over = True
        self.thread.join()
        self.connection.close()


def sent(daemon, path):
    if not os.path.exists(path):
        return 0
    with open(path) as f:
        return sum(1 for _ in f)


def storm(watchers):
    """How many others were answered while the alerts were taken and told, and the longest wait as a part of that time."""
    daemon = Daemon("collectors = ();\n", api=True)
    path = os.path.join(daemon.home, "told.jsonl")
    daemon.write(f'collectors = ();\nschedules = ();\nalerts = {{ channels = ( {{ plugin = "file"; name = "f"; path = "{path}"; }} ); }};\n')
    daemon.start()
    try:
        token, connection = daemon.token("operator"), connect(daemon)
        for _ in range(watchers):
            assert ask(connection, "POST", "/api/v1/events/watch", token, {}, {"Prefer": "respond-async"})[0] == 202
        alerts = [{"labels": {"alertname": f"A{i % 40}", "instance": f"host-{i}", "severity": "warning"}} for i in range(ALERTS)]
        probe = Probe(daemon)
        time.sleep(0.2)
        begun = time.monotonic()
        assert ask(connection, "POST", "/api/v2/alerts", token, alerts)[0] == 200
        eventually(lambda: sent(daemon, path) > 0, timeout=60, what="the first delivery")
        time.sleep(1)
        probe.end()
        over = time.monotonic()
        times = [begun] + [t for t in probe.answers if t >= begun]
        return len(times) - 1, max(b - a for a, b in zip(times, times[1:])) / (over - begun)
    finally:
        daemon.remove()


def others_are_answered_while_many_new_alerts_are_taken():
    count, longest = storm(0)
    assert count >= 30 and longest < 0.5, (count, longest)


def many_who_watch_do_not_change_that():
    count, longest = storm(64)
    assert count >= 30 and longest < 0.5, (count, longest)


def long_answers_are_made_between_others():
    daemon = Daemon("collectors = ();\nschedules = ();\nalerts = { channels = (); };\n", api=True)
    daemon.start()
    try:
        token, connection = daemon.token("operator"), connect(daemon)
        alerts = [{"labels": {"alertname": f"A{i % 40}", "instance": f"host-{i}", "severity": "warning"}} for i in range(ALERTS)]
        assert ask(connection, "POST", "/api/v2/alerts", token, alerts)[0] == 200
        for path, count in (("alert/list", len), ("alert/groups", lambda rows: sum(row["count"] for row in rows))):
            probe = Probe(daemon)
            time.sleep(0.2)
            begun = time.monotonic()
            status, text = ask(connection, "GET", f"/api/v1/{path}", token)
            over = time.monotonic()
            probe.end()
            assert status == 200 and count(json.loads(text)["data"]) == ALERTS
            during = len([t for t in probe.answers if begun <= t <= over])
            assert during >= 10, (path, during, over - begun)
            few = json.loads(ask(connection, "GET", f"/api/v1/{path}?limit=100", token)[1])
            assert count(few["data"]) == 100 and "left out" in few["warnings"][0], (path, few["warnings"])
    finally:
        daemon.remove()


if __name__ == "__main__":
    harness.run([others_are_answered_while_many_new_alerts_are_taken, many_who_watch_do_not_change_that, long_answers_are_made_between_others])
