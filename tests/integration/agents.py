"""Eleven small HTTP agents as units of a host, for tests of units and runbooks. SPDX-License-Identifier: MIT"""

import http.client
import os
import threading
import time

from harness import Daemon, free_port

ORDER = ["steward", "alpha", "beta", "charlie", "examiner", "explorer", "sentinel", "coder", "dreamer", "empath", "historian"]

AGENT = '''
import http.server, os, signal, sys
name, port, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]

def note(what):
    fd = os.open(os.path.join(folder, name + "." + what), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(fd, b"%d\\n" % os.getpid())
    os.close(fd)

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        sick = os.path.exists(os.path.join(folder, name + ".sick"))
        body = b'{"status":"ok"}'
        self.send_response(503 if sick and self.path == "/health" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass

def leave(*args):
    note("stops")
    os._exit(0)

signal.signal(signal.SIGTERM, leave)
note("starts")
server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
print(name, "listens", flush=True)
server.serve_forever()
'''

class Collective:
    """A daemon whose units are agents (and `services`); every start and stop of a process leaves a line in a file."""

    def __init__(self, names=ORDER, services=(), config="", stop_timeout="3s", **options):
        self.names, self.services = list(names), list(services)
        self.daemon = Daemon(**options)
        self.folder = os.path.join(self.daemon.home, "marks")
        os.makedirs(self.folder)
        script = os.path.join(self.daemon.home, "agent.py")
        with open(script, "w") as f:
            f.write(AGENT)
        self.ports = {name: free_port() for name in self.names + self.services}
        units = ",\n".join(
            f'{{ name = "{name}"; driver = "process"; order = {i}; stop_timeout = "{stop_timeout}"; '
            f'command = ["/usr/bin/python3", "{script}", "{name}", "{self.ports[name]}", "{self.folder}"]; '
            f'check = {{ url = "http://127.0.0.1:{self.ports[name]}/health"; }}; '
            f'tags = ["{"agent" if name in self.names else "service"}"]; }}'
            for i, name in enumerate(self.names + self.services))
        self.daemon.write(f"collectors = ();\nunits = (\n{units}\n);\n{config}")

    def start_all(self):
        """Starts every unit through the operation and waits until all are healthy."""
        threads = [threading.Thread(target=self.daemon.call, args=("unit.start",), kwargs={"name": n, "wait": "20s"})
                   for n in self.names + self.services]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        units = self.units()
        assert all(u["healthy"] for u in units.values()), units
        return units

    def units(self):
        return {u["name"]: u for u in self.daemon.call("unit.list")}

    def pids(self):
        return {name: unit["pid"] for name, unit in self.units().items()}

    def marks(self, name, what):
        """The pids that have left a mark, in order."""
        try:
            with open(os.path.join(self.folder, f"{name}.{what}")) as f:
                return [int(line) for line in f]
        except FileNotFoundError:
            return []

    def sicken(self, name):
        with open(os.path.join(self.folder, f"{name}.sick"), "w"):
            pass

    def heal(self, name):
        os.unlink(os.path.join(self.folder, f"{name}.sick"))

    def remove(self):
        """Ends the processes that were started, by their marks, and the daemon."""
        for name in self.names + self.services:
            for pid in self.marks(name, "starts"):
                try:
                    with open(f"/proc/{pid}/cmdline", "rb") as f:
                        ours = self.folder.encode() in f.read()
                    if ours:
                        os.kill(pid, 9)
                except (FileNotFoundError, ProcessLookupError):
                    pass
        self.daemon.remove()


class Load:
    """Requests to every agent, again and again; what was answered is counted by agent."""

    def __init__(self, ports):
        self.answered = {name: 0 for name in ports}
        self.failed = {name: 0 for name in ports}
        self.running = True
        self.threads = [threading.Thread(target=self._ask, args=(name, port), daemon=True) for name, port in ports.items()]
        for t in self.threads:
            t.start()

    def _ask(self, name, port):
        while self.running:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                connection.request("GET", "/work")
                connection.getresponse().read()
                connection.close()
                self.answered[name] += 1
            except OSError:
                self.failed[name] += 1
            time.sleep(0.02)

    def stop(self):
        self.running = False
        for t in self.threads:
            t.join()
