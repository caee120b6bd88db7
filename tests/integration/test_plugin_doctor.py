"""Every finding of `openclaw plugin doctor` is brought about, and its command is typed: afterwards the finding is gone.
SPDX-License-Identifier: MIT"""

import atexit
import json
import os
import shlex
import shutil
import subprocess
import tempfile
import time

from harness import BUILD, Daemon, eventually, run
from packages import Sources, claw, document, without_default

SOURCES = Sources()
atexit.register(SOURCES.remove)
QUIET = 'alerts = { channels = ( ); };\ncollectors = ( );\n'


def findings(home):
    done = claw(home, "plugin", "doctor", "--json", check=False)
    return {f["id"]: f for f in json.loads(done.stdout)["data"]}


def expect(home, name):
    found = findings(home)
    assert name in found, f"{name} was not found: {found}"
    return found[name]


def mend(home, name, fill=None, gone=True, env=None):
    """Types the command of the finding, with `fill` for what only the operator knows."""
    command = expect(home, name)["fix"]
    words = shlex.split(command)
    assert words[0] == "openclaw", command
    words = [fill.get(w, w) if fill else w for w in words[1:]]
    claw(home, *words, "--yes", env=env)
    if gone:
        eventually(lambda: name not in findings(home), timeout=10, what=f"{name} is gone after `{command}`")
    return command


def grant_all(home, *words):
    """Installs with the consent that the plan asks for."""
    plan = json.loads(claw(home, "plugin", "install", *words, "--dry-run", "--json").stdout)["data"]
    more = ["--accept-permissions", plan["surface"]] if plan["consent"] == "needed" else []
    claw(home, "plugin", "install", *words, "--yes", *more)


def ready(d):
    return [r for r in d.call("plugin.status", name="hello") if r["state"] in ("ready", "busy")]


def installed(enable=True):
    d = Daemon(QUIET)
    if enable:
        d.write(QUIET + f'plugins = {{ hello = {{ files = ["{d.config}"]; interval = "1s"; }}; }};\n')
    d.start()
    grant_all(d.home, os.path.dirname(os.path.dirname(os.path.dirname(SOURCES.make("hello", edit=without_default)))))
    if enable:
        claw(d.home, "plugin", "enable", "hello")
        eventually(lambda: ready(d), what="hello ready")
    return d


def end(d):
    if d.process.poll() is None:
        assert d.stop() == 0, d.output()
    d.remove()


def artifact(d):
    digest = next(r for r in d.call("plugin.list") if r["name"] == "hello")["installed"]["digest"]
    return os.path.join(d.home, "packages", "store", "sha256", digest)


def options_that_are_missing():
    d = installed(enable=False)
    try:
        mend(d.home, "needs-config", {"VALUE": f'["{d.config}"]'}, gone=False)
        claw(d.home, "reload")
        command = mend(d.home, "needs-config")
        assert command == "openclaw plugin enable hello", command
        assert not findings(d.home)
    finally:
        end(d)


def files_that_were_changed_or_are_gone():
    d = installed()
    try:
        folder = artifact(d)
        for root, _, files in os.walk(folder):
            os.chmod(root, 0o755)
            for name in files:
                os.chmod(os.path.join(root, name), 0o644)
        with open(os.path.join(folder, "README.md" if os.path.exists(os.path.join(folder, "README.md")) else "plugin.json"),
                  "a") as f:
            f.write("\nchanged\n")
        mend(d.home, "digest-mismatch")
        folder = artifact(d)
        os.chmod(folder, 0o755)
        os.unlink(os.path.join(folder, "hello.so"))
        mend(d.home, "missing-file")
    finally:
        end(d)


def remains_of_work_that_was_not_finished():
    d = installed()
    try:
        os.makedirs(os.path.join(d.home, "packages", "staging", "work", "77"))
        mend(d.home, "staging-remains")
        os.makedirs(os.path.join(d.home, "packages", "staging", "work", "78"))
        mended = document(d.home, "plugin", "doctor", "--fix", "--yes")["data"]
        assert os.path.exists(os.path.join(mended["copy"], "state.json")), mended
        assert not [f for f in mended["findings"] if f["id"] == "staging-remains"], mended
        os.makedirs(os.path.join(d.home, "packages", "store", "sha256", "f" * 64))
        mend(d.home, "unreferenced-store")
    finally:
        end(d)


def a_generation_that_is_lost_or_damaged():
    d = installed()
    try:
        packages = os.path.join(d.home, "packages")
        current = os.path.join(packages, "current")
        good = os.readlink(current)
        with open(os.path.join(current, "state.json"), "w") as f:
            f.write('{"schema": 1, "plug')
        claw(d.home, "reload")
        mend(d.home, "damaged-state", gone=False)
        claw(d.home, "reload")
        assert "damaged-state" not in findings(d.home)
        os.unlink(current)
        os.symlink("generations/99", current)
        claw(d.home, "reload")
        mend(d.home, "dangling-current")
        assert os.path.exists(os.path.join(current, "state.json")), good
        claw(d.home, "plugin", "pin", "hello")
        os.unlink(current)
        claw(d.home, "reload")
        assert " --to " in mend(d.home, "dangling-current")
    finally:
        end(d)


