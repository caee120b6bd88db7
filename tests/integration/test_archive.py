"""openclaw-archive against archives that no honest packer writes. SPDX-License-Identifier: MIT"""

import hashlib
import io
import json
import os
import random
import shutil
import subprocess
import tarfile
import tempfile

import harness

TOOL = os.path.join(os.path.abspath(harness.BUILD), "bin", "openclaw-archive")
ZSTD = shutil.which("zstd")


class Scratch:
    """A folder with a target that must stay the only one in which anything appears."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="openclaw-archive-")
        self.target = os.path.join(self.path, "in", "target")
        self.archive = os.path.join(self.path, "a.ocp")
        os.makedirs(self.target)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path)

    def put(self, data, compress=True):
        if compress:
            data = subprocess.run([ZSTD, "-q", "-c"], input=data, capture_output=True, check=True).stdout
        with open(self.archive, "wb") as f:
            f.write(data)

    def run(self, *words, env=None):
        r = subprocess.run([TOOL, *words], capture_output=True, text=True, env={**os.environ, **(env or {})})
        assert r.returncode in (0, 1), (r.returncode, r.stderr)
        return [json.loads(line) for line in r.stdout.splitlines()]

    def unpack(self):
        """The reason, or None; what escaped fails the test."""
        last = self.run("unpack", self.archive, self.target)[-1]
        assert sorted(os.listdir(self.path)) == ["a.ocp", "in"], os.listdir(self.path)
        assert os.listdir(os.path.join(self.path, "in")) == ["target"]
        shutil.rmtree(self.target)
        os.makedirs(self.target)
        listed = self.run("list", self.archive)[-1]
        assert listed.get("error", {}).get("reason") == last.get("error", {}).get("reason"), (listed, last)
        return last["error"]["reason"] if "error" in last else None


def tar(members, **options):
    """Bytes of a tar of (TarInfo or name, content)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", **options) as t:
        for info, content in members:
            if isinstance(info, str):
                info = tarfile.TarInfo(info)
            info.size = len(content)
            t.addfile(info, io.BytesIO(content))
    return out.getvalue()


def special(name, kind, **fields):
    info = tarfile.TarInfo(name)
    info.type = kind
    for key, value in fields.items():
        setattr(info, key, value)
    return info, b""


def reason_of(members, **options):
    with Scratch() as s:
        s.put(tar(members, **options))
        return s.unpack()


def a_folder(path):
    os.makedirs(os.path.join(path, "assets", "deep"))
    for name, content, mode in (("plugin.json", b"{}", 0o644), ("x.so", b"\x7fELF" * 1000, 0o755),
                                ("assets/deep/a.txt", b"a", 0o600), ("assets/b", b"", 0o664)):
        with open(os.path.join(path, name), "wb") as f:
            f.write(content)
        os.chmod(os.path.join(path, name), mode)


def packing_is_deterministic_and_comes_back_whole():
    with Scratch() as s:
        one, two = os.path.join(s.path, "one"), os.path.join(s.path, "two")
        a_folder(one)
        shutil.copytree(one, two)
        os.utime(os.path.join(two, "x.so"), (1, 1))
        os.makedirs(os.path.join(two, ".openclaw"))
        os.mknod(os.path.join(two, ".openclaw", "receipt.json"))
        files = [os.path.join(s.path, n) for n in ("1.ocp", "2.ocp", "3.ocp")]
        s.run("pack", one, files[0])
        s.run("pack", two, files[1])
        s.run("pack", one, files[2], env={"SOURCE_DATE_EPOCH": "1700000000"})
        data = [open(f, "rb").read() for f in files]
        assert data[0] == data[1] != data[2]
        rows = s.run("unpack", files[0], s.target)
        assert rows[-1]["done"] == {"files": 4, "bytes": 4003, "confined": True}, rows[-1]
        assert [r["file"] for r in rows[:-1]] == ["assets/b", "assets/deep/a.txt", "plugin.json", "x.so"]
        for row in rows[:-1]:
            path = os.path.join(s.target, row["file"])
            content = open(path, "rb").read()
            assert hashlib.sha256(content).hexdigest() == row["sha256"] and len(content) == row["size"]
            assert os.stat(path).st_mode & 0o7777 == (0o755 if path.endswith(".so") else 0o644)


def links_are_refused():
    assert reason_of([special("l", tarfile.SYMTYPE, linkname="/etc/passwd")]) == "archive-link"
    assert reason_of([special("l", tarfile.LNKTYPE, linkname="../x")]) == "archive-link"
    assert reason_of([special("d", tarfile.SYMTYPE, linkname=".."), ("d/x", b"1")]) == "archive-link"


