"""Requests, streams and sockets whose listener, certificate, client or host goes away under them. SPDX-License-Identifier: MIT"""

import json
import os
import resource
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time

import harness
import websocket


def listen(*ports, more=""):
    rows = ", ".join(f"{{ port = {p}; }}" if isinstance(p, int) else p for p in ports)
    return f'api = {{ job_after = "60s"; listen = ( {rows} ); {more} }};'


def head(method, path, token=None, length=None, **headers):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"Authorization: Bearer {token}"] if token else []
    lines += [f"Content-Length: {length}"] if length is not None else []
    return "\r\n".join(lines + [f"{k.replace('_', '-')}: {v}" for k, v in headers.items()] + ["", ""]).encode()


def send(port, method, path, token=None, body=None, wrap=None, **headers):
    s = socket.create_connection(("127.0.0.1", port), timeout=20)
    s = wrap(s) if wrap else s
    data = json.dumps(body).encode() if isinstance(body, dict) else body or b""
    s.sendall(head(method, path, token, len(data), **headers) + data)
    return s


def until_end(s):
    """All that comes until the other side closes."""
    out = b""
    try:
        while True:
            chunk = s.recv(65536)
            if not chunk:
                return out
            out += chunk
    except ConnectionError:
        return out


def answer(s):
    """The first answer on this connection: status and body."""
    out = b""
    while b"\r\n\r\n" not in out:
        chunk = s.recv(65536)
        if not chunk:
            return 0, out
        out += chunk
    first, body = out.split(b"\r\n\r\n", 1)
    length = next((int(line.split(b":")[1]) for line in first.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        chunk = s.recv(65536)
        if not chunk:
            break
        body += chunk
    return int(first.split()[1]), body


def follow(port, token, wrap=None):
    """A stream that says nothing: suspended."""
    s = send(port, "POST", "/api/v1/logs", token, {"follow": True, "lines": 0, "level": "error"}, wrap=wrap,
             Accept="text/event-stream", Content_Type="application/json")
    assert b"200 OK" in s.recv(65536)
    return s


class Case:
    def __init__(self, config, **kwargs):
        self.daemon = harness.Daemon(config, api=True, **kwargs)

    def __enter__(self):
        return self.daemon.start()

    def __exit__(self, kind, *_):
        d = self.daemon
        alive = d.process.poll() is None
        code = d.stop() if alive else d.process.returncode
        text = d.output()
        d.remove()
        assert kind or (alive and code == 0), (code, text[-3000:])


def a_listener_goes_with_its_requests():
    first, second = harness.free_port(), harness.free_port()
    with Case(listen(first, second)) as d:
        token = d.token("admin")
        streams = [follow(second, token) for _ in range(3)]
        stays = follow(first, token)
        idle = send(second, "GET", "/healthz")
        assert answer(idle)[0] == 200
        half = socket.create_connection(("127.0.0.1", second))
        half.sendall(head("POST", "/api/v1/logs", token, 1000) + b"{")
        sockets = [websocket.WebSocket(f"http://localhost:{second}/ws", token).connect() for _ in range(2)]
        d.write(listen(first))
        d.call("reload")
        begun = time.monotonic()
        for s in streams + [idle, half]:
            s.settimeout(20)
            until_end(s)
        assert time.monotonic() - begun < 15, time.monotonic() - begun
        assert answer(send(first, "GET", "/healthz"))[0] == 200
        d.write(listen(first, second))
        d.call("reload")
        assert answer(send(second, "GET", "/healthz"))[0] == 200
        for s in sockets:
            s.socket.close()
        stays.close()


def a_request_may_take_away_its_own_listener():
    first, second = harness.free_port(), harness.free_port()
    with Case(listen(first, second)) as d:
        token = d.token("admin")
        for ports in ((first,), (first, second)) * 3:
            d.write(listen(*ports))
            status, body = answer(send(second if len(ports) == 1 else first, "POST", "/api/v1/reload", token))
            assert status == 200, (status, body)
        assert answer(send(second, "GET", "/healthz"))[0] == 200


def certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    "key.new", "-out", "pem.new", "-subj", "/CN=localhost", "-days", "2"],
                   cwd=folder, check=True, capture_output=True)
    os.replace(f"{folder}/key.new", f"{folder}/key")
    os.replace(f"{folder}/pem.new", f"{folder}/pem")


