#!/usr/bin/env python3
"""Writes registry/bundled/index.json from the manifests of the bundled plugins. SPDX-License-Identifier: MIT

    registry/index.py            writes it anew
    registry/index.py --check    says whether it is stale; the exit code is 1 then

The index has the shape of a registry's version rows without their artifacts: bundled plugins come with the host, so nobody signs or
fetches them.
"""

import glob
import hashlib
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
TARGET = os.path.join(HERE, "bundled", "index.json")


def surface(permissions):
    """As core/package/registry/package.h says: SHA-256 of the sorted permissions, one a line."""
    return hashlib.sha256("\n".join(sorted(permissions)).encode()).hexdigest()


def row(path):
    with open(path, encoding="utf-8") as f:
        manifest = json.load(f)
    permissions = manifest.get("permissions", [])
    out = {"name": manifest["name"], "version": manifest["version"], "kind": manifest.get("kind", ""),
           "summary": manifest["summary"], "license": manifest.get("license", ""), "folder": os.path.relpath(os.path.dirname(path), ROOT),
           "permissions": permissions, "surface": surface(permissions),
           "provides": [o["name"] for o in manifest.get("operations", [])],
           "metrics": len(manifest.get("metrics", []))}
    if "abi" in manifest:
        major, minor = manifest["abi"].split(".")
        out["abi"] = {"major": int(major), "min_minor": int(minor)}
    return out


def main():
    rows = sorted((row(p) for p in glob.glob(os.path.join(ROOT, "plugins", "*", "*", "plugin.json"))), key=lambda r: r["name"])
    text = json.dumps({"format": 1, "plugins": rows}, indent=2) + "\n"
    if "--check" not in sys.argv[1:]:
        with open(TARGET, "w", encoding="utf-8") as f:
            f.write(text)
        return 0
    with open(TARGET, encoding="utf-8") as f:
        if f.read() == text:
            return 0
    print("registry/bundled/index.json is stale: run registry/index.py")
    return 1


if __name__ == "__main__":
    sys.exit(main())
