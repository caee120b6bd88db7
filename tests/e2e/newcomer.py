"""A newcomer's path, timed: from nothing to a published plugin that somebody else installs, updates, takes back and removes.
SPDX-License-Identifier: MIT

Two homes: Ann writes and publishes, Bob has a running host. Every step is a command as the documentation has it; the times
are printed, and the whole of Ann's way to a running plugin must stay below what one waits for."""

import atexit
import json
import os
import re
import shutil
import subprocess
import tempfile
import time

from harness import BUILD, Daemon, eventually, run
from packages import claw

STEPS = []
SCRATCH = tempfile.mkdtemp(prefix="openclaw-newcomer-")
atexit.register(shutil.rmtree, SCRATCH, True)
ANN = os.path.join(SCRATCH, "ann")
WORK = os.path.join(SCRATCH, "work")


def step(name, home, *words, check=True):
    begin = time.monotonic()
    done = claw(home, *words, check=check, cwd=WORK, env={"HOME": SCRATCH})
    STEPS.append((name, time.monotonic() - begin))
    return done


def answer(home, *words):
    return json.loads(claw(home, *words, "--json", cwd=WORK).stdout)["data"]


def serve(folder):
    """The process and the URL of `registry serve`."""
    process = subprocess.Popen([os.path.join(BUILD, "bin", "openclaw"), "registry", "serve", folder, "--json"], cwd=WORK,
                               env={**os.environ, "OPENCLAW_HOME": ANN, "HOME": SCRATCH}, stdout=subprocess.PIPE, text=True,
                               stdin=subprocess.DEVNULL)
    atexit.register(process.kill)
    line = process.stdout.readline()
    url = re.search(r'https?://[^"\s\\]+', line)
    assert url, f"registry serve said: {line!r}"
    return process, url.group(0).rstrip("/")


def bump(folder, version):
    """What an author does for a new version: the number, a line of the changelog, and something in the code."""
    path = os.path.join(folder, "plugin.json")
    with open(path) as f:
        text = f.read()
    with open(path, "w") as f:
        f.write(text.replace('"version": "1.0.0"', f'"version": "{version}"'))
    source = os.path.join(folder, "hello.c")
    with open(source) as f:
        text = f.read()
    with open(source, "w") as f:
        f.write(text.replace("%.0f s old", "%.0f seconds old"))
    path = os.path.join(folder, "CHANGELOG.md")
    with open(path) as f:
        text = f.read()
    with open(path, "w") as f:
        f.write(text.replace("## 1.0.0", f"## {version}\n\n* Says seconds.\n\n## 1.0.0", 1))


def write_and_publish():
    step("create", ANN, "plugin", "create", "hello", "--template", "collector", "--author", "Ann", "--email",
         "ann@example.org", "--description", "Watches how old files are")
    step("build", ANN, "plugin", "build", "hello")
    step("test", ANN, "plugin", "test", "hello")
    step("check", ANN, "plugin", "check", "hello")
    step("pack", ANN, "plugin", "pack", "hello", "--output", "hello-1.0.0.ocp")
    step("keygen", ANN, "plugin", "keygen", "--output", "ann")
    step("sign", ANN, "plugin", "sign", "hello-1.0.0.ocp", "--key", "ann.key", "--id", "ann/hello")
    step("registry init", ANN, "registry", "init", "shelf", "--name", "shelf")
    step("registry delegate", ANN, "registry", "delegate", "shelf", "ann", "ann.pub")
    step("registry publish", ANN, "registry", "publish", "shelf", "hello-1.0.0.ocp", "--publisher", "ann", "--publisher-key",
         "ann.key")
    step("registry sign", ANN, "registry", "sign", "shelf")
    step("registry verify", ANN, "registry", "verify", "shelf")


