"""Tokens, links, sessions and the trail of the API of a real daemon. SPDX-License-Identifier: MIT"""

import base64
import json
import os
import pty
import re
import select
import socket
import subprocess
import tempfile
import time
import urllib.parse

from attack import ask, expect, link_code, port_of, reasons, served, sign_in, trail
from harness import BUILD, Daemon, run


# ---- credentials ----


def test_tokens_open_and_close_at_once():
    with served() as d:
        token = d.token("viewer", name="grafana")
        basic = base64.b64encode(f"whoever:{token}".encode()).decode()
        expect(ask(d, "GET", "/api/session").status, 401, "nothing shown")
        session = ask(d, "GET", "/api/session", token=token)
        expect(session.status, 200, "bearer")
        assert session.json["data"]["actor"] == "token:grafana" and session.json["data"]["role"] == "viewer", session
        expect(ask(d, "GET", "/api/session", headers={"Authorization": f"Basic {basic}"}).status, 200, "basic")
        expect(ask(d, "GET", f"/api/session?token={token}&access_token={token}").status, 401, "a token in the query")
        d.call("token.revoke", token="grafana")
        expect(ask(d, "GET", "/api/session", token=token).status, 401, "revoked")
        short = d.token("admin", expires="1s")
        expect(ask(d, "GET", "/api/session", token=short).status, 200, "not yet expired")
        time.sleep(1.1)
        expect(ask(d, "GET", "/api/session", token=short).status, 401, "expired")


def cli(d, *words, stdout=subprocess.PIPE):
    return subprocess.run([os.path.join(BUILD, "bin", "openclaw"), *words], stdout=stdout, stderr=subprocess.PIPE, text=True, env=d.env, check=False)


def test_a_secret_that_nobody_has_seen_is_said():
    d = Daemon().start()  # its API is switched off by the environment
    try:
        with open("/dev/full", "w", encoding="ascii") as full:
            made = cli(d, "token", "create", "unseen", stdout=full)
        assert made.returncode == 1 and "`openclaw token revoke unseen` takes it back" in made.stderr, made
        assert "No space left" in made.stderr, made
        expect(cli(d, "token", "revoke", "unseen").returncode, 0, "it was there")
        offered = cli(d, "login")
        assert offered.returncode != 0 and "OPENCLAW_API=off" in offered.stderr, offered
    finally:
        d.stop()
        d.remove()


def test_a_login_code_works_once_and_the_session_is_a_new_one():
    with served() as d:
        code = link_code(d)
        head = ask(d, "HEAD", f"/login?code={code}")
        expect(head.status, 200, "a preview asks with HEAD")
        looked = ask(d, "GET", f"/login?code={code}", headers={"Sec-Purpose": "prefetch"})
        assert "Set-Cookie" not in looked.headers and "Set-Cookie" not in head.headers
        forged = "oc_" + "A" * 43
        reply = ask(d, "GET", f"/login?code={code}", cookie=forged)
        cookie = re.match(r"openclaw_session=([^;]+)", reply.headers["Set-Cookie"])[1]
        assert cookie != forged and len(cookie) == 46
        for attribute in ["HttpOnly", "SameSite=Strict", "Path=/"]:
            assert attribute in reply.headers["Set-Cookie"], reply.headers["Set-Cookie"]
        assert code not in reply.body and cookie not in reply.body
        expect(ask(d, "GET", f"/login?code={code}").status, 401, "a code that is used up")
        expect(sign_in(d, code)[1].status, 401, "a code that is used up, in the form")
        expect(ask(d, "GET", "/api/session", cookie=forged).status, 401, "the planted cookie")
        session = ask(d, "GET", "/api/session", cookie=cookie)
        assert session.json["data"]["kind"] == "session" and session.json["data"]["role"] == "admin", session


def test_a_second_sign_in_ends_the_first_session():
    with served() as d:
        first, _ = sign_in(d, link_code(d))
        second, _ = sign_in(d, link_code(d, role="viewer"), {"Cookie": f"openclaw_session={first}"})
        assert first != second
        expect(ask(d, "GET", "/api/session", cookie=first).status, 401, "the older session")
        assert ask(d, "GET", "/api/session", cookie=second).json["data"]["role"] == "viewer"
        reply = ask(d, "POST", "/logout", cookie=second)
        expect(reply.status, 303, "logout")
        assert "Max-Age=0" in reply.headers["Set-Cookie"]
        expect(ask(d, "GET", "/api/session", cookie=second).status, 401, "after logout")


def test_a_session_never_survives_its_token():
    with served() as d:
        cookie, _ = sign_in(d, d.token("operator", name="ops"))
        expect(ask(d, "GET", "/api/session", cookie=cookie).status, 200, "session of a token")
        d.call("token.revoke", token="ops")
        expect(ask(d, "GET", "/api/session", cookie=cookie).status, 401, "its token was revoked")


