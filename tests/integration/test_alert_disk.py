"""A disk that fails below the journal of alerts: said, refused, people told, nothing acknowledged lost. SPDX-License-Identifier: MIT"""

import errno
import http.client
import json
import os
import sys
import urllib.parse

from harness import BUILD, Daemon, Receiver, eventually, run

SHIM = os.path.join(BUILD, "tests/integration/fault_disk.so")
CONFIG = """collectors = ();
alerts = { channels = ( { plugin = "webhook"; url = "%s"; } ); };
api = { listen = ( { port = 0; } ); };
"""


class Disk:
    """A daemon on a disk whose calls can be made to fail."""

    def __init__(self):
        self.receiver = Receiver()
        self.daemon = Daemon(CONFIG % self.receiver.url, api=True)
        self.file = os.path.join(self.daemon.home, "fault")
        sanitizers = os.environ.get("ASAN_OPTIONS", "detect_leaks=0")
        self.daemon.env |= {"LD_PRELOAD": SHIM, "OC_FAULT_FILE": self.file, "ASAN_OPTIONS": f"{sanitizers}:verify_asan_link_order=0"}
        self.daemon.start()
        self.token = self.daemon.token("operator")
        self.acknowledged = []

    def post(self, name):
        connection = http.client.HTTPConnection(urllib.parse.urlparse(self.daemon.url).netloc, timeout=20)
        connection.request("POST", "/api/v2/alerts", json.dumps([{"labels": {"alertname": name}, "endsAt": "2035-01-01T00:00:00Z"}]),
                           {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"})
        status = connection.getresponse().status
        connection.close()
        if status == 200:
            self.acknowledged.append(name)
        return status

    def fail(self, call, number):
        with open(self.file + ".new", "w") as f:
            f.write(f"{call} {number}")
        os.rename(self.file + ".new", self.file)

    def mend(self):
        os.remove(self.file)

    def hits(self):
        path = self.file + ".hits"
        return os.path.getsize(path) if os.path.exists(path) else 0

    def complaints(self):
        return [p for p in self.daemon.call("status")["problems"] if p.startswith("alerts:")]

    def ready(self):
        connection = http.client.HTTPConnection(urllib.parse.urlparse(self.daemon.url).netloc, timeout=20)
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def remove(self):
        self.daemon.remove()
        self.receiver.close()


def one_fault(call, number):
    disk = Disk()
    try:
        assert all(disk.post(f"before{i}") == 200 for i in range(5))
        assert disk.complaints() == []
        disk.fail(call, number)
        status = disk.post("during")
        if not disk.hits():
            print("      the sanitizer's own runtime is in the way: skipped")
            return
        assert status == 503, status
        assert disk.post("during2") == 503
        eventually(lambda: disk.complaints(), what="a problem in status")
        found = [f for f in disk.daemon.call("doctor") if f["check"] == "alert"]
        assert found and found[0]["state"] == "error" and os.strerror(number) in found[0]["message"], found
        status, text = disk.ready()
        assert status == 503 and text.startswith("alerts: "), (status, text)
        for name in (b"during", b"during2"):
            eventually(lambda: any(name in body for _, body in list(disk.receiver.deliveries)), what="what could not be stored is told")
        before = disk.hits()
        eventually(lambda: disk.hits() > before, what="another try without a post")
        disk.mend()
        eventually(lambda: not disk.complaints(), what="all is well again, without a post")
        assert disk.ready() == (200, "ready\n")
        assert disk.post("after") == 200
        disk.daemon.kill()
        disk.daemon.start()
        there = {row["rule"] for row in disk.daemon.call("alert.list", state="all")}
        assert not set(disk.acknowledged + ["during", "during2"]) - there, sorted(there)
    finally:
        disk.remove()


def a_sync_that_fails_is_said_and_made_up_for():
    one_fault("fdatasync", errno.EIO)


def a_disk_that_becomes_full_is_said_and_made_up_for():
    one_fault("write", errno.ENOSPC)


def a_write_that_fails_is_said_and_made_up_for():
    one_fault("write", errno.EIO)


def kill_9_while_the_disk_fails_loses_nothing_acknowledged():
    disk = Disk()
    try:
        for i in range(30):
            if i % 3 == 0:
                disk.fail("fdatasync" if i % 2 else "write", errno.EIO)
            disk.post(f"k{i}")
            if i % 3 == 1 and os.path.exists(disk.file):
                disk.mend()
            if i % 10 == 9:
                if os.path.exists(disk.file):
                    disk.mend()
                disk.daemon.kill()
                disk.daemon.start()
                there = {row["rule"] for row in disk.daemon.call("alert.list", state="all")}
                assert not set(disk.acknowledged) - there, sorted(set(disk.acknowledged) - there)
    finally:
        disk.remove()


if not os.path.exists(SHIM):
    print(f"{SHIM} has not been built")
    sys.exit(77)
run([a_sync_that_fails_is_said_and_made_up_for, a_disk_that_becomes_full_is_said_and_made_up_for, a_write_that_fails_is_said_and_made_up_for,
     kill_9_while_the_disk_fails_loses_nothing_acknowledged])
