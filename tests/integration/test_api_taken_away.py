"""Access that the configuration takes away, and limits, hold for what is open. SPDX-License-Identifier: MIT"""

import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.parse

from harness import BUILD, Daemon, eventually, free_port, run
from websocket import TEXT, Gone, WebSocket, frame

FOLDER = tempfile.mkdtemp(prefix="openclaw-taken-")


def openssl(*args):
    subprocess.run(["openssl", *args], cwd=FOLDER, check=True, capture_output=True)


def make_ca(ca, *names):
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *key, "-keyout", f"{ca}.key", "-out", f"{ca}.pem", "-subj", f"/CN={ca}", "-days", "2")
    with open(f"{FOLDER}/ext", "w", encoding="ascii") as f:
        f.write("subjectAltName=IP:127.0.0.1\n")
    for name in names:
        openssl("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key", "-CAcreateserial", "-days", "2", "-extfile", "ext",
                "-out", f"{name}.pem")


def context(name):
    c = ssl.create_default_context(cafile=f"{FOLDER}/ca.pem")
    c.load_cert_chain(f"{FOLDER}/{name}.pem", f"{FOLDER}/{name}.key")
    return c


class SecureSocket(WebSocket):
    def __init__(self, url, name, **more):
        super().__init__(url, **more)
        self.socket = context(name).wrap_socket(self.socket, server_hostname="127.0.0.1")


def config(listen="{ port = 0; }", more=""):
    return f"api = {{ listen = ( {listen} ); {more} }};\n"


def trail(d):
    try:
        with open(f"{d.home}/logs/security-events.log") as f:
            return [json.loads(line) for line in f if line.endswith("\n")]
    except FileNotFoundError:
        return []


def refused(d, reason):
    return [line for line in trail(d) if line.get("reason") == reason]


def reload(d, text):
    d.write(text)
    d.call("reload")


class served:
    def __init__(self, text, env=None):
        self.d = Daemon(text, api=True, env=env)

    def __enter__(self):
        return self.d.start()

    def __exit__(self, kind, *_):
        try:
            code = self.d.stop() if not kind else 0
            assert code == 0, f"openclawd left with {code}:\n{self.d.output()[-3000:]}"
        finally:
            self.d.remove()


def closes(ws, within=3):
    """The code with which the server closes."""
    ws.socket.settimeout(within)
    return ws.wait_close()


def session(connection):
    connection.request("GET", "/api/session")
    answer = connection.getresponse()
    return answer.status, json.load(answer).get("data")


def what_a_certificate_opened_ends_with_its_role_and_its_ca():
    make_ca("ca", "server", "admin-cli")
    make_ca("other")

    port = free_port()

    def text(role, ca):
        return config(f"{{ port = {port}; tls = true; }}", f"""tls = {{ certificate = "{FOLDER}/server.pem"; key = "{FOLDER}/server.key";
            client_ca = "{FOLDER}/{ca}.pem"; clients = ( {{ name = "admin-cli"; role = "{role}"; }} ); }};""")

    with served(text("admin", "ca")) as d:
        url = d.url + "/ws"
        ws = SecureSocket(url, "admin-cli").connect()
        assert ws.until("hello")["role"] == "admin"
        stream = http.client.HTTPSConnection("127.0.0.1", port, context=context("admin-cli"), timeout=5)
        stream.request("GET", "/api/v1/events/watch", headers={"Accept": "text/event-stream"})
        answer = stream.getresponse()
        assert answer.status == 200, answer.status
        assert d.call("api.listeners")[0]["connections"] == 2
        reload(d, text("admin", "ca"))  # nothing is taken away
        ws.send({"type": "ping"})
        ws.until("pong")
        reload(d, text("viewer", "ca"))
        assert closes(ws) == 1008
        try:
            while answer.read1(65536):
                pass
        except (http.client.IncompleteRead, ConnectionError):
            pass  # it has ended, however
        kept = http.client.HTTPSConnection("127.0.0.1", port, context=context("admin-cli"), timeout=5)
        status, who = session(kept)
        assert (status, who["actor"], who["role"]) == (200, "cert:admin-cli", "viewer"), who
        ws = SecureSocket(url, "admin-cli").connect()
        assert ws.until("hello")["role"] == "viewer"
        reload(d, text("viewer", "other"))
        assert closes(ws) == 1008
        try:
            status, who = session(kept)
            assert status == 401, (status, who)
        except (ConnectionError, http.client.HTTPException):
            pass  # it rested, and was closed
        fresh = http.client.HTTPSConnection("127.0.0.1", port, context=context("admin-cli"), timeout=5)
        fresh.request("GET", "/api/session")
        assert fresh.getresponse().status == 401


