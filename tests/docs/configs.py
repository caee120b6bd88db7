"""Every piece of configuration in the documentation, plugins' READMEs included, passes `openclawd --check`.
SPDX-License-Identifier: MIT

A piece is a block without a language that begins like a section. Environment variables and files of secrets that it names are
there.
"""

import glob
import json
import os
import re
import subprocess
import sys
import tempfile

import page

BUILD = os.path.abspath(os.environ.get("OC_BUILD_DIR", "build"))
SOURCE = os.path.abspath(os.environ.get("OC_SOURCE_DIR", os.path.join(os.path.dirname(__file__), "../..")))
SECTION = re.compile(r"\s*(#[^\n]*\n\s*)*[a-z_]+\s*=\s*[({]")  # also of what is no section: it is a finding


def findings(text):
    """What is wrong with it, as lines."""
    with tempfile.TemporaryDirectory(prefix="openclaw-config-") as folder:
        path, secret = (os.path.join(folder, name) for name in ("openclaw.conf", "secret"))
        for name, content in ((path, re.sub(r'"\$file:[^"]*"', f'"$file:{secret}"', text)), (secret, "set\n")):
            with open(os.open(name, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as f:
                f.write(content)
        env = {"PATH": "/usr/bin:/bin", "HOME": folder, "OPENCLAW_HOME": f"{folder}/home", "OPENCLAW_PLUGINS": f"{BUILD}/plugins",
               **{name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ},
               **{name: "set" for name in re.findall(r"\$env:(\w+)", text)}}
        done = subprocess.run([f"{BUILD}/bin/openclawd", "--check", "--config", path], env=env, capture_output=True, text=True)
        if not done.stdout:
            return [done.stderr.strip().replace(path, "")]
        return [f"line {f['line']}: {f['key']}: {f['message']}" for f in json.loads(done.stdout)["findings"] if not f["warning"]]


def main():
    count, problems = 0, []
    for pattern in ("README.md", "docs/*.md", "plugins/*/*/README.md"):
        for path in sorted(glob.glob(os.path.join(SOURCE, pattern))):
            for block in page.read(path)[0]:
                if block.language or block.directive or not SECTION.match(block.text):
                    continue
                count += 1
                problems += [f"{os.path.relpath(path, SOURCE)}:{block.line}: {f}" for f in findings(block.text)]
    print("\n".join(problems) or f"{count} pieces")
    sys.exit(bool(problems) or count == 0)


if __name__ == "__main__":
    main()