def paths_that_leave_the_folder_are_refused():
    for name in ("../x", "a/../../x", "/tmp/openclaw-x", "./x", "a//b", "..", ".", "a/./b", "a\x01b", "a\x1b[2J", "a\\b",
                 "x" * 300, "a/" * 20 + "b", ".openclaw/receipt.json", ".OpenClaw/x", "ü"):
        for options in ({"format": tarfile.PAX_FORMAT}, {"format": tarfile.GNU_FORMAT}):
            got = reason_of([(name, b"1")], **options)
            assert got == "archive-path", (name, options, got)
    assert reason_of([("a", b"1"), ("a", b"2")]) == "archive-path"
    assert reason_of([("a", b"1"), ("a/b", b"2")]) == "archive-path"
    assert reason_of([("a/b", b"1"), ("a", b"2")]) == "archive-path"
    assert reason_of([special("a", tarfile.DIRTYPE), special("a", tarfile.DIRTYPE), ("a/b", b"1")]) is None


def names_that_differ_only_in_case_are_refused():
    assert reason_of([("Readme", b"1"), ("README", b"2")]) == "archive-case"
    assert reason_of([("a/x", b"1"), ("A/y", b"2")]) == "archive-case"
    assert reason_of([("a/x", b"1"), ("a/y", b"2")]) is None


def special_files_are_refused():
    for kind in (tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE):
        assert reason_of([special("n", kind, devmajor=1, devminor=3)]) == "archive-special"


def odd_modes_are_refused():
    for mode in (0o4755, 0o2755, 0o1755):
        assert reason_of([special("f", tarfile.REGTYPE, mode=mode)]) == "archive-mode"
        assert reason_of([special("d", tarfile.DIRTYPE, mode=mode)]) == "archive-mode"


def bombs_are_refused_before_they_are_written():
    with Scratch() as s:
        s.put(tar([("zeros", b"\0" * (40 << 20))]))
        assert os.path.getsize(s.archive) < 1 << 20
        last = s.run("unpack", s.archive, s.target)[-1]
        assert last["error"]["reason"] == "archive-size", last
        assert os.path.getsize(os.path.join(s.target, "zeros")) <= 17 << 20
    assert reason_of([(f"f{i}", b"") for i in range(4097)]) == "archive-size"
    # A header that promises more than there is, and more than may be.
    info = tarfile.TarInfo("big")
    info.size = 600 << 20
    with Scratch() as s:
        s.put(info.tobuf() + b"x" * 1024)
        assert s.unpack() == "archive-size"


def what_is_no_archive_is_refused():
    with Scratch() as s:
        for data, compress in ((b"", False), (b"hello", False), (b"hello" * 1000, True), (tar([("a", b"1")]), False),
                               (b"", True), (os.urandom(3000), False)):
            s.put(data, compress)
            assert s.unpack() in ("archive-format", "archive-truncated"), (data[:10], compress)


def a_cut_archive_is_refused():
    with Scratch() as s:
        a_folder(os.path.join(s.path, "in", "one"))
        s.run("pack", os.path.join(s.path, "in", "one"), s.archive)
        shutil.rmtree(os.path.join(s.path, "in", "one"))
        whole = open(s.archive, "rb").read()
        seen = set()
        for length in range(0, len(whole), 1 if harness.FULL else 7):
            s.put(whole[:length], compress=False)
            seen.add(s.unpack())
        assert seen == {"archive-truncated", "archive-format"}, seen


def a_mutated_archive_never_escapes():
    """Bytes of the tar are changed by a seeded generator; whatever it becomes, only the target folder is written."""
    rng = random.Random(20)
    base = tar([("plugin.json", b"{}" * 200), ("x.so", b"\x7fELF" * 300), special("assets", tarfile.DIRTYPE),
                ("assets/a", b"a"), ("l" * 150 + "/b", b"b")], format=tarfile.PAX_FORMAT)
    with Scratch() as s:
        for _ in range(3000 if harness.FULL else 150):
            data = bytearray(base)
            for _ in range(rng.randint(1, 6)):
                block = rng.randrange(0, len(data) // 512) * 512
                data[block + rng.randrange(0, 160)] = rng.choice((0, 0x2e, 0x2f, 0x30, 0x31, 0x37, 0xff, rng.randrange(256)))
            for block in range(0, len(data), 512):  # right checksums let more of them through
                header = bytes(data[block:block + 512])
                if header[257:262] == b"ustar":
                    total = sum(header[:148]) + 8 * 32 + sum(header[156:])
                    data[block + 148:block + 156] = b"%06o\0 " % total
            s.put(bytes(data))
            s.unpack()


if __name__ == "__main__":
    if not ZSTD:
        raise SystemExit(77)
    harness.run([packing_is_deterministic_and_comes_back_whole, links_are_refused, paths_that_leave_the_folder_are_refused,
                 names_that_differ_only_in_case_are_refused, special_files_are_refused, odd_modes_are_refused,
                 bombs_are_refused_before_they_are_written, what_is_no_archive_is_refused, a_cut_archive_is_refused,
                 a_mutated_archive_never_escapes])
