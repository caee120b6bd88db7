"""What may be on the disk after a loss of power: records a program's file operations, and plays them back in part.
SPDX-License-Identifier: MIT

A program runs once under strace. Each call that changes the file system becomes an operation of a model, in which a file has a
content in memory and one on disk, and a folder a list of entries that are on disk or only on their way there. Then, for each
moment of the run and as often as one likes, a folder is made that a disk might hold if the power went away just then:

  * the bytes of a file are safe when it was fsynced since; else it holds what it held then, or a part, or zeros, or all;
  * a name that was made, removed or moved is safe when the folder (for a move: one of the two) was fsynced since; else it
    has happened or not, each by itself. A move is never half done, and a link has its target when it has its name.

This is weaker than what ext4, XFS and Btrfs promise: what passes here does not lean on any of them.
"""

import os
import random
import re
import subprocess

CALLS = ("open,openat,creat,write,pwrite64,writev,ftruncate,truncate,rename,renameat,renameat2,mkdir,mkdirat,unlink,"
         "unlinkat,rmdir,symlink,symlinkat,link,linkat,fsync,fdatasync,sync_file_range,copy_file_range,sendfile,fallocate")


class Inode:
    def __init__(self, kind, data=b"", target=None):
        self.kind, self.data, self.target = kind, data, target
        self.entries = {}      # a folder's names as the program sees them
        self.safe_data = None  # bytes on disk; None: never written there


class Op:
    """One step: `kind` and what it is about."""

    def __init__(self, kind, **fields):
        self.kind = kind
        self.__dict__.update(fields)

    def __repr__(self):
        return f"{self.kind} {getattr(self, 'text', '')}"


# ---- recording ----

STRING = r'"((?:[^"\\]|\\.)*)"'
LINE = re.compile(r"^(\d+)\s+(\w+)\((.*)\)\s+= (-?\d+|\?)(.*)$", re.S)


def unescape(text):
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


def split_arguments(text):
    """Arguments at the top level of commas."""
    out, depth, quoted, start, i = [], 0, False, 0, 0
    while i < len(text):
        c = text[i]
        if quoted:
            if c == "\\":
                i += 1
            elif c == '"':
                quoted = False
        elif c == '"':
            quoted = True
        elif c in "[{(":
            depth += 1
        elif c in "]})":
            depth -= 1
        elif c == "," and depth == 0:
            out.append(text[start:i].strip())
            start = i + 1
        i += 1
    out.append(text[start:].strip())
    return out


def calls_of(text):
    """(name, arguments, result) of each call that was made whole, in the order in which they ended."""
    waiting = {}
    for line in text.split("\n"):
        m = re.match(r"^(\d+)\s+(.*) <unfinished \.\.\.>$", line, re.S)
        if m:
            waiting[m.group(1)] = m.group(2)
            continue
        m = re.match(r"^(\d+)\s+<\.\.\. \w+ resumed>(.*)$", line, re.S)
        if m:
            line = f"{m.group(1)} {waiting.pop(m.group(1))}{m.group(2)}"
        m = LINE.match(line)
        if m and m.group(4) not in ("?", "-1"):
            yield m.group(2), split_arguments(m.group(3)), m.group(5)


def quoted(argument):
    m = re.match(STRING, argument)
    assert m and not argument.endswith("..."), argument[-60:]
    return unescape(m.group(1))


def path_of(argument):
    return os.fsdecode(quoted(argument))


def fd_path(argument):
    """The path that strace -y shows for a descriptor, None for a pipe and the like."""
    m = re.match(r"^\w+<(.*)>$", argument, re.S)
    path = m and os.fsdecode(unescape(m.group(1)))
    return path if path and path.startswith("/") else None