def a_root_that_is_damaged():
    d = Daemon(QUIET).start()
    shelf = tempfile.mkdtemp(prefix="openclaw-shelf-")
    try:
        claw(d.home, "registry", "init", os.path.join(shelf, "r"), "--name", "team")
        claw(d.home, "registry", "add", "team", os.path.join(shelf, "r"), "--trust-first")
        with open(os.path.join(d.home, "packages", "registries", "team", "root.json"), "w") as f:
            f.write('{"sig')
        mend(d.home, "registry-damaged")
        with open(os.path.join(d.home, "packages", "registries.json"), "w") as f:
            f.write('{"registries": [1')
        assert expect(d.home, "registries-damaged")["fix"] is None
    finally:
        shutil.rmtree(shelf, ignore_errors=True)
        end(d)


def a_linked_folder_that_is_gone():
    d = Daemon(QUIET).start()
    folder = tempfile.mkdtemp(prefix="openclaw-link-")
    try:
        built = SOURCES.make("hello", edit=without_default)
        target = os.path.join(folder, "hello")
        shutil.copytree(built, target)
        grant_all(d.home, "--link", target)
        shutil.rmtree(target)
        claw(d.home, "reload")
        mend(d.home, "linked-folder-gone")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        end(d)


def a_plugin_that_crashes_too_often():
    d = installed()
    try:
        def crash():
            rows = d.call("plugin.status", name="hello")
            if rows and rows[0].get("pid"):
                os.kill(rows[0]["pid"], 11)
            return rows and rows[0]["state"] == "quarantined"

        eventually(crash, timeout=40, what="quarantine")
        mend(d.home, "quarantined")
    finally:
        end(d)


def a_load_that_ended_the_daemon():
    d = installed()
    try:
        claw(d.home, "config", "set", "isolation.plugins.hello.tier", "inproc")
        d.stop()
        loading = os.path.join(d.home, "run", "loading")
        os.makedirs(loading, exist_ok=True)
        digest = next(r for r in json.loads(claw(d.home, "plugin", "list", "--json").stdout)["data"]
                      if r["name"] == "hello")["installed"]["digest"]
        with open(os.path.join(loading, "hello"), "w") as f:
            json.dump({"digest": digest, "at": "2026-01-01T00:00:00Z", "tries": 1, "pid": 1}, f)
        d.start()
        eventually(lambda: "boot-sentinel" in findings(d.home), what="the sentinel is told")
        mend(d.home, "boot-sentinel")
        eventually(lambda: [r for r in d.call("plugin.status", name="hello") if r["state"] in ("ready", "busy")],
                   what="hello runs again")
    finally:
        end(d)


def a_kernel_that_cannot_enforce_what_is_required():
    d = Daemon(QUIET, env={"OPENCLAW_KERNEL": "landlock=0,seccomp=0"})
    d.write(QUIET + 'isolation = { require = "full"; plugins = { hello = { tier = "sandbox"; }; }; };\n'
            f'plugins = {{ hello = {{ files = ["{d.config}"]; interval = "1s"; }}; }};\n')
    d.start()
    try:
        grant_all(d.home, os.path.dirname(os.path.dirname(os.path.dirname(SOURCES.make("hello", edit=without_default)))))
        claw(d.home, "plugin", "enable", "hello")
        found = expect(d.home, "kernel-cannot-enforce")
        assert found["severity"] == "error", found
        rows = d.call("plugin.status", name="hello")
        assert not rows or rows[0]["state"] not in ("ready", "busy"), rows
        mend(d.home, "kernel-cannot-enforce", gone=False)
        claw(d.home, "reload")
        eventually(lambda: [r for r in d.call("plugin.status", name="hello") if r["state"] in ("ready", "busy")],
                   what="hello runs degraded")
        assert expect(d.home, "kernel-cannot-enforce")["severity"] == "warning"
    finally:
        end(d)


def a_registry_whose_metadata_expired():
    d = Daemon(QUIET).start()
    shelf = tempfile.mkdtemp(prefix="openclaw-shelf-")
    try:
        where = os.path.join(shelf, "shelf")
        claw(d.home, "registry", "init", where, "--name", "shelf", "--expires", "2s")
        claw(d.home, "registry", "add", "shelf", where, "--trust-first")
        eventually(lambda: "registry-expired" in findings(d.home), timeout=15, what="it expires")
        claw(d.home, "registry", "sign", where)
        mend(d.home, "registry-expired")
    finally:
        shutil.rmtree(shelf, ignore_errors=True)
        end(d)


