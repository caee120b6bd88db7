"""Loss of power at every step of what changes the package store. SPDX-License-Identifier: MIT

Afterwards the old or the new generation is in force, whole and verified, and the next command needs no repair.
"""

import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import harness
from worker import BIN, Home, Refused, pack, skill

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fault"))
import powerloss  # noqa: E402

SEEDS = int(os.environ.get("OC_POWER_SEEDS", 4 if harness.FULL else 1))
STEP = 1 if harness.FULL else 9


class Stage:
    """A home in a known state, to which one change is made under observation."""

    def __init__(self):
        self.src = tempfile.mkdtemp(prefix="openclaw-power-")
        self.home = Home(os.path.join(self.src, "home"))
        os.mkdir(self.home.path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.home.remove()
        shutil.rmtree(self.src, ignore_errors=True)

    def ocp(self, version, name="hello"):
        return pack(skill(self.src, name=name, version=version, files={"assets/text": f"{name} {version}\n" * 40}))

    def observe(self, verb, **params):
        argv = [os.path.join(BIN, "openclaw-package"), "plugin." + verb, "--home", self.home.path]
        env = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
        before = read_state(self.home)
        recorder, out = powerloss.record(self.home.path, argv, json.dumps(params), env)
        assert "result" in json.loads(out.splitlines()[-1]), out
        return recorder, before, read_state(self.home)


def read_state(home):
    """None when nothing was ever installed, else the bytes of the state in force."""
    if not os.path.lexists(os.path.join(home.packages, "current")):
        return None
    with open(os.path.join(home.packages, "current", "state.json"), "rb") as f:
        return f.read()


def look(home, before, after, verb, params):
    """What must hold after a crash; then the same command goes on from there."""
    state = read_state(home)
    assert state in (before, after), f"neither the old nor the new state: {state}"
    for row in home.run("verify"):
        assert row["ok"], row
    for g in home.run("generations"):
        assert g["whole"], g
        if not g["current"]:
            home.run("rollback", to=g["generation"], dry_run=True)
    if state == before:
        again = home.run(verb, **params)
        assert again["actions"], again
    assert [(p["name"], p["version"], p["enabled"]) for p in home.state()["plugins"]] == \
        [(p["name"], p["version"], p["enabled"]) for p in json.loads(after)["plugins"]]
    left = os.path.join(home.packages, "staging")
    home.run("gc")
    assert os.listdir(left) == [], os.listdir(left)
    for row in home.run("verify"):
        assert row["ok"], row


def on_every_disk(recorder, label, check):
    """check(home) on every disk that may be left; the number of disks."""
    offset = random.Random(label).randrange(STEP)
    counts = list(powerloss.moments(recorder))[offset::STEP] + [len(recorder.ops)]
    cases = [(count, *outcome) for count in counts for outcome in powerloss.outcomes(SEEDS)]

    def one(case):
        count, name, choice = case
        home = Home(os.path.join(tempfile.mkdtemp(prefix="openclaw-disk-"), "home"))
        try:
            powerloss.Disk(recorder, count, powerloss.rng_of(choice, count)).write(home.path)
            check(home)
        except (AssertionError, Refused, OSError) as problem:
            step = recorder.ops[count - 1] if count else "the start"
            raise AssertionError(f"{label}: after {count} of {len(recorder.ops)} ({step}), {name}: {problem}") from problem
        finally:
            home.remove()
            os.rmdir(os.path.dirname(home.path))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(one, cases):
            pass
    print(f"      {label}: {len(recorder.ops)} operations, {len(cases)} disks", flush=True)


def at_every_step(stage, verb, **params):
    recorder, before, after = stage.observe(verb, **params)
    on_every_disk(recorder, verb, lambda home: look(home, before, after, verb, params))


def first_install():
    with Stage() as s:
        at_every_step(s, "install", sources=[s.ocp("1.0.0")])


def install_beside_others():
    with Stage() as s:
        s.home.run("install", sources=[s.ocp("1.0.0", "other")])
        at_every_step(s, "install", sources=[s.ocp("1.0.0"), s.ocp("1.0.0", "third")])


def update():
    with Stage() as s:
        s.home.run("install", sources=[s.ocp("1.0.0")])
        at_every_step(s, "install", sources=[s.ocp("2.0.0")])


def repair_in_place():
    """The same artifact again: its folder is exchanged."""
    with Stage() as s:
        ocp = s.ocp("1.0.0")
        s.home.run("install", sources=[ocp])
        recorder, before, after = s.observe("install", sources=[ocp], force=True)
        assert any(o.kind == "move" and o.other is not None for o in recorder.ops), "nothing was exchanged"

        def check(home):
            assert read_state(home) in (before, after)
            for row in home.run("verify"):
                assert row["ok"], row
            home.run("install", sources=[ocp], force=True)
        on_every_disk(recorder, "install --force", check)


def uninstall():
    with Stage() as s:
        s.home.run("install", sources=[s.ocp("1.0.0"), s.ocp("1.0.0", "other")])
        at_every_step(s, "uninstall", names=["hello"])


def disable():
    with Stage() as s:
        s.home.run("install", sources=[s.ocp("1.0.0")])
        at_every_step(s, "disable", names=["hello"])


def rollback():
    with Stage() as s:
        s.home.run("install", sources=[s.ocp("1.0.0")])
        s.home.run("install", sources=[s.ocp("2.0.0")])
        at_every_step(s, "rollback", to=1)


def gc():
    with Stage() as s:
        for i in range(8):
            s.home.run("install", sources=[s.ocp(f"1.{i}.0")])
        s.home.run("rollback", to=6)
        recorder, before, after = s.observe("gc")
        assert before == after

        def check(home):
            assert read_state(home) == before
            for g in home.run("generations"):
                assert g["whole"], g
                if not g["current"]:
                    home.run("rollback", to=g["generation"], dry_run=True)
            home.run("gc")
            assert sorted(g["generation"] for g in home.run("generations")) == [3, 4, 5, 6, 7, 8]
            assert len(os.listdir(os.path.join(home.packages, "store", "sha256"))) == 6
        on_every_disk(recorder, "gc", check)


def kill_9_at_any_moment():
    rng = random.Random(9)
    with Stage() as s:
        versions = [s.ocp(f"1.{i}.0") for i in range(4)]
        s.home.run("install", sources=[versions[0]])
        start = time.monotonic()
        s.home.run("install", sources=[versions[1]])
        usual = time.monotonic() - start
        for i in range(300 if harness.FULL else 20):
            p = s.home.start("plugin.install", sources=[versions[i % 4]])
            time.sleep(rng.random() * usual)
            p.send_signal(signal.SIGKILL)
            p.wait()
            for stream in (p.stdout, p.stderr):
                stream.close()
            for row in s.home.run("verify"):
                assert row["ok"], row
            assert json.loads(read_state(s.home))["plugins"]
        s.home.run("install", sources=[versions[2]])
        s.home.run("install", sources=[versions[3]])
        assert s.home.rows()["hello"]["version"] == "1.3.0"


if __name__ == "__main__":
    if not shutil.which("strace"):
        raise SystemExit(77)
    harness.run([first_install, install_beside_others, update, repair_in_place, uninstall, disable, rollback, gc,
                 kill_9_at_any_moment])
