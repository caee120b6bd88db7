#!/usr/bin/python3
"""Channels to chat and paging services against a receiver that checks what the real service would: address, headers, the document's schema.
The schemas in channels/ are written from the services' documentation. SPDX-License-Identifier: MIT"""

import http.server
import json
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import jsonschema

from harness import Daemon, Failure, eventually, free_port, run

HERE = os.path.dirname(os.path.abspath(__file__))
SECRET = "5ecret5ecret5ecret5ecret5ecret00"
NASTY = "a <b>bold</b> & [link](http://evil.example) <!channel> <@U1> @all @everyone `code` \"quote\" \\ ]( \x07 snow ☃"


class Service:
    """Remembers requests and answers as it is told: a list of (status, headers, document)."""

    def __init__(self):
        self.requests, self.script = [], []
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, headers, document = service.script.pop(0) if service.script else (200, {}, {"ok": True})
                service.requests.append((self.command, self.path, dict(self.headers), json.loads(body), time.monotonic()))
                text = json.dumps(document).encode()
                self.send_response(status)
                for name, value in {"Content-Length": str(len(text)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            do_POST = do_PUT = answer

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *args: None  # clients that are gone
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


# plugin: (options, path, headers that must be there, how it asks for patience: (headers, document))
CHANNELS = {
    "slack": ('webhook_url = "URL/services/SECRET"; channel = "#openclaw-alerts";', "/services/SECRET", {}, ({"Retry-After": "2"}, {})),
    "discord": ('webhook_url = "URL/api/webhooks/1/SECRET"; mention_roles = ["42"];', "/api/webhooks/1/SECRET", {},
                ({}, {"message": "You are being rate limited.", "retry_after": 1.3, "global": False})),
    "msteams": ('webhook_url = "URL/workflows/SECRET";', "/workflows/SECRET", {}, ({"Retry-After": "2"}, {})),
    "telegram": ('token = "SECRET"; chat_id = "-100"; api_url = "URL";', "/botSECRET/sendMessage", {},
                 ({}, {"ok": False, "error_code": 429, "parameters": {"retry_after": 2}})),
    "pagerduty": ('routing_key = "SECRET"; api_url = "URL/";', "/v2/enqueue", {}, ({"Retry-After": "2"}, {"status": "throttle exceeded"})),
    "opsgenie": ('api_key = "SECRET"; api_url = "URL"; teams = ["ops"]; tags = ["openclaw"];', "/v2/alerts", {"Authorization": "GenieKey SECRET"},
                 ({"Retry-After": "2"}, {"message": "You are making too many requests!"})),
    "ntfy": ('url = "URL"; topic = "alerts"; token = "SECRET";', "/", {"Authorization": "Bearer SECRET"}, ({"Retry-After": "2"}, {"code": 42901})),
    "gotify": ('url = "URL/sub"; token = "SECRET";', "/sub/message", {"X-Gotify-Key": "SECRET"}, ({"Retry-After": "2"}, {})),
    "matrix": ('homeserver = "URL"; room = "!abc:example.org"; token = "SECRET";', "/_matrix/client/v3/rooms/%21abc%3Aexample.org/send/m.room.message/",
               {"Authorization": "Bearer SECRET"}, ({}, {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 1500})),
    "mattermost": ('webhook_url = "URL/hooks/SECRET"; channel = "town-square";', "/hooks/SECRET", {}, ({"Retry-After": "2"}, {})),
}


def config(plugin, service, more=""):
    options = CHANNELS[plugin][0].replace("URL", service.url).replace("SECRET", SECRET)
    return f'collectors = ();\nalerts = {{ channels = ( {{ plugin = "{plugin}"; name = "{plugin}"; {options} {more} }} ); }};\napi = {{ listen = ( {{ port = 0; }} ); }};\n'


def post_alert(daemon, resolved=False, summary=NASTY, severity="critical"):
    now = time.time()
    stamp = lambda t: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))  # noqa: E731
    alert = {"labels": {"alertname": "redis_down", "severity": severity, "instance": "cache", "team": "<i>ops</i>"}, "annotations": {"summary": summary},
             "startsAt": stamp(now - 60), "endsAt": stamp(now - 1 if resolved else now + 3600)}
    request = urllib.request.Request(f"{daemon.url}/api/v2/alerts", json.dumps([alert]).encode(),
                                     {"Content-Type": "application/json", "Authorization": f"Bearer {daemon.token('operator')}"})
    urllib.request.urlopen(request).read()


def validate(name, document):
    with open(os.path.join(HERE, "channels", f"{name}.json"), encoding="utf-8") as f:
        jsonschema.validate(document, json.load(f))


