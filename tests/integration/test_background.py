"""openclawd without --foreground: it returns when it serves, or says why it does not. SPDX-License-Identifier: MIT"""

import os
import signal
import subprocess

from harness import BUILD, Client, Daemon, eventually, run

SYSTEM = 'collectors = ( { plugin = "system"; interval = "1s"; } );\n'


def launch(daemon):
    return subprocess.run([f"{BUILD}/bin/openclawd", "--config", daemon.config], env=daemon.env, capture_output=True,
                          text=True, timeout=20)


def owner(daemon):
    with open(os.path.join(daemon.home, "run", "openclawd.lock"), encoding="ascii") as f:
        return int(f.read())


def stop(daemon):
    pid = owner(daemon)
    os.kill(pid, signal.SIGTERM)
    eventually(lambda: not os.path.exists(f"/proc/{pid}") or not os.path.exists(daemon.socket), what="the end")


def the_launcher_returns_when_the_daemon_serves():
    daemon = Daemon(SYSTEM)
    try:
        left = launch(daemon)
        assert left.returncode == 0, left
        client = Client(daemon.socket)
        assert client.call("status")["pid"] == owner(daemon)
        client.close()
        assert os.getsid(owner(daemon)) == owner(daemon), "it is still in the session of the launcher"
        assert os.readlink(f"/proc/{owner(daemon)}/fd/2") == "/dev/null"
        stop(daemon)
    finally:
        daemon.remove()


def a_start_that_is_refused_is_said_and_has_its_exit_code():
    daemon = Daemon("collectors = ( ;\n")
    try:
        left = launch(daemon)
        assert left.returncode == 7, left
        assert f"{daemon.config}:1" in left.stderr, left.stderr
    finally:
        daemon.remove()


def a_second_daemon_is_refused_to_the_one_who_starts_it():
    daemon = Daemon(SYSTEM)
    try:
        assert launch(daemon).returncode == 0
        second = launch(daemon)
        assert second.returncode == 1, second
        assert str(owner(daemon)) in second.stderr, second.stderr
        stop(daemon)
    finally:
        daemon.remove()


run([the_launcher_returns_when_the_daemon_serves, a_start_that_is_refused_is_said_and_has_its_exit_code,
     a_second_daemon_is_refused_to_the_one_who_starts_it])
