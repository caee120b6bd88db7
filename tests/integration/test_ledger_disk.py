"""A disk that fails below the ledger: nothing is acknowledged that is not there, and it goes on by itself. SPDX-License-Identifier: MIT"""

import errno
import json
import os
import shutil
import signal
import time

from harness import BUILD, Daemon, Failure

SHIM = os.path.join(BUILD, "tests/integration/fault_disk.so")
CONFIG = "collectors = ();\nalerts = { channels = (); };\n"


class Disk:
    def __init__(self):
        self.daemon = Daemon(CONFIG)
        self.file = os.path.join(self.daemon.home, "fault")
        sanitizers = os.environ.get("ASAN_OPTIONS", "detect_leaks=0")
        self.daemon.env |= {"LD_PRELOAD": SHIM, "OC_FAULT_FILE": self.file, "OC_FAULT_PATH": "/ledger/",
                            "ASAN_OPTIONS": f"{sanitizers}:verify_asan_link_order=0"}
        self.daemon.start()
        self.acknowledged = []
        self.next = self.lost = 0

    def note(self):
        """Whether an entry was acknowledged."""
        self.next += 1
        try:
            self.daemon.call("audit.note", type="operation", entry=json.dumps({"op": "test.do", "n": self.next}))
        except Failure as e:
            assert e.code == "retry", e
            self.lost += 1
            return False
        self.acknowledged.append(self.next)
        return True

    def lose(self):
        """Something is done of which no entry can be written."""
        try:
            self.daemon.call("ledger.witness.remove", name="nobody")
        except Failure as e:
            assert e.code == "not_found", e
        self.lost += 1

    def told(self):
        """How many entries are said to be missing."""
        return sum(r["entry"]["entries"] for r in self.daemon.call("ledger.show", type="audit_gap"))

    def fail(self, call, number):
        with open(self.file + ".new", "w") as f:
            f.write(f"{call} {number}")
        os.rename(self.file + ".new", self.file)

    def mend(self):
        os.remove(self.file)

    def kept(self):
        return [r["entry"]["n"] for r in reversed(self.daemon.call("ledger.show", type="operation", limit=10000)) if "n" in r["entry"]]


def goes_through(disk, call, number):
    for _ in range(5):
        assert disk.note()
    disk.fail(call, number)
    assert not disk.note(), f"acknowledged although {call} failed"
    status = disk.daemon.call("ledger.status")
    assert status["healthy"] is False and status["problem"], status
    assert not disk.note()
    end = time.monotonic() + 2.2
    while time.monotonic() < end:  # it tries every second, and that it tries is no sign of health
        assert disk.daemon.call("ledger.status")["healthy"] is False
        disk.lose()
        time.sleep(0.05)
    assert not disk.note()
    disk.mend()
    end = time.monotonic() + 20
    while not disk.note():
        assert time.monotonic() < end, "it does not go on"
        time.sleep(0.1)
    assert disk.daemon.call("ledger.status")["healthy"] is True
    while disk.told() != disk.lost:
        assert time.monotonic() < end, (disk.told(), disk.lost)
        time.sleep(0.1)
    assert disk.kept() == disk.acknowledged, (disk.kept(), disk.acknowledged)
    assert disk.daemon.call("ledger.verify")["entries"] >= len(disk.acknowledged)


def main():
    disk = Disk()
    try:
        goes_through(disk, "write", errno.ENOSPC)
        goes_through(disk, "fdatasync", errno.EIO)
        goes_through(disk, "write", errno.EIO)
        disk.daemon.process.send_signal(signal.SIGKILL)
        disk.daemon.process.wait(20)
        disk.daemon.start()
        assert disk.kept() == disk.acknowledged
        assert disk.daemon.call("ledger.status")["healthy"] is True
    finally:
        disk.daemon.process.kill()
        disk.daemon.process.wait(20)
    shutil.rmtree(disk.daemon.home, ignore_errors=True)
    print("ok")


if __name__ == "__main__":
    main()