def minisign_agrees():
    if not shutil.which("minisign"):
        return
    done = subprocess.run(["minisign", "-V", "-p", "ann.pub", "-m", "hello-1.0.0.ocp"], cwd=WORK, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def publish_next():
    bump(os.path.join(WORK, "hello"), "1.1.0")
    step("pack 1.1", ANN, "plugin", "pack", "hello", "--output", "hello-1.1.0.ocp")
    step("sign 1.1", ANN, "plugin", "sign", "hello-1.1.0.ocp", "--key", "ann.key", "--id", "ann/hello")
    step("publish 1.1", ANN, "registry", "publish", "shelf", "hello-1.1.0.ocp", "--publisher", "ann", "--publisher-key",
         "ann.key")


def listed(home):
    rows = answer(home, "plugin", "list", "--installed")
    return next((r for r in rows if r["name"] == "hello"), None)


def running(home):
    found = listed(home)
    return bool(found and found["running"] and found["running"]["state"] in ("ready", "busy"))


def has_data(home):
    found = answer(home, "metrics", "list", "hello.size_bytes")
    return len(found if isinstance(found, list) else found.get("series", []))


def install(bob, url):
    told = step("registry add", bob.home, "registry", "add", "shelf", url, "--trust-first")
    assert told.returncode == 0
    found = step("search", bob.home, "plugin", "search", "file")
    assert "hello" in found.stdout, found.stdout
    info = step("info", bob.home, "plugin", "info", "ann/hello")
    assert "1.0.0" in info.stdout, info.stdout
    plan = answer(bob.home, "plugin", "install", "hello", "--dry-run")
    assert plan["dry_run"] and plan["consent"] == "needed" and plan["surface"], plan
    assert listed(bob.home) is None
    refused = claw(bob.home, "plugin", "install", "hello", "--yes", check=False)
    assert refused.returncode == 3 and plan["surface"] in refused.stderr, refused
    step("install", bob.home, "plugin", "install", "hello", "--yes", "--accept-permissions", plan["surface"])
    row = listed(bob.home)
    assert row["version"] == "1.0.0" and row["installed"]["source"] == "registry:shelf", row
    assert row["installed"]["enabled"], row


def first_data(bob):
    """Nothing is configured: what a template makes shows data as it is."""
    begin = time.monotonic()
    eventually(lambda: has_data(bob.home), what="data in openclaw metrics")
    STEPS.append(("first data", time.monotonic() - begin))
    step("enable", bob.home, "plugin", "enable", "hello")
    step("config set", bob.home, "plugin", "config", "set", "hello", "interval", "1s")
    claw(bob.home, "reload")
    shown = claw(bob.home, "metrics", "query", "hello.size_bytes").stdout
    assert "hello.size_bytes" in shown, shown
    assert claw(bob.home, "plugin", "why", "hello.size_bytes").returncode == 0


def update_and_back(bob):
    before = listed(bob.home)
    claw(bob.home, "registry", "refresh")
    outdated = claw(bob.home, "plugin", "outdated", check=False)
    assert "1.1.0" in outdated.stdout, outdated.stdout + outdated.stderr
    step("update", bob.home, "plugin", "update", "hello", "--yes")
    eventually(lambda: listed(bob.home)["version"] == "1.1.0" and running(bob.home), what="1.1.0 runs")
    eventually(lambda: listed(bob.home)["running"]["generation"] > before["running"]["generation"], what="a hot reload")
    step("rollback", bob.home, "plugin", "rollback", "--yes")
    eventually(lambda: listed(bob.home)["version"] == "1.0.0" and running(bob.home), what="1.0.0 runs again")
    step("verify", bob.home, "plugin", "verify")


def remove(bob):
    step("uninstall", bob.home, "plugin", "uninstall", "hello", "--yes")
    eventually(lambda: listed(bob.home) is None, what="hello is gone")
    assert claw(bob.home, "plugin", "doctor", check=False).returncode == 0
    claw(bob.home, "plugin", "gc", "--yes")


def the_whole_path():
    os.makedirs(WORK)
    begin = time.monotonic()
    write_and_publish()
    minisign_agrees()
    server, url = serve("shelf")
    bob = Daemon('alerts = { channels = ( ); };\ncollectors = ( { plugin = "system"; interval = "1s"; } );\n').start()
    try:
        install(bob, url)
        first_data(bob)
        to_data = time.monotonic() - begin
        publish_next()
        update_and_back(bob)
        remove(bob)
        assert [r for r in bob.call("plugin.status", name="system")][0]["failures"] == 0
    except BaseException:
        print(bob.output()[-4000:], claw(bob.home, "plugin", "list", "--installed", check=False).stdout, flush=True)
        raise
    finally:
        server.terminate()
        server.wait(20)
        code = bob.stop() if bob.process.poll() is None else bob.process.returncode
        output = bob.output()
        bob.remove()
    assert code == 0, output
    for name, took in STEPS:
        print(f"      {name:18} {took * 1000:7.0f} ms", flush=True)
    print(f"      from nothing to data on another host: {to_data:.1f} s", flush=True)
    assert to_data < 60, to_data


run([the_whole_path])
