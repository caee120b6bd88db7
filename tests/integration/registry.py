"""A registry with its keeper, hosts that use it, and servers good and bad. SPDX-License-Identifier: MIT"""

import glob
import hashlib
import http.server
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import harness

BIN = os.path.join(os.path.abspath(harness.BUILD), "bin")
SCRATCH = tempfile.mkdtemp(prefix="openclaw-registry-")


class Refusal(Exception):
    """A verb ended with an error."""

    def __init__(self, error):
        super().__init__(f"{error['code']}: {error['message']}")
        self.code = error["code"]
        self.reason = error.get("details", {}).get("reason", "")
        self.message = error["message"]
        self.hint = error["hint"]
        self.details = error.get("details", {})


def worker(verb, home, **params):
    """Runs one verb of openclaw-package."""
    done = subprocess.run([os.path.join(BIN, "openclaw-package"), verb, "--home", home], input=json.dumps(params),
                          capture_output=True, text=True, timeout=120)
    if done.returncode != 0 or done.stderr:
        raise AssertionError(f"{verb} ended with {done.returncode}: {done.stderr}")
    last = json.loads(done.stdout.rstrip("\n").split("\n")[-1])
    if "error" in last:
        raise Refusal(last["error"])
    return last["result"]


def refused(reason, code, function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except Refusal as refusal:
        assert refusal.reason == reason, f"refused as {refusal.reason} ({refusal}), expected {reason}"
        assert refusal.code == code, f"{reason} has the code {refusal.code}, expected {code}"
        assert refusal.message and refusal.message[0] != refusal.message[0].upper() or not refusal.message[0].isalpha(), refusal.message
        assert refusal.hint.endswith(".") or "--fingerprint" in refusal.hint, refusal.hint
        return refusal
    raise AssertionError(f"nothing was refused, expected {reason}")


def folder(name):
    return tempfile.mkdtemp(prefix=name + "-", dir=SCRATCH)


def pack(name, version, **more):
    """An archive of a plugin without code."""
    where = folder("plugin")
    manifest = {"name": name, "version": version, "summary": f"Does what {name} does", "kind": "collector",
                "license": "MIT", "permissions": ["network:tcp:6379"], "instances": [{"plugin": "tcp", "name": "x"}], **more}
    with open(os.path.join(where, "plugin.json"), "w") as f:
        json.dump(manifest, f)
    file = os.path.join(SCRATCH, f"{name}-{version}-{os.path.basename(where)}.ocp")
    subprocess.run([os.path.join(BIN, "openclaw-archive"), "pack", where, file], check=True, capture_output=True)
    return file


def tree(path):
    """Every file below a folder with its digest."""
    found = {}
    for base, _, names in os.walk(path):
        for name in names:
            full = os.path.join(base, name)
            with open(full, "rb") as f:
                found[os.path.relpath(full, path)] = hashlib.sha256(f.read()).hexdigest()
    return found


class Registry:
    """A registry folder with one publisher, and what a keeper does."""

    def __init__(self, name="acme-plugins", **params):
        self.base = folder("keeper")
        self.dir = os.path.join(self.base, "registry")
        self.made = self.keep("init", name=name, popular=["redis"], **params)
        self.key = os.path.join(self.base, "acme")
        worker("plugin.keygen", self.base, output=self.key)

    def keep(self, verb, **params):
        return worker(f"registry.{verb}", self.base, dir=self.dir, **params)

    def publish(self, name="probe", version="1.0.0", publisher="acme", key=None, **params):
        return self.keep("publish", files=[pack(name, version)], publisher=publisher,
                         publisher_key=(key or self.key) + ".key", **params)

    def path(self, pattern):
        found = glob.glob(os.path.join(self.dir, "v1", pattern))
        assert len(found) == 1, f"{pattern}: {found}"
        return found[0]

    def read(self, name):
        with open(os.path.join(self.dir, "v1", name), "rb") as f:
            return f.read()

    def write(self, name, data):
        path = os.path.join(self.dir, "v1", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)

    def fork(self):
        """The same registry, keys and all, in another place: what a thief or a replaying mirror has."""
        other = object.__new__(Registry)
        other.base = folder("fork")
        other.dir = os.path.join(other.base, "registry")
        shutil.copytree(self.dir, other.dir)
        shutil.copytree(self.dir + ".keys", other.dir + ".keys")
        other.key = self.key
        return other

    def restore(self, fork):
        shutil.rmtree(self.dir)
        shutil.copytree(fork.dir, self.dir)

    def snapshot_version(self):
        return json.loads(self.read("timestamp.json"))["signed"]["snapshot"]["version"]

    def replace_package(self, package, change, as_name=None):
        """Lets a keeper with the online keys serve another package file: shard, snapshot and timestamp are right for it."""
        version = self.snapshot_version()
        snapshot = self.read(f"snapshot.{version}.json").decode()
        for number, ref in json.loads(snapshot)["signed"]["shards"].items():
            shard_name = f"shard/{number}.{ref['sha256']}.json"
            shard = json.loads(self.read(shard_name))
            if package in shard["packages"]:
                break
        entry = shard["packages"][package]
        lines = self.read(f"p/{package}.{entry['file']['sha256']}.jsonl")
        lines = change(lines)
        digest = hashlib.sha256(lines).hexdigest()
        self.write(f"p/{as_name or package}.{digest}.jsonl", lines)
        if as_name:
            del shard["packages"][package]
        shard["packages"][as_name or package] = {**entry, "file": {"sha256": digest, "length": len(lines)}}
        text = json.dumps(shard).encode()
        shard_digest = hashlib.sha256(text).hexdigest()
        self.write(f"shard/{number}.{shard_digest}.json", text)
        old = json.dumps(ref, separators=(",", ":"), sort_keys=True)
        assert old in snapshot, "the snapshot is not written as expected"
        new = json.dumps({"length": len(text), "sha256": shard_digest}, separators=(",", ":"))
        self.write(f"snapshot.{version}.json", snapshot.replace(old, new).encode())
        self.keep("sign", snapshot_expires="80d")


class Host:
    """A host that uses registries."""

    def __init__(self):
        self.home = folder("home")

    def use(self, verb, **params):
        return worker(verb, self.home, **params)

    def add(self, registry, name="main", **params):
        params.setdefault("trust_first", True)
        url = registry if isinstance(registry, str) else "file://" + registry.dir
        return self.use("registry.add", name=name, url=url, **params)

    def refresh(self):
        return self.use("registry.refresh")[0]

    def lookup(self, name="acme/probe"):
        return self.use("plugin.lookup", name=name)

    def download(self, name="acme/probe", output=None):
        return self.use("plugin.download", name=name, output=output or folder("out"))

    def files(self):
        return tree(os.path.join(self.home, "packages"))

    def refuses(self, reason, code, function, *args, **kwargs):
        before = self.files()
        refusal = refused(reason, code, function, *args, **kwargs)
        after = self.files()
        assert before == after, f"{reason}: changed {sorted(k for k in {**before, **after} if before.get(k) != after.get(k))}"
        return refusal


def pair(**params):
    """An honest registry with two versions, and a host that knows it."""
    registry, host = Registry(**params), Host()
    registry.publish()
    registry.publish(version="1.1.0")
    host.add(registry)
    return registry, host


def flip(data, at=-20):
    data = bytearray(data)
    data[at] ^= 1
    return bytes(data)


class serve:
    """`registry serve` on a free port, with its access log."""

    def __init__(self, directory):
        self.directory = directory
        self.requests = []

    def __enter__(self):
        self.process = subprocess.Popen([os.path.join(BIN, "openclaw-serve"), self.directory], stdout=subprocess.PIPE, text=True)
        self.url = json.loads(self.process.stdout.readline())["url"]
        self.reader = threading.Thread(target=self.read)
        self.reader.start()
        return self

    def read(self):
        for line in self.process.stdout:
            self.requests.append(json.loads(line))

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(20) == 0
        self.reader.join()
        self.process.stdout.close()


class EvilServer:
    """Serves a folder, but for paths with `part` in them misbehaves in one way."""

    def __init__(self, directory):
        outer = self
        self.part = self.way = None
        self.sent_by_endless = 0
        self.reached, self.go_on = threading.Event(), threading.Event()

        class Handler(http.server.SimpleHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def __init__(self, *args):
                super().__init__(*args, directory=directory)

            def do_GET(self):
                self.path = self.path.replace("/moved/", "/")
                if outer.part and outer.part in self.path and not (outer.way == "moved" and "moved" in self.requestline):
                    self.close_connection = True
                    try:
                        getattr(self, outer.way)()
                    except (BrokenPipeError, ConnectionResetError):
                        pass
                else:
                    super().do_GET()

            def head(self, length=None, status=200):
                self.send_response(status)
                if length is not None:
                    self.send_header("Content-Length", str(length))
                self.send_header("Connection", "close")
                self.end_headers()

            def truncated(self):
                self.head(20)
                self.wfile.write(b"x" * 10)

            def declared(self):
                self.head(1 << 40)
                self.wfile.write(b"x" * 70)

            def endless(self):
                self.head()
                piece = b"x" * 65536
                for _ in range(100000):
                    self.wfile.write(piece)
                    outer.sent_by_endless += len(piece)

            def stalled(self):
                self.head(20)
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(6)

            def many_headers(self):
                self.send_response(200)
                for n in range(200000):
                    self.send_header(f"X-{n}", "y" * 100)
                    if n % 100 == 0:
                        self.flush_headers()

            def late(self):
                """Honest, when it is told to go on."""
                outer.reached.set()
                outer.go_on.wait(20)
                super().do_GET()

            def missing_at_length(self):
                """A page of a static host's own, longer than the file may be."""
                page = b"<p>not here</p>" * 40000
                self.send_response(404)
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                try:
                    self.wfile.write(page)
                except OSError:
                    pass

            def missing(self):
                self.head(0, 404)

            def broken(self):
                self.head(0, 500)

            def redirect(self, to):
                self.send_response(302)
                self.send_header("Location", to)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def elsewhere(self):
                self.redirect("http://localhost:1/" + self.path)

            def circle(self):
                self.redirect(self.path)

            def moved(self):
                self.redirect("/moved" + self.path)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def attack(self, part, way):
        self.part, self.way = part, way

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
