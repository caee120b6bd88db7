"""--json is one JSON document under every error: every plugin and registry command with wrong words, without a daemon, over a
damaged package folder. With OC_FULL=1 everything in every folder, else each in one of them. SPDX-License-Identifier: MIT"""

import atexit
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile

BUILD = os.environ.get("OC_BUILD_DIR", "build")
SCRATCH = tempfile.mkdtemp(prefix="openclaw-json-")
atexit.register(shutil.rmtree, SCRATCH, True)
FOREVER = ("plugin dev", "plugin watch", "registry serve", "plugin top", "plugin logs")
bad = 0


def run(home, *words, seconds=30):
    env = {**os.environ, "OPENCLAW_HOME": home, "HOME": SCRATCH}
    return subprocess.run([os.path.join(BUILD, "bin", "openclaw"), *words, "--json"], cwd=SCRATCH, env=env, text=True,
                          timeout=seconds, stdin=subprocess.DEVNULL, capture_output=True)


def expect(home, *words, may_succeed=True):
    """The document, after it was found to be one and to agree with the exit code."""
    global bad
    problem = None
    try:
        done = run(home, *words)
        lines = done.stdout
        document = json.loads(lines)
        if set(document) != {"schema", "ok", "data", "warnings", "error"}:
            problem = f"its members are {sorted(document)}"
        elif document["ok"] != (document["error"] is None):
            problem = "ok and error disagree"
        elif not document["ok"] and done.returncode == 0:
            problem = "it failed with exit code 0"
        elif not document["ok"] and not document["error"]["message"]:
            problem = "the error has no message"
        elif document["ok"] and not may_succeed:
            problem = "it succeeded"
        elif "AddressSanitizer" in done.stderr or done.returncode < 0:
            problem = f"it crashed: {done.stderr[-2000:]}"
    except json.JSONDecodeError as e:
        problem = f"stdout is no document ({e}): {done.stdout[:300]!r} {done.stderr[:300]!r}"
    except subprocess.TimeoutExpired:
        problem = "it did not end"
    if problem:
        bad += 1
        print(f"FAIL  openclaw {' '.join(words)} --json: {problem}", flush=True)


def commands():
    listed = json.loads(run(os.path.join(SCRATCH, "bare"), "help").stdout)["data"]["commands"]
    return [c for c in listed if c["command"].split()[0] in ("plugin", "registry")]


def damaged(name, make):
    home = os.path.join(SCRATCH, name)
    packages = os.path.join(home, "packages")
    os.makedirs(os.path.join(packages, "generations", "1", "plugins"))
    make(packages)
    return home


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)


def half_a_state(packages):
    write(os.path.join(packages, "generations", "1", "state.json"), '{"schema": 1, "plug')
    os.symlink("generations/1", os.path.join(packages, "current"))
    write(os.path.join(packages, "registries.json"), "[[[")


def link_to_nowhere(packages):
    os.symlink("generations/9", os.path.join(packages, "current"))


def positionals(usage):
    return [w for w in usage.split() if w.strip("[].").isupper() and w != "[OPTIONS]"]


def tries(command):
    """The words of a command, alone and with arguments that name nothing of use."""
    words, count = command["command"].split(), len(positionals(command["usage"]))
    yield words
    if count:
        yield [*words, *(["no/such/thing-at-all"] * count)]
        yield [*words, *(["/dev/null"] * count), "--yes"]


def main():
    bare = os.path.join(SCRATCH, "bare")
    homes = [bare, damaged("half", half_a_state), damaged("dangling", link_to_nowhere)]
    found = commands()
    turn = itertools.cycle(homes)
    for c in found:
        words = c["command"].split()
        expect(bare, *words, "--no-such-option", may_succeed=False)
        expect(bare, *words, *(["x"] * 12), may_succeed=False)
        if c["command"] in FOREVER:
            continue
        for argv in tries(c):
            for home in homes if os.environ.get("OC_FULL") else [next(turn)]:
                expect(home, *argv)
    expect(bare, "plugin", "nonsense", may_succeed=False)
    expect(bare, "registry", may_succeed=False)
    print(f"{len(found)} commands tried, {bad} answers were wrong")
    sys.exit(1 if bad or len(found) < 30 else 0)


main()
