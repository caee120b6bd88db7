"""Plugins made from the templates, and a package folder written by hand: what the daemon finds, whoever wrote it.
SPDX-License-Identifier: MIT"""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile

from harness import BUILD

BIN = os.path.join(BUILD, "bin")


def claw(home, *words, check=True, env=None, timeout=180, cwd=None):
    """Runs openclaw; the CompletedProcess. `check`: it must succeed."""
    done = subprocess.run([os.path.join(BIN, "openclaw"), *words], capture_output=True, text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL, cwd=cwd, env={**os.environ, "OPENCLAW_HOME": home, **(env or {})})
    if check and done.returncode != 0:
        raise AssertionError(f"openclaw {' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def document(home, *words, code=0):
    """The answer of openclaw --json as one JSON document, whatever the exit code."""
    done = claw(home, *words, "--json", check=False)
    parsed = json.loads(done.stdout)
    if code is not None:
        assert done.returncode == code, f"openclaw {' '.join(words)}: exit {done.returncode}: {done.stdout}{done.stderr}"
    return parsed


def without_default(text):
    """The source of the collector template, its files an option that has to be set."""
    return text.replace('.default_text = "[\\"/etc/hostname\\"]",', ".flags = OC_OPT_REQUIRED,")


class Sources:
    """Plugins from templates, built once a run."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="openclaw-sources-")
        self.home = os.path.join(self.folder, "home")

    def make(self, name, template="collector", edit=None):
        """The folder of the built plugin. `edit` changes its C source."""
        folder = os.path.join(self.folder, name)
        if not os.path.exists(folder):
            claw(self.home, "plugin", "create", name, "--template", template, "--output", self.folder, "--author", "Ann",
                 "--email", "ann@example.org", "--description", f"A {template} for tests")
        if edit:
            path = os.path.join(folder, f"{name}.c")
            with open(path) as f:
                text = f.read()
            with open(path, "w") as f:
                f.write(edit(text))
        claw(self.home, "plugin", "build", folder)
        return os.path.join(folder, "build", "plugins", name)

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Packages:
    """<home>/packages as the installer leaves it."""

    def __init__(self, home):
        self.root = os.path.join(home, "packages")
        self.generation = 0
        self.rows = {}

    def put(self, folder, tier="process", enabled=True, **more):
        """Puts the plugin of `folder` into the store and among the rows; the switch is another step."""
        with open(os.path.join(folder, "plugin.json"), "rb") as f:
            manifest = json.load(f)
        files = {n: self.sha(os.path.join(folder, n)) for n in sorted(os.listdir(folder))
                 if os.path.isfile(os.path.join(folder, n))}
        digest = hashlib.sha256(json.dumps(files).encode()).hexdigest()
        target = os.path.join(self.root, "store", "sha256", digest)
        if not os.path.exists(target):
            os.makedirs(os.path.join(target, ".openclaw"))
            for n in files:
                shutil.copy2(os.path.join(folder, n), os.path.join(target, n))
            described = subprocess.run([os.path.join(BIN, "openclaw-plughost"), "--describe", folder],
                                       capture_output=True, text=True, timeout=30, check=True)
            with open(os.path.join(target, ".openclaw", "receipt.json"), "w") as f:
                json.dump({"digest": digest, "files": files, "describe": json.loads(described.stdout)}, f)
        permissions = sorted(manifest.get("permissions", []))
        self.rows[manifest["name"]] = {
            "name": manifest["name"], "id": f"local/{manifest['name']}", "version": manifest["version"],
            "digest": digest, "source": f"folder:{folder}", "trust": "unsigned", "tier": tier, "enabled": enabled,
            "pinned": False, "grants": permissions,
            "surface": hashlib.sha256("\n".join(permissions).encode()).hexdigest(), **more}
        return digest

    @staticmethod
    def sha(path):
        with open(path, "rb") as f:
            return hashlib.sha256(f.read()).hexdigest()

    def switch(self):
        """Makes the rows the generation in force."""
        self.generation += 1
        folder = os.path.join(self.root, "generations", str(self.generation))
        os.makedirs(os.path.join(folder, "plugins"))
        for name, row in self.rows.items():
            target = row["source"][5:] if not row["digest"] else f"../../../store/sha256/{row['digest']}"
            os.symlink(target, os.path.join(folder, "plugins", name))
        with open(os.path.join(folder, "state.json"), "w") as f:
            json.dump({"schema": 1, "generation": self.generation, "plugins": list(self.rows.values())}, f)
        new = os.path.join(self.root, "current.new")
        os.symlink(f"generations/{self.generation}", new)
        os.rename(new, os.path.join(self.root, "current"))