def nobody_a_page_and_a_listener_are_sent_away():
    port = free_port()
    both = f'{{ port = {port}; }}, {{ port = 0; serves = "bridge"; }}'
    more = 'anonymous = "viewer"; origins = [ "https://panel.example.org" ];'
    with served(config(both, more)) as d:
        url, token = f"http://127.0.0.1:{port}/ws", d.token("viewer")
        bridge = next(row for row in d.call("api.listeners") if row["serves"] == "bridge")
        nobody = WebSocket(url).connect()
        page = WebSocket(url, token, headers={"Origin": "https://panel.example.org"}).connect()
        program = WebSocket(url, token).connect()
        agent = WebSocket(bridge["url"] + "/", token, protocol="openclaw.bridge.v1").connect()
        for ws, kind in ((nobody, "hello"), (page, "hello"), (program, "hello"), (agent, "connected")):
            ws.until(kind)
        counts = {row["serves"]: row["connections"] for row in d.call("api.listeners")}
        assert counts == {"all": 3, "bridge": 1}, counts
        reload(d, config(f"{{ port = {port}; }}"))
        for ws in (nobody, page, agent):
            assert closes(ws) == 1008
        program.send({"type": "ping"})
        program.until("pong")
        eventually(lambda: d.call("api.listeners")[0]["connections"] == 1)


def calls_over_a_websocket_count_as_requests():
    with served(config(more="requests_per_second = 3;")) as d:
        ws = WebSocket(d.url + "/ws", d.token("viewer")).connect()
        ws.until("hello")
        ws.send_raw(b"".join(frame(TEXT, json.dumps({"type": "call", "id": i, "op": "alert.list"})) for i in range(40)))
        answers = [ws.until("result") for _ in range(40)]
        late = [a for a in answers if not a["ok"]]
        assert len(late) >= 30 and {a["error"]["code"] for a in late} == {"retry"}, answers
        ws.send({"type": "subscribe", "topics": ["alerts"]})
        assert ws.until("error")["code"] == "retry"
        line = refused(d, "rate-limited")[0]
        assert (line["peer"], line["method"], line["path"]) == ("127.0.0.1", "call", "/ws"), line
        agent = WebSocket(d.url + "/bridge", d.token("operator"), protocol="openclaw.bridge.v1").connect()
        agent.until("connected")
        for _ in range(10):
            agent.send({"type": "history"})
        assert agent.until("error")["code"] == "retry"


def websockets_are_connections():
    with served(config(more="connections_per_ip_max = 5;")) as d:
        url, token, held = d.url + "/ws", d.token("viewer"), []
        for _ in range(5):
            held.append(WebSocket(url, token).connect())
            held[-1].until("hello")
        eventually(lambda: d.call("api.listeners")[0]["connections"] == 5)
        try:
            held.append(WebSocket(url, token).connect())
            raise AssertionError("a sixth was let in")
        except (Gone, ConnectionError):
            pass
        assert refused(d, "too-many-connections")[0]["peer"] == "127.0.0.1", trail(d)
        for ws in held:
            ws.close()
        eventually(lambda: d.call("api.listeners")[0]["connections"] == 0)
        WebSocket(url, token).connect().until("hello")
    with served(config(more="connections_max = 4;")) as d:
        held = [WebSocket(d.url + path, d.token("viewer"), protocol=None) for path in ("/ws", "/ws", "/bridge", "/bridge", "/ws", "/bridge")]
        assert [ws.open() for ws in held] == [101] * 4 + [503] * 2
        assert {(line["peer"], line["path"]) for line in refused(d, "too-many-connections")} == {("127.0.0.1", "/ws"), ("127.0.0.1", "/bridge")}


def what_a_websocket_is_refused_is_in_the_trail():
    with served(config()) as d:
        token = d.token("viewer", name="v")
        ws = WebSocket(d.url + "/ws", token).connect()
        ws.until("hello")
        ws.send({"type": "subscribe", "topics": ["events:audit", "events:security.*"]})
        ws.until("error")
        ws.send({"type": "call", "id": 1, "op": "token.list"})
        assert ws.until("result")["error"]["code"] == "denied"
        c = http.client.HTTPConnection("127.0.0.1", urllib.parse.urlsplit(d.url).port, timeout=5)
        c.request("GET", "/api/v1/token/list", headers={"Authorization": f"Bearer {token}"})
        assert c.getresponse().status == 403
        lines = [(line["actor"], line["peer"], line["method"], line["path"]) for line in refused(d, "role")]
        assert lines == [("token:v", "127.0.0.1", *rest) for rest in (("subscribe", "events:audit"), ("subscribe", "events:security.*"),
                                                                      ("call", "token.list"), ("GET", "token.list"))], lines
        ws.send_raw(frame(TEXT, "x" * (1 << 20) + "x"))
        assert closes(ws) == 1009
        line = refused(d, "too-large")[0]
        assert (line["actor"], line["peer"], line["path"]) == ("token:v", "127.0.0.1", "/ws"), line


