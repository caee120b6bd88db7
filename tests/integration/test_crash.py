"""kill -9 at random moments: what was acknowledged is there afterwards, the store always opens. SPDX-License-Identifier: MIT"""

import json
import os
import random
import sqlite3
import threading
import time

from harness import FULL, Daemon, Receiver, eventually, run

KILLS = 600 if FULL else 60


def config(url):
    return f"""
store = {{ flush_interval = "200ms"; }};
collectors = ( {{ plugin = "system"; interval = "1s"; }} );
alerts = {{
  channels = ( {{ plugin = "webhook"; name = "ops"; url = "{url}"; levels = ["critical", "warning", "info"]; }} );
  rules = ( {{ name = "always"; expr = "system.memory_percent >= 0"; severity = "critical"; message = "it is up"; }} );
}};
"""


def silences(daemon):
    return {s["id"]: s["comment"] for s in daemon.call("alert.silences")}


def killed_while_silencing(daemon, rng, label):
    """Silences as fast as it can until the daemon is killed at a random moment; what was acknowledged."""
    daemon.start()
    client = daemon.client()
    stop = threading.Timer(rng.uniform(0.0, 0.15), daemon.process.kill)
    stop.start()
    acknowledged = {}
    try:
        for n in range(200):
            comment = f"{label}.{n}"
            made = client.call("alert.silence", matchers=["rule=nothing"], comment=comment, **{"for": "24h"})
            acknowledged[made["id"]] = comment
    except (OSError, ConnectionError, json.JSONDecodeError):
        pass
    stop.join()
    daemon.kill()
    client.close()
    return acknowledged


def no_acknowledged_silence_is_lost():
    receiver = Receiver()
    daemon = Daemon(config(receiver.url))
    rng = random.Random(7)
    total = 0
    try:
        for kill in range(KILLS):
            acknowledged = killed_while_silencing(daemon, rng, kill)
            total += len(acknowledged)
            daemon.start()
            kept = silences(daemon)
            lost = [k for k, v in acknowledged.items() if kept.get(k) != v]
            assert not lost, f"kill {kill}: {len(lost)} of {len(acknowledged)} acknowledged silences are lost"
            for silence in kept:
                daemon.call("alert.unsilence", id=silence)
            daemon.kill()
        assert total > KILLS, f"only {total} silences were acknowledged: the test tests nothing"
        daemon.start()
        daemon.stop()
        with sqlite3.connect(os.path.join(daemon.home, "data", "openclaw.db")) as db:
            assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert not [f for f in os.listdir(os.path.join(daemon.home, "data")) if "corrupt" in f]
        print(f"      {2 * KILLS} kills, {total} acknowledged silences, 0 lost")
    finally:
        daemon.remove()
        receiver.close()


def no_acknowledgement_of_an_alert_is_lost():
    receiver = Receiver()
    daemon = Daemon(config(receiver.url))
    try:
        daemon.start()
        alert = eventually(lambda: daemon.call("alert.list"), what="the alert")[0]
        daemon.call("alert.ack", id=alert["id"], comment="seen")
        daemon.kill()
        daemon.start()
        shown = daemon.call("alert.show", id=alert["id"])
        assert shown["acknowledged"] and shown["acknowledged"]["comment"] == "seen", shown
    finally:
        daemon.remove()
        receiver.close()


def a_promised_delivery_is_made_after_a_crash():
    receiver = Receiver()
    receiver.answer = 503
    daemon = Daemon(config(receiver.url))
    try:
        daemon.start()
        eventually(lambda: receiver.deliveries, what="a first attempt")
        first = receiver.deliveries[0][0]["X-OpenClaw-Delivery"]
        daemon.kill()
        receiver.answer = 200
        receiver.deliveries.clear()
        daemon.start()
        eventually(lambda: receiver.deliveries, what="the delivery after the crash")
        time.sleep(1.5)
        ids = [headers["X-OpenClaw-Delivery"] for headers, _ in receiver.deliveries]
        assert ids == [first], f"expected the delivery {first} once, found {ids}"
    finally:
        daemon.remove()
        receiver.close()


def a_crash_in_the_middle_of_a_delivery_repeats_the_same_id_only():
    receiver = Receiver()
    receiver.delay = 0.4
    daemon = Daemon(config(receiver.url))
    try:
        daemon.start()
        time.sleep(0.3)
        daemon.kill()
        daemon.start()
        eventually(lambda: receiver.deliveries, what="the delivery")
        time.sleep(1.5)
        ids = {headers["X-OpenClaw-Delivery"] for headers, _ in receiver.deliveries}
        assert len(ids) == 1, f"one alert, one delivery id; found {ids}"
    finally:
        daemon.remove()
        receiver.close()


def samples_survive_up_to_the_last_flush():
    daemon = Daemon('store = { flush_interval = "200ms"; };\ncollectors = ( { plugin = "system"; interval = "1s"; } );')
    try:
        daemon.start()
        eventually(lambda: any(s["name"] == "system.load1" for s in daemon.call("metrics.list")), what="samples")
        time.sleep(1.0)
        daemon.kill()
        daemon.start()
        answer = daemon.call("metrics.query", selector="system.load1", since="1h", step="0")
        assert answer["series"][0]["count"] >= 1, answer
    finally:
        daemon.remove()


run([no_acknowledged_silence_is_lost, no_acknowledgement_of_an_alert_is_lost,
     a_promised_delivery_is_made_after_a_crash, a_crash_in_the_middle_of_a_delivery_repeats_the_same_id_only,
     samples_survive_up_to_the_last_flush])
