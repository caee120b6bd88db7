"""The API over TLS, and certificates of clients. SPDX-License-Identifier: MIT"""

import http.client
import os
import shutil
import ssl
import subprocess
import tempfile
import urllib.parse

from attack import Reply, certificate, expect, link_code, port_of, trail
from harness import BUILD, Daemon, run


def ask_tls(port, context, method, path, body=None, headers=None):
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=20, context=context)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return Reply(answer.status, answer.headers, answer.read().decode())
    finally:
        connection.close()


def test_over_tls_cookies_are_bound_to_it():
    folder = tempfile.mkdtemp(prefix="openclaw-tls-")
    pem, key = certificate(folder, "localhost", subject_alt="IP:127.0.0.1")
    d = Daemon(f"api = {{ listen = ( {{ port = 0; tls = true; }} ); tls = {{ certificate = \"{pem}\"; key = \"{key}\"; }}; }};\n", api=True)
    try:
        d.start()
        assert d.url.startswith("https://"), d.url
        context = ssl.create_default_context(cafile=pem)
        port = port_of(d)
        reply = ask_tls(port, context, "POST", "/login", urllib.parse.urlencode({"secret": link_code(d)}))
        expect(reply.status, 303, "signing in")
        cookie = reply.headers["Set-Cookie"]
        assert cookie.startswith("__Host-openclaw_session=oc_") and "; Secure" in cookie and "Domain" not in cookie, cookie
        assert reply.headers["Strict-Transport-Security"]
        value = cookie.split("=", 1)[1].split(";")[0]
        expect(ask_tls(port, context, "GET", "/api/session", headers={"Cookie": f"__Host-openclaw_session={value}"}).status, 200, "the cookie")
        expect(ask_tls(port, context, "GET", "/api/session", headers={"Cookie": f"openclaw_session={value}"}).status, 401, "without the prefix")
        own = f"https://127.0.0.1:{port}"
        expect(ask_tls(port, context, "GET", "/login", headers={"Origin": own}).status, 200, "our own page")
        expect(ask_tls(port, context, "GET", "/login", headers={"Origin": own.replace("https", "http")}).status, 403, "the page of plain HTTP")
    finally:
        d.remove()
        shutil.rmtree(folder)


def test_a_certificate_is_a_name_with_a_role():
    folder = tempfile.mkdtemp(prefix="openclaw-tls-")
    pem, key = certificate(folder, "localhost", subject_alt="IP:127.0.0.1")
    ca, _ = certificate(folder, "ca")
    d = Daemon(f"api = {{ listen = ( {{ port = 0; tls = true; }} ); tls = {{ certificate = \"{pem}\"; key = \"{key}\"; client_ca = \"{ca}\"; "
               "clients = ( { name = \"deploy\"; role = \"operator\"; }, { name = \"Doe, Jane\"; role = \"admin\"; } ); }; };\n", api=True)
    try:
        d.start()
        port = port_of(d)
        for name, issuer, usage, role in [("deploy", "ca", None, "operator"), ("somebody", "ca", "clientAuth", "viewer"), ("stranger", None, None, None),
                                          ("Doe, Jane", "ca", None, "admin"), ("deploy", "ca", "serverAuth", None)]:
            context = ssl.create_default_context(cafile=pem)
            context.load_cert_chain(*certificate(folder, name, issuer, usage=usage))
            try:
                reply = ask_tls(port, context, "GET", "/api/session")
            except (ssl.SSLError, ConnectionError, http.client.HTTPException):
                reply = None
            if role:
                data = reply.json["data"]
                assert data == {**data, "actor": f"cert:{name.replace(' ', '%20')}", "role": role, "kind": "certificate"}, data
            else:
                assert reply.status == 401 and "certificate" in reply.json["error"]["message"], reply
        line = next(line for line in trail(d) if line.get("reason") == "bad-certificate")
        assert line["actor"] == "cert:stranger" and line["path"] == "/api/session", line
        expect(ask_tls(port, ssl.create_default_context(cafile=pem), "GET", "/login").status, 200, "without one")
    finally:
        d.remove()
        shutil.rmtree(folder)


def test_a_listener_may_serve_nobody_without_a_certificate():
    folder = tempfile.mkdtemp(prefix="openclaw-tls-")
    pem, key = certificate(folder, "localhost", subject_alt="IP:127.0.0.1")
    ca, _ = certificate(folder, "ca")
    d = Daemon("api = { listen = ( { port = 0; tls = true; client_certificate = \"required\"; } ); "
               f"tls = {{ certificate = \"{pem}\"; key = \"{key}\"; client_ca = \"{ca}\"; }}; }};\n", api=True)
    try:
        d.start()
        port, token = port_of(d), d.token("admin")
        for name, issuer, reason in [("deploy", "ca", None), ("stranger", None, "bad-certificate"), (None, None, "no-certificate")]:
            context = ssl.create_default_context(cafile=pem)
            if name:
                context.load_cert_chain(*certificate(folder, name, issuer))
            for method, path in [("GET", "/healthz"), ("GET", "/login"), ("GET", "/api/session"), ("GET", "/nowhere"), ("OPTIONS", "/api/session")]:
                before = len(trail(d))
                headers = {"Authorization": f"Bearer {token}"} if path == "/api/session" else {}
                reply = ask_tls(port, context, method, path, headers=headers)
                if reason:
                    assert reply.status == 403 and "certificate" in reply.json["error"]["message"], (name, path, reply)
                    expect(trail(d)[before]["reason"], reason, f"{name} {path}")
                else:
                    assert reply.status in (200, 204, 404, 405), (name, path, reply)
        checked = subprocess.run([os.path.join(BUILD, "bin", "openclaw"), "config", "validate"], capture_output=True, text=True, env=d.env, check=False)
        expect(checked.returncode, 0, checked.stdout + checked.stderr)
        d.stop()
        d.write("api = { listen = ( { port = 0; client_certificate = \"required\"; } ); };\n")
        checked = subprocess.run([os.path.join(BUILD, "bin", "openclaw"), "config", "validate"], capture_output=True, text=True, env=d.env, check=False)
        assert checked.returncode != 0 and "client_certificate" in checked.stdout + checked.stderr, checked
    finally:
        d.remove()
        shutil.rmtree(folder)


if __name__ == "__main__":
    run([value for name, value in list(globals().items()) if name.startswith("test_")])
