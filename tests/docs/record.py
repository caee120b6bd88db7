"""Records `openclaw run` in a terminal and draws it as docs/images/run.svg: record.py [OUTPUT]. SPDX-License-Identifier: MIT

The host runs with its built-in configuration in a network namespace of its own. Redis is the real server; the gateway,
LiteLLM, Ollama, the dashboard, the WebSocket bridge and ten of the eleven agents are stand-ins that answer as those do;
PostgreSQL and the last agent are not there. Redis is stopped and started again in the middle. Nothing is edited.
"""

import fcntl
import http.server
import json
import os
import pty
import re
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from html import escape

SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BUILD = os.path.abspath(os.environ.get("OC_BUILD_DIR", os.path.join(SOURCE, "build")))
COLUMNS, ROWS = 112, 60

ANSWERS = {
    18789: {"/health": {"status": "ok"}},
    4000: {"/health/readiness": {"status": "connected", "db": "connected"}, "/health/liveliness": "I'm alive!"},
    11434: {"/api/tags": {"models": [{"name": "nomic-embed-text"}]}, "/api/ps": {"models": []}},
    3000: {"/": "<!doctype html>", "/api/public/health": {"status": "OK", "version": "3.0"}},
    3002: {"/health": {"status": "ok"}},
    **{8000 + n: {"/health": {"status": "active"}} for n in range(1, 11)},
}


# ---- the surroundings ----


class StandIn(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = ANSWERS[self.server.server_port].get(self.path)
        text = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(200 if body is not None else 404)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


def loopback_up():
    with socket.socket() as s:
        fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS, IFF_UP | IFF_RUNNING


def start_redis():
    redis = subprocess.Popen(["redis-server", "--save", "", "--maxmemory", "64mb"], stdout=subprocess.DEVNULL)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", 6379)).close()
            return redis
        except OSError:
            time.sleep(0.02)
    raise SystemExit("redis-server did not start")


def collect(env, *names):
    for name in names:
        subprocess.run([f"{BUILD}/bin/openclaw", "collector", "run", name], env=env, capture_output=True, check=False)


# ---- the terminal ----


class Terminal:
    """A child in a pseudo terminal; everything it writes is kept."""

    def __init__(self, argv, env):
        self.output = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(argv[0], argv, env)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def watch(self, seconds):
        """Reads for so long, or to the end."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if select.select([self.fd], [], [], left)[0]:
                try:
                    data = os.read(self.fd, 65536)
                except OSError:
                    return
                if not data:
                    return
                self.output += data

    def interrupt(self):
        os.write(self.fd, b"\x03")
        self.watch(10)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def record():
    home = tempfile.mkdtemp(prefix="openclaw-record-")
    env = {"PATH": os.environ["PATH"], "HOME": home, "TERM": "xterm-256color", "LANG": "C.UTF-8", "TZ": "UTC"}
    loopback_up()
    for port in ANSWERS:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), StandIn)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    redis = start_redis()
    try:
        terminal = Terminal([f"{BUILD}/bin/openclaw", "run"], env)
        terminal.watch(3)
        redis.terminate()
        redis.wait()
        for _ in range(3):
            collect(env, "redis")
            terminal.watch(1)
        redis = start_redis()
        collect(env, "redis")
        terminal.watch(2)
        status = terminal.interrupt()
    finally:
        redis.terminate()
        shutil.rmtree(home, ignore_errors=True)
    return terminal.output.decode(), status


# ---- the picture ----

COLORS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "34": "#79c0ff", "35": "#d2a8ff", "36": "#76e3ea",
          "90": "#8b949e"}
BUTTONS = ("#ff5f57", "#febc2e", "#28c840")
CHAR, LINE, PAD, BAR = 7.83, 18, 16, 34
SGR = re.compile(r"\x1b\[([\d;]*)([A-Za-z])")


def runs(line):
    """(column, text, attributes) of the parts of a line that look alike."""
    column, style, at = 0, {}, 0
    for m in [*SGR.finditer(line), None]:
        text = line[at:m.start() if m else len(line)]
        if text.strip():
            yield column, text, dict(style)
        column += len(text)
        if m is None:
            return
        at = m.end()
        for code in m.group(1).split(";") if m.group(2) == "m" else []:
            if code in ("", "0"):
                style = {}
            elif code == "1":
                style["font-weight"] = "bold"
            elif code == "2":
                style["fill"] = "#8b949e"
            elif code in COLORS:
                style["fill"] = COLORS[code]


def draw(lines, title):
    width = round(COLUMNS * CHAR + 2 * PAD)
    height = BAR + len(lines) * LINE + PAD
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' role="img" aria-label="{escape(title)}">',
        f"<title>{escape(title)}</title>",
        f'<rect x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="8" fill="#0d1117" stroke="#8b949e"/>',
        *(f'<circle cx="{18 + 18 * i}" cy="17" r="5.5" fill="{c}"/>' for i, c in enumerate(BUTTONS)),
        '<g font-family="ui-monospace,\'DejaVu Sans Mono\',Menlo,Consolas,monospace" font-size="13" fill="#e6edf3"'
        ' xml:space="preserve">',
    ]
    for row, line in enumerate(lines):
        y = BAR + LINE * row + 12
        for column, text, style in runs(line):
            lead = len(text) - len(text.lstrip())
            text = text.strip()
            attributes = "".join(f' {k}="{v}"' for k, v in style.items())
            out.append(f'<text x="{PAD + (column + lead) * CHAR:.1f}" y="{y}" textLength="{len(text) * CHAR:.1f}"'
                       f'{attributes}>{escape(text)}</text>')
    return "\n".join([*out, "</g>", "</svg>", ""])


def main():
    if "--inside" not in sys.argv:
        os.execvp("unshare", ["unshare", "-Urn", sys.executable, *sys.argv, "--inside"])
    arguments = [a for a in sys.argv[1:] if a != "--inside"]
    output = arguments[0] if arguments else os.path.join(SOURCE, "docs/images/run.svg")
    text, status = record()
    if status != 0:
        raise SystemExit(f"openclaw run left with {status}:\n{text}")
    lines = ["$ openclaw run", *text.replace("\r", "").rstrip("\n").split("\n")]
    with open(output, "w", encoding="utf-8") as f:
        f.write(draw(lines, "openclaw run: the health table, then a line for every change"))
    print(text)


if __name__ == "__main__":
    main()