class Recorder:
    """Follows calls below `root`, which holds what it held before the first of them."""

    def __init__(self, root):
        self.root = os.path.realpath(root)
        self.top = self.read(self.root)
        self.start = self.copy(self.top, {})
        self.ops = []

    def read(self, path):
        if os.path.islink(path):
            return Inode("link", target=os.readlink(path))
        if os.path.isdir(path):
            node = Inode("dir")
            node.entries = {n: self.read(os.path.join(path, n)) for n in os.listdir(path)}
            return node
        with open(path, "rb") as f:
            node = Inode("file", f.read())
        node.safe_data = node.data
        return node

    def copy(self, node, seen):
        """A second tree of names over the same inodes."""
        seen[node] = {n: self.copy(child, seen)[0] for n, child in node.entries.items()}
        return node, seen

    def rel(self, path):
        path = os.path.normpath(path)
        if path == self.root:
            return []
        return path[len(self.root) + 1:].split("/") if path.startswith(self.root + "/") else None

    def at(self, dirfd, path):
        if not path.startswith("/"):
            path = os.path.join(fd_path(dirfd) or "/", path)
        return self.rel(path)

    def find(self, parts):
        node = self.top
        for part in parts:
            node = node.entries.get(part)
            if node is None:
                return None
        return node

    def split(self, parts):
        return self.find(parts[:-1]), parts[-1]

    def add(self, kind, text, **fields):
        self.ops.append(Op(kind, text=text, **fields))

    def make(self, parts, node):
        folder, name = self.split(parts)
        assert folder is not None, parts
        folder.entries[name] = node
        self.add("make", "/".join(parts), folder=folder, name=name, node=node)

    def remove(self, parts):
        folder, name = self.split(parts)
        node = folder.entries.pop(name)
        self.add("remove", "/".join(parts), folder=folder, name=name, node=node)

    def move(self, old, new, exchange=False):
        a, b = self.split(old), self.split(new)
        node, other = a[0].entries[a[1]], b[0].entries.get(b[1])
        del a[0].entries[a[1]]
        b[0].entries[b[1]] = node
        if exchange:
            a[0].entries[a[1]] = other
        self.add("move", f"{'/'.join(old)} -> {'/'.join(new)}", folder=a[0], name=a[1], to=b[0], to_name=b[1], node=node,
                 other=other if exchange else None)

    def set_data(self, node, data, text):
        node.data = data
        self.add("data", text, node=node, data=data)

    def open(self, parts, flags):
        node = self.find(parts)
        if node is None and "O_CREAT" in flags:
            self.make(parts, Inode("file"))
        elif node is not None and "O_TRUNC" in flags and node.kind == "file":
            self.set_data(node, b"", "truncate " + "/".join(parts))

    def take(self, name, args, rest):
        if name in ("open", "creat"):
            parts = self.rel(os.path.abspath(path_of(args[0])))
            flags = args[1] if name == "open" else "O_CREAT|O_TRUNC"
        elif name == "openat":
            parts, flags = self.at(args[0], path_of(args[1])), args[2]
        if name in ("open", "creat", "openat"):
            if parts:
                self.open(parts, flags)
        elif name in ("write", "writev", "pwrite64", "ftruncate", "fsync", "fdatasync"):
            path = fd_path(args[0])
            parts = self.rel(path) if path else None
            if parts is not None:
                self.take_fd(name, parts, args)
        elif name in ("mkdir", "mkdirat"):
            parts = self.at("AT_FDCWD", path_of(args[0])) if name == "mkdir" else self.at(args[0], path_of(args[1]))
            if parts:
                self.make(parts, Inode("dir"))
        elif name in ("unlink", "rmdir", "unlinkat"):
            parts = self.at(args[0], path_of(args[1])) if name == "unlinkat" else self.rel(path_of(args[0]))
            if parts:
                self.remove(parts)
        elif name in ("symlink", "symlinkat"):
            parts = self.rel(path_of(args[1])) if name == "symlink" else self.at(args[1], path_of(args[2]))
            if parts:
                self.make(parts, Inode("link", target=path_of(args[0])))
        elif name in ("rename", "renameat", "renameat2"):
            self.take_rename(name, args)
        else:
            assert not any(self.root in a for a in args), f"{name} is not understood: {args}"

    def take_rename(self, name, args):
        if name == "rename":
            old, new, flags = self.rel(path_of(args[0])), self.rel(path_of(args[1])), ""
        else:
            old, new = self.at(args[0], path_of(args[1])), self.at(args[2], path_of(args[3]))
            flags = args[4] if len(args) > 4 else ""
        if old is None and new is None:
            return
        assert old and new, f"a move across the edge of the folder: {args}"
        self.move(old, new, "RENAME_EXCHANGE" in flags)

    def take_fd(self, name, parts, args):
        node = self.find(parts)
        if node is None:
            return  # it has no name any more
        text = f"{name} {'/'.join(parts)}"
        if name in ("fsync", "fdatasync"):
            self.add("sync", text, node=node)
        elif name == "ftruncate":
            size = int(args[1])
            self.set_data(node, node.data[:size].ljust(size, b"\0"), text)
        elif name == "write":
            self.set_data(node, node.data + quoted(args[1]), text)
        elif name == "pwrite64":
            at, data = int(args[3]), quoted(args[1])
            self.set_data(node, node.data[:at].ljust(at, b"\0") + data + node.data[at + len(data):], text)
        else:
            raise AssertionError(f"{name} is not understood")


