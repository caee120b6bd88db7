"""Runs what a page tells the reader to run, in a scratch home, against the built binaries: run_page.py PAGE.
SPDX-License-Identifier: MIT

All blocks of a page share one shell, so a later block sees the variables and the folder of an earlier one. The first
command that fails fails the test, with the page and the line of its block.
"""

import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import page

BUILD = os.path.abspath(os.environ.get("OC_BUILD_DIR", "build"))
SOURCE = os.path.abspath(os.environ.get("OC_SOURCE_DIR", os.path.join(os.path.dirname(__file__), "../..")))


def cache(name):
    """A value of the build's CMake cache."""
    with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as f:
        found = re.search(rf"^{name}:\w+=(.*)$", f.read(), re.M)
    return found.group(1) if found else ""


def environment(home):
    env = {k: v for k, v in os.environ.items() if not k.startswith("OPENCLAW")}
    env.update(HOME=home, TMPDIR=home, PATH=f"{BUILD}/bin:/usr/local/bin:/usr/bin:/bin", LC_ALL="C.UTF-8",
               OPENCLAW_PLUGINS=f"{BUILD}/plugins", SOURCE=SOURCE, CC=cache("CMAKE_C_COMPILER"))
    sanitizers = cache("OC_SANITIZE")
    if sanitizers:
        env["CFLAGS"] = f"-fsanitize={sanitizers}"
    return env


def script(blocks, path, folder):
    """One bash script of all that runs."""
    out = ["set -euo pipefail", f"cd {folder}"]
    for block in blocks:
        where = f"{os.path.relpath(path, SOURCE)}:{block.line}"
        if block.directive == "file":
            name = block.argument.replace("~/", "$HOME/")
            out += [f"echo '== {where}: {block.argument}'", f'mkdir -p "$(dirname "{name}")"',
                    f"cat >\"{name}\" <<'END-OF-BLOCK'", block.text + "END-OF-BLOCK"]
        elif block.language == "sh" and block.directive != "not run":
            out += [f"echo '== {where}'", block.text]
    return "\n".join(out)


def install(home):
    """What `./dev install ~/openclaw` leaves behind, from the build at hand."""
    done = subprocess.run(["cmake", "--install", BUILD, "--prefix", f"{home}/openclaw"], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise SystemExit(f"install failed: {done.stderr}")


def start_host(env):
    """openclawd returns when it serves."""
    done = subprocess.run(["openclawd"], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, timeout=30)
    if done.returncode != 0:
        raise SystemExit(f"the host did not start: {done.stderr}")


def stop_hosts(home):
    """Every daemon whose lock lies below the scratch home."""
    for lock in glob.glob(f"{home}/**/run/openclawd.lock", recursive=True, include_hidden=True):
        with open(lock, encoding="ascii") as f:
            pid = f.read().strip()
        try:
            if not pid.isdigit() or "openclawd" not in os.readlink(f"/proc/{pid}/exe"):
                continue
            os.kill(int(pid), signal.SIGTERM)
        except OSError:
            continue
        for _ in range(200):
            if not os.path.exists(f"/proc/{pid}"):
                break
            time.sleep(0.05)


def main():
    path = os.path.abspath(sys.argv[1])
    blocks, needs = page.read(path)
    home = tempfile.mkdtemp(prefix="openclaw-docs-")
    env = environment(home)
    if "api" not in needs:
        env["OPENCLAW_API"] = "off"  # pages run beside each other, and the ports are one machine's
    try:
        if "sdk" in needs:
            install(home)
        if "host" in needs:
            start_host(env)
        folder = '"$SOURCE"' if "checkout" in needs else ""
        done = subprocess.run(["bash", "-c", script(blocks, path, folder)], env=env, text=True, timeout=240,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0 or "-v" in sys.argv:
            print(done.stdout)
        if done.returncode != 0:
            raise SystemExit(f"{path}: the block named last ended with {done.returncode}")
        print(f"{sum(b.language == 'sh' and b.directive != 'not run' for b in blocks)} blocks")
    finally:
        stop_hosts(home)
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