def test_signing_in_leads_nowhere_else():
    with served() as d:
        table = [("/alerts?state=firing", "/alerts?state=firing"), ("//evil.example", "/"), ("/\\evil.example", "/"),
                 ("https://evil.example", "/"), ("javascript:alert(1)", "/"), ("/\r\nSet-Cookie: a=b", "/"), ("", "/")]
        for wanted, got in table:
            body = urllib.parse.urlencode({"secret": link_code(d), "next": wanted})
            reply = ask(d, "POST", "/login", body)
            expect(reply.status, 303, wanted)
            expect(reply.headers["Location"], got, wanted)
            assert len(reply.headers.get_all("Set-Cookie")) == 1
        page = ask(d, "GET", "/login?next=" + urllib.parse.quote("/\"><script>alert(1)</script>")).body
        assert "<script" not in page, page


def test_the_form_needs_no_script():
    with served() as d:
        reply = ask(d, "GET", "/login")
        policy = reply.headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy and "unsafe" not in policy, policy
        assert "<script" not in reply.body and "style=" not in reply.body
        for needed in ["<label for=\"secret\">", "lang=\"en\"", "<title>", "<main>", "viewport"]:
            assert needed in reply.body, needed
        assert "prefers-color-scheme:dark" in ask(d, "GET", "/login.css").body
        wrong = sign_in(d, "oc_wrong")[1]
        expect(wrong.status, 401, "a wrong token in the form")
        assert "role=\"alert\"" in wrong.body and "oc_wrong" not in wrong.body


# ---- what survives, and what is kept ----


def test_an_answered_change_survives_a_kill():
    with served() as d:
        for i in range(5):
            token = d.token("viewer", name=f"kept-{i}")
            d.kill()
            d.start()
            d.port = port_of(d)
            expect(ask(d, "GET", "/api/session", token=token).status, 200, "a token whose making was answered")
            d.call("token.revoke", token=f"kept-{i}")
            d.kill()
            d.start()
            d.port = port_of(d)
            expect(ask(d, "GET", "/api/session", token=token).status, 401, "a token whose end was answered")
        cookie, _ = sign_in(d, link_code(d))
        d.kill()
        d.start()
        d.port = port_of(d)
        expect(ask(d, "GET", "/api/session", cookie=cookie).status, 200, "a session")


def everything_under(folder):
    for where, _, files in os.walk(folder):
        for path in (os.path.join(where, name) for name in files):
            if os.path.isfile(path):  # a socket is none
                with open(path, "rb") as f:
                    yield path, f.read()


def test_no_secret_is_kept_anywhere():
    with served() as d:
        token = d.token("admin", name="quiet")
        code = link_code(d)
        cookie, _ = sign_in(d, code)
        reply = ask(d, "POST", "/api/v1/token/create", json.dumps({"name": "second", "role": "viewer"}), {"Content-Type": "application/json"}, token=token)
        second = reply.json["data"]["token"]
        reply = ask(d, "POST", "/api/v1/token/create", json.dumps({"name": "third", "role": "viewer"}),
                    {"Content-Type": "application/json", "Prefer": "respond-async"}, token=token)
        job = ask(d, "GET", reply.headers["Location"], token=token) if reply.status == 202 else reply
        third = re.search(r"oc_[A-Za-z0-9_-]{43}", job.body)[0]
        expect(ask(d, "GET", "/api/session", token=third).status, 200, "a token from a job")
        wrong = "oc_" + "q" * 43
        ask(d, "GET", "/api/session", token=wrong)
        ask(d, "GET", f"/login?code={wrong}")
        unused = link_code(d)
        ask(d, "GET", "/api/v1/host/info", token=token)
        secrets = {"token": token, "code": code, "cookie": cookie, "second": second, "third": third, "wrong": wrong, "unused code": unused}
        shown = json.dumps([d.call("events.list", limit=1000), d.call("token.list"), d.call("session.list"), d.call("logs", lines=512)])
        with open(f"/proc/{d.process.pid}/cmdline", "rb") as f:
            shown += f.read().decode()
        for what, secret in secrets.items():
            assert secret[3:] not in shown, f"the {what} is shown"
        d.stop()
        for path, data in everything_under(d.home):
            for what, secret in secrets.items():
                assert secret.encode()[3:] not in data, f"the {what} is in {path}"


def test_every_refusal_and_change_is_in_the_trail():
    with served() as d:
        token = d.token("viewer", name="seen")
        ask(d, "GET", "/api/session", token="oc_" + "x" * 43)
        ask(d, "GET", "/api/session", headers={"Origin": "http://evil.example"})
        ask(d, "GET", "/api/session", headers={"Host": "evil.example"})
        ask(d, "GET", "/api/v1/token/list", token=token)
        ask(d, "GET", "/login?code=wrong")
        d.call("token.revoke", token="seen")
        wanted = {"bad-token", "bad-origin", "bad-host", "role", "bad-login"}
        assert wanted <= set(reasons(d)), reasons(d)
        assert {"token.created", "revoked"} <= {line["event"] for line in trail(d)}
        path = os.path.join(d.home, "logs", "security-events.log")
        expect(os.stat(path).st_mode & 0o777, 0o600, "its mode")
        refused = next(line for line in trail(d) if line.get("reason") == "bad-login")
        assert refused["peer"] == "127.0.0.1" and refused["path"] == "/login", refused
        os.rename(path, path + ".kept")
        ask(d, "GET", "/api/session", headers={"Host": "evil.example"})
        assert len(trail(d)) == 1
        topics = {event["topic"] for event in d.call("events.list", limit=1000)}
        assert {"security.refused", "access.revoked"} <= topics, topics


