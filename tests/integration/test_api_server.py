"""The listeners of the API: sockets, TLS, limits, slow clients, reload, stop. SPDX-License-Identifier: MIT"""

import http.client
import json
import os
import shutil
import select
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.request

import harness


def port_of(daemon):
    return int(daemon.url.rsplit(":", 1)[1])


def status_line(data):
    return data.split(b"\r\n", 1)[0].decode("latin-1")


def raw(port, data, timeout=10):
    """Everything that the server says to these bytes until it closes or falls silent."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as s:
        s.sendall(data)
        out = b""
        try:
            while True:
                chunk = s.recv(65536)
                if not chunk:
                    return out
                out += chunk
                if b"\r\n\r\n" in out and len(out.split(b"\r\n\r\n", 1)[1]) >= length_of(out):
                    return out
        except socket.timeout:
            return out


def length_of(data):
    for line in data.split(b"\r\n\r\n", 1)[0].split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


def closed_within(port, data, seconds, trickle=b"", every=0.5):
    """How long the server keeps a connection on which `data` was sent and then a byte now and then."""
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=every) as s:
        s.sendall(data)
        while time.monotonic() - begun < seconds:
            try:
                if s.recv(4096) == b"":
                    return time.monotonic() - begun
            except socket.timeout:
                pass
            except ConnectionError:
                return time.monotonic() - begun
            try:
                s.sendall(trickle)
            except (BrokenPipeError, ConnectionError):
                return time.monotonic() - begun
    return None


# ---- sockets ----

def it_listens_where_it_says():
    daemon = harness.Daemon(api=True).start()
    try:
        for path in ("/healthz", "/readyz", "/health"):
            with urllib.request.urlopen(daemon.url + path, timeout=5) as answer:
                assert answer.status == 200, path
        rows = daemon.call("api.listeners")
        assert rows[0]["loopback"] and not rows[0]["tls"] and rows[0]["port"] > 0, rows
    finally:
        daemon.stop()
        daemon.remove()


def a_unix_socket_serves_its_owner():
    home = tempfile.mkdtemp(prefix="openclaw-test-")
    path = os.path.join(home, "api.sock")
    daemon = harness.Daemon(f'api = {{ listen = ( {{ unix = "{path}"; }} ); }};', home=home, api=True).start()
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(path)
            s.sendall(b"GET /api/session HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            data = b""
            while chunk := s.recv(65536):
                data += chunk
        answer = json.loads(data.split(b"\r\n\r\n", 1)[1])
        assert answer["data"]["role"] == "admin", answer
        daemon.kill()
        daemon.start()  # the socket file of the dead one is no obstacle
        assert not daemon.call("api.listeners")[0]["error"]
    finally:
        daemon.stop()
        assert not os.path.exists(path)
        daemon.remove()


def a_taken_port_is_said_and_the_host_goes_on():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        daemon = harness.Daemon(f"api = {{ listen = ( {{ port = {port}; }}, {{ port = 0; }} ); }};", api=True).start()
        try:
            rows = daemon.call("api.listeners")
            assert "in use" in rows[0]["error"], rows
            assert rows[0]["port"] == port and rows[0]["url"] == f"http://127.0.0.1:{port}", rows
            assert any(f"the listener 127.0.0.1:{port} " in row["message"] for row in daemon.call("doctor")), daemon.call("doctor")
            with urllib.request.urlopen(rows[1]["url"] + "/healthz", timeout=5) as answer:
                assert answer.status == 200
            assert "in use" in daemon.output() and f"listener=127.0.0.1:{port} " in daemon.output(), daemon.output()
            assert any("in use" in row["message"] for row in daemon.call("doctor")), daemon.call("doctor")
            problems = [text for text in daemon.call("status")["problems"] if "in use" in text]
            assert len(problems) == 1 and f"127.0.0.1:{port} of the API does not listen" in problems[0], daemon.call("status")
            taken.close()  # whoever had it lets go: nobody has to reload for that

            def answers():
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                        return answer.status == 200
                except OSError:
                    return False
            harness.eventually(answers, what="the listener whose port is free again")
            assert not daemon.call("api.listeners")[0]["error"], daemon.call("api.listeners")
            assert "listener listens now" in daemon.output()
            assert not [row for row in daemon.call("doctor") if "in use" in row["message"]], daemon.call("doctor")
            assert not daemon.call("status")["problems"], daemon.call("status")
        finally:
            daemon.stop()
            daemon.remove()


def a_reload_opens_and_closes_listeners_and_keeps_the_others():
    daemon = harness.Daemon("api = { listen = ( { port = 0; } ); };", api=True).start()
    try:
        first = daemon.url
        kept = http.client.HTTPConnection("127.0.0.1", port_of(daemon), timeout=5)
        kept.request("GET", "/healthz")
        assert kept.getresponse().read() == b"ok\n"
        daemon.write('api = { listen = ( { port = 0; }, { address = "127.0.0.2"; port = 0; } ); };')
        daemon.call("reload")
        rows = daemon.call("api.listeners")
        assert rows[0]["url"] == first and len(rows) == 2, rows
        kept.request("GET", "/healthz")  # the same connection
        assert kept.getresponse().read() == b"ok\n"
        daemon.write("api = { enabled = false; };")
        daemon.env.pop("OPENCLAW_API")
        daemon.stop()
        daemon.start()
        assert daemon.call("api.listeners") == []
    finally:
        daemon.stop()
        daemon.remove()


def a_reload_changes_a_listener_where_it_is():
    folder = tempfile.mkdtemp(prefix="openclaw-tls-")
    make_ca(folder)
    tls = f'tls = {{ certificate = "{folder}/server.pem"; key = "{folder}/server.key"; }};'
    port, path = harness.free_port(), f"{folder}/api.sock"

    def listening(*listeners):
        return "api = { listen = ( " + ", ".join("{ " + text + " }" for text in listeners) + f" ); {tls} }};"

    def answer(address=None):
        with socket.socket(socket.AF_UNIX if address else socket.AF_INET) as s:
            s.settimeout(5)
            s.connect(address or ("127.0.0.1", port))
            s.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return s.recv(65536).split(b"\r\n", 1)[0]
    plain, unix = f"port = {port};", f'unix = "{path}";'
    daemon = harness.Daemon(listening(plain, unix, "port = 0;"), api=True).start()
    try:
        kept = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        kept.request("GET", "/healthz")
        assert kept.getresponse().read() == b"ok\n"
        free = daemon.call("api.listeners")[2]["port"]
        daemon.write(listening(plain + " tls = true;", unix + ' serves = "bridge";', "port = 0;", "port = 0; tls = true;"))
        daemon.call("reload")
        rows = {(row["unix"] or row["port"], row["tls"], row["serves"]) for row in daemon.call("api.listeners") if not row["error"]}
        assert {(port, True, "all"), (path, False, "bridge"), (free, False, "all")} <= rows and len(rows) == 4, rows
        assert serial_of(port, ssl.create_default_context(cafile=f"{folder}/ca.pem")) == 1
        assert answer(path).startswith(b"HTTP/1.1 "), answer(path)
        kept.request("GET", "/healthz")  # whoever is in gets answers
        assert kept.getresponse().read() == b"ok\n"
        daemon.write(listening(plain, unix, "address = \"0.0.0.0\"; port = 0;"))
        daemon.call("reload")
        assert answer() == answer(path) == b"HTTP/1.1 200 OK", (answer(), answer(path))
        daemon.write(listening(f'address = "0.0.0.0"; port = {port};'))  # another place that needs the old one closed
        daemon.call("reload")
        assert answer() == b"HTTP/1.1 200 OK" and not os.path.exists(path)
        assert "does not listen" not in daemon.output() and not [d for d in daemon.call("doctor") if "in use" in d["message"]]
        kept.close()
    finally:
        daemon.stop()
        daemon.remove()
        shutil.rmtree(folder)


def without_the_api_its_libraries_are_not_loaded():
    for api in (False, True):
        daemon = harness.Daemon(api=api).start()
        try:
            with open(f"/proc/{daemon.process.pid}/maps", encoding="ascii") as f:
                loaded = f.read()
            for name in ("libmicrohttpd", "openclaw-api.so"):  # GnuTLS may come with a plugin, too
                assert (name in loaded) == api, (name, api)
        finally:
            daemon.stop()
            daemon.remove()


# ---- limits ----

def a_request_must_arrive_in_time():
    daemon = harness.Daemon('api = { listen = ( { port = 0; } ); header_timeout = "2s"; idle_timeout = "4s"; };', api=True).start()
    try:
        port = port_of(daemon)
        lines = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
        for what, data, trickle in (("nothing", b"", b""), ("half a line", b"GET /hea", b"x"),
                                    ("half a line behind a request", lines + b"\r\nGET /hea", b""), ("endless headers", lines, b"X-A: b\r\n"),
                                    ("a slow body", lines.replace(b"GET /healthz", b"POST /login") +
                                     b"Content-Length: 1000\r\n\r\n", b"x")):
            took = closed_within(port, data, 12, trickle)
            assert took and took < 9, (what, took)
        refused = [(row["data"]["reason"], row["data"].get("path"), row["data"].get("peer")) for row in daemon.call("events.list", topic="security.refused")]
        assert refused == [("timeout", "/login", "127.0.0.1"), ("timeout", "/healthz", "127.0.0.1")], refused  # what never was a request is none that was refused
        with urllib.request.urlopen(daemon.url + "/healthz", timeout=5) as answer:
            assert answer.status == 200
    finally:
        daemon.stop()
        daemon.remove()


def answers_that_nobody_reads_are_not_kept():
    daemon = harness.Daemon('api = { listen = ( { port = 0; } ); header_timeout = "2s"; idle_timeout = "3s"; };', api=True).start()
    try:
        port, token = port_of(daemon), daemon.token("admin")
        for what, path, count in (("more than the kernel takes", "/metrics", 300), ("what the kernel has taken", "/api/openapi.json", 1)):
            with socket.socket() as s:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                s.connect(("127.0.0.1", port))
                s.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode() * count)
                broken = select.poll()  # of a connection that ends in order nothing comes here, as long as nothing is read
                broken.register(s, 0)
                assert broken.poll(45000), what
                try:
                    while s.recv(65536):
                        pass
                    raise AssertionError(f"{what}: it was kept")
                except ConnectionResetError:
                    pass
    finally:
        daemon.stop()
        daemon.remove()


def many_slow_clients_keep_nobody_else_waiting():
    daemon = harness.Daemon('api = { listen = ( { port = 0; } ); header_timeout = "3s"; };', api=True).start()
    slow = []
    try:
        port = port_of(daemon)
        for _ in range(500):
            s = socket.create_connection(("127.0.0.1", port))
            s.sendall(b"GET /healthz HTTP/1.1\r\nHost: ")
            slow.append(s)
        begun = time.monotonic()
        with urllib.request.urlopen(daemon.url + "/healthz", timeout=5) as answer:
            assert answer.status == 200
        assert time.monotonic() - begun < 3
        harness.eventually(lambda: daemon.call("api.listeners")[0]["connections"] == 0, what="the end of the slow ones")
    finally:
        for s in slow:
            s.close()
        daemon.stop()
        daemon.remove()


def what_is_too_long_is_refused():
    daemon = harness.Daemon('api = { listen = ( { port = 0; } ); body_max = "64KB"; header_max = "8KB"; };', api=True).start()
    try:
        port = port_of(daemon)
        head = b"POST /login HTTP/1.1\r\nHost: localhost\r\n"
        answer = raw(port, head + b"Content-Length: 100000\r\n\r\n")
        assert " 413 " in status_line(answer), answer
        chunks = b"".join(b"4000\r\n" + b"x" * 0x4000 + b"\r\n" for _ in range(8)) + b"0\r\n\r\n"
        answer = raw(port, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
        assert " 413 " in status_line(answer), answer
        answer = raw(port, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"x" * 20000 + b"\r\n\r\n")
        assert not answer or " 431 " in status_line(answer) or " 413 " in status_line(answer), answer[:80]
        answer = raw(port, b"GET /" + b"x" * 20000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert not answer or " 414 " in status_line(answer), answer[:80]
    finally:
        daemon.stop()
        daemon.remove()


def one_address_has_no_more_connections_than_allowed():
    daemon = harness.Daemon("api = { listen = ( { port = 0; } ); connections_per_ip_max = 5; };", api=True).start()
    held = []
    try:
        port = port_of(daemon)
        for _ in range(60):
            held.append(socket.create_connection(("127.0.0.1", port), timeout=2))
        harness.eventually(lambda: daemon.call("api.listeners")[0]["connections"] == 5)

        def rows_of_trail():
            with open(f"{daemon.home}/logs/security-events.log") as trail:
                return [json.loads(line) for line in trail if line.endswith("\n")]
        harness.eventually(lambda: len(rows_of_trail()) >= 20, what="as many lines of one address as a minute has")
        rows = rows_of_trail()
        assert len(rows) == 20 and {(r["reason"], r["peer"]) for r in rows} == {("too-many-connections", "127.0.0.1")}, rows
        other = socket.create_connection(("127.0.0.1", port), timeout=5, source_address=("127.0.0.2", 0))
        other.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert other.recv(100).startswith(b"HTTP/1.1 200"), "another address"
        held.append(other)
        for s in held:
            s.close()

        def lets_in():
            try:
                with urllib.request.urlopen(daemon.url + "/healthz", timeout=10) as answer:
                    return answer.status == 200
            except OSError:
                return False
        harness.eventually(lets_in, what="room for others")
    finally:
        daemon.stop()
        daemon.remove()


def there_are_no_more_connections_than_allowed():
    daemon = harness.Daemon("api = { listen = ( { port = 0; } ); connections_max = 20; };", api=True).start()
    held = []
    try:
        port = port_of(daemon)
        for _ in range(60):
            held.append(socket.create_connection(("127.0.0.1", port), timeout=2))
        harness.eventually(lambda: 0 < daemon.call("api.listeners")[0]["connections"] <= 20)
        for s in held:
            s.close()
        with urllib.request.urlopen(daemon.url + "/healthz", timeout=10) as answer:
            assert answer.status == 200
    finally:
        daemon.stop()
        daemon.remove()


# ---- TLS ----

def make_ca(folder):
    def openssl(*args):
        subprocess.run(["openssl", *args], cwd=folder, check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key",
            "-out", "ca.pem", "-subj", "/CN=test-ca", "-days", "2")
    for name, serial in (("server", 1), ("second", 2), ("alice", 3)):
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key",
                "-out", f"{name}.csr", "-subj", f"/CN={name}")
        with open(os.path.join(folder, "ext"), "w", encoding="ascii") as f:
            f.write("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", str(serial),
                "-days", "2", "-extfile", "ext", "-out", f"{name}.pem")


def serial_of(port, context):
    with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as s:
            return int(s.getpeercert()["serialNumber"], 16)


def tls_takes_a_new_certificate_without_losing_a_connection():
    folder = tempfile.mkdtemp(prefix="openclaw-tls-")
    make_ca(folder)
    for name in ("pem", "key"):
        shutil.copy(f"{folder}/server.{name}", f"{folder}/live.{name}")
    tls = f'tls = {{ certificate = "{folder}/live.pem"; key = "{folder}/live.key"; }};'
    daemon = harness.Daemon(f"api = {{ listen = ( {{ port = 0; tls = true; }} ); {tls} }};", api=True).start()
    try:
        assert daemon.url.startswith("https://"), daemon.url
        context = ssl.create_default_context(cafile=f"{folder}/ca.pem")
        port = port_of(daemon)
        assert serial_of(port, context) == 1
        old = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=5)
        old.request("GET", "/healthz")
        assert old.getresponse().read() == b"ok\n"
        shutil.copy(f"{folder}/second.pem", f"{folder}/live.pem")  # for a moment the pair does not match
        daemon.call("reload")
        assert serial_of(port, context) == 1, "a bad pair must leave the good one in force"
        shutil.copy(f"{folder}/second.key", f"{folder}/live.key")
        daemon.call("reload")
        assert serial_of(port, context) == 2
        old.request("GET", "/healthz")
        assert old.getresponse().read() == b"ok\n"
        answer = raw(port, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", timeout=3)
        assert b"200" not in answer, answer
        row = daemon.call("api.listeners")[0]
        assert row["certificate_expires_at"].startswith("20") and not row["error"], row
        with open(f"{folder}/live.pem", "w") as f:  # a renewal that went wrong is said without a reload
            f.write("garbage")
        harness.eventually(lambda: daemon.call("api.listeners")[0]["error"], what="what is said of the listener")
        assert daemon.output().count("listener keeps its old certificate") == 2, daemon.output()  # the bad pair above is the other
        assert any("certificate files" in row["message"] for row in daemon.call("doctor")), daemon.call("doctor")
        assert serial_of(port, context) == 2
        os.rename(f"{folder}/live.pem", f"{folder}/away.pem")
        found = daemon.call("reload")["findings"]
        assert any(row["key"] == "api.listen[0]" and "live.pem" in row["message"] for row in found), found
        shutil.copy(f"{folder}/second.pem", f"{folder}/live.pem")  # what is mended is no finding of the doctor's any more
        harness.eventually(lambda: not daemon.call("api.listeners")[0]["error"], what="the certificate that is there again")
        assert not [row for row in daemon.call("doctor") if "live.pem" in row["message"]], daemon.call("doctor")
    finally:
        daemon.stop()
        daemon.remove()
        shutil.rmtree(folder)


def certificates_that_are_of_no_use_are_findings():
    folder = tempfile.mkdtemp(prefix="openclaw-tls-")
    make_ca(folder)
    with open(f"{folder}/junk.pem", "w", encoding="ascii") as f:
        f.write("no certificate\n")
    daemon = harness.Daemon("")
    try:
        for certificate, key, ca, wanted in (
                ("server.pem", "server.key", "ca.pem", None),
                ("absent.pem", "server.key", "ca.pem", (3, "api.tls.certificate", "No such file")),
                ("server.pem", "absent.key", "ca.pem", (4, "api.tls.key", "No such file")),
                ("server.pem", "second.key", "ca.pem", (3, "api.tls.certificate", "cannot be used")),
                ("junk.pem", "server.key", "ca.pem", (3, "api.tls.certificate", "cannot be used")),
                ("server.pem", "server.key", "junk.pem", (5, "api.tls.client_ca", "holds no certificate"))):
            daemon.write(f"""collectors = ();
