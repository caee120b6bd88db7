"""Long lists of alerts are made while they are sent: changes, clients that leave, many at once. SPDX-License-Identifier: MIT"""

import http.client
import json
import socket
import urllib.parse

from harness import Daemon, eventually, run

COUNT = 20000
CONFIG = """collectors = ();
alerts = { channels = (); group_by = ["team"]; };
api = { body_max = "16MB"; listen = ( { port = 0; } ); };
"""


class Lists:
    def __init__(self):
        self.daemon = Daemon(CONFIG, api=True)
        self.daemon.start()
        self.token = self.daemon.token("operator")
        self.host, port = urllib.parse.urlparse(self.daemon.url).netloc.rsplit(":", 1)
        self.port = int(port)
        self.post(range(COUNT))

    def request(self, method, path, document=None):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        connection.request(method, path, None if document is None else json.dumps(document),
                           {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"})
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 200, (answer.status, text[:200])
        connection.close()
        return answer, text

    def post(self, numbers, over=False):
        self.request("POST", "/api/v2/alerts", [
            {"labels": {"alertname": f"A{i}", "n": str(i), "team": f"t{i % 5}"}, "annotations": {"summary": "x" * 100},
             "startsAt": "2020-01-01T00:00:00Z", "endsAt": "2020-01-02T00:00:00Z" if over else "2035-01-01T00:00:00Z"} for i in numbers])

    def begin(self, path):
        """A client that has asked and reads nothing yet, with a small buffer."""
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        s.settimeout(60)
        s.connect((self.host, self.port))
        s.sendall(f"GET {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nConnection: close\r\nAuthorization: Bearer {self.token}\r\n\r\n".encode())
        start = s.recv(4096)
        assert start.startswith(b"HTTP/1.1 200"), start
        return s, start

    @staticmethod
    def rest(s, start):
        """The document, with its chunks taken apart."""
        data = bytearray(start)
        while got := s.recv(1 << 16):
            data += got
        s.close()
        head, _, body = bytes(data).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200") and b"chunked" in head, head
        text, at = bytearray(), 0
        while True:
            end = body.index(b"\r\n", at)
            size = int(body[at:end], 16)
            if not size:
                return json.loads(text)
            text += body[end + 2:end + 2 + size]
            at = end + 2 + size + 2

    def rss(self):
        """KiB; 0 under a sanitizer, which keeps what was freed."""
        with open(f"/proc/{self.daemon.process.pid}/maps") as f:
            if "san.so" in f.read():
                return 0
        with open(f"/proc/{self.daemon.process.pid}/status") as f:
            return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


def with_lists(check):
    lists = Lists()
    try:
        check(lists)
    finally:
        lists.daemon.remove()


def check_list(found, must):
    ids = [a["fingerprint"] for a in found]
    assert ids == sorted(set(ids)), "out of order, or one is there twice"
    missing = must - {int(a["labels"]["n"]) for a in found}
    assert not missing, f"{len(missing)} are missing"


def a_list_bears_what_is_posted_and_resolved_while_it_is_sent():
    def check(lists):
        s, start = lists.begin("/api/v2/alerts")
        g, group_start = lists.begin("/api/v2/alerts/groups")
        lists.post(range(COUNT, COUNT + 2000))
        lists.post(range(1000), over=True)
        lists.post(range(500))
        stayed = set(range(1000, COUNT))
        check_list(lists.rest(s, start), stayed)
        groups = lists.rest(g, group_start)
        assert [x["labels"]["team"] for x in groups] == [f"t{i}" for i in range(5)]
        for i, group in enumerate(groups):
            check_list(group["alerts"], {n for n in stayed if n % 5 == i})
        answer, text = lists.request("GET", "/api/v2/alerts?filter=n=7")
        assert len(json.loads(text)) == 1 and answer.getheader("Content-Length") == str(len(text))  # whole
        assert json.loads(lists.request("GET", "/api/v2/alerts?filter=n=none")[1]) == []
        assert json.loads(lists.request("GET", "/api/v2/alerts/groups?filter=n=none")[1]) == []
    with_lists(check)


def clients_that_leave_in_the_middle_leave_nothing_behind():
    def check(lists):
        for _ in range(3):
            clients = [lists.begin(path)[0] for path in ["/api/v2/alerts", "/api/v2/alerts/groups"] * 5]
            for s in clients:
                s.close()
        before = lists.rss()
        for _ in range(10):
            for s in [lists.begin(path)[0] for path in ["/api/v2/alerts", "/api/v2/alerts/groups"] * 5]:
                s.close()
        eventually(lambda: json.loads(lists.request("GET", "/api/v2/alerts?filter=n=7")[1]), what="an answer")
        assert lists.rss() < before + 16384, (before, lists.rss())
    with_lists(check)


def twenty_lists_at_once_are_all_whole():
    def check(lists):
        before = lists.rss()
        clients = [lists.begin("/api/v2/alerts/groups" if i % 4 == 0 else "/api/v2/alerts") for i in range(20)]
        lists.post(range(100))
        grown = lists.rss() - before
        for i, (s, start) in enumerate(clients):
            found = lists.rest(s, start)
            assert sum(len(g["alerts"]) for g in found) == COUNT if i % 4 == 0 else len(found) == COUNT, len(found)
        assert grown < 65536, grown  # twenty whole texts would be 160 MB
    with_lists(check)


def the_host_stops_while_lists_are_sent():
    def check(lists):
        clients = [lists.begin("/api/v2/alerts") for _ in range(5)]
        lists.daemon.stop()
        for s, _ in clients:
            s.close()
    with_lists(check)


run([a_list_bears_what_is_posted_and_resolved_while_it_is_sent, clients_that_leave_in_the_middle_leave_nothing_behind,
     twenty_lists_at_once_are_all_whole, the_host_stops_while_lists_are_sent])