def a_plugin_that_cannot_be_used():
    d = installed()
    try:
        bad = os.path.join(d.home, "plugins", "broken")
        os.makedirs(bad)
        with open(os.path.join(bad, "plugin.json"), "w") as f:
            f.write("{")
        claw(d.home, "reload")
        found = expect(d.home, "plugin-failed")
        done = claw(d.home, *shlex.split(found["fix"])[1:], check=False)
        assert done.returncode in (0, 1) and done.stdout, done
        assert any(f["check"] == "plugin" for f in d.call("doctor"))
    finally:
        end(d)


WRONG = {"name": "pre.show", "summary": "Show it", "method": "tool.call/1", "view": "tree"}


def an_operation_that_is_not_taken():
    d = Daemon(QUIET).start()
    try:
        pre = os.path.join(d.home, "plugins", "pre")
        os.makedirs(pre)
        with open(os.path.join(pre, "plugin.json"), "w") as f:
            json.dump({"name": "pre", "version": "1.0.0", "summary": "A preset", "operations": [WRONG],
                       "instances": [{"plugin": "system"}]}, f)
        d.stop()
        d.start()
        found = expect(d.home, "operation-left-out")
        assert "operations[0].view" in found["message"], found
        done = claw(d.home, *shlex.split(found["fix"])[1:], check=False)
        assert "operations[0].view" in done.stdout + done.stderr, done
        assert "left out: operations[0].view" in claw(d.home, "plugin", "info", "pre").stdout
        done = claw(d.home, "plugin", "why", "pre.show", check=False)
        assert done.returncode == 1 and "operations[0].view" in done.stdout, done
    finally:
        end(d)


def write_preset(folder, permissions):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "plugin.json"), "w") as f:
        json.dump({"name": "over", "version": "1.0.0", "summary": "A preset", "license": "MIT", "kind": "preset",
                   "permissions": permissions, "instances": [{"plugin": "tcp"}]}, f)


def a_preset_whose_right_was_taken_back():
    d = Daemon(QUIET).start()
    folder = tempfile.mkdtemp(prefix="openclaw-preset-")
    try:
        write_preset(os.path.join(folder, "over"), ["network:tcp:*"])
        grant_all(d.home, os.path.join(folder, "over"))
        assert "preset-denied" not in findings(d.home)
        claw(d.home, "plugin", "grants", "remove", "over", "network:tcp:*", "--yes")
        eventually(lambda: "preset-denied" in findings(d.home), what="the doctor sees it")
        command = mend(d.home, "preset-denied")
        assert command == "openclaw plugin grants add over 'network:tcp:*'", command
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        end(d)


def a_linked_preset_whose_author_adds_what_it_lacks():
    d = Daemon(QUIET).start()
    folder = tempfile.mkdtemp(prefix="openclaw-preset-")
    try:
        write_preset(os.path.join(folder, "over"), [])
        grant_all(d.home, "--link", os.path.join(folder, "over"))
        eventually(lambda: "preset-denied" in findings(d.home), what="the doctor sees it")
        assert expect(d.home, "preset-denied")["fix"] is None
        write_preset(os.path.join(folder, "over"), ["network:tcp:*"])
        claw(d.home, "reload")
        assert "preset-denied" not in findings(d.home)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        end(d)


def a_linked_manifest_that_its_author_mistypes():
    d = Daemon(QUIET)
    d.write(QUIET + f'plugins = {{ hello = {{ files = ["{d.config}"]; interval = "1s"; }}; }};\n')
    d.start()
    folder = tempfile.mkdtemp(prefix="openclaw-link-")
    try:
        bench = os.path.join(folder, "bench")
        shutil.copytree(SOURCES.make("hello", edit=without_default), bench)
        grant_all(d.home, "--link", bench)
        claw(d.home, "plugin", "enable", "hello")
        eventually(lambda: ready(d), what="hello ready")
        manifest = os.path.join(bench, "plugin.json")
        with open(manifest) as f:
            document = json.load(f)
        document["operations"] = [WRONG]
        with open(manifest, "w") as f:
            json.dump(document, f)
        done = claw(d.home, "plugin", "reload", "hello", check=False)
        assert done.returncode != 0, done
        found = expect(d.home, "plugin-failed")
        assert found["plugin"] == "hello" and "operations[0].view" in found["message"], found
        done = claw(d.home, "plugin", "why", "hello", check=False)
        assert done.returncode == 1 and "operations[0].view" in done.stdout, done
        assert ready(d), "the one that runs is left alone"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        end(d)


run([options_that_are_missing,
     files_that_were_changed_or_are_gone,
     remains_of_work_that_was_not_finished,
     a_generation_that_is_lost_or_damaged,
     a_linked_folder_that_is_gone,
     a_plugin_that_crashes_too_often,
     a_load_that_ended_the_daemon,
     a_kernel_that_cannot_enforce_what_is_required,
     a_registry_whose_metadata_expired,
     a_root_that_is_damaged,
     a_plugin_that_cannot_be_used,
     an_operation_that_is_not_taken,
     a_preset_whose_right_was_taken_back,
     a_linked_preset_whose_author_adds_what_it_lacks,
     a_linked_manifest_that_its_author_mistypes])
