"""Reads the blocks of a page. SPDX-License-Identifier: MIT

A comment on the line before a block says what becomes of it:
    <!-- not run: reason -->   a ```sh block that the test leaves out
    <!-- file: path -->        a block of any language that the test writes to that file
A page may say `<!-- needs: host -->` (a running host), `<!-- needs: sdk -->` (an installation in ~/openclaw) and
`<!-- needs: checkout -->` (blocks begin in this repository, not in the home folder), `<!-- needs: api -->` (a host that is
started serves HTTP, on the usual ports).
Blocks tagged ```sh run, all others are only shown.
"""

import re
from dataclasses import dataclass

FENCE = re.compile(r"^(\s*)```(\S*)\s*$")
DIRECTIVE = re.compile(r"^\s*<!--\s*(not run|file|needs):\s*(.*?)\s*-->\s*$")


@dataclass
class Block:
    line: int
    language: str
    text: str
    directive: str = ""
    argument: str = ""


def read(path):
    """The blocks of the page and the set of what it needs."""
    blocks, needs = [], set()
    block, lines, indent, last = None, [], "", None
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f.read().split("\n"), 1):
            fence = FENCE.match(line)
            if block is None and fence:
                indent = fence.group(1)
                directive, argument = last.groups() if last else ("", "")
                block, lines = Block(number, fence.group(2), "", directive, argument), []
            elif block is not None and fence and not fence.group(2):
                block.text = "\n".join(lines) + "\n"
                blocks.append(block)
                block = None
            elif block is not None:
                lines.append(line.removeprefix(indent))
            directive = DIRECTIVE.match(line)
            if directive and directive.group(1) == "needs":
                needs.add(directive.group(2))
                directive = None
            if line.strip():
                last = directive
    if block is not None:
        raise SystemExit(f"{path}:{block.line}: the block does not end")
    return blocks, needs
