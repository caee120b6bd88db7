#!/usr/bin/python3
"""The command line against a real host: what it can be given, what it says, how it ends. SPDX-License-Identifier: MIT"""

import json
import os
import pty
import select
import shutil
import signal
import subprocess
import tempfile
import time

import harness
from harness import Daemon, eventually

OPENCLAW = f"{harness.BUILD}/bin/openclaw"


def cli(daemon, *words, **more):
    env = {**daemon.env, **more}
    return subprocess.run([OPENCLAW, *words], env=env, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)


def data(answer):
    """Of the one document; a second one behind it is not JSON."""
    assert answer.stdout, answer
    return json.loads(answer.stdout)["data"]


def what_an_operation_takes_can_be_given():
    daemon = Daemon("collectors = ();\n").start()
    registry = tempfile.mkdtemp(prefix="openclaw-registry-")
    try:
        assert cli(daemon, "cron", "add", "probe", "--every", "10m", "--op", "health.check", "--time-limit", "30s").returncode == 0
        assert data(cli(daemon, "--json", "cron", "show", "probe"))["timeout"] == "30s"
        assert cli(daemon, "cron", "edit", "probe", "--time-limit", "2d", "--timeout", "20s").returncode == 0
        assert data(cli(daemon, "--json", "cron", "show", "probe"))["timeout"] == "2d"
        answer = cli(daemon, "registry", "add", "none", registry, "--trust-first", "--read-timeout", "60s")
        assert "no option" not in answer.stderr and answer.returncode not in (0, 64), answer
    finally:
        daemon.remove()
        shutil.rmtree(registry)


def an_operation_of_a_plugin_has_a_help_page():
    daemon = Daemon("collectors = ();\n").start()
    try:
        wrong = cli(daemon, "agent", "heartbeat")
        assert wrong.returncode == 64 and "`openclaw help agent heartbeat` shows what it takes" in wrong.stderr, wrong
        page = cli(daemon, "help", "agent", "heartbeat")
        assert page.returncode == 0 and "Tell that an agent is alive" in page.stdout, page
        assert "openclaw agent heartbeat steward --status busy" in page.stdout, page
        assert data(cli(daemon, "--json", "help", "agent", "heartbeat"))["example"].startswith("openclaw agent heartbeat")
        assert cli(daemon, "help", "agent", "heartbeats").returncode == 64
    finally:
        daemon.remove()


def a_group_says_that_it_is_one():
    daemon = Daemon()
    try:
        answer = cli(daemon, "--json", "alert")
        error = json.loads(answer.stdout)["error"]
        assert answer.returncode == 64 and "is a group of commands" in error["message"], answer
        assert error["hint"] == "`openclaw help alert` lists them."
        answer = cli(daemon, "plugin", "bundle")
        assert answer.returncode == 64 and "Usage: openclaw plugin bundle COMMAND" in answer.stderr, answer
        assert data(cli(daemon, "--json", "explain", "alert", "silence"))["command"] == "alert silence"
    finally:
        daemon.remove()


def editing_gives_one_document():
    daemon = Daemon("collectors = ();\n")
    try:
        same = cli(daemon, "--json", "--config", daemon.config, "config", "edit", EDITOR="true")
        assert same.returncode == 0 and data(same) == {"changed": False}, same
        good = cli(daemon, "--json", "--config", daemon.config, "config", "edit", EDITOR="sed -i $a#more")
        assert good.returncode == 0 and data(good)["changed"] is True, good
        # On a terminal, where it could ask: one try, one document.
        status, said = on_terminal(daemon, ["--json", "--config", daemon.config, "config", "edit"], EDITOR="sed -i $athis(is=wrong")
        assert status != 0 and "again?" not in said and said.count('"schema"') == 1, (status, said)
    finally:
        daemon.remove()


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, daemon, words, **more):
        self.said = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(OPENCLAW, [OPENCLAW, *words], {**daemon.env, "NO_COLOR": "1", **more})

    def read(self, timeout):
        """False at the end."""
        if not select.select([self.fd], [], [], timeout)[0]:
            return True
        try:
            chunk = os.read(self.fd, 65536)
        except OSError:
            return False
        self.said += chunk.decode(errors="replace")
        return bool(chunk)

    def until(self, text, timeout=120):
        end = time.monotonic() + timeout
        while text not in self.said:
            assert self.read(1) and time.monotonic() < end, self.said

    def type(self, keys):
        os.write(self.fd, keys)

    def end(self, timeout=60):
        """The exit status as waitpid has it."""
        end = time.monotonic() + timeout
        while self.read(1):
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                raise AssertionError(f"it does not end: {self.said}")
        status = os.waitpid(self.pid, 0)[1]
        os.close(self.fd)
        return status


def on_terminal(daemon, words, **more):
    terminal = Terminal(daemon, words, **more)
    status = terminal.end()
    return status, terminal.said


def developing_what_is_not_there_is_an_error():
    daemon = Daemon("collectors = ();\n").start()
    try:
        answer = cli(daemon, "plugin", "dev", "/no/such/folder")
        assert answer.returncode == 2 and "/no/such/folder is no folder" in answer.stderr, answer
    finally:
        daemon.remove()


def catches(pid, number):
    """Whether the process has a handler for the signal: it waits, and is not in the midst of something."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        caught = next(line.split()[1] for line in f if line.startswith("SigCgt:"))
    return int(caught, 16) >> (number - 1) & 1


def developing_ends_with_ctrl_c_and_with_what_it_watches_with():
    daemon = Daemon("collectors = ();\n").start()
    folder = tempfile.mkdtemp(prefix="openclaw-dev-")
    try:
        made = cli(daemon, "plugin", "create", "dev", "--template", "basic", "--output", folder, "--author", "A", "--description", "D")
        assert made.returncode == 0, made
        for ctrl_c, code in ((True, 0), (False, 69)):
            terminal = Terminal(daemon, ["plugin", "dev", f"{folder}/dev"])
            terminal.until("generation ")
            eventually(lambda: catches(terminal.pid, signal.SIGINT), what="waiting for a save")
            if ctrl_c:
                terminal.type(b"\x03")
            else:
                with open(f"/proc/{terminal.pid}/task/{terminal.pid}/children", encoding="ascii") as f:
                    os.kill(int(f.read().split()[0]), signal.SIGKILL)
            status = terminal.end()
            assert os.WIFEXITED(status) and os.WEXITSTATUS(status) == code, (status, terminal.said)
    finally:
        daemon.remove()
        shutil.rmtree(folder)


if __name__ == "__main__":
    harness.run([what_an_operation_takes_can_be_given, an_operation_of_a_plugin_has_a_help_page, a_group_says_that_it_is_one,
                 editing_gives_one_document, developing_what_is_not_there_is_an_error, developing_ends_with_ctrl_c_and_with_what_it_watches_with])