def certificates_change_under_open_sockets():
    folder = tempfile.mkdtemp(prefix="openclaw-tls-")
    certificate(folder)
    first, second = harness.free_port(), harness.free_port()
    tls = f'tls = {{ certificate = "{folder}/pem"; key = "{folder}/key"; }};'
    row = f"{{ port = {second}; tls = true; }}"
    context = ssl._create_unverified_context()
    try:
        with Case(listen(first, row, more=tls)) as d:
            token, held = d.token("admin"), []
            for _ in range(3):
                held.append(follow(second, token, wrap=context.wrap_socket))
                s = send(second, "GET", "/ws", token, wrap=context.wrap_socket, Upgrade="websocket",
                         Connection="Upgrade", Sec_WebSocket_Version="13",
                         Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==", Sec_WebSocket_Protocol="openclaw.v1")
                assert b"101 " in s.recv(4096)
                held.append(s)
                certificate(folder)
                d.call("reload")
            held.pop().close()
            held.pop(0).close()
            d.write(listen(first, more=tls))
            d.call("reload")
            begun = time.monotonic()
            for s in held:
                until_end(s)
            assert time.monotonic() - begun < 15
    finally:
        shutil.rmtree(folder)


def a_stop_ends_whatever_is_open():
    folder = tempfile.mkdtemp(prefix="openclaw-tls-")
    certificate(folder)
    tls = f'tls = {{ certificate = "{folder}/pem"; key = "{folder}/key"; }};'
    first, second = harness.free_port(), harness.free_port()
    context = ssl._create_unverified_context()
    try:
        with Case(listen(first, f"{{ port = {second}; tls = true; }}", more=tls)) as d:
            token, held = d.token("admin"), []
            for port, wrap in ((first, None), (second, context.wrap_socket)):
                held += [follow(port, token, wrap) for _ in range(3)]
                half = socket.create_connection(("127.0.0.1", port))
                half = wrap(half) if wrap else half
                half.sendall(head("POST", "/api/v1/logs", token, 1000) + b"{")
                s = send(port, "GET", "/ws", token, wrap=wrap, Upgrade="websocket", Connection="Upgrade",
                         Sec_WebSocket_Version="13", Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==")
                assert b"101 " in s.recv(4096)
                held += [half, s, send(port, "POST", "/api/v1/health/check", token, {"refresh": True}, wrap=wrap,
                                       Content_Type="application/json")]
            begun = time.monotonic()
            assert d.stop() == 0, d.output()[-3000:]
            assert time.monotonic() - begun < 15
            d.start()
    finally:
        shutil.rmtree(folder)


def a_stop_under_load_asks_nobody_who_is_gone():
    """Requests go on coming on connections that are kept alive, until the very end."""
    for _ in range(3):
        with Case(listen(harness.free_port())) as d:
            port, token = int(d.url.rsplit(":", 1)[1]), d.token("admin")
            stop = threading.Event()

            def work(kind):
                while not stop.is_set():
                    try:
                        with socket.create_connection(("127.0.0.1", port), timeout=5) as s:
                            for _ in range(200):
                                if kind == 0:
                                    s.sendall(head("GET", "/api/v1/status", token) * 4)
                                elif kind == 1:
                                    s.sendall(head("GET", "/metrics", token) + head("GET", "/api/v2/alerts", token))
                                else:
                                    s.sendall(head("GET", "/ws", token, Upgrade="websocket", Connection="Upgrade",
                                                   Sec_WebSocket_Version="13",
                                                   Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ=="))
                                if not s.recv(65536) or kind == 2:
                                    break
                    except OSError:
                        if d.process.poll() is not None:
                            return

            workers = [threading.Thread(target=work, args=(i % 3,)) for i in range(6)]
            for w in workers:
                w.start()
            time.sleep(0.7)
            code = d.stop()
            stop.set()
            for w in workers:
                w.join()
            assert code == 0, (code, d.output()[-3000:])
            d.start()


def clients_leave_at_every_moment():
    whole = [head("POST", "/api/v1/logs", "TOKEN", 14, Content_Type="application/json") + b'{"lines":1   }',
             head("POST", "/api/v1/logs", "TOKEN", 15, Content_Type="application/json",
                  Accept="text/event-stream") + b'{"follow":true}',
             head("POST", "/api/v1/health/check", "TOKEN", 16, Content_Type="application/json") + b'{"refresh":true}',
             head("POST", "/api/v1/logs", "TOKEN", 15, Content_Type="application/json",
                  Prefer="respond-async") + b'{"follow":true}',
             head("GET", "/ws", "TOKEN", Upgrade="websocket", Connection="Upgrade", Sec_WebSocket_Version="13",
                  Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==", Sec_WebSocket_Protocol="openclaw.v1")
             + websocket.frame(websocket.TEXT, '{"type":"subscribe","topics":["health","logs","jobs","samples"]}')
             + websocket.frame(websocket.TEXT, '{"type":"call","id":1,"op":"logs","params":{"follow":true}}'),
             head("POST", "/api/v2/alerts", "TOKEN", 45, Content_Type="application/json")
             + b'[{"labels":{"alertname":"a","severity":"x"}}]'.ljust(45),
             head("GET", "/metrics", "TOKEN") * 3,
             head("HEAD", "/ws", "TOKEN", Upgrade="websocket", Connection="Upgrade", Sec_WebSocket_Version="13",
                  Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==")]
    with Case(listen(harness.free_port())) as d:
        port, token = int(d.url.rsplit(":", 1)[1]), d.token("admin").encode()
        for text in whole:
            text = text.replace(b"TOKEN", token)
            for cut in sorted({len(text) * i // 12 for i in range(13)} | {len(text) - 1}):
                for hard in (False, True):
                    s = socket.create_connection(("127.0.0.1", port), timeout=5)
                    s.sendall(text[:cut])
                    if cut == len(text) and hard:
                        time.sleep(0.02)
                    if hard:
                        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                    s.close()
        harness.eventually(lambda: answer(send(port, "GET", "/healthz"))[0] == 200)


def sockets_over_tls_end_with_either_side():
    folder = tempfile.mkdtemp(prefix="openclaw-tls-")
    certificate(folder)
    port = harness.free_port()
    tls = f'tls = {{ certificate = "{folder}/pem"; key = "{folder}/key"; }};'
    context = ssl._create_unverified_context()

    def shake():
        s = send(port, "GET", "/ws", token, wrap=context.wrap_socket, Upgrade="websocket", Connection="Upgrade",
                 Sec_WebSocket_Version="13", Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==", Sec_WebSocket_Protocol="openclaw.v1")
        assert b"101 " in s.recv(4096)
        return s

    try:
        with Case(listen(f"{{ port = {port}; tls = true; }}", more=tls)) as d:
            token = d.token("admin")
            for payload in (websocket.frame(websocket.CLOSE, b"\x03\xe8"), websocket.frame(websocket.BINARY, b"x")):
                s = shake()
                s.sendall(payload)
                assert b"\x88" in until_end(s)
            for s in [shake() for _ in range(20)]:
                s.close()
            harness.eventually(lambda: d.call("api.listeners")[0]["connections"] == 0, what="the end of their connections")
    finally:
        shutil.rmtree(folder)


# ---- what one client may take ----

def nobody_keeps_the_loop_for_himself():
    """Requests without a pause on kept connections: signals, timers and all else still have their turns."""
    with Case(listen(harness.free_port())) as d:
        port, stop = int(d.url.rsplit(":", 1)[1]), threading.Event()

        def work():
            with socket.create_connection(("127.0.0.1", port), timeout=10) as s:
                while not stop.is_set():
                    s.sendall(head("GET", "/healthz") * 50)
                    s.recv(1 << 20)

        workers = [threading.Thread(target=work) for _ in range(4)]
        for w in workers:
            w.start()
        time.sleep(0.3)
        slowest = 0.0
        for _ in range(20):
            begun = time.monotonic()
            d.call("host.version")
            slowest = max(slowest, time.monotonic() - begun)
        stop.set()
        for w in workers:
            w.join()
        assert slowest < 2, slowest


def memory(d):
    with open(f"/proc/{d.process.pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) // 1024 for line in f if line.startswith("VmRSS"))


def without_credentials_a_body_is_a_form():
    with Case(listen(harness.free_port())) as d:
        port = int(d.url.rsplit(":", 1)[1])
        s = socket.create_connection(("127.0.0.1", port), timeout=10)
        s.sendall(head("POST", "/login", length=4000000, Content_Type="application/x-www-form-urlencoded"))
        assert answer(s)[0] == 413
        held = []
        for _ in range(100):
            s = socket.create_connection(("127.0.0.1", port), timeout=10)
            s.sendall(head("POST", "/login", Transfer_Encoding="chunked") + b"80000\r\n")
            held.append(s)
        before = memory(d)
        for s in held:
            s.setblocking(False)
            try:
                s.send(b"x" * 0x80000)
            except BlockingIOError:
                pass
        time.sleep(1)
        assert memory(d) - before < 30, (before, memory(d))


def long_bodies_are_held_only_so_many_at_a_time():
    with Case(listen(harness.free_port(), more='body_max = "1MB";')) as d:
        port, token = int(d.url.rsplit(":", 1)[1]), d.token("viewer")
        held = []
        for _ in range(16):
            s = socket.create_connection(("127.0.0.1", port), timeout=20)
            s.sendall(head("POST", "/api/v1/status", token, 1000000, Content_Type="application/json") + b" " * 999999)
            held.append(s)
        time.sleep(0.5)
        statuses = []
        for s in held:
            s.sendall(b" ")
            statuses.append(answer(s)[0])
        assert 503 in statuses and 400 in statuses, statuses
        assert answer(send(port, "POST", "/api/v1/status", token, {}, Content_Type="application/json"))[0] == 200


def an_answer_that_is_not_read_is_given_up():
    with Case(listen(harness.free_port(), more='header_timeout = "1s";')) as d:
        port, token = int(d.url.rsplit(":", 1)[1]), d.token("admin")
        held = []
        for _ in range(20):
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            s.settimeout(20)
            s.connect(("127.0.0.1", port))
            s.sendall(head("GET", "/api/openapi.json", token) * 40)
            held.append(s)
        time.sleep(1)
        assert d.call("api.listeners")[0]["connections"] == 20
        harness.eventually(lambda: d.call("api.listeners")[0]["connections"] == 0, timeout=60, what="the end of those who do not read")
        for s in held:
            s.close()


def a_host_without_descriptors_comes_back():
    with Case(listen(harness.free_port()), env={"ASAN_OPTIONS": "detect_leaks=0:intercept_tls_get_addr=0"}) as d:
        port = int(d.url.rsplit(":", 1)[1])
        resource.prlimit(d.process.pid, resource.RLIMIT_NOFILE, (64, 64))
        held = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(100)]
        for s in held:
            s.sendall(head("GET", "/healthz"))
        time.sleep(1)
        begun = sum(float(x) for x in open(f"/proc/{d.process.pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()[11:13])
        time.sleep(2)
        spent = sum(float(x) for x in open(f"/proc/{d.process.pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()[11:13]) - begun
        for s in held:
            s.close()
        harness.eventually(lambda: answer(send(port, "GET", "/healthz"))[0] == 200, what="an answer")
        print(f"      without descriptors: {spent / 2:.0f} % of a processor")


def one_client_takes_not_all_places_of_jobs():
    with Case(listen(harness.free_port())) as d:
        port, greedy, other = int(d.url.rsplit(":", 1)[1]), d.token("viewer"), d.token("viewer")

        def begin(token):
            s = send(port, "POST", "/api/v1/logs", token, {"follow": True}, Content_Type="application/json", Prefer="respond-async")
            return answer(s)[0]

        assert begin(other) == 202
        assert [begin(greedy) for _ in range(300)] == [202] * 64 + [429] * 236
        jobs = json.loads(answer(send(port, "GET", "/api/v1/jobs", other))[1])["data"]
        assert [job["state"] for job in jobs] == ["running"], jobs
        jobs = json.loads(answer(send(port, "GET", "/api/v1/jobs", greedy))[1])["data"]
        assert [job["state"] for job in jobs] == ["running"] * 64, jobs


def what_acts_is_not_asked_with_get():
    with Case(listen(harness.free_port())) as d:
        port, token = int(d.url.rsplit(":", 1)[1]), d.token("admin")
        for path in ("collector/run?name=system", "alert/ack?id=x", "token/create?name=x",
                     "reload", "plugin/doctor?fix=true"):
            status, body = answer(send(port, "GET", f"/api/v1/{path}", token))
            assert status == 405, (path, status, body)


if __name__ == "__main__":
    harness.run([a_listener_goes_with_its_requests, a_request_may_take_away_its_own_listener,
                 certificates_change_under_open_sockets, a_stop_ends_whatever_is_open,
                 a_stop_under_load_asks_nobody_who_is_gone, clients_leave_at_every_moment,
                 sockets_over_tls_end_with_either_side, nobody_keeps_the_loop_for_himself,
                 without_credentials_a_body_is_a_form, long_bodies_are_held_only_so_many_at_a_time,
                 an_answer_that_is_not_read_is_given_up, a_host_without_descriptors_comes_back,
                 one_client_takes_not_all_places_of_jobs, what_acts_is_not_asked_with_get])