def record(root, argv, stdin, env):
    """Runs argv under strace, from which the operations below `root` are taken: (recorder, stdout)."""
    recorder = Recorder(root)
    log = root.rstrip("/") + ".strace"
    r = subprocess.run(["strace", "-f", "-y", "-q", "-s", "10000000", "-e", "signal=none", "-e", "trace=" + CALLS, "-o", log,
                        *argv], input=stdin, capture_output=True, text=True, env=env)
    assert r.returncode == 0, r.stderr[-2000:]
    with open(log, encoding="latin-1", newline="\n") as f:
        text = f.read()
    os.unlink(log)
    for name, args, rest in calls_of(text):
        recorder.take(name, args, rest)
    compare(recorder.top, recorder.root)
    return recorder, r.stdout


def compare(node, path):
    """The model must have seen everything that happened."""
    if node.kind == "link":
        assert os.readlink(path) == node.target, path
    elif node.kind == "file":
        with open(path, "rb") as f:
            assert f.read() == node.data or os.path.basename(path) == "lock", path
    else:
        assert sorted(node.entries) == sorted(os.listdir(path)), (path, sorted(node.entries), sorted(os.listdir(path)))
        for name, child in node.entries.items():
            compare(child, os.path.join(path, name))


# ---- playing back ----

class Disk:
    """The disk after the first `count` operations. `rng` None: everything that was done is there ("kill"); False: nothing
    that was not fsynced is there; else it decides."""

    def __init__(self, recorder, count, rng):
        top, names = recorder.start
        self.top = top
        self.names = {node: dict(entries) for node, entries in names.items()}
        self.rng = rng
        done = recorder.ops[:count]
        for i, op in enumerate(done):
            if op.kind in ("make", "remove", "move") and (self.is_safe(op, done[i + 1:]) or self.choose()):
                self.play(op)
        self.done = done

    def choose(self):
        return True if self.rng is None else self.rng is not False and self.rng.random() < 0.5

    @staticmethod
    def is_safe(op, later):
        folders = (getattr(op, "folder", None), getattr(op, "to", None))
        return any(o.kind == "sync" and o.node in folders for o in later if o.node)

    def entries(self, folder):
        return self.names.setdefault(folder, {})

    def play(self, op):
        here = self.entries(op.folder)
        if op.kind == "make":
            here[op.name] = op.node
        elif op.kind == "remove":
            if here.get(op.name) is op.node:
                del here[op.name]
        else:
            if here.get(op.name) is op.node:
                del here[op.name]
            self.entries(op.to)[op.to_name] = op.node
            if op.other is not None:
                here[op.name] = op.other

    def data(self, node):
        now = safe = node.safe_data if node.safe_data is not None else b""
        for op in self.done:
            if op.kind == "data" and op.node is node:
                now = op.data
            elif op.kind == "sync" and op.node is node:
                safe = now
        if self.rng is None:
            return now
        if self.rng is False or now == safe:
            return safe
        return self.rng.choice((safe, now, now[:self.rng.randrange(len(now) + 1)], b"\0" * len(now)))

    def write(self, path):
        self.put(self.top, path)

    def put(self, node, path):
        if node.kind == "link":
            os.symlink(node.target, path)
        elif node.kind == "file":
            with open(path, "wb") as f:
                f.write(self.data(node))
        else:
            os.mkdir(path)
            for name, child in self.entries(node).items():
                self.put(child, os.path.join(path, name))


def moments(recorder, step=1):
    """The counts of operations at which the power may go away."""
    return range(0, len(recorder.ops) + 1, step)


def outcomes(seeds):
    """The three ways to choose: all there, only what is safe, and by chance."""
    return [("kill", None), ("unsynced lost", False)] + [(f"seed {s}", s) for s in range(seeds)]


def rng_of(choice, count):
    return random.Random(choice * 100003 + count) if isinstance(choice, int) and not isinstance(choice, bool) else choice
