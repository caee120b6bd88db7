"""A WebSocket client that can break every rule: raw frames over a socket. SPDX-License-Identifier: MIT"""

import base64
import hashlib
import json
import os
import socket
import struct
import time
import urllib.parse

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def frame(opcode, payload=b"", fin=True, rsv=0, mask=b"\x37\xfa\x21\x3d", length=None):
    """One frame as a client sends it. `mask` None: none; `length`: bytes of the length field instead of the shortest."""
    payload = payload.encode() if isinstance(payload, str) else payload
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    bit = 0x80 if mask is not None else 0
    size = len(payload)
    form = length or (0 if size < 126 else 2 if size < 65536 else 8)
    if form == 0:
        head += bytes([bit | size])
    elif form == 2:
        head += bytes([bit | 126]) + struct.pack(">H", size)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", size)
    if mask is None:
        return head + payload
    keys = (mask * (size // 4 + 1))[:size]
    return head + mask + (int.from_bytes(payload, "big") ^ int.from_bytes(keys, "big")).to_bytes(size, "big")


class Gone(Exception):
    """The server has closed the connection without a word."""


class WebSocket:
    def __init__(self, url, token=None, protocol="openclaw.v1", headers=None, timeout=10, buffer=None):
        parts = urllib.parse.urlsplit(url)
        self.socket = socket.socket()
        if buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.settimeout(timeout)
        self.socket.connect((parts.hostname, parts.port))
        self.data = b""
        self.key = base64.b64encode(os.urandom(16)).decode()
        lines = {"Host": parts.netloc, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": self.key,
                 "Sec-WebSocket-Version": "13"}
        if protocol:
            lines["Sec-WebSocket-Protocol"] = protocol
        if token:
            lines["Authorization"] = f"Bearer {token}"
        lines.update(headers or {})
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        self.request = f"GET {target} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines.items() if v is not None) + "\r\n"

    def open(self, early=b""):
        """Shakes hands; `early` is sent in the same segment. Returns the status."""
        self.socket.sendall(self.request.encode() + early)
        while b"\r\n\r\n" not in self.data:
            chunk = self.socket.recv(65536)
            if not chunk:
                raise Gone()
            self.data += chunk
        head, self.data = self.data.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = {k.strip().lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
        if self.status == 101:
            expected = base64.b64encode(hashlib.sha1(self.key.encode() + GUID).digest()).decode()
            assert self.headers["sec-websocket-accept"] == expected, self.headers
        return self.status

    def connect(self, early=b""):
        status = self.open(early)
        assert status == 101, (status, self.data)
        return self

    def send_raw(self, data):
        self.socket.sendall(data)

    def send(self, value):
        self.send_raw(frame(TEXT, json.dumps(value)))

    def _exactly(self, count):
        while len(self.data) < count:
            chunk = self.socket.recv(65536)
            if not chunk:
                raise Gone()
            self.data += chunk
        part, self.data = self.data[:count], self.data[count:]
        return part

    def receive_frame(self):
        first, second = self._exactly(2)
        assert first & 0x70 == 0 and second & 0x80 == 0, "a server sends no reserved bits and no mask"
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack(">H", self._exactly(2))
            assert size >= 126
        elif size == 127:
            (size,) = struct.unpack(">Q", self._exactly(8))
            assert size >= 65536
        assert first & 0x80, "this server sends no fragments"
        return first & 0x0F, self._exactly(size)

    def receive(self):
        """The next text frame as JSON; pings are answered."""
        while True:
            opcode, payload = self.receive_frame()
            if opcode == TEXT:
                return json.loads(payload)
            if opcode == PING:
                self.send_raw(frame(PONG, payload))
            elif opcode == CLOSE:
                raise ConnectionError(f"closed with {close_code(payload)}")

    def until(self, wanted, timeout=10):
        """The first frame for which wanted(frame) is true; a string is its type."""
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            value = self.receive()
            if value.get("type") == wanted if isinstance(wanted, str) else wanted(value):
                return value
        raise AssertionError("no such frame came")

    def wait_close(self):
        """Reads until the server closes: (code, connection ended)."""
        code = None
        try:
            while True:
                opcode, payload = self.receive_frame()
                if opcode == CLOSE:
                    code = close_code(payload)
                    self.send_raw(frame(CLOSE, payload[:2]))
        except (Gone, ConnectionError, BrokenPipeError):
            return code

    def close(self):
        self.socket.close()


def close_code(payload):
    return struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else 1005
