"""A home folder in which many plugins are installed, made without a daemon. SPDX-License-Identifier: MIT"""

import hashlib
import json
import os
import shutil

NONE = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def put(root, plugin, name):
    """One unpacked artifact in the store: `plugin` under another name. Returns its row of the state."""
    with open(os.path.join(plugin, "plugin.json")) as f:
        manifest = {**json.load(f), "name": name}
    library = manifest["library"]
    text = json.dumps(manifest).encode()
    digest = hashlib.sha256(text).hexdigest()  # what it is of does not matter here: each has its own
    folder = os.path.join(root, "store", "sha256", digest)
    os.makedirs(os.path.join(folder, ".openclaw"))
    with open(os.path.join(folder, "plugin.json"), "wb") as f:
        f.write(text)
    shutil.copy2(os.path.join(plugin, library), folder)
    with open(os.path.join(folder, library), "rb") as f:
        files = {"plugin.json": hashlib.sha256(text).hexdigest(), library: hashlib.sha256(f.read()).hexdigest()}
    with open(os.path.join(folder, ".openclaw", "receipt.json"), "w") as f:
        json.dump({"digest": digest, "files": files}, f)
    return {"name": name, "id": f"local/{name}", "version": manifest["version"], "digest": digest,
            "source": f"file:/{name}.ocp", "trust": "signed", "tier": "sandbox", "enabled": False, "disabled_why": "user",
            "pinned": False, "grants": [], "surface": NONE}


def install(home, plugin, count):
    """Installs `count` disabled copies of `plugin`, a built folder of the bundled ones, as generation 1."""
    root = os.path.join(home, "packages")
    rows = [put(root, plugin, f"{os.path.basename(plugin)}-{i:03}") for i in range(count)]
    plugins = os.path.join(root, "generations", "1", "plugins")
    os.makedirs(plugins)
    for row in rows:
        os.symlink(f"../../../store/sha256/{row['digest']}", os.path.join(plugins, row["name"]))
    with open(os.path.join(root, "generations", "1", "state.json"), "w") as f:
        json.dump({"schema": 1, "generation": 1, "plugins": rows}, f)
    os.symlink("generations/1", os.path.join(root, "current"))
