"""Debian's Prometheus, Alertmanager and their tools, and HTTP helpers for tests of what speaks to them. SPDX-License-Identifier: MIT"""

import http.server as http_server
import json
import os
import shutil
import subprocess
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request

from harness import eventually, free_port

SOURCE = os.environ.get("OC_SOURCE_DIR", os.path.join(os.path.dirname(__file__), "..", ".."))


def missing(*programs):
    return [p for p in programs if not shutil.which(p)]


def http(url, method="GET", body=None, token=None, headers=None):
    """(status, headers, body) of one request; no status is an error."""
    request = urllib.request.Request(url, method=method, data=body, headers=headers or {})
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.headers, refusal.read()


def get_json(url, token=None):
    status, _, body = http(url, token=token)
    assert status == 200, (url, status, body)
    return json.loads(body)


def tool(*words, check=True, text=None, env=None):
    done = subprocess.run(words, input=text, capture_output=True, text=True, timeout=60, env=env)
    if check:
        assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


class Server:
    """A program in a folder of its own that says at `ready` when it can be asked."""

    def __init__(self, words, folder, ready):
        self.words, self.folder, self.ready = words, folder, ready
        self.process = None
        self.start()

    def start(self):
        self.log = open(os.path.join(self.folder, "log"), "ab")
        self.process = subprocess.Popen(self.words, stdout=self.log, stderr=self.log, cwd=self.folder)

        def answers():
            if self.process.poll() is not None:
                raise AssertionError(f"{self.words[0]} left with {self.process.returncode}:\n{self.output()}")
            try:
                return http(self.ready)[0] == 200
            except OSError:
                return False
        eventually(answers, what=f"{self.words[0]} to be ready")

    def output(self):
        with open(os.path.join(self.folder, "log"), errors="replace") as f:
            return f.read()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)
        self.log.close()

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Prometheus(Server):
    """`config` is YAML; ${PORT}, ${FOLDER} in it are replaced."""

    def __init__(self, config="global: {}\n", files=None, args=(), port=None):
        folder = tempfile.mkdtemp(prefix="openclaw-prometheus-")
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        for name, text in (files or {}).items():
            with open(os.path.join(folder, name), "w") as f:
                f.write(text)
        with open(os.path.join(folder, "prometheus.yml"), "w") as f:
            f.write(config.replace("${PORT}", str(self.port)).replace("${FOLDER}", folder))
        super().__init__(["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                          f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn", *args],
                         folder, f"{self.url}/-/ready")

    def query(self, expression):
        """[(labels, value)]"""
        answer = get_json(f"{self.url}/api/v1/query?" + urllib.parse.urlencode({"query": expression}))
        return [(row["metric"], row["value"][1] if "value" in row else row["values"]) for row in answer["data"]["result"]]

    def targets(self):
        return get_json(f"{self.url}/api/v1/targets")["data"]["activeTargets"]


class Alertmanager(Server):
    def __init__(self, config):
        folder = tempfile.mkdtemp(prefix="openclaw-alertmanager-")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        with open(os.path.join(folder, "am.yml"), "w") as f:
            f.write(config)
        super().__init__(["prometheus-alertmanager", f"--config.file={folder}/am.yml", f"--storage.path={folder}/data",
                          f"--web.listen-address=127.0.0.1:{self.port}", "--cluster.listen-address=", "--log.level=warn"],
                         folder, f"{self.url}/-/ready")


class Page:
    """Serves `text` as a page of metrics."""

    def __init__(self, text=""):
        outer = self
        self.text = text

        class Handler(http_server.BaseHTTPRequestHandler):
            def do_GET(self):
                data = outer.text.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args):
                pass

        self.server = http_server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/metrics"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
