"""Headers that refer to a secret: what the other side gets, and what nobody is shown. SPDX-License-Identifier: MIT"""

import http.server
import json
import os
import threading

from harness import Daemon, eventually, run

CONFIG = """
host = { name = "h"; };
collectors = ( { plugin = "http"; interval = "1s"; targets = ( { name = "api"; url = "URL/get"; headers = HEADERS; } ); } );
alerts = { channels = ( { plugin = "webhook"; url = "URL/hook"; headers = HEADERS; } ); };
remote_write = ( { name = "far"; url = "URL/write"; flush_interval = "100ms"; headers = HEADERS; } );
"""


class Peer:
    """Answers everything, and remembers the headers of the latest request of each path."""

    def __init__(self):
        outer = self
        self.headers = {}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.headers[self.path] = dict(self.headers)
                self.send_response(200 if self.path != "/write" else 204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_GET

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def what_a_header_refers_to_is_what_the_other_side_gets():
    peer = Peer()
    daemon = Daemon(env={"OC_TEST_HEADER": "Key 17"})
    secret = os.path.join(daemon.home, "secret")

    def put(text):
        with open(secret, "w") as f:
            f.write(text + "\n")
        os.chmod(secret, 0o600)

    def has(path, value):
        got = peer.headers.get(path, {})
        return got.get("Authorization") == value and got.get("X-Key") == "Key 17" and got.get("X-Plain") == "as it is"

    try:
        put("Bearer first")
        headers = '{ Authorization = "$file:%s"; X-Key = "$env:OC_TEST_HEADER"; X-Plain = "as it is"; }' % secret
        daemon.write(CONFIG.replace("URL", peer.url).replace("HEADERS", headers))
        daemon.start()
        daemon.call("alert.test", channel="webhook")
        for path in ("/get", "/hook", "/write"):
            eventually(lambda path=path: has(path, "Bearer first"), what=f"the headers of {path} (now {peer.headers.get(path)})")
        shown = json.dumps(daemon.call("config.show"))
        assert "$file:" in shown and "Bearer first" not in shown and "Key 17" not in shown, shown
        put("Bearer second")
        daemon.call("reload")
        eventually(lambda: has("/get", "Bearer second"), what=f"the new header (now {peer.headers.get('/get')})")
        assert "Bearer" not in daemon.output() and "Key 17" not in daemon.output(), daemon.output()
    finally:
        daemon.stop()
        daemon.remove()
        peer.close()


run([what_a_header_refers_to_is_what_the_other_side_gets])
