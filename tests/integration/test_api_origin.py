"""Requests of pages that are not ours, and of roles that may not. SPDX-License-Identifier: MIT"""

import json
import socket
import time

from attack import ask, expect, link_code, raw, reasons, served, sign_in, statuses, trail
from harness import run

ROLES = ["viewer", "operator", "admin"]


# ---- where a request comes from ----


def test_a_page_that_rebinds_its_name_gets_nothing():
    with served("hosts = [ \"ops.example.org\" ];") as d:
        token = d.token("admin")
        cookie, _ = sign_in(d, link_code(d))
        for path in ["/", "/login", "/api/session", "/api/v1/status", "/metrics", "/healthz", "/nothing", "/ws"]:
            for host in ["evil.example", f"evil.example:{d.port}", "127.0.0.1.evil.example", "localhost.evil.example"]:
                reply = ask(d, "GET", path, token=token, cookie=cookie, headers={"Host": host})
                expect(reply.status, 421, f"{path} of {host}")
        for host in [f"127.0.0.1:{d.port}", "localhost", "[::1]", "ops.example.org", "OPS.example.org:8443", socket.gethostname()]:
            expect(ask(d, "GET", "/api/session", token=token, headers={"Host": host}).status, 200, host)
        expect(statuses(raw(d, b"GET /api/session HTTP/1.1\r\nConnection: close\r\n\r\n"))[:1], [[400]], "no Host")
        expect(statuses(raw(d, b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")), [[400]], "two Hosts")
        assert "bad-host" in reasons(d)


def test_a_target_that_names_the_place_is_held_to_it():
    with served("hosts = [ \"ops.example.org\" ];") as d:
        token = d.token("viewer")
        cookie, _ = sign_in(d, link_code(d))

        def get(target, host, more="", method="GET", who=f"Authorization: Bearer {token}\r\n"):
            return raw(d, f"{method} {target} HTTP/1.1\r\n{host}{who}{more}Connection: close\r\n\r\n".encode())

        here, evil = f"127.0.0.1:{d.port}", "Host: evil.example\r\n"
        for target, host in [(f"http://{here}/api/session", f"Host: {here}\r\n"), (f"HTTP://{here}/api/session?", evil),
                             ("http://ops.example.org/api/session", evil), ("http://localhost/api/session", "Host:\r\n")]:
            answer = get(target, host)
            expect(statuses(answer), [[200]], target)
            assert b'"actor":"token:' in answer, answer
        for target, wanted in [("http://evil.example/api/session", 421), (f"http://evil.example:{d.port}/healthz", 421), ("http://evil.example", 421),
                               (f"http://user@{here}/api/session", 421), (f"https://{here}/api/session", 400), (f"ftp://{here}/", 400),
                               ("http:///api/session", 400), (f"http://{here}/a/../api/session", 400), (f"http://{here}//api/session", 400)]:
            expect(statuses(get(target, f"Host: {here}\r\n")), [[wanted]], target)
        expect(statuses(get(f"http://{here}/api/session", "")), [[400]], "no Host")
        expect(statuses(get(f"http://{here}/api/session", evil, f"Cookie: openclaw_session={cookie}\r\nOrigin: http://evil.example\r\n", who="")), [[403]],
               "a page of the place that Host names")
        expect(statuses(get(f"http://{here}/api/v1/alert/list?a=1", f"Host: {here}\r\n")), [[400]], "the query counts")
        for target in ["*", f"http://{here}"]:
            answer = get(target, f"Host: {here}\r\n", method="OPTIONS", who="")
            assert statuses(answer) == [204] and b"Allow: GET, HEAD, POST" in answer, answer
        expect(statuses(get("*", evil, method="OPTIONS")), [[421]], "of another place")
        expect(statuses(get("*", f"Host: {here}\r\n")), [[400]], "that is for OPTIONS alone")


def test_a_key_that_comes_twice_is_refused():
    with served() as d:
        token = d.token("admin")
        twice = '{"state":"all","state":"firing"}'
        for path, body in [("/api/v1/alert/list", twice), ("/api/v1/alert/silence", '{"matchers":["a=b"],"for":"1m","for":"10h"}'),
                           ("/api/config/alerts", '{"cpu":{"warning_percent":80,"warning_percent":99}}')]:
            reply = ask(d, "POST", path, body, {"Content-Type": "application/json"}, token=token)
            expect(reply.status, 400, path)
            assert "comes twice in one object" in reply.json["error"]["message"], reply
            assert reply.json["error"]["hint"] == "Give each key once.", reply
        now = "2030-01-01T00:00:00Z"
        silence = '{"comment":"x","createdBy":"a","createdBy":"b","startsAt":"%s","endsAt":"%s","matchers":[]}' % (now, now)
        reply = ask(d, "POST", "/api/v2/silences", silence, {"Content-Type": "application/json"}, token=token)
        expect(reply.status, 400, "a silence")
        assert 'the key \\"createdBy\\" comes twice' in reply.body, reply.body
        # an alert is not lost over it: the last one counts, as in the Alertmanager
        alert = '[{"labels":{"alertname":"Twice","a":"1","a":"2"},"annotations":{"summary":"x","summary":"y"}}]'
        expect(ask(d, "POST", "/api/v2/alerts", alert, {"Content-Type": "application/json"}, token=token).status, 200, "an alert")
        body = ask(d, "GET", "/api/v2/alerts", token=token).body
        assert '"a":"2"' in body and '"summary":"y"' in body and '"a":"1"' not in body and '"summary":"x"' not in body, body


def test_other_origins_are_refused():
    with served("origins = [ \"https://panel.example.org\" ];") as d:
        token = d.token("admin")
        cookie, _ = sign_in(d, link_code(d))
        for origin in ["http://evil.example", "null", "https://evil.example", f"http://127.0.0.1:{d.port + 1}", "http://127.0.0.1",
                       f"http://127.0.0.1:{d.port}.evil.example", "https://panel.example.org.evil.example"]:
            for method, path in [("GET", "/api/session"), ("POST", "/api/v1/alert/list"), ("POST", "/login"), ("POST", "/logout")]:
                reply = ask(d, method, path, "{}" if method == "POST" else None, {"Origin": origin, "X-Openclaw-Csrf": "1"}, cookie=cookie)
                expect(reply.status, 403, f"{method} {path} from {origin}")
                assert "Access-Control-Allow-Origin" not in reply.headers
            expect(ask(d, "GET", "/api/session", token=token, headers={"Origin": origin}).status, 403, f"token, {origin}")
        expect(ask(d, "GET", "/api/session", cookie=cookie, headers={"Origin": f"http://127.0.0.1:{d.port}"}).status, 200, "our own page")
        reply = ask(d, "GET", "/api/session", token=token, headers={"Origin": "https://panel.example.org"})
        expect(reply.headers["Access-Control-Allow-Origin"], "https://panel.example.org", "a configured page")
        assert "Access-Control-Allow-Credentials" not in reply.headers
        first = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
        reply = ask(d, "OPTIONS", "/api/v1/alert/list", headers={"Origin": "https://panel.example.org", **first})
        assert reply.status == 204 and "Authorization" in reply.headers["Access-Control-Allow-Headers"], reply
        expect(ask(d, "OPTIONS", "/api/v1/alert/list", headers={"Origin": "http://evil.example", **first}).status, 403, "preflight of a foreign page")
        expect(ask(d, "GET", "/api/session", cookie=cookie).status, 200, "the session is still there")
        assert "bad-origin" in reasons(d)


def handshake(d, origin=None, token=None, cookie=None, host=None, path="/ws", protocol="openclaw.v1"):
    """The socket after the handshake, and the answer's status."""
    s = socket.create_connection(("127.0.0.1", d.port), timeout=10)
    lines = [f"GET {path} HTTP/1.1", f"Host: {host or f'127.0.0.1:{d.port}'}", "Upgrade: websocket", "Connection: Upgrade",
             "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
    lines += [f"Sec-WebSocket-Protocol: {protocol}"] if protocol else []
    lines += [f"Origin: {origin}"] if origin else []
    lines += [f"Authorization: Bearer {token}"] if token else []
    lines += [f"Cookie: openclaw_session={cookie}"] if cookie else []
    s.sendall("\r\n".join(lines + ["", ""]).encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        chunk = s.recv(1)
        if not chunk:
            break
        answer += chunk
    return s, (statuses(answer) or [0])[0]


def test_a_foreign_page_opens_no_websocket():
    with served() as d:
        token = d.token("admin", name="socket")
        cookie, _ = sign_in(d, link_code(d))
        own = f"http://127.0.0.1:{d.port}"
        table = [("foreign page with our cookie", dict(origin="http://evil.example", cookie=cookie), 403),
                 ("sandboxed page with our cookie", dict(origin="null", cookie=cookie), 403),
                 ("page of another port", dict(origin=f"http://127.0.0.1:{d.port + 1}", cookie=cookie), 403),
                 ("foreign page with a token", dict(origin="http://evil.example", token=token), 403),
                 ("rebound page", dict(origin="http://evil.example", host="evil.example", cookie=cookie), 421),
                 ("nobody", dict(origin=own), 401),
                 ("a wrong token", dict(token="oc_" + "x" * 43), 401),
                 ("our own page", dict(origin=own, cookie=cookie), 101),
                 ("a program", dict(token=token), 101)]
        for what, given, wanted in table:
            s, status = handshake(d, **given)
            s.close()
            expect(status, wanted, what)


def test_a_websocket_is_opened_by_http_1_1_alone():
    with served() as d:
        token = d.token("viewer")
        lines = (f"Host: 127.0.0.1:{d.port}\r\nAuthorization: Bearer {token}\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
        for version, connection in [("1.0", "Upgrade"), ("1.1", "close, Upgrade")]:
            before = len(trail(d))
            answer = raw(d, f"GET /ws HTTP/{version}\r\n{lines}Connection: {connection}\r\n\r\n".encode(), timeout=5)
            expect(statuses(answer), [[426]], f"HTTP/{version}, {connection}")
            assert b"Upgrade: websocket" in answer and b"opened by HTTP/1.1" in answer, answer
            line = trail(d)[before]
            assert (line["reason"], line["path"]) == ("bad-request", "/ws"), line


def closed_within(s, seconds):
    """Whether the other side says goodbye (a close frame) or ends the connection, whatever it sends before."""
    def exactly(count):
        data = b""
        while len(data) < count:
            s.settimeout(max(0.01, until - time.monotonic()))
            chunk = s.recv(count - len(data))
            if not chunk:
                raise ConnectionError
            data += chunk
        return data

    until = time.monotonic() + seconds
    try:
        while True:
            first, length = exactly(2)
            if first & 15 == 8:
                return True
            length = int.from_bytes(exactly({126: 2, 127: 8}[length]), "big") if length > 125 else length
            exactly(length)
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def test_what_is_open_ends_with_its_credentials():
    with served() as d:
        token = d.token("viewer", name="socket")
        cookie, _ = sign_in(d, link_code(d))
        by_token, status = handshake(d, token=token)
        expect(status, 101, "token")
        by_cookie, status = handshake(d, cookie=cookie)
        expect(status, 101, "cookie")
        stream = socket.create_connection(("127.0.0.1", d.port), timeout=5)
        stream.sendall(f"GET /api/v1/events/watch HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        assert b"200 OK" in stream.recv(4096)
        d.call("token.revoke", token="socket")
        assert closed_within(by_token, 1), "a WebSocket outlived its token"
        rest = b""
        while not rest.endswith(b"0\r\n\r\n"):  # the last chunk
            chunk = stream.recv(65536)
            if not chunk:
                break
            rest += chunk
        d.call("session.revoke", id="all")
        assert closed_within(by_cookie, 1), "a WebSocket outlived its session"


def test_a_change_by_cookie_needs_the_header():
    with served() as d:
        cookie, _ = sign_in(d, link_code(d))
        body = json.dumps({"name": "by-csrf", "role": "admin"})
        for headers in [{}, {"Content-Type": "text/plain"}, {"Content-Type": "application/x-www-form-urlencoded"}]:
            expect(ask(d, "POST", "/api/v1/token/create", body, headers, cookie=cookie).status, 403, f"form of a page, {headers}")
        assert not [t for t in d.call("token.list") if t["name"] == "by-csrf"]
        for headers in [{"X-HTTP-Method-Override": "POST"}, {"X-Method-Override": "POST"}]:
            reply = ask(d, "GET", "/api/v1/token/create?name=by-csrf", headers=headers, cookie=cookie)
            expect(reply.status, 405, "GET that changes something")
        reply = ask(d, "POST", "/api/v1/token/create", body, {"X-Openclaw-Csrf": "1", "Content-Type": "application/json"}, cookie=cookie)
        expect(reply.status, 200, "our own page")
        assert reasons(d).count("csrf") == 3, reasons(d)


# ---- roles ----


def test_no_role_opens_an_operation_above_it():
    with served() as d:
        ops = [op for op in d.call("op.list") if not {"internal", "private"} & set(op["flags"])]
        assert len(ops) > 50
        tokens = {role: d.token(role) for role in ROLES}
        hidden = [op["name"] for op in d.call("op.list") if {"internal", "private"} & set(op["flags"])]
        for op in ops:
            path = "/api/v1/" + op["name"].replace(".", "/")
            expect(ask(d, "POST", path, "{}").status, 401, f"nobody, {op['name']}")
            expect(ask(d, "GET", path).status, 401, f"nobody, GET {op['name']}")
            for role in ROLES[:ROLES.index(op["role"])]:
                reply = ask(d, "POST", path, "{}", {"Content-Type": "application/json"}, token=tokens[role])
                expect(reply.status, 403, f"{role}, {op['name']}")
                assert reply.json["error"]["code"] == "denied", reply
                expect(ask(d, "GET", path, token=tokens[role]).status, [403, 405], f"{role}, GET {op['name']}")
        for name in hidden:
            expect(ask(d, "POST", "/api/v1/" + name.replace(".", "/"), "{}", token=tokens["admin"]).status, 404, f"hidden {name}")
        assert "role" in reasons(d)


def frame(text):
    """One text frame as a client sends it."""
    data = text.encode()
    assert len(data) < 65536
    size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
    return b"\x81" + size + b"\0\0\0\0" + data


def next_message(s, kind):
    """The next message of this type."""
    def exactly(count):
        data = b""
        while len(data) < count:
            chunk = s.recv(count - len(data))
            if not chunk:
                raise ConnectionError("closed")
            data += chunk
        return data

    while True:
        _, length = exactly(2)
        length = int.from_bytes(exactly({126: 2, 127: 8}[length]), "big") if length > 125 else length
        message = json.loads(exactly(length))
        if message["type"] == kind:
            return message


def test_no_role_opens_an_operation_above_it_by_websocket():
    with served() as d:
        ops = [op for op in d.call("op.list")]
        for role in ["viewer", "operator"]:
            s, status = handshake(d, token=d.token(role))
            expect(status, 101, role)
            for i, op in enumerate(ops, 1):
                above = ROLES.index(op["role"]) > ROLES.index(role)
                if not above and not {"internal", "private"} & set(op["flags"]):
                    continue
                s.sendall(frame(json.dumps({"type": "call", "id": i, "op": op["name"], "params": {}})))
                result = next_message(s, "result")
                assert result["id"] == i and not result["ok"], f"{role}, {op['name']}: {result}"
                expect(result["error"]["code"], "denied" if above and "internal" not in op["flags"] and "private" not in op["flags"]
                       else ["denied", "not_found", "unsupported"], f"{role}, {op['name']}")
            s.close()


def test_only_admins_see_who_did_what():
    with served() as d:
        tokens = {role: d.token(role) for role in ROLES}
        ask(d, "GET", "/api/session", token="oc_" + "x" * 43)
        expect(ask(d, "GET", "/api/v1/token/list", token=tokens["viewer"]).status, 403, "a viewer asks for tokens")
        for role in ROLES:
            topics = {row["topic"] for row in ask(d, "GET", "/api/v1/events/list?limit=1000", token=tokens[role]).json["data"]}
            private = {topic for topic in topics if topic.split(".")[0] in ("audit", "access", "op", "security")}
            assert private == ({"audit", "access.token.created", "op.denied", "security.refused"} if role == "admin" else set()), f"{role}: {private}"
            asked = ask(d, "GET", "/api/v1/events/list?topic=audit", token=tokens[role])
            expect(asked.status, 200 if role == "admin" else 403, f"{role} asks for the audit trail alone")


def test_no_way_of_writing_a_path_changes_who_may():
    with served() as d:
        token = d.token("viewer")
        for path in ["/api/v1/token/list", "/api/v1/token%2flist", "/api/v1/TOKEN/LIST", "/api/v1//token/list", "/api/v1/token/list/",
                     "/api/v1/token/list;a=b", "/api/v1/status/../token/list", "/api/v1/./token/list", "/api/v1/token.list",
                     "/api/v1/token/list%00", "/api/v1/token/list?role=admin", "//api/v1/token/list", "/api/v1/jobs/../token/list"]:
            expect(ask(d, "GET", path, token=token).status, [400, 403, 404], path)
        for headers in [{"X-Original-URL": "/api/v1/token/list"}, {"X-Rewrite-URL": "/api/v1/token/list"}, {"X-Forwarded-For": "127.0.0.1"},
                        {"X-Forwarded-User": "admin"}, {"X-Openclaw-Role": "admin"}, {"Cookie": "role=admin"}]:
            expect(ask(d, "GET", "/api/v1/token/list", token=token, headers=headers).status, 403, str(headers))


def test_anonymous_clients_look_and_do_no_more():
    with served("anonymous = \"viewer\";") as d:
        session = ask(d, "GET", "/api/session").json["data"]
        assert session["anonymous"] and session["role"] == "viewer", session
        expect(ask(d, "POST", "/api/v1/token/create", "{\"name\":\"x\"}", {"Content-Type": "application/json"}).status, 403, "anonymous admin operation")
        expect(ask(d, "GET", "/api/session", headers={"X-Forwarded-For": "192.0.2.1"}).status, 401, "through a proxy")
        expect(ask(d, "GET", "/api/session", token="oc_" + "x" * 43).status, 401, "a wrong token is not nothing")
        stale = ask(d, "GET", "/api/session", headers={"Cookie": "openclaw_session=" + "x" * 43})
        expect(stale.status, 401, "a wrong cookie is not nothing")
        assert "openclaw_session=;" in stale.headers["Set-Cookie"] and "Max-Age=0" in stale.headers["Set-Cookie"], stale.headers
        expect(ask(d, "GET", "/api/session", headers={"Host": "evil.example"}).status, 421, "rebound")
        expect(ask(d, "GET", "/api/session", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}).status, 403, "script of a foreign page")


if __name__ == "__main__":
    run([value for name, value in list(globals().items()) if name.startswith("test_")])