def check_request(plugin, request):
    _, path, headers, _ = CHANNELS[plugin]
    assert request[1].startswith(path.replace("SECRET", SECRET)), request[1]
    for name, value in headers.items():
        assert request[2][name] == value.replace("SECRET", SECRET), (name, request[2])
    assert request[2]["Content-Type"].startswith("application/json"), request[2]


def said(document):
    """Every string of a document in one."""
    if isinstance(document, str):
        return document + "\n"
    return "".join(map(said, document.values() if isinstance(document, dict) else document if isinstance(document, list) else []))


def nothing_can_be_smuggled(plugin, document):
    text = said(document)
    assert "☃" in text, document
    if plugin == "slack":
        assert "<!channel> [CRITICAL]" in document["text"] and text.count("<!channel>") == 1 and "<@U1>" not in text, text
    elif plugin == "mattermost":
        assert "@all" not in text and "](http" not in text, text
    elif plugin == "msteams":
        assert "](http" not in text, text
    elif plugin == "telegram":
        assert "<b>bold" not in text and "&lt;b&gt;" in text, text
    elif plugin == "matrix":
        assert "<b>bold" not in document["formatted_body"], text
    elif plugin == "discord":
        assert document["allowed_mentions"] == {"parse": [], "roles": ["42"]}, document


def for_each(look):
    """A host for each service, some at a time; the first failure is told."""
    def one(plugin):
        service = Service()
        daemon = Daemon(config(plugin, service), api=True)
        try:
            daemon.start()
            look(plugin, service, daemon)
        finally:
            output = daemon.output()
            daemon.remove()
            service.close()
        assert SECRET not in output, f"{plugin} tells its secret"
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(one, CHANNELS))


def every_service_gets_what_it_understands():
    def look(plugin, service, daemon):
        daemon.call("alert.test", channel=plugin)
        post_alert(daemon)
        eventually(lambda: len(service.requests) >= 2, what=f"the alert at {plugin}")
        post_alert(daemon, resolved=True)
        eventually(lambda: len(service.requests) >= 3, what=f"the end at {plugin}")
        for i, request in enumerate(service.requests[:3]):
            check_request(plugin, request)
            validate("opsgenie_close" if plugin == "opsgenie" and i == 2 else plugin, request[3])
        nothing_can_be_smuggled(plugin, service.requests[1][3])
        fired, ended = (r[3] for r in service.requests[1:3])
        if plugin == "pagerduty":
            assert (fired["event_action"], ended["event_action"]) == ("trigger", "resolve"), ended
            assert fired["dedup_key"] == ended["dedup_key"] and fired["payload"]["severity"] == "critical", fired
        if plugin == "opsgenie":
            assert fired["priority"] == "P1" and f"/v2/alerts/{fired['alias']}/close?identifierType=alias" == service.requests[2][1]
        if plugin == "matrix":
            assert all(r[0] == "PUT" for r in service.requests), service.requests
    for_each(look)


def too_much_is_sent_again_when_the_service_wants_it():
    def look(plugin, service, daemon):
        service.script = [(429, *CHANNELS[plugin][3])]
        post_alert(daemon)
        eventually(lambda: len(service.requests) >= 2, what=f"the second attempt at {plugin}")
        waited = service.requests[1][4] - service.requests[0][4]
        assert waited >= 1.9, f"{plugin} waited {waited:.2f} s"
        if plugin == "matrix":
            assert service.requests[0][1] == service.requests[1][1], "another transaction"
    for_each(look)


def what_is_final_is_not_tried_again():
    def look(plugin, service, daemon):
        service.script = [(400, {}, {"error": "invalid_payload"}), (401, {}, {"error": "who are you"})]
        post_alert(daemon)
        eventually(lambda: daemon.call("alert.channels")[0]["failed"] == 1, what=f"the failure at {plugin}")
        assert len(service.requests) == 1, service.requests
        try:
            daemon.call("alert.test", channel=plugin)
            raise AssertionError("401 was taken for success")
        except Failure as e:
            assert "401" in str(e), e
        assert SECRET not in json.dumps(daemon.call("alert.channels"))
    for_each(look)


def long_texts_are_cut_to_what_the_service_takes():
    def look(plugin, service, daemon):
        post_alert(daemon, summary="☃" * 3000 + "<&>" * 300)
        eventually(lambda: service.requests, what=f"the alert at {plugin}")
        validate(plugin, service.requests[0][3])
    for_each(look)


# ---- syslog ----

