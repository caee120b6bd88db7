"""Every acknowledged alert, silence and acknowledgement outlives kill -9; a full disk loses nothing. SPDX-License-Identifier: MIT"""

import http.client
import json
import random
import resource
import signal
import threading
import time
import urllib.parse

from harness import FULL, Daemon, Failure, Receiver, eventually, run

SECONDS = 3600 if FULL else 40
KILLS = 3000 if FULL else 300
CONFIG = """collectors = ();
alerts = { channels = ( %s ); max_alerts = 400000; };
api = { listen = ( { port = 0; } ); };
"""


class Api:
    """One keep-alive connection to the API."""

    def __init__(self, url, token):
        self.connection = http.client.HTTPConnection(urllib.parse.urlparse(url).netloc, timeout=20)
        self.token = token

    def request(self, method, path, document=None):
        body = None if document is None else json.dumps(document)
        self.connection.request(method, path, body, {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"})
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def post(self, alerts):
        return self.request("POST", "/api/v2/alerts", alerts)[0]

    def alerts(self):
        status, text = self.request("GET", "/api/v2/alerts")
        assert status == 200, (status, text)
        return json.loads(text)


def alert(name, **labels):
    return {"labels": {"alertname": name, "severity": "critical", **labels}, "annotations": {"summary": f"{name} is down"},
            "endsAt": "2035-01-01T00:00:00Z"}


class Load:
    """Posts, silences and acknowledges until the daemon is gone; remembers what was acknowledged."""

    def __init__(self, home):
        self.home, self.serial = home, 0
        self.alerts, self.silences, self.acks, self.assigned = set(), {}, set(), {}

    def post(self, url, token):
        api = Api(url, token)
        while True:
            names = [f"a{self.serial + i}" for i in range(random.choice((1, 1, 5, 40)))]
            self.serial += len(names)
            if api.post([alert(name) for name in names]) == 200:
                self.alerts.update(names)

    def care(self, daemon):
        client = daemon.client()
        while True:
            made = client.call("alert.silence", matchers=[f"alertname=s{self.serial}"], **{"for": "2h"}, comment="x")
            self.silences[made["id"]] = made["matchers"]
            for name in random.sample(sorted(self.alerts)[-50:], min(2, len(self.alerts))):
                found = client.call("alert.list", rule=name)
                if found:
                    client.call("alert.ack", id=found[0]["id"], comment="seen")
                    self.acks.add(name)
                    client.call("alert.assign", id=found[0]["id"], who="maria")
                    self.assigned[name] = "maria"

    def run(self, daemon, seconds):
        token = daemon.token("operator")
        jobs = [(self.post, (daemon.url, token)), (self.care, (daemon,))]
        threads = [threading.Thread(target=self.until_gone, args=job, daemon=True) for job in jobs]
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        daemon.kill()
        for thread in threads:
            thread.join(20)
            assert not thread.is_alive(), "a client hangs although the daemon is gone"

    @staticmethod
    def until_gone(work, args):
        try:
            work(*args)
        except (OSError, http.client.HTTPException, ValueError):
            pass  # the daemon was killed
        except Failure as problem:
            assert problem.code == "cancelled", problem

    def check(self, daemon):
        there = {row["rule"]: row for row in daemon.call("alert.list", state="all")}
        lost = sorted(self.alerts - there.keys())
        assert not lost, f"{len(lost)} acknowledged alerts are gone: {lost[:5]}"
        silences = {row["id"] for row in daemon.call("alert.silences")}
        assert not self.silences.keys() - silences, f"silences are gone: {sorted(self.silences.keys() - silences)[:5]}"
        for name in self.acks:
            assert there[name]["acknowledged"], f"the acknowledgement of {name} is gone"
        for name, who in self.assigned.items():
            assert there[name]["assigned"]["to"] == who, f"the assignment of {name} is gone"


def nothing_acknowledged_is_lost_by_kill_9():
    daemon = Daemon(CONFIG % "", api=True)
    load, kills, until = Load(daemon.home), 0, time.monotonic() + SECONDS
    ended = []  # what became of earlier homes
    try:
        while kills < KILLS and time.monotonic() < until:
            daemon.start()
            load.check(daemon)
            load.run(daemon, random.uniform(0.01, 0.12))
            kills += 1
            if len(load.alerts) > 4000:  # a new life: what is checked each time stays small
                daemon.start()
                load.check(daemon)
                daemon.remove()
                ended.append(load)
                daemon = Daemon(CONFIG % "", api=True)
                load = Load(daemon.home)
        daemon.start()
        load.check(daemon)
        assert kills >= 20, f"only {kills} kills"
        lives = [*ended, load]  # the last may have begun a moment ago
        alerts, silences, acks = (sum(len(getattr(life, what)) for life in lives) for what in ("alerts", "silences", "acks"))
        print(f"      {kills} kills in {len(lives)} homes: {alerts} alerts, {silences} silences and {acks} acknowledgements outlived them")
        assert alerts > kills and silences and acks, "hardly anything was acknowledged: nothing was tried"
    finally:
        daemon.remove()


def small_files():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))


def a_full_disk_is_said_and_nothing_is_lost():
    receiver = Receiver()
    daemon = Daemon(CONFIG % '{ plugin = "webhook"; url = "%s"; }' % receiver.url, api=True)
    try:
        daemon.start(preexec=small_files)
        api = Api(daemon.url, daemon.token("operator"))
        posted, status, filler = [], 200, "x" * 2000
        while status == 200 and len(posted) < 2000:
            names = [f"f{len(posted) + i}" for i in range(20)]
            status = api.post([{**alert(name), "annotations": {"summary": filler}} for name in names])
            posted += names
        assert status == 503, status
        assert api.post([alert("late")]) == 503
        eventually(lambda: any(b"late" in body for _, body in list(receiver.deliveries)), what="the alert that could not be stored")
        assert "cannot be stored" in daemon.output()
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        eventually(lambda: api.post([alert("well")]) == 200, what="writing again")
        eventually(lambda: "alerts are stored again" in daemon.output(), what="the word that all is well")
        daemon.kill()
        daemon.start()
        there = {row["rule"] for row in daemon.call("alert.list", state="all")}
        assert not set(posted + ["late", "well"]) - there, sorted(set(posted) - there)[:5]
    finally:
        daemon.remove()
        receiver.close()


def what_ended_is_not_told_again_after_a_crash():
    """At least once: a delivery that was made is not made again, one that was not is, with the same id."""
    receiver = Receiver()
    daemon = Daemon(CONFIG % '{ plugin = "webhook"; url = "%s"; }' % receiver.url, api=True)
    try:
        daemon.start()
        api = Api(daemon.url, daemon.token("operator"))
        assert api.post([alert("once")]) == 200
        eventually(lambda: len(receiver.deliveries) == 1, what="the notification")
        time.sleep(0.6)  # its end is written within a quarter of a second
        daemon.kill()
        daemon.start()
        api = Api(daemon.url, daemon.token("operator"))
        assert api.post([alert("once")]) == 200
        assert api.post([alert("twice")]) == 200
        eventually(lambda: len(receiver.deliveries) == 2, what="the second notification")
        time.sleep(0.5)
        assert len(receiver.deliveries) == 2, [str(d)[:200] for d in receiver.deliveries]
    finally:
        daemon.remove()
        receiver.close()


run([nothing_acknowledged_is_lost_by_kill_9, a_full_disk_is_said_and_nothing_is_lost, what_ended_is_not_told_again_after_a_crash])
