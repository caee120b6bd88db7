"""Starts a real openclawd in a scratch home and speaks the control protocol to it. SPDX-License-Identifier: MIT"""

import http.server
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

BUILD = os.environ.get("OC_BUILD_DIR", "build")
FULL = bool(os.environ.get("OC_FULL"))


def sanitized():
    """Whether the daemon was built with ASan, which keeps what was freed: its memory says little then."""
    symbols = subprocess.run(["nm", "-D", os.path.join(BUILD, "bin", "openclawd")], capture_output=True, text=True, check=False)
    return "__asan" in symbols.stdout


def leak_checker_crashed(output):
    """The leak checker of gcc 12 itself crashes now and then, after everything has ended, on the thread-local storage of libraries that were
    loaded; a leak that it found, or an error of ours, is told in other words."""
    return ("Tracer caught signal 11" in output and "LeakSanitizer has encountered a fatal error" in output
            and "detected memory leaks" not in output and "ERROR: AddressSanitizer" not in output)


class Failure(Exception):
    """An operation was answered with an error."""

    def __init__(self, error):
        super().__init__(f"{error['code']}: {error['message']}")
        self.code = error["code"]
        self.hint = error["hint"]


class Client:
    """One connection of the control protocol: 4 bytes of length, then JSON."""

    def __init__(self, path, timeout=20):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(path)
        self.next_id = 0

    def close(self):
        self.socket.close()

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            chunk = self.socket.recv(count - len(data))
            if not chunk:
                raise ConnectionError("the daemon closed the connection")
            data += chunk
        return data

    def send(self, frame):
        text = json.dumps(frame).encode()
        self.socket.sendall(struct.pack("<I", len(text)) + text)

    def receive(self):
        (length,) = struct.unpack("<I", self._exactly(4))
        return json.loads(self._exactly(length))

    def call(self, op, **params):
        self.next_id += 1
        self.send({"id": self.next_id, "op": op, "params": params})
        while True:
            frame = self.receive()
            if frame.get("id") == self.next_id and "ok" in frame:
                if not frame["ok"]:
                    raise Failure(frame["error"])
                return frame["data"]


class Daemon:
    """A daemon in a home of its own; `config` is libconfig text. With `api` it serves HTTP on any free port (`url`), unless
    the configuration has a section `api` of its own."""

    def __init__(self, config="", home=None, env=None, args=(), api=False):
        self.home = home or tempfile.mkdtemp(prefix="openclaw-test-")
        self.config = os.path.join(self.home, "openclaw.conf")
        self.env = {**os.environ, "OPENCLAW_HOME": self.home, "OPENCLAW_API": "on" if api else "off", **(env or {})}
        self.api = api
        self.env.pop("OPENCLAW_CONFIG", None)
        self.args = list(args)
        self.process = None
        self.write(config)

    def write(self, config):
        if self.api and not re.search(r"^\s*api\s*[=:]", config, re.M):
            config += "\napi = { listen = ( { port = 0; } ); };\n"
        with open(self.config, "w") as f:
            f.write(config)

    @property
    def socket(self):
        return os.path.join(self.home, "run", "openclawd.sock")

    def start(self, wait=True, preexec=None):
        self.log = open(os.path.join(self.home, "stderr.log"), "ab")
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "bin", "openclawd"), "--foreground", "--config", self.config, *self.args],
            env=self.env, stderr=self.log, stdout=self.log, preexec_fn=preexec)
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self, timeout=20):
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise AssertionError(f"openclawd left with {self.process.returncode}:\n{self.output()}")
            try:
                client = Client(self.socket)
                client.call("host.version")
                client.close()
                return
            except (OSError, ConnectionError):
                time.sleep(0.01)
        raise AssertionError(f"openclawd did not answer:\n{self.output()}")

    def output(self):
        with open(os.path.join(self.home, "stderr.log"), errors="replace") as f:
            return f.read()

    def client(self):
        return Client(self.socket)

    def call(self, op, **params):
        client = self.client()
        try:
            return client.call(op, **params)
        finally:
            client.close()

    @property
    def url(self):
        """Where the first listener that serves everything is: http://127.0.0.1:PORT."""
        return next(row["url"] for row in self.call("api.listeners") if row["url"] and row["serves"] == "all")

    def token(self, role="viewer", name=None, **params):
        """A new token of this role, as clients of the API show it."""
        name = name or f"test-{role}-{time.monotonic_ns()}"
        return self.call("token.create", name=name, role=role, **params)["token"]

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def stop(self, timeout=20):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout)
        self.log.close()
        return 0 if code == 1 and leak_checker_crashed(self.output()) else code

    def remove(self):
        if self.process and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.home, ignore_errors=True)


class Receiver:
    """A webhook receiver on a port of its own that remembers every delivery; `answer` may be changed at any time."""

    def __init__(self):
        outer = self
        self.deliveries = []
        self.answer = 200
        self.delay = 0.0

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                time.sleep(outer.delay)
                outer.deliveries.append((dict(self.headers), body))
                self.send_response(outer.answer)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/hook"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def eventually(condition, timeout=20, what="it"):
    until = time.monotonic() + timeout
    while time.monotonic() < until:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {timeout} s")


def run(tests):
    """Runs the functions, prints one line each; the exit code says whether all passed."""
    failed = 0
    wanted = sys.argv[1:]
    for test in tests:
        if wanted and test.__name__ not in wanted:
            continue
        start = time.monotonic()
        try:
            test()
            print(f"ok    {test.__name__} ({time.monotonic() - start:.1f} s)", flush=True)
        except Exception as problem:  # every kind of failure is reported the same way
            failed += 1
            print(f"FAIL  {test.__name__}: {type(problem).__name__}: {problem}", flush=True)
    sys.exit(1 if failed else 0)
