"""Escalation, fail-over and digests outlive kill -9: every step is taken once, nothing is lost. SPDX-License-Identifier: MIT"""

import json
import os
import random
import time
import urllib.request

from harness import FULL, Daemon, Receiver, eventually, free_port, run

ALERTS = 40
ROUNDS = 200 if FULL else 6
CONFIG = """collectors = ();
alerts = {
  storm_limit = %(limit)d; cooldown = "0"; repeat_interval = "0";
  channels = (
    { plugin = "webhook"; name = "first"; url = "http://127.0.0.1:%(dead)d/"; retries = 0; fallback = "second"; },
    { plugin = "webhook"; name = "second"; url = "%(second)s"; levels = ["info"]; },
    { plugin = "webhook"; name = "pager"; url = "%(pager)s"; levels = ["info"]; }
  );
};
"""
POLICY = """
function escalate(alert, at)
  if alert.step == 0 then
    return { after = AFTER, channels = { "pager" }, reason = "nobody came" }
  end
end
"""


class Scene:
    def __init__(self, limit=0, after=1.5):
        self.second, self.pager = Receiver(), Receiver()
        self.daemon = Daemon(CONFIG % {"limit": limit, "dead": free_port(), "second": self.second.url, "pager": self.pager.url}, api=True)
        folder = os.path.join(self.daemon.home, "policies")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "escalate.lua"), "w") as f:
            f.write(POLICY.replace("AFTER", str(after)))

    def request(self, method, path):
        request = urllib.request.Request(self.daemon.url + path, method=method, headers={"Authorization": "Bearer " + self.token})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or b"null")

    def post(self, names):
        body = json.dumps([{"labels": {"alertname": name, "severity": "critical"}, "endsAt": "2035-01-01T00:00:00Z"} for name in names]).encode()
        request = urllib.request.Request(self.daemon.url + "/api/v2/alerts", body, {
            "Content-Type": "application/json", "Authorization": "Bearer " + self.token})
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert answer.status == 200

    def start(self):
        self.daemon.start()
        self.token = self.daemon.token("operator")

    def close(self):
        self.daemon.remove()
        self.second.close()
        self.pager.close()


def told(receiver):
    """alert name -> ids of its deliveries"""
    found = {}
    for _, body in list(receiver.deliveries):
        message = json.loads(body)
        found.setdefault(message["alert"]["rule"], set()).add(message["delivery"])
    return found


def every_step_is_taken_once_whenever_the_host_is_killed():
    scene = Scene()
    kills = 0
    try:
        for turn in range(ROUNDS):
            scene.start()
            names = [f"t{turn}-{i}" for i in range(ALERTS)]
            scene.post(names)
            for _ in range(3):
                time.sleep(random.uniform(0.05, 0.9))
                scene.daemon.kill()
                kills += 1
                scene.daemon.start()
            eventually(lambda: set(names) <= told(scene.pager).keys(), what="the escalation of all")
            eventually(lambda: set(names) <= told(scene.second).keys(), what="the fail-over of all")
            time.sleep(0.6)
            scene.daemon.kill()
        for receiver, what in ((scene.second, "failed over"), (scene.pager, "escalated")):
            twice = {name: ids for name, ids in told(receiver).items() if len(ids) != 1}
            assert not twice, f"{what} more than once: {list(twice.items())[:3]}"
            assert len(told(receiver)) == ROUNDS * ALERTS
        print(f"      {kills} kills, {ROUNDS * ALERTS} alerts, each escalated and failed over once")
    finally:
        scene.close()


def an_acknowledgement_stops_the_chain():
    scene = Scene(after=5)
    try:
        scene.start()
        scene.post(["left", "seen"])
        row = next(row for row in scene.daemon.call("alert.list") if row["rule"] == "seen")
        assert row["escalation"]["step"] == 0 and row["escalation"]["due"], row
        scene.daemon.call("alert.ack", id=row["id"], **{"for": "1h"})
        eventually(lambda: "left" in told(scene.pager), what="the escalation")
        time.sleep(0.5)
        assert "seen" not in told(scene.pager)
        events = [event for event in scene.daemon.call("alert.history") if event["event"] == "escalated"]
        assert len(events) == 1 and events[0]["channels"] == ["pager"], events
        scene.daemon.call("alert.escalate", id=row["id"], channel=["pager"])
        eventually(lambda: "seen" in told(scene.pager), what="the escalation by hand")
    finally:
        scene.close()


def a_storm_is_told_as_a_list_and_nothing_is_missing():
    scene = Scene(limit=10)
    try:
        scene.start()
        names = {f"s{i}" for i in range(200)}
        scene.post(sorted(names))
        time.sleep(0.3)
        scene.daemon.kill()
        scene.start()

        def heard():
            found = set()
            for _, body in list(scene.second.deliveries):
                message = json.loads(body)
                found.add(message["alert"]["rule"])
                found |= {item["rule"] for item in message.get("alerts", [])}
            return found

        eventually(lambda: names <= heard(), timeout=40, what="all of them")
        assert len(scene.second.deliveries) < 60, len(scene.second.deliveries)
    finally:
        scene.close()


def clients_of_alertmanager_see_occurrences_and_end_them():
    scene = Scene()
    try:
        scene.start()
        made = scene.daemon.call("alert.silence", matchers=["rule=backup"], every="0 2 * * sun", zone="Europe/Berlin", **{"for": "2h"})
        listed, = scene.request("GET", "/api/v2/silences")
        assert listed["id"] == made["id"] and listed["status"]["state"] == "pending", listed
        scene.request("DELETE", "/api/v2/silence/" + made["id"])
        states = {row["id"]: row["status"]["state"] for row in scene.request("GET", "/api/v2/silences")}
        assert sorted(states.values()) == ["expired", "pending"] and states[made["id"]] == "expired", states
        scene.daemon.kill()
        scene.start()
        after, = scene.daemon.call("alert.silences")
        assert after["starts"] > made["starts"] and after["recurs"]["zone"] == "Europe/Berlin", after
        scene.daemon.call("alert.unsilence", id=after["id"])
        assert scene.daemon.call("alert.silences") == []
    finally:
        scene.close()


run([clients_of_alertmanager_see_occurrences_and_end_them, every_step_is_taken_once_whenever_the_host_is_killed,
     an_acknowledgement_stops_the_chain, a_storm_is_told_as_a_list_and_nothing_is_missing])
