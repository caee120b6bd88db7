"""A daemon with the API, and requests byte by byte. SPDX-License-Identifier: MIT"""

import http.client
import json
import os
import re
import socket
import subprocess
import urllib.parse

from harness import Daemon


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def __repr__(self):
        return f"{self.status} {self.body[:200]!r}"

    @property
    def json(self):
        return json.loads(self.body)


def port_of(daemon):
    return urllib.parse.urlsplit(daemon.url).port


def ask(daemon, method, path, body=None, headers=None, token=None, cookie=None):
    headers = dict(headers or {})
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if cookie:
        headers["Cookie"] = f"openclaw_session={cookie}"
    connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=20)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return Reply(answer.status, answer.headers, answer.read().decode(errors="replace"))
    finally:
        connection.close()


def raw(daemon, data, timeout=10):
    """All that comes back until the daemon closes or falls silent."""
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=timeout) as s:
        answer = b""
        try:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it had enough before we were done
        try:
            while chunk := s.recv(65536):
                answer += chunk
        except (TimeoutError, ConnectionError):
            pass
        return answer


def statuses(answer):
    return [int(line.split()[1]) for line in re.findall(rb"HTTP/1\.1 \d+", answer)]


def trail(daemon):
    try:
        with open(os.path.join(daemon.home, "logs", "security-events.log")) as f:
            return [json.loads(line) for line in f]
    except FileNotFoundError:
        return []


def reasons(daemon):
    return [line["reason"] for line in trail(daemon) if line["event"] == "refused"]


def link_code(daemon, **params):
    return urllib.parse.parse_qs(urllib.parse.urlsplit(daemon.call("login", **params)["url"]).query)["code"][0]


def sign_in(daemon, secret, headers=None):
    """The session's cookie and the whole answer."""
    reply = ask(daemon, "POST", "/login", urllib.parse.urlencode({"secret": secret}),
                {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})})
    match = re.match(r"openclaw_session=([^;]*)", reply.headers.get("Set-Cookie", ""))
    return match and match[1], reply


class served:
    """A daemon with the API, gone at the end."""

    def __init__(self, api="", **kwargs):
        self.daemon = Daemon(f"api = {{ listen = ( {{ port = 0; }} ); {api} }};\n", api=True, **kwargs)

    def __enter__(self):
        self.daemon.start()
        self.daemon.port = port_of(self.daemon)
        return self.daemon

    def __exit__(self, kind, *_):
        d = self.daemon
        try:
            running = d.process and d.process.poll() is None
            code = d.stop() if running and not kind else 0  # with a sanitizer it says here what was lost
            assert code == 0, f"openclawd left with {code}:\n{d.output()[-3000:]}"
        finally:
            d.remove()


def expect(actual, wanted, what):
    assert actual in (wanted if isinstance(wanted, (list, tuple, set)) else [wanted]), f"{what}: {actual}, not {wanted}"


def certificate(folder, name, issuer=None, subject_alt=None, usage=None):
    """Makes NAME.pem and NAME.key, signed by `issuer` or by itself."""
    key, pem = os.path.join(folder, f"{name}.key"), os.path.join(folder, f"{name}.pem")
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout", key, "-out", pem]
    words += ["-CA", os.path.join(folder, f"{issuer}.pem"), "-CAkey", os.path.join(folder, f"{issuer}.key")] if issuer else []
    words += ["-addext", f"subjectAltName={subject_alt}"] if subject_alt else []
    words += ["-addext", f"extendedKeyUsage={usage}"] if usage else []
    subprocess.run(words, check=True, capture_output=True)
    return pem, key
