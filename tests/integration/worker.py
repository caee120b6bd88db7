"""Runs the package worker in a scratch home and makes plugins for it. SPDX-License-Identifier: MIT"""

import json
import os
import shutil
import subprocess
import tempfile

import harness

BIN = os.path.join(os.path.abspath(harness.BUILD), "bin")


class Refused(Exception):
    """A verb ended with an error."""

    def __init__(self, error):
        super().__init__(f"{error['code']}: {error['message']}")
        self.code = error["code"]
        self.message = error["message"]
        self.hint = error["hint"]
        self.details = error.get("details") or {}
        self.reason = self.details.get("reason")


class Home:
    """A home folder, and the worker in it."""

    def __init__(self, path=None):
        self.path = path or tempfile.mkdtemp(prefix="openclaw-packages-")
        self.packages = os.path.join(self.path, "packages")
        self.warnings = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()

    def remove(self):
        for folder, names, _ in os.walk(self.path):
            for name in names:
                if not os.path.islink(os.path.join(folder, name)):
                    os.chmod(os.path.join(folder, name), 0o700)
        shutil.rmtree(self.path, ignore_errors=True)

    def start(self, verb, env=None, **params):
        p = subprocess.Popen([os.path.join(BIN, "openclaw-package"), verb, "--home", self.path], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **(env or {})})
        p.stdin.write(json.dumps(params))
        p.stdin.close()
        return p

    def finish(self, p):
        out, err = p.stdout.read(), p.stderr.read()
        code = p.wait()
        p.stdout.close()
        p.stderr.close()
        assert code == 0, (code, err[-3000:])
        lines = [json.loads(line) for line in out.splitlines()]
        self.warnings = [line["warning"] for line in lines if "warning" in line]
        end = lines[-1]
        if "error" in end:
            assert end["error"]["message"], end
            raise Refused(end["error"])
        return end["result"]

    def run(self, verb, env=None, **params):
        return self.finish(self.start("plugin." + verb, env=env, **params))

    def install(self, *sources, **params):
        """Accepts whatever the plan asks for."""
        plan = self.run("install", sources=list(sources), dry_run=True, **params)
        return self.run("install", sources=list(sources), accept_permissions=plan["surface"], plan=plan["plan"], **params)

    def state(self):
        """The state in force, as it is on disk."""
        with open(os.path.join(self.packages, "current", "state.json")) as f:
            return json.load(f)

    def rows(self):
        return {p["name"]: p for p in self.state()["plugins"]}

    def snapshot(self):
        """Everything but the lock and staging: path -> content, link target or None."""
        seen = {}
        for folder, names, files in os.walk(self.packages):
            if folder == self.packages and "staging" in names:
                names.remove("staging")
            for name in names + files:
                path = os.path.join(folder, name)
                rel = os.path.relpath(path, self.packages)
                if rel == "lock":
                    continue
                if os.path.islink(path):
                    seen[rel] = os.readlink(path)
                elif os.path.isfile(path):
                    with open(path, "rb") as f:
                        seen[rel] = f.read()
                else:
                    seen[rel] = None
        return seen


def refused(code, reason, fn, *args, **params):
    """The error with which fn ends; its code and reason must be these."""
    try:
        result = fn(*args, **params)
    except Refused as e:
        assert (e.code, e.reason) == (code, reason), (e.code, e.reason, str(e))
        assert e.hint, "no remedy: " + str(e)
        return e
    raise AssertionError(f"expected {reason}, it went well: {result}")


def skill(folder, name="hello", version="1.0.0", permissions=(), files=None, **more):
    """A plugin without code."""
    path = os.path.join(folder, f"{name}-{version}")
    os.makedirs(path)
    manifest = {"name": name, "version": version, "summary": f"Says {name}", "kind": "skill", "license": "MIT",
                "permissions": list(permissions), **more}
    contents = {"plugin.json": json.dumps(manifest), "SKILL.md": f"---\nname: {name}\ndescription: says {name}\n---\n# {name}\n",
                **(files or {})}
    for rel, text in contents.items():
        os.makedirs(os.path.dirname(os.path.join(path, rel)), exist_ok=True)
        with open(os.path.join(path, rel), "w") as f:
            f.write(text)
    return path


def pack(path):
    """The .ocp of a folder."""
    target = path + ".ocp"
    r = subprocess.run([os.path.join(BIN, "openclaw-archive"), "pack", path, target], capture_output=True, text=True)
    assert r.returncode == 0, r.stdout + r.stderr
    return target


def keygen(folder, name="key"):
    """A key pair of minisign: the path of the secret one and the public one as text."""
    secret, public = os.path.join(folder, name + ".key"), os.path.join(folder, name + ".pub")
    subprocess.run(["minisign", "-G", "-W", "-f", "-s", secret, "-p", public], check=True, capture_output=True, input=b"")
    with open(public) as f:
        return secret, f.read().split("\n")[1]


def sign(secret, path, comment):
    subprocess.run(["minisign", "-S", "-s", secret, "-m", path, "-t", comment], check=True, capture_output=True, input=b"")
