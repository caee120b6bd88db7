"""Every command that a hint of the plugin, package and registry code suggests exists and parses. SPDX-License-Identifier: MIT

The commands are taken out of the sources' strings, placeholders are filled, and each is run in a home of its own. What it then
finds is its own affair; a usage error (64) is ours: the hint would have sent somebody to a command that is not there."""

import atexit
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

BUILD = os.environ.get("OC_BUILD_DIR", "build")
SOURCE = os.environ.get("OC_SOURCE_DIR", os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
FOLDERS = ["core/service/plugin", "core/service/package", "core/package", "core/plugin", "core/plughost", "core/op", "core/fetch",
           "core/archive", "core/serve", "core/cli/plan.c", "core/cli/view/view_plan.c", "core/cli/view/view_plugin.c",
           "core/cli/view/view_plugins.c", "plugin-templates"]
FOREVER = [["run"], ["plugin", "dev"], ["registry", "serve"], ["config", "edit"]]  # proved by their help page
SCRATCH = tempfile.mkdtemp(prefix="openclaw-hints-")
atexit.register(shutil.rmtree, SCRATCH, True)

LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
JOINT = re.compile(r'"(?:\s|\\\n)*(?:PRI\w+)?(?:\s|\\\n)*"')
COMMAND = re.compile(r"(?:`|^)openclaw ((?:[^`\\]|\\.)+?)(?:`|$)")


def sources():
    for folder in FOLDERS:
        path = os.path.join(SOURCE, folder)
        if os.path.isfile(path):
            yield path
        for root, _, files in os.walk(path):
            for name in sorted(files):
                if name.endswith((".c", ".h", ".md", ".json")):
                    yield os.path.join(root, name)


def commands():
    """{command: the place where it is suggested}"""
    found = {}
    for path in sources():
        with open(path, errors="replace") as f:
            text = f.read()
        if path.endswith((".c", ".h")):
            text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
            texts = [m.group(1) for m in LITERAL.finditer(JOINT.sub("", text))]
            texts = [part for t in texts for part in t.replace('\\"', '"').split("\\n")]
        else:
            texts = re.findall(r"`openclaw [^`\n]+`", text)
        for t in texts:
            for match in COMMAND.finditer(t.strip()):
                words = match.group(1).strip()
                if words and not words.startswith(("{", "<", "%")):  # else it is made from the command that failed
                    found.setdefault(words, os.path.relpath(path, SOURCE))
    return found


def fill(words):
    """The placeholders of printf and of people as something that parses."""
    plugin = os.path.join(SCRATCH, "hello")
    text = re.sub(r"%(?:\.\*)?(?:zu|ll[du]|[du])", "1", words)
    text = re.sub(r"%s@%s", "hello@1.0.0", text)
    out = []
    try:
        split = shlex.split(text)
    except ValueError:  # cut in the middle of a quotation
        split = text.split()
    for word in split:
        word = re.sub(r"%(?:\.\d+)?s|%\.\*s|\{\{\w+\}\}", "hello", word)
        named = {"DIR": plugin, "FOLDER": plugin, "PATH": plugin, "FILE": os.path.join(SCRATCH, "file"), "KEY": "key",
                 "VALUE": "1", "HASH": "a" * 64, "URL": "file:///nowhere", "N": "1", "GENERATION": "1", "VERSION": "1.0.0"}
        word = re.sub(r"^<?([A-Z]{1,12})>?$", lambda m: named.get(m.group(1), "hello"), word)
        out.append(word)
    return [w for w in out if w not in ("...", "|")]


def try_one(words):
    """None, or what is wrong."""
    argv = fill(words)
    if any(argv[:len(f)] == f for f in FOREVER) or "--follow" in argv:
        argv = [w for w in argv if w != "--follow"][:2] + ["--help"]
    env = {**os.environ, "OPENCLAW_HOME": os.path.join(SCRATCH, "home"), "HOME": SCRATCH, "EDITOR": "true"}
    try:
        done = subprocess.run([os.path.join(BUILD, "bin", "openclaw"), *argv], cwd=SCRATCH, env=env, text=True, timeout=30,
                              stdin=subprocess.DEVNULL, capture_output=True)
    except subprocess.TimeoutExpired:
        return None  # it was taken and works
    # A command that is named without what it needs is a reference, and a group of commands shows what is in it.
    named = "` needs " in done.stderr or done.stderr.startswith("Usage: openclaw ")
    if done.returncode == 64 and not named:
        return f"exit {done.returncode}: {done.stderr.strip()}"
    return None


def main():
    os.makedirs(os.path.join(SCRATCH, "hello"))
    open(os.path.join(SCRATCH, "file"), "w").close()
    found, bad = commands(), 0
    for words, place in sorted(found.items()):
        problem = try_one(words)
        if problem:
            bad += 1
            print(f"FAIL  {place}: `openclaw {words}`: {problem}", flush=True)
    print(f"{len(found)} commands are suggested, {bad} of them wrongly")
    sys.exit(1 if bad or len(found) < 20 else 0)


main()