def until_text(fd, pattern, seconds=20):
    text, until = b"", time.monotonic() + seconds
    while time.monotonic() < until:
        if select.select([fd], [], [], 0.1)[0]:
            try:
                text += os.read(fd, 65536)
            except OSError:
                break
            match = re.search(pattern, text)
            if match:
                return match
    raise AssertionError(f"{pattern!r} is not in {text!r}")


def test_the_first_start_offers_a_link_on_a_terminal_and_nowhere_else():
    with served() as d:
        assert "login?code=" not in d.output() and "openclaw login" in d.output(), d.output()
        d.stop()
        ours, theirs = pty.openpty()
        process = subprocess.Popen([os.path.join(BUILD, "bin", "openclawd"), "--foreground", "--config", d.config], env=d.env, stderr=theirs, stdout=theirs)
        try:
            code = until_text(ours, rb"login\?code=(oc_[A-Za-z0-9_-]{43})")[1].decode()
            d.port = port_of(d)
            cookie, _ = sign_in(d, code)
            expect(ask(d, "GET", "/api/session", cookie=cookie).status, 200, "the first link")
        finally:
            process.terminate()
            process.wait()
        os.close(theirs)
        os.close(ours)
        d.start()
        assert "nobody has signed in" not in d.output().split("started")[-1], d.output()
        for path, data in everything_under(d.home):
            assert code[3:].encode() not in data, path


def test_openclaw_run_offers_the_first_link_on_its_terminal():
    folder = tempfile.mkdtemp(prefix="openclaw-test-")
    d = Daemon("api = { listen = ( { port = 0; } ); };\n", home=folder, api=True)
    ours, theirs = pty.openpty()
    process = subprocess.Popen([os.path.join(BUILD, "bin", "openclaw"), "--home", d.home, "--config", d.config, "run"], env=d.env,
                               stderr=theirs, stdout=theirs, stdin=theirs)
    try:
        code = until_text(ours, rb"login\?code=(oc_[A-Za-z0-9_-]{43})")[1].decode()
        d.port = port_of(d)
        assert sign_in(d, code)[0]
        for path, data in everything_under(d.home):
            assert code[3:].encode() not in data, path
    finally:
        process.terminate()
        process.wait()
        os.close(ours)
        os.close(theirs)
        d.remove()


def command(d, *words, **kwargs):
    return subprocess.run([os.path.join(BUILD, "bin", "openclaw"), "--home", d.home, "--config", d.config, *words], env=d.env,
                          capture_output=True, text=True, timeout=60, **kwargs)


def test_the_command_line_makes_tokens_and_links():
    with served() as d:
        made = command(d, "token", "create", "ci", "--role", "operator", "--expires", "1h")
        token = made.stdout.strip()
        assert re.fullmatch(r"oc_[A-Za-z0-9_-]{43}", token), made
        assert ask(d, "GET", "/api/session", token=token).json["data"]["role"] == "operator"
        listed = command(d, "token", "list").stdout
        assert "ci" in listed and token not in listed, listed
        link = command(d, "login", "--role", "viewer").stdout.strip()
        assert link.startswith(d.url + "/login?code="), link
        assert command(d, "token", "revoke", "ci").returncode == 0
        expect(ask(d, "GET", "/api/session", token=token).status, 401, "revoked by command")
        document = json.loads(command(d, "token", "create", "doc", "--json").stdout)
        assert document["data"]["token"].startswith("oc_"), document
        d.stop()
        made = command(d, "token", "create", "offline")  # without a daemon
        assert re.fullmatch(r"oc_[A-Za-z0-9_-]{43}", made.stdout.strip()), made
        d.start()
        d.port = port_of(d)
        expect(ask(d, "GET", "/api/session", token=made.stdout.strip()).status, 200, "made without a daemon")


def test_a_unix_socket_knows_its_peer():
    folder = tempfile.mkdtemp(prefix="openclaw-socket-")
    path = os.path.join(folder, "api.sock")
    d = Daemon(f"api = {{ listen = ( {{ unix = \"{path}\"; }} ); }};\n", api=True)
    try:
        d.start()
        s = socket.socket(socket.AF_UNIX)
        s.connect(path)
        s.sendall(b"GET /api/session HTTP/1.1\r\nHost: anything\r\nConnection: close\r\n\r\n")
        answer = b""
        while chunk := s.recv(65536):
            answer += chunk
        s.close()
        data = json.loads(answer.split(b"\r\n\r\n", 1)[1])["data"]
        assert data["actor"] == f"uid:{os.getuid()}" and data["role"] == "admin" and data["kind"] == "peer", data
        assert os.stat(path).st_mode & 0o007 == 0, "others may connect"
    finally:
        d.remove()
        os.path.exists(path) and os.unlink(path)
        os.rmdir(folder)


if __name__ == "__main__":
    run([value for name, value in list(globals().items()) if name.startswith("test_")])
