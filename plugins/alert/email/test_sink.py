# A mail server for the tests: keeps what it gets in a Maildir and, read by Python's own parser, as JSON.
# SPDX-License-Identifier: MIT
#
#   test_sink.py DIR starttls|tls|none|hang      prints its port, then serves until its standard input ends
#
# Users: "u" with the password "p"; "busy", whose password cannot be looked up (454). The sender later@ gets
# 451. Recipients: refuse@ gets 550, later@ 451; nodata@ is taken, and DATA for nobody else refused with 503. DIR holds tls.crt and tls.key.
import asyncio, json, mailbox, os, socket, ssl, sys
from email import message_from_bytes, policy
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

directory, mode = sys.argv[1], sys.argv[2]


class Keeper:
    def __init__(self):
        self.maildir = mailbox.Maildir(os.path.join(directory, "mail"))
        self.count = 0

    async def handle_MAIL(self, server, session, envelope, address, options):
        if address.startswith("later@"):
            return "451 not this sender now"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refuse@"):
            return "550 no such user"
        if address.startswith("later@"):
            return "451 try again later"
        if address.startswith("nodata@"):
            return "250 OK"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        raw = envelope.original_content
        self.maildir.add(raw)
        mail = message_from_bytes(raw, policy=policy.default)
        body = {
            part.get_content_type(): part.get_content().replace("\r\n", "\n")
            for part in mail.walk()
            if not part.is_multipart()
        }
        seen = {
            "envelope_from": envelope.mail_from,
            "envelope_to": envelope.rcpt_tos,
            "tls": session.ssl is not None,
            "user": session.auth_data.login.decode() if session.authenticated else None,
            "headers": [[name, str(value)] for name, value in mail.items()],
            "type": mail.get_content_type(),
            "parts": [part.get_content_type() for part in mail.iter_parts()],
            "text": body.get("text/plain"),
            "html": body.get("text/html"),
            "defects": [repr(d) for part in mail.walk() for d in part.defects],
            "longest": max(len(line) for line in raw.split(b"\r\n")),
            "bare": raw.replace(b"\r\n", b"").count(b"\n") + raw.replace(b"\r\n", b"").count(b"\r"),
            "ascii": raw.isascii(),
        }
        self.count += 1
        path = os.path.join(directory, "%d.json" % self.count)
        with open(path + ".new", "w") as f:
            json.dump(seen, f)
        os.rename(path + ".new", path)
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    if data.login == b"busy":
        return AuthResult(success=False, handled=False, message="454 4.7.0 Temporary authentication failure")
    ok = data.login == b"u" and data.password == b"p"
    return AuthResult(success=ok, handled=ok, auth_data=data)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


if mode == "hang":
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    sys.stdin.read()
    sys.exit(0)

context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(os.path.join(directory, "tls.crt"), os.path.join(directory, "tls.key"))
options = {"authenticator": authenticate, "decode_data": False}
if mode == "starttls":
    options.update(tls_context=context, require_starttls=True, auth_required=True)
elif mode == "tls":
    options.update(ssl_context=context, auth_required=True, auth_require_tls=False)
else:
    options.update(auth_require_tls=False)
controller = Controller(Keeper(), hostname="127.0.0.1", port=free_port(), **options)
controller.start()
print(controller.port, flush=True)
sys.stdin.read()
controller.stop()