api = {{ listen = ( {{ port = 0; tls = true; }} ); tls = {{
  certificate = "{folder}/{certificate}";
  key = "{folder}/{key}";
  client_ca = "{folder}/{ca}"; }}; }};
""")
            done = subprocess.run([f"{harness.BUILD}/bin/openclaw", "config", "validate", "--json"], env=daemon.env, capture_output=True, text=True)
            found = json.loads(done.stdout)["data"]["findings"]
            if wanted:
                line, option, says = wanted
                assert len(found) == 1 and found[0]["warning"], found  # the host goes on without its listener
                assert (found[0]["line"], found[0]["key"]) == (line, option) and says in found[0]["message"], found
            else:
                assert found == [], found
    finally:
        daemon.remove()
        shutil.rmtree(folder)


def a_client_certificate_is_asked_for_and_verified():
    folder = tempfile.mkdtemp(prefix="openclaw-tls-")
    make_ca(folder)
    tls = f'tls = {{ certificate = "{folder}/server.pem"; key = "{folder}/server.key"; client_ca = "{folder}/ca.pem"; }};'
    daemon = harness.Daemon(f"api = {{ listen = ( {{ port = 0; tls = true; }} ); {tls} }};", api=True).start()
    try:
        without = ssl.create_default_context(cafile=f"{folder}/ca.pem")
        request = urllib.request.Request(daemon.url + "/api/session")
        try:
            with urllib.request.urlopen(request, context=without, timeout=5) as answer:
                data = json.load(answer)["data"]
                assert data["kind"] in (None, "none"), data
        except OSError:
            pass
        with_one = ssl.create_default_context(cafile=f"{folder}/ca.pem")
        with_one.load_cert_chain(f"{folder}/alice.pem", f"{folder}/alice.key")
        with urllib.request.urlopen(request, context=with_one, timeout=5) as answer:
            data = json.load(answer)["data"]
        assert data["actor"] == "cert:alice", data
    finally:
        daemon.stop()
        daemon.remove()
        shutil.rmtree(folder)


# ---- the end ----

def a_stop_with_open_connections_is_quick_and_clean():
    daemon = harness.Daemon(api=True).start()
    port = port_of(daemon)
    held = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
    held[0].sendall(b"GET /healthz HTTP/1.1\r\n")
    begun = time.monotonic()
    code = daemon.stop()
    took = time.monotonic() - begun
    assert code == 0 and took < 10, (code, took, daemon.output())
    for s in held:
        s.close()
    daemon.remove()


def requests_go_on_while_others_come_and_go():
    daemon = harness.Daemon(api=True).start()
    port, failures = port_of(daemon), []

    def work():
        for _ in range(50):
            try:
                c = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
                for _ in range(5):
                    c.request("GET", "/healthz")
                    assert c.getresponse().read() == b"ok\n"
                c.close()
            except Exception as e:  # whatever it was is the finding
                failures.append(repr(e))

    try:
        threads = [threading.Thread(target=work) for _ in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert not failures, failures[:3]
    finally:
        assert daemon.stop() == 0
        daemon.remove()


harness.run([it_listens_where_it_says, a_unix_socket_serves_its_owner, a_taken_port_is_said_and_the_host_goes_on,
             a_reload_opens_and_closes_listeners_and_keeps_the_others, a_reload_changes_a_listener_where_it_is,
             without_the_api_its_libraries_are_not_loaded,
             a_request_must_arrive_in_time, answers_that_nobody_reads_are_not_kept, many_slow_clients_keep_nobody_else_waiting, what_is_too_long_is_refused,
             one_address_has_no_more_connections_than_allowed, there_are_no_more_connections_than_allowed, tls_takes_a_new_certificate_without_losing_a_connection,
             certificates_that_are_of_no_use_are_findings, a_client_certificate_is_asked_for_and_verified, a_stop_with_open_connections_is_quick_and_clean,
             requests_go_on_while_others_come_and_go])
