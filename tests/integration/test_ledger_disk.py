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
        self.next = 0

    def note(self):
        """Whether an entry was acknowledged."""
        self.next += 1
        try:
            self.daemon.call("audit.note", type="operation", entry=json.dumps({"op": "test.do", "n": self.next}))
        except Failure as e:
            assert e.code == "retry", e
            return False
        self.acknowledged.append(self.next)
        return True

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
    time.sleep(1.3)
    assert not disk.note()
    disk.mend()
    end = time.monotonic() + 20
    while not disk.note():
        assert time.monotonic() < end, "it does not go on"
        time.sleep(0.1)
    assert disk.daemon.call("ledger.status")["healthy"] is True
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
