"""The tests of the documentation can fail: a page that is wrong in each way is refused. SPDX-License-Identifier: MIT"""

import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))

sys.path.insert(0, HERE)
import configs  # noqa: E402
import links  # noqa: E402
import page  # noqa: E402
import reference  # noqa: E402


SCRATCH = tempfile.TemporaryDirectory(prefix="openclaw-page-")


def written(text):
    path = os.path.join(SCRATCH.name, "page.md")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def runs(text):
    return subprocess.run([sys.executable, os.path.join(HERE, "run_page.py"), written(text)],
                          capture_output=True).returncode == 0


def a_block_that_fails_fails_the_page():
    assert runs("```sh\ntrue\n```\n")
    assert not runs("```sh\nfalse\ntrue\n```\n")
    assert not runs("```sh\necho $never_set\n```\n")


def only_runnable_blocks_run():
    assert runs("<!-- not run: it would fail -->\n```sh\nfalse\n```\n```console\n$ false\n```\n```\nfalse\n```\n")


def blocks_share_a_shell_and_files_are_written_before_they_are_used():
    assert runs("<!-- file: ~/a/b -->\n```\n$HOME stays\n```\n\n```sh\nx=1\n```\ntext\n```sh\n"
                "test $x = 1\ngrep -qx '$HOME stays' a/b\n```\n")


def a_page_says_what_it_needs():
    blocks, needs = page.read(written("<!-- needs: host -->\n\n```sh\ntrue\n```\n"))
    assert needs == {"host"} and len(blocks) == 1 and blocks[0].line == 3


def a_broken_link_is_found():
    assert not links.check(written("# A b\n[x](#a-b) [y](page.md#a-b) [z](https://example.org) `[w](nowhere)`\n"))
    assert links.check(written("[x](nowhere.md)\n"))
    assert links.check(written("# A\n[x](#b)\n"))


def a_wrong_piece_of_configuration_is_found():
    assert not configs.findings('collectors = ( { plugin = "system"; interval = "5s"; } );')
    assert "intervall" in configs.findings('collectors = ( { plugin = "system"; intervall = "5s"; } );')[0]
    assert configs.findings("collectors = ( ;")


def a_command_on_a_line_of_its_own_is_listed():
    overview = "Commands:\n  api         the face\n              of it\n  maintenance\n              the mode\n\nOptions of every command:\n"
    assert reference.names_listed(overview) == ["api", "maintenance"]


def a_block_of_an_unknown_section_is_looked_at():
    assert configs.SECTION.match('rules = ( { name = "a"; } );') and configs.SECTION.match("# why\napi = { listen = 1; };")
    assert configs.SECTION.match("api: { }") is None and configs.SECTION.match("plain text") is None


def main():
    for name, test in list(globals().items()):
        if callable(test) and name.count("_") > 1 and getattr(test, "__module__", "") == "__main__":
            test()
            print("ok", name.replace("_", " "))


if __name__ == "__main__":
    main()