class Rsyslog:
    """Debian's rsyslogd: writes what it understood of each message."""

    def __init__(self, folder, tls=None):
        self.log, self.udp, self.tcp = os.path.join(folder, "log"), free_port(), free_port()
        conf = os.path.join(folder, "rsyslog.conf")
        with open(conf, "w", encoding="ascii") as f:
            f.write(f"""global(workDirectory="{folder}")
module(load="imudp")
module(load="imtcp")
input(type="imudp" address="127.0.0.1" port="{self.udp}")
input(type="imtcp" address="127.0.0.1" port="{self.tcp}")
template(name="t" type="string" string="%pri%|%timereported:::date-rfc3339%|%hostname%|%app-name%|%msgid%|%structured-data%|%msg%\\n")
*.* action(type="omfile" file="{self.log}" template="t")
""")
        self.process = subprocess.Popen(["rsyslogd", "-n", "-f", conf, "-i", os.path.join(folder, "pid")], stderr=subprocess.DEVNULL)

    def listens(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.tcp)) == 0

    def lines(self):
        try:
            with open(self.log, encoding="utf-8") as f:
                return f.read().splitlines()
        except FileNotFoundError:
            return []

    def close(self):
        self.process.terminate()
        self.process.wait()


def rsyslog_understands_every_part():
    if not shutil.which("rsyslogd"):
        print("    there is no rsyslogd; left out")
        return
    folder = tempfile.mkdtemp(prefix="openclaw-syslog-")
    server = Rsyslog(folder)
    daemon = Daemon(f"""collectors = ();
alerts = {{ channels = (
  {{ plugin = "syslog"; name = "udp"; address = "udp://127.0.0.1:{server.udp}"; facility = "local3"; hostname = "edge-1"; }},
  {{ plugin = "syslog"; name = "tcp"; address = "tcp://127.0.0.1:{server.tcp}"; }} ); }};
api = {{ listen = ( {{ port = 0; }} ); }};
""", api=True)
    try:
        daemon.start()
        eventually(server.listens, what="rsyslogd")
        post_alert(daemon)
        eventually(lambda: len(server.lines()) >= 2, what="both messages")
        udp = next(line for line in server.lines() if "edge-1" in line).split("|")
        tcp = next(line for line in server.lines() if "edge-1" not in line).split("|")
        assert udp[0] == str(19 * 8 + 2) and tcp[0] == str(3 * 8 + 2), (udp, tcp)
        assert udp[3] == "openclaw" and udp[4] == "redis_down", udp
        assert 'severity="critical"' in udp[5] and 'event="firing"' in udp[5], udp
        assert "☃" in tcp[6] and "CRITICAL" in tcp[6] and "\x07" not in tcp[6], tcp
    finally:
        daemon.remove()
        server.close()
        shutil.rmtree(folder, ignore_errors=True)


def syslog_over_tls_is_checked_and_framed():
    folder = tempfile.mkdtemp(prefix="openclaw-syslog-")
    key, cert = os.path.join(folder, "key.pem"), os.path.join(folder, "cert.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    listener = socket.create_server(("127.0.0.1", 0))
    heard = []

    def serve():
        while True:
            try:
                raw, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(raw, server_side=True) as s:
                    data = b""
                    while part := s.recv(65536):
                        data += part
                    heard.append(data)
            except (ssl.SSLError, OSError):
                pass
    threading.Thread(target=serve, daemon=True).start()
    port = listener.getsockname()[1]
    daemon = Daemon(f"""collectors = ();
alerts = {{ channels = (
  {{ plugin = "syslog"; name = "good"; address = "tls://localhost:{port}"; ca_file = "{cert}"; }},
  {{ plugin = "syslog"; name = "stranger"; address = "tls://localhost:{port}"; }} ); }};""")
    try:
        daemon.start()
        daemon.call("alert.test", channel="good")
        eventually(lambda: heard, what="the message")
        size, _, line = heard[0].partition(b" ")
        assert int(size) == len(line) and line.startswith(b"<30>1 "), heard
        try:
            daemon.call("alert.test", channel="stranger")
            raise AssertionError("a certificate of nobody was trusted")
        except Failure as e:
            assert "certificate" in str(e).lower(), e
    finally:
        daemon.remove()
        listener.close()
        shutil.rmtree(folder, ignore_errors=True)


def wrong_addresses_are_findings():
    for wrong in ("http://x", "udp://", "tcp://[::1", "unix://relative", "tcp://x:99999", "tls://x:port"):
        daemon = Daemon(f'collectors = (); alerts = {{ channels = ( {{ plugin = "syslog"; name = "s"; address = "{wrong}"; }} ); }};')
        try:
            daemon.start()
            row = daemon.call("alert.channels")[0]
            assert "address" in json.dumps(row), row
        finally:
            daemon.remove()


if __name__ == "__main__":
    run([every_service_gets_what_it_understands, too_much_is_sent_again_when_the_service_wants_it, what_is_final_is_not_tried_again,
         long_texts_are_cut_to_what_the_service_takes, rsyslog_understands_every_part, syslog_over_tls_is_checked_and_framed, wrong_addresses_are_findings])