def a_bridge_that_is_open_keeps_its_session():
    with served(config(more='session = "1h";')) as d:
        code = urllib.parse.parse_qs(urllib.parse.urlsplit(d.call("login")["url"]).query)["code"][0]
        c = http.client.HTTPConnection("127.0.0.1", urllib.parse.urlsplit(d.url).port, timeout=5)
        c.request("GET", f"/login?code={code}")
        cookie = c.getresponse().headers["Set-Cookie"].split(";")[0]
        before = d.call("session.list")[0]["expires"]
        time.sleep(0.1)
        agent = WebSocket(d.url + "/bridge", protocol=None, headers={"Cookie": cookie}).connect()
        agent.until("connected")
        at = d.call("session.list")[0]["expires"]
        eventually(lambda: d.call("session.list")[0]["expires"] > at, what=f"a session that lasts longer than {at}, and at first {before}")


def the_api_can_be_switched_off_and_on_through_itself():
    port = free_port()
    on, off = config(f"{{ port = {port}; }}"), config(f"{{ port = {port}; }}", "enabled = false;")

    def is_there():
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0

    with served(on, env={"OPENCLAW_API": ""}) as d:
        token = d.token("admin", name="a")
        ws = WebSocket(d.url + "/ws", token).connect()
        ws.until("hello")
        d.write(off)
        ws.send({"type": "call", "id": 1, "op": "reload"})  # the client's own connection goes with it
        ws.wait_close()
        eventually(lambda: not is_there())
        d.write(on)
        d.call("reload")
        eventually(is_there)
        d.write(off)
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        c.request("POST", "/api/v1/reload", headers={"Authorization": f"Bearer {token}"})
        answer = c.getresponse()
        assert answer.status == 200, answer.status
        answer.read()
        d.write(on)
        d.call("reload")  # wanted again before it has gone
        eventually(is_there)


def an_operation_of_a_plugin_is_there_again_when_the_api_has_gone():
    on, off = config(), config(more="enabled = false;")
    s = served(off, env={"OPENCLAW_API": ""})
    folder = os.path.join(s.d.home, "plugins", "pre")
    os.makedirs(folder)
    with open(os.path.join(folder, "plugin.json"), "w") as f:
        json.dump({"name": "pre", "version": "1.0.0", "summary": "A preset", "instances": [{"plugin": "system"}],
                   "operations": [{"name": "job.list", "summary": "List jobs", "method": "tool.call/1"}]}, f)
    with s as d:
        def provided():
            gates = d.call("plugin.why", what="job.list")["gates"]
            return next(g["message"] for g in gates if g["gate"] == "provided")

        assert provided() == "the operation is in the table", provided()
        reload(d, on)
        eventually(lambda: provided() == "the host itself has an operation of that name")
        reload(d, off)
        eventually(lambda: provided() == "the operation is in the table")


def what_is_wrong_is_said_as_it_is():
    with served(config()) as d:
        token = d.token("operator")
        c = http.client.HTTPConnection("127.0.0.1", urllib.parse.urlsplit(d.url).port, timeout=5)

        def ask(method, path, body=None, **headers):
            c.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = c.getresponse()
            return answer.status, json.load(answer)["error"]["message"]

        status, message = ask("GET", "/api/session", Authorization=f"Token {token}")
        assert status == 401 and "scheme" in message, message
        status, message = ask("POST", "/api/v1/alert/list", b"\x1f\x8b", Authorization=f"Bearer {token}", Content_Type="application/json", Content_Encoding="gzip")
        assert status == 415 and "compressed" in message, message
        d.write(config(f'{{ unix = "/run/{"x" * 103}"; }}'))
        done = subprocess.run([f"{BUILD}/bin/openclaw", "config", "validate"], env=d.env, capture_output=True, text=True)
        assert done.returncode != 0 and "at most 107 bytes" in done.stdout + done.stderr and ":3000" not in done.stdout + done.stderr, done
        d.write(config(f'{{ unix = "/run/{"x" * 102}"; }}'))
        done = subprocess.run([f"{BUILD}/bin/openclaw", "config", "validate"], env=d.env, capture_output=True, text=True)
        assert "107" not in done.stdout + done.stderr, done


try:
    run([what_a_certificate_opened_ends_with_its_role_and_its_ca, nobody_a_page_and_a_listener_are_sent_away, calls_over_a_websocket_count_as_requests,
         websockets_are_connections, what_a_websocket_is_refused_is_in_the_trail, a_bridge_that_is_open_keeps_its_session,
         the_api_can_be_switched_off_and_on_through_itself,
         an_operation_of_a_plugin_is_there_again_when_the_api_has_gone, what_is_wrong_is_said_as_it_is])
finally:
    shutil.rmtree(FOLDER, ignore_errors=True)
