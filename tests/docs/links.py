"""Every link between pages leads to a file and a heading that exist; every fence is closed. SPDX-License-Identifier: MIT"""

import glob
import os
import re
import sys

import page

SOURCE = os.path.abspath(os.environ.get("OC_SOURCE_DIR", os.path.join(os.path.dirname(__file__), "../..")))
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def without_code(text):
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^\s*```.*?^\s*```", "", text, flags=re.M | re.S))


def anchors(path):
    """The ids that a forge gives the headings of a page."""
    with open(path, encoding="utf-8") as f:
        text = re.sub(r"^```.*?^```", "", f.read(), flags=re.M | re.S)
    found, seen = set(), {}
    for title in re.findall(r"^#+ +(.*?) *$", text, re.M):
        base = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        count = seen.get(base, 0)
        seen[base] = count + 1
        found.add(f"{base}-{count}" if count else base)
    return found | set(re.findall(r'<a (?:id|name)="([^"]+)"', text))


def check(path):
    problems = []
    page.read(path)
    with open(path, encoding="utf-8") as f:
        text = without_code(f.read())
    for link in LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
        if not os.path.exists(target):
            problems.append(f"{path}: {link}: there is no such file")
        elif anchor and target.endswith(".md") and anchor not in anchors(target):
            problems.append(f"{path}: {link}: there is no such heading")
    return problems


def main():
    pages = [p for pattern in ("README.md", "docs/**/*.md", "plugins/**/*.md", "sdk/**/*.md")
             for p in glob.glob(os.path.join(SOURCE, pattern), recursive=True) if "/node_modules/" not in p]
    problems = [problem for p in sorted(pages) for problem in check(p)]
    print("\n".join(problems) or f"{len(pages)} pages")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
