"""What a restart must not tell: alerts that go on are neither resolved nor told again, and what is well stays well; what is no more
while the host was down ends. SPDX-License-Identifier: MIT"""

import json
import socket
import time

from harness import Daemon, Failure, Receiver, eventually, free_port, run

CHANNEL = 'alerts = {{ channels = ( {{ plugin = "webhook"; name = "ops"; url = "{url}"; levels = ["critical", "warning", "info"]; }} ); }};\n'


def told(receiver):
    return [(b["alert"]["rule"], b["event"]) for b in (json.loads(body) for _, body in receiver.deliveries)]


def of_rule(daemon, rule):
    return [a for a in daemon.call("alert.list") if a["rule"] == rule]


def fail_once(daemon, name):
    client = daemon.client()  # cron.add has a parameter "op" of its own
    client.send({"id": 1, "op": "cron.add", "params": {"name": name, "every": "1h", "op": "unit.start", "params": '{"name":"nix"}'}})
    answer = client.receive()
    client.close()
    assert answer["ok"], answer
    try:
        daemon.call("cron.run", name=name)
    except Failure:
        pass


def settled(daemon):
    """The first round is over, and whoever tells samples of its own has done so."""
    time.sleep(2)


def the_alert_of_a_schedule_goes_on_over_restarts():
    receiver = Receiver()
    daemon = Daemon("collectors = ();\n" + CHANNEL.format(url=receiver.url))
    try:
        daemon.start()
        fail_once(daemon, "bad")
        eventually(lambda: of_rule(daemon, "cron_failed"), what="the alert")
        eventually(lambda: told(receiver), what="its delivery")
        alert = of_rule(daemon, "cron_failed")[0]
        daemon.call("alert.ack", id=alert["id"], comment="seen")
        before = told(receiver)
        for kind in ("stop", "kill", "stop"):
            getattr(daemon, kind)()
            daemon.start()
            settled(daemon)
        after = of_rule(daemon, "cron_failed")
        assert [a["id"] for a in after] == [alert["id"]], after
        assert after[0]["acknowledged"], after
        assert after[0]["severity"] == alert["severity"] and after[0]["starts_at"] == alert["starts_at"], (alert, after)
        history = daemon.call("alert.history", limit=1000)
        assert not [h for h in history if h["event"] == "resolved"], history
        assert told(receiver) == before, (before, told(receiver))
    finally:
        daemon.remove()
        receiver.close()


def the_alert_of_a_schedule_that_is_no_more_ends_with_the_restart():
    receiver = Receiver()
    base = "collectors = ();\n" + CHANNEL.format(url=receiver.url)
    daemon = Daemon(base + "schedules = ( { name = \"bad\"; every = \"1h\"; op = \"unit.start\"; params = { name = \"nix\"; }; } );\n")
    try:
        daemon.start()
        daemon.call("cron.run", name="bad")
        eventually(lambda: of_rule(daemon, "cron_failed"), what="the alert")
        assert daemon.stop() == 0
        daemon.write(base)
        daemon.start()
        eventually(lambda: not of_rule(daemon, "cron_failed"), what="the end of the alert")
    finally:
        daemon.remove()
        receiver.close()


class Listening:
    """A port that can be closed and opened again."""

    def __init__(self):
        self.port, self.socket = free_port(), None
        self.up()

    def up(self):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", self.port))
        self.socket.listen(128)

    def down(self):
        self.socket.close()


def score(daemon):
    rows = [s for s in daemon.call("health.check")["checks"] if s["instance"] == "port"]
    return rows[0]["score"] if rows else None


def what_is_well_again_is_well_after_a_restart():
    target, receiver = Listening(), Receiver()
    daemon = Daemon('collectors = ( { plugin = "tcp"; name = "port"; interval = "200ms"; host = "127.0.0.1"; '
                    f'port = {target.port}; }} );\n' + CHANNEL.format(url=receiver.url))
    try:
        daemon.start()
        eventually(lambda: score(daemon) == 1, what="a service that is well")
        target.down()
        eventually(lambda: score(daemon) < 0.5, what="a low score")
        eventually(lambda: of_rule(daemon, "service_degraded"), what="the alert")
        assert daemon.stop() == 0  # the low score is kept
        daemon.start()
        eventually(lambda: score(daemon) is not None and score(daemon) < 0.7, what="the low score, found again")
        target.up()
        eventually(lambda: score(daemon) == 1, 30, what="the score of a service that is well again")
        eventually(lambda: not of_rule(daemon, "service_degraded"), what="the end of the alert")
        settled(daemon)
        before = told(receiver)
        assert daemon.stop() == 0
        daemon.start()
        eventually(lambda: score(daemon) is not None, what="the service")
        assert score(daemon) == 1, score(daemon)
        settled(daemon)
        assert not of_rule(daemon, "service_degraded")
        assert told(receiver) == before, (before, told(receiver))
    finally:
        daemon.remove()
        target.down()
        receiver.close()


run([the_alert_of_a_schedule_goes_on_over_restarts, the_alert_of_a_schedule_that_is_no_more_ends_with_the_restart,
     what_is_well_again_is_well_after_a_restart])
