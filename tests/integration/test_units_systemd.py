"""Units of a real systemd, booted in a container. Only with OC_FULL: making its file system takes minutes.
SPDX-License-Identifier: MIT

OC_SYSTEMD_ROOT names a folder with a bookworm system that has systemd and dbus; without it one is made with debootstrap below the build
folder, once. Needs root, systemd-nspawn and nsenter.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from harness import BUILD, FULL, Daemon, Failure, eventually, run

UNITS = {
    "demo.service": "[Service]\nExecStart=/bin/sleep 100000\nRestart=always\nRestartSec=100ms\n",
    "bad.service": "[Service]\nType=oneshot\nExecStart=/bin/false\n",
    "talks.service": "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/echo it has spoken\n",
    "stubborn.service": "[Service]\nExecStart=/bin/sh -c 'trap : TERM; while :; do sleep 1; done'\nTimeoutStopSec=1s\n",
}


def leave_out(why):
    print(f"left out: {why}")
    sys.exit(77)


def root_folder():
    given = os.environ.get("OC_SYSTEMD_ROOT")
    if given:
        return given
    path = os.path.abspath(os.path.join(BUILD, "systemd-root"))
    if not os.path.exists(os.path.join(path, "lib", "systemd", "systemd")):
        shutil.rmtree(path, ignore_errors=True)
        done = subprocess.run(["debootstrap", "--variant=minbase", "--include=systemd,systemd-sysv,dbus", "bookworm", path],
                              capture_output=True, text=True, check=False, timeout=580)
        if done.returncode != 0:
            leave_out(f"debootstrap failed: {done.stdout[-300:]}")
    return path


class Container:
    """systemd as PID 1 of a container; `wrapper` is a systemctl that speaks to it."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="openclaw-systemd-")
        root = root_folder()
        for name, text in UNITS.items():
            with open(os.path.join(root, "etc/systemd/system", name), "w") as f:
                f.write(text)
        self.log = open(os.path.join(self.folder, "log"), "wb")
        self.process = subprocess.Popen(
            ["systemd-nspawn", "-D", root, "-M", f"oc{os.getpid()}", "--volatile=overlay", "-b", "--register=no", "--keep-unit",
             "--kill-signal=SIGRTMIN+3", "--private-network", "--console=pipe"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.init = eventually(self.find_init, what="PID 1 of the container")
        for program in ("systemctl", "journalctl"):
            path = os.path.join(self.folder, program)
            with open(path, "w") as f:
                f.write("#!/bin/bash\n"
                        f'exec nsenter -t {self.init} -m -u -i -n -p -C --root --wd=/ /usr/bin/{program} "$@"\n')
            os.chmod(path, 0o755)
        eventually(lambda: self.ask("is-system-running").strip() in ("running", "degraded"), timeout=60, what="the boot")

    def find_init(self):
        found = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False).stdout.split()
        return int(found[0]) if found else None

    def ask(self, *words):
        return subprocess.run([os.path.join(self.folder, "systemctl"), *words], capture_output=True, text=True, check=False).stdout

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def refused(daemon, op, **params):
    try:
        daemon.call(op, **params)
    except Failure as failure:
        return failure
    raise AssertionError(f"{op} was not refused")


def units_of_a_real_systemd():
    container = Container()
    names = [*(name.split(".")[0] for name in UNITS), "nobody"]
    d = Daemon("collectors = ();\nunits = (" + ",".join(
        f'{{ name = "{n}"; driver = "systemd"; unit = "{n}.service"; systemctl = "{container.folder}/systemctl"; '
        f'journalctl = "{container.folder}/journalctl"; tags = ["service"]; }}' for n in names) + ");\n")
    try:
        d.start()
        states = {u["name"]: u["state"] for u in d.call("unit.list")}
        assert states == {**{n: "stopped" for n in names}, "nobody": "missing"}, states
        before = time.time() * 1000 - 50
        demo = d.call("unit.start", name="demo")
        assert demo["state"] == "running" and demo["changed"] and demo["pid"] > 0 and demo["started_ms"] >= before, demo
        assert not d.call("unit.start", name="demo")["changed"]
        other = d.call("unit.restart", name="demo")
        assert other["pid"] != demo["pid"] and other["started_ms"] > demo["started_ms"], other
        container.ask("kill", "--signal=SIGKILL", "demo.service")  # a crash: systemd brings it back
        eventually(lambda: (lambda u: u["state"] == "running" and u["pid"] != other["pid"])(d.call("unit.status", name="demo")),
                   what="Restart=")
        assert d.call("unit.kill", name="demo")["state"] == "stopped"
        time.sleep(0.5)
        assert d.call("unit.status", name="demo")["state"] == "stopped", "what was killed came back"
        failure = refused(d, "unit.start", name="bad")
        assert failure.code == "permanent" and "systemctl start left with 1" in str(failure), str(failure)
        assert d.call("unit.status", name="bad")["state"] == "failed"
        assert refused(d, "unit.start", name="nobody").code == "not_found"
        assert d.call("unit.start", name="talks")["state"] == "running"
        eventually(lambda: "it has spoken" in d.call("unit.logs", name="talks")["text"], what="its words")
        d.call("unit.start", name="stubborn")
        assert d.call("unit.stop", name="stubborn")["state"] in ("stopped", "failed")
        d.call("unit.start", name="demo")
        report = d.call("runbook.run", name="service-failure", param={"service": "infrastructure"}, dry_run=True)
        assert report["steps"][0]["id"] == "evidence"
    finally:
        d.remove()
        container.end()


if not FULL:
    leave_out("a real systemd is booted with OC_FULL=1 only; the driver's own test has a scripted systemctl")
for tool in ("systemd-nspawn", "nsenter", "pgrep") + (() if os.environ.get("OC_SYSTEMD_ROOT") else ("debootstrap",)):
    if not shutil.which(tool):
        leave_out(f"{tool} is not installed")
if os.geteuid() != 0:
    leave_out("needs root")
run([units_of_a_real_systemd])
