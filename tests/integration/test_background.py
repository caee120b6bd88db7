"""openclawd without --foreground: it returns when it serves, or says why it does not. SPDX-License-Identifier: MIT"""

import os
import signal
import subprocess

from harness import BUILD, Client, Daemon, Failure, eventually, run

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


def shell(daemon, words, closed):
    """Runs it with these descriptors closed, as in `ssh host 'openclawd <&- >&- 2>&-'`; what is open goes to a pipe."""
    line = f'exec {BUILD}/bin/{words} --config {daemon.config} {" ".join(closed)}'
    return subprocess.Popen(["sh", "-c", line], env=daemon.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True)


CLOSED = (["<&-"], [">&-"], ["2>&-"], ["<&-", ">&-", "2>&-"])


def standard(pid):
    return {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in (0, 1, 2)}


def a_daemon_serves_whatever_its_launcher_had_closed():
    for closed in CLOSED:
        daemon = Daemon(SYSTEM)
        try:
            launcher = shell(daemon, "openclawd", closed)
            said = launcher.communicate(timeout=20)
            assert launcher.returncode == 0, (closed, said)
            client = Client(daemon.socket)
            assert client.call("status")["pid"] == owner(daemon), closed
            client.close()
            assert standard(owner(daemon)) == {"/dev/null"}, closed
            stop(daemon)
        finally:
            daemon.remove()


def delivered(client):
    try:
        client.call("alert.test", channel="console")
    except Failure as failure:
        assert "Bad file descriptor" in str(failure), failure
        return False
    return True


def in_the_foreground(words, look):
    for closed in CLOSED:
        daemon = Daemon(SYSTEM + 'alerts = { channels = ( { plugin = "console"; } ); };\n')
        process = shell(daemon, words, closed)
        try:
            eventually(lambda d=daemon: os.path.exists(d.socket), what="the socket")
            client = Client(daemon.socket)
            look(client, process, closed)
            client.close()
            process.send_signal(signal.SIGTERM)
            said = process.communicate(timeout=20)
            unsaid = words == "openclaw run" and ">&-" in closed  # if it had a table to show before, that was not written
            assert process.returncode in (0, unsaid), (closed, process.returncode, said)
        finally:
            process.kill()
            daemon.remove()


def a_daemon_in_the_foreground_does_not_call_delivered_what_nobody_could_read():
    def look(client, process, closed):
        assert client.call("status")["pid"] == process.pid, closed
        assert delivered(client) is ("2>&-" not in closed), closed

    in_the_foreground("openclawd --foreground", look)


def run_serves_and_stops_whatever_is_closed():
    in_the_foreground("openclaw run", lambda client, process, closed: client.call("status"))


run([the_launcher_returns_when_the_daemon_serves, a_start_that_is_refused_is_said_and_has_its_exit_code,
     a_second_daemon_is_refused_to_the_one_who_starts_it, a_daemon_serves_whatever_its_launcher_had_closed,
     a_daemon_in_the_foreground_does_not_call_delivered_what_nobody_could_read, run_serves_and_stops_whatever_is_closed])
