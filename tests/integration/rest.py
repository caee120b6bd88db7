"""A plain HTTP client for tests of the API. SPDX-License-Identifier: MIT"""

import http.client
import json
import urllib.parse


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def data(self):
        """Of a success: anything else is a failure of the test."""
        if self.status not in (200, 202) or not self.json["ok"]:
            raise AssertionError(f"{self.status}: {self.body[:500]!r}")
        return self.json["data"]

    @property
    def error(self):
        assert self.json["ok"] is False and self.json["data"] is None, self.body[:500]
        return self.json["error"]


class Rest:
    """Asks one host, one connection a request; `token` is shown as Bearer."""

    def __init__(self, url, token=None, timeout=30):
        self.host = urllib.parse.urlsplit(url).netloc
        self.token, self.timeout = token, timeout

    def open(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(self.host, timeout=self.timeout)
        given = dict(headers or {})
        if self.token:
            given.setdefault("Authorization", f"Bearer {self.token}")
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
            given.setdefault("Content-Type", "application/json")
        connection.request(method, path, body=body, headers=given)
        return connection, connection.getresponse()

    def ask(self, method, path, body=None, headers=None):
        connection, response = self.open(method, path, body, headers)
        try:
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path, headers=None, **params):
        query = urllib.parse.urlencode(params, doseq=True)
        return self.ask("GET", path + ("?" + query if query else ""), headers=headers)

    def post(self, path, body=None, headers=None):
        return self.ask("POST", path, body, headers)


def events(response):
    """The events of a text/event-stream until it ends: (id, name, data); comments are left out."""
    found = {}
    for line in response:
        line = line.decode().rstrip("\n")
        if not line and "data" in found:
            yield int(found.get("id", 0)), found.get("event", "message"), json.loads(found["data"])
            found = {}
        elif line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            found[name] = value
        elif not line:
            found = {}
