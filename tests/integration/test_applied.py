"""What an installation promises when it answers: the daemon runs it, and runs those bytes. SPDX-License-Identifier: MIT"""

import fcntl
import json
import os
import shutil
import struct
import subprocess
import tempfile

import harness
from packages import Sources, claw, document
from worker import Home, skill

SOURCES = Sources()
F_OFD_SETLK = 37


class Host(harness.Daemon):
    """A daemon that stops with the test."""

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


def a_command_that_has_ended_has_taken_effect():
    folder = SOURCES.make("probe", "basic")
    with Host() as host:
        claw(host.home, "plugin", "install", folder, "--yes", "--accept-permissions", surface(host.home, folder))
        rows = [r for r in host.call("plugin.list") if r["name"] == "probe"]
        assert rows and rows[0]["running"]["state"] == "ready", rows
        assert document(host.home, "plugin", "status", "probe")["data"], "it runs"
        assert document(host.home, "metrics", "query", "probe.value")["data"], "the first data is there"
        claw(host.home, "plugin", "uninstall", "probe", "--yes")
        assert not [r for r in host.call("plugin.list") if r["name"] == "probe"]


def surface(home, folder):
    return document(home, "plugin", "install", folder, "--dry-run")["data"]["surface"]


def the_bytes_that_run_are_compared():
    folder = SOURCES.make("probe", "basic")
    with Host() as host:
        claw(host.home, "plugin", "install", folder, "--yes", "--accept-permissions", surface(host.home, folder))
        row = document(host.home, "plugin", "verify", "probe")["data"][0]
        assert row["ok"] and row["running"] == "good", row
        # Somebody changes what is installed, and the daemon is not told.
        with open(os.path.join(folder, "README.md"), "w") as f:
            f.write("more\n")
        Home(host.home).run("install", sources=[folder], force=True)
        answer = document(host.home, "plugin", "verify", "probe", code=5)
        assert "runs other bytes" in answer["error"]["message"], answer


def the_name_of_a_bundled_plugin_is_taken():
    with Host() as host:
        folder = skill(host.home, name="redis")
        answer = document(host.home, "plugin", "install", folder, "--yes", code=1)
        assert answer["error"]["details"]["reason"] == "name-bundled", answer


def a_daemon_that_stops_in_the_middle_of_an_installation_stops_well():
    with Host() as host:
        folder = skill(host.home, name="slow")
        # The worker waits for a lock that somebody holds.
        holder = Home(host.home)
        os.makedirs(holder.packages, exist_ok=True)
        with open(os.path.join(holder.packages, "lock"), "w") as lock:
            fcntl.fcntl(lock, F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
            client = host.client()
            client.send({"id": 1, "op": "plugin.install", "params": {"sources": [folder]}})
            harness.eventually(lambda: "openclaw-package" in workers(host.process.pid), what="the worker")
            host.process.terminate()
            assert host.process.wait(20) == 0, host.output()[-2000:]
            client.close()


def a_driver_that_is_installed_drives_its_units_at_once():
    base = tempfile.mkdtemp(prefix="openclaw-drivers-")
    bundled, folder, plugins = os.path.join(base, "bundled"), os.path.join(base, "process"), os.path.join(os.path.abspath(harness.BUILD), "plugins")
    os.mkdir(bundled)
    for name in os.listdir(plugins):
        if name != "process":
            os.symlink(os.path.join(plugins, name), os.path.join(bundled, name))
    shutil.copytree(os.path.join(plugins, "process"), folder)
    config = 'collectors = ();\nunits = ( { name = "sleeper"; driver = "process"; command = ["/bin/sleep", "60"]; } );\n'
    try:
        with Host(config, env={"OPENCLAW_PLUGINS": bundled}) as host:
            unit = host.call("unit.list")[0]
            assert "no driver named process" in json.dumps(unit), unit
            assert [row for row in host.call("doctor") if "no driver named" in row["message"]]
            claw(host.home, "plugin", "install", folder, "--yes", "--accept-permissions", surface(host.home, folder), env=host.env)
            claw(host.home, "plugin", "enable", "process", env=host.env)  # it has options that must be set: those of units
            harness.eventually(lambda: host.call("unit.status", name="sleeper")["state"] == "stopped", what="the driver of the unit")
            assert not [row for row in host.call("doctor") if "units" in json.dumps(row)], host.call("doctor")
            claw(host.home, "plugin", "install", skill(base), "--yes", env=host.env)  # what changes elsewhere leaves it alone
            assert host.call("unit.status", name="sleeper")["state"] == "stopped"
            assert host.output().count("unit cannot be used") == 2, host.output()  # before it was there, and before it was enabled
    finally:
        shutil.rmtree(base)


def workers(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        children = f.read().split()
    names = []
    for child in children:
        try:
            with open(f"/proc/{child}/cmdline") as f:
                names.append(f.read())
        except OSError:
            pass
    return " ".join(names)


def a_home_may_be_a_link_and_have_spaces_in_its_name():
    base = tempfile.mkdtemp(prefix="openclaw-home-")
    try:
        real, link = os.path.join(base, "on another disk"), os.path.join(base, "home")
        os.mkdir(real)
        os.symlink(real, link)
        with Host(home=link) as host:
            folder = skill(base)
            claw(link, "plugin", "install", "./" + os.path.basename(folder), "--yes", cwd=base)
            assert document(link, "plugin", "verify")["data"][0]["ok"]
            claw(link, "plugin", "install", skill(base, version="1.1.0"), "--yes")
            claw(link, "plugin", "rollback", "--yes")
            claw(link, "plugin", "uninstall", "hello", "--yes", "--purge")
            claw(link, "plugin", "gc", "--yes")
    finally:
        subprocess.run(["chmod", "-R", "u+w", base], check=True)
        shutil.rmtree(base)


if __name__ == "__main__":
    try:
        harness.run([a_command_that_has_ended_has_taken_effect, the_bytes_that_run_are_compared,
                     the_name_of_a_bundled_plugin_is_taken, a_daemon_that_stops_in_the_middle_of_an_installation_stops_well,
                     a_driver_that_is_installed_drives_its_units_at_once, a_home_may_be_a_link_and_have_spaces_in_its_name])
    finally:
        SOURCES.remove()
