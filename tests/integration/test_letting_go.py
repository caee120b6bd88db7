"""Reloads without what hangs or waits for its next try: it is stopped, and nothing of it is left behind. SPDX-License-Identifier: MIT"""

import json
import socket
import threading
import time
import urllib.request

import harness
from harness import Daemon, eventually, free_port

LEFT = ("left behind", "was killed", "given up")


class Silence:
    """Takes connections and never says a word."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        self.taken = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        try:
            while True:
                self.taken.append(self.socket.accept()[0])
        except OSError:
            pass

    def close(self):
        self.socket.close()
        for one in self.taken:
            one.close()


def instances(daemon, *plugins):
    return {row["instance"] for row in daemon.call("plugin.instances") if row["plugin"] in plugins}


def reload_without(daemon, config, *plugins):
    """The configuration without them takes force; what they leave behind is told within what they may take to stop."""
    daemon.write(config)
    begun = time.monotonic()
    daemon.call("reload")
    took = time.monotonic() - begun
    assert took < 2, f"the reload waited {took:.1f} s"
    time.sleep(3)
    output = daemon.output()
    assert not any(words in output for words in LEFT), output
    assert not instances(daemon, *plugins), daemon.call("plugin.instances")
    assert daemon.stop() == 0, daemon.output()
    assert not any(words in daemon.output() for words in LEFT), daemon.output()


def remote(name, port):
    return f'{{ name = "{name}"; url = "http://127.0.0.1:{port}/w"; flush_interval = "200ms"; }}'


BUSY = 'collectors = ( { plugin = "system"; interval = "1s"; } );\n'


def a_remote_write_that_waits_for_its_next_try_stops():
    daemon = Daemon(BUSY + f"remote_write = ( {remote('down', free_port())} );\n").start()
    try:
        eventually(lambda: daemon.call("export.list")[0]["waiting"] and daemon.call("export.list")[0]["last_error"], what="a refusal")
        reload_without(daemon, BUSY, "remote-write")
    finally:
        daemon.remove()


def a_remote_write_whose_receiver_is_silent_stops():
    silence = Silence()
    daemon = Daemon(BUSY + f"remote_write = ( {remote('silent', silence.port)} );\n").start()
    try:
        eventually(lambda: silence.taken, what="a request")
        reload_without(daemon, BUSY, "remote-write")
    finally:
        daemon.remove()
        silence.close()


def a_remote_write_that_is_changed_makes_way_for_the_new_one():
    silence = Silence()
    one = BUSY + f"remote_write = ( {remote('same', silence.port)} );\n"
    other = BUSY + f"remote_write = ( {remote('same', free_port())} );\n"
    daemon = Daemon(one).start()
    try:
        eventually(lambda: silence.taken, what="a request")
        daemon.write(other)
        daemon.call("reload")
        eventually(lambda: "refused" in (daemon.call("export.list")[0]["last_error"] or "")
                   or "connect" in (daemon.call("export.list")[0]["last_error"] or ""), what="the new one to try")
        row = daemon.call("export.list")[0]
        assert row["dropped"] == 0 and row["waiting"] > 0, row
        reload_without(daemon, BUSY, "remote-write")
    finally:
        daemon.remove()
        silence.close()


def channels_in_retry_and_in_flight_stop():
    silence = Silence()
    channels = ", ".join(f'{{ plugin = "webhook"; name = "{name}"; url = "http://127.0.0.1:{port}/hook"; levels = ["critical"]; }}'
                         for name, port in (("down", free_port()), ("silent", silence.port)))
    daemon = Daemon(f"collectors = ();\nalerts = {{ channels = ( {channels} ); }};\n", api=True).start()
    try:
        body = json.dumps([{"labels": {"alertname": "A", "severity": "critical"}}]).encode()
        headers = {"Authorization": f"Bearer {daemon.token('operator')}", "Content-Type": "application/json"}
        urllib.request.urlopen(urllib.request.Request(daemon.url + "/api/v2/alerts", body, headers), timeout=10).close()
        eventually(lambda: silence.taken, what="a delivery")
        reload_without(daemon, "collectors = ();\nalerts = { channels = (); };\n", "webhook")
    finally:
        daemon.remove()
        silence.close()


def collectors_of_a_silent_target_stop():
    silence = Silence()
    at = f"127.0.0.1:{silence.port}"
    daemon = Daemon(f"""collectors = (
  {{ plugin = "http"; name = "h"; url = "http://{at}/"; interval = "500ms"; }},
  {{ plugin = "prometheus"; name = "p"; url = "http://{at}/metrics"; interval = "500ms"; }},
  {{ plugin = "redis"; name = "r"; url = "redis://{at}"; interval = "500ms"; }},
  {{ plugin = "postgres"; name = "d"; dsn = "postgresql://u@{at}/d"; interval = "500ms"; }},
  {{ plugin = "exec"; name = "e"; command = ["/bin/sleep", "60"]; interval = "500ms"; timeout = "50s"; }}
);
""").start()
    try:
        eventually(lambda: len(silence.taken) >= 4, what="four requests")
        reload_without(daemon, "collectors = ();\n", "http", "prometheus", "redis", "postgres", "exec")
    finally:
        daemon.remove()
        silence.close()


if __name__ == "__main__":
    harness.run([a_remote_write_that_waits_for_its_next_try_stops, a_remote_write_whose_receiver_is_silent_stops,
                 a_remote_write_that_is_changed_makes_way_for_the_new_one, channels_in_retry_and_in_flight_stop,
                 collectors_of_a_silent_target_stop])
