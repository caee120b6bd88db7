#!/usr/bin/python3
"""RFC 6455, clause by clause, against the real daemon: frames, fragments, UTF-8, closing, limits. SPDX-License-Identifier: MIT"""

import struct
import sys
import time

from harness import Daemon, run
from websocket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Gone, WebSocket, close_code, frame

MESSAGE_MAX = 1 << 20
daemon = None
URL = TOKEN = None
counted = 0


def call(key, size=0, extra=""):
    """A text message that is answered with a result of the id `key`, padded to `size` bytes."""
    text = f'{{"type":"call","op":"no.such","id":"{key}"{extra}}}'
    return text.encode() + b" " * max(0, size - len(text.encode()))


class Case:
    """name, bytes (a list of pieces: each is one write), what is expected."""

    def __init__(self, name, pieces, answers=(), close=None):
        self.name, self.answers, self.close = name, answers, close
        self.pieces = pieces if isinstance(pieces, list) else [pieces]


def close_frame(code=None, reason=b"", **more):
    return frame(CLOSE, b"" if code is None else struct.pack(">H", code) + reason, **more)


def answers(key):
    return ("result", key)


def pong(payload=b""):
    return ("pong", payload)


def lengths():
    for size in (0, 1, 124, 125, 126, 127, 128, 65535, 65536, 65537, MESSAGE_MAX - 1, MESSAGE_MAX):
        if size >= 60:
            yield Case(f"text of {size} bytes", frame(TEXT, call("a", size)), [answers("a")])
    yield Case("text of 0 bytes is no JSON but a message", frame(TEXT), [("error", None)])
    yield Case("text of 1 byte", frame(TEXT, "x"), [("error", None)])
    for size in (MESSAGE_MAX + 1, 2 * MESSAGE_MAX):
        yield Case(f"text of {size} bytes is too big", frame(TEXT, b" " * size), close=1009)
        yield Case(f"binary of {size} bytes is too big", frame(BINARY, b"\0" * size), close=1009)
    yield Case("a frame that promises 2^62 bytes", b"\x81\xff" + struct.pack(">Q", 1 << 62) + b"abcd" + b"x" * 10, close=1009)
    yield Case("a frame with the highest bit of the length", b"\x81\xff" + struct.pack(">Q", 1 << 63) + b"abcd", close=1002)
    for size in (0, 1, 60, 125):
        yield Case(f"{size} bytes with a length of 2 bytes", frame(TEXT, b" " * size, length=2), close=1002)
        yield Case(f"{size} bytes with a length of 8 bytes", frame(TEXT, b" " * size, length=8), close=1002)
    yield Case("65535 bytes with a length of 8 bytes", frame(TEXT, b" " * 65535, length=8), close=1002)
    for parts in (2, 3, 17):
        size = MESSAGE_MAX // parts
        pieces = [frame(TEXT if i == 0 else CONTINUATION, b" " * size, fin=False) for i in range(parts)]
        yield Case(f"{parts} fragments that together are too big",
                   b"".join(pieces) + frame(CONTINUATION, b" " * (MESSAGE_MAX - parts * size + 1)), close=1009)


def opcodes():
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        yield Case(f"reserved opcode {opcode}", frame(opcode), close=1002)
        yield Case(f"reserved opcode {opcode} with a payload", frame(opcode, "reserved"), close=1002)
        yield Case(f"reserved opcode {opcode} after a message", frame(TEXT, call("a")) + frame(opcode), [answers("a")], 1002)
    for opcode in (3, 11):
        yield Case(f"reserved opcode {opcode} between fragments",
                   frame(TEXT, "{", fin=False) + frame(opcode) + frame(CONTINUATION, "}"), close=1002)
    for opcode in (TEXT, PING, PONG, CLOSE, CONTINUATION):
        for rsv in (1, 2, 3, 4, 5, 6, 7):
            yield Case(f"reserved bits {rsv} with opcode {opcode}", frame(opcode, rsv=rsv), close=1002)
    yield Case("a binary message is refused", frame(BINARY, "x"), close=1003)
    yield Case("an empty binary message is refused", frame(BINARY), close=1003)
    yield Case("a fragmented binary message is refused", frame(BINARY, "x", fin=False) + frame(CONTINUATION, "y"), close=1003)


def masks():
    for opcode in (TEXT, BINARY, PING, PONG, CLOSE):
        yield Case(f"opcode {opcode} without a mask", frame(opcode, "x" if opcode != CLOSE else b"\x03\xe8", mask=None), close=1002)
        yield Case(f"opcode {opcode}, empty, without a mask", frame(opcode, mask=None), close=1002)
    for mask in (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x01\x02\x03\x04"):
        yield Case(f"mask {mask.hex()}", frame(TEXT, call("m", 100), mask=mask), [answers("m")])
    yield Case("other masks in each fragment", frame(TEXT, call("m")[:10], fin=False, mask=b"abcd") +
               frame(CONTINUATION, call("m")[10:], mask=b"wxyz"), [answers("m")])
    for cut in (1, 2, 3, 5, 7):
        data = call("m", 99)
        yield Case(f"fragments of odd sizes, {cut}", frame(TEXT, data[:cut], fin=False) + frame(CONTINUATION, data[cut:]), [answers("m")])


def pings():
    for size in (0, 1, 4, 124, 125):
        yield Case(f"ping of {size} bytes", frame(PING, b"p" * size), [pong(b"p" * size)])
    yield Case("ping of 126 bytes", frame(PING, b"p" * 126), close=1002)
    yield Case("ping of 70000 bytes", frame(PING, b"p" * 70000), close=1002)
    yield Case("ping of any bytes", frame(PING, bytes(range(0, 125))), [pong(bytes(range(0, 125)))])
    yield Case("ping that is no UTF-8", frame(PING, b"\xff\xfe\0\x80"), [pong(b"\xff\xfe\0\x80")])
    yield Case("ten pings at once", b"".join(frame(PING, str(i)) for i in range(10)), [pong(str(i).encode()) for i in range(10)])
    yield Case("a fragmented ping", frame(PING, "p", fin=False), close=1002)
    yield Case("a fragmented pong", frame(PONG, "p", fin=False), close=1002)
    yield Case("a pong nobody asked for", frame(PONG, "unasked") + frame(TEXT, call("a")), [answers("a")])
    yield Case("pong of 125 bytes", frame(PONG, b"p" * 125) + frame(TEXT, call("a")), [answers("a")])
    yield Case("pong of 126 bytes", frame(PONG, b"p" * 126), close=1002)
    yield Case("a ping byte by byte", [bytes([b]) for b in frame(PING, "slowly")], [pong(b"slowly")])
    yield Case("ping with a length of 2 bytes", frame(PING, "p", length=2), close=1002)


def fragments():
    data = call("f")
    half = len(data) // 2
    yield Case("two fragments", frame(TEXT, data[:half], fin=False) + frame(CONTINUATION, data[half:]), [answers("f")])
    for n in (3, 10, len(data)):
        cuts = [data[i * len(data) // n:(i + 1) * len(data) // n] for i in range(n)]
        frames = [frame(TEXT if i == 0 else CONTINUATION, c, fin=i == n - 1) for i, c in enumerate(cuts)]
        yield Case(f"{n} fragments", b"".join(frames), [answers("f")])
        yield Case(f"{n} fragments, each in a write of its own", frames, [answers("f")])
        mixed = b"".join(f + frame(PING, str(i)) for i, f in enumerate(frames[:-1])) + frames[-1]
        yield Case(f"{n} fragments with a ping between each", mixed, [pong(str(i).encode()) for i in range(n - 1)] + [answers("f")])
        mixed = b"".join(f + frame(PONG) for f in frames[:-1]) + frames[-1]
        yield Case(f"{n} fragments with a pong between each", mixed, [answers("f")])
    yield Case("empty fragments around", frame(TEXT, fin=False) + frame(CONTINUATION, data, fin=False) + frame(CONTINUATION), [answers("f")])
    yield Case("a hundred empty fragments", frame(TEXT, fin=False) + frame(CONTINUATION, fin=False) * 100 + frame(CONTINUATION, data),
               [answers("f")])
    yield Case("an empty message in fragments", frame(TEXT, fin=False) + frame(CONTINUATION), [("error", None)])
    yield Case("a continuation of nothing", frame(CONTINUATION, "x"), close=1002)
    yield Case("an unfinished continuation of nothing", frame(CONTINUATION, "x", fin=False), close=1002)
    yield Case("a continuation after a whole message", frame(TEXT, data) + frame(CONTINUATION, "x"), [answers("f")], 1002)
    yield Case("a continuation after the last fragment",
               frame(TEXT, data[:5], fin=False) + frame(CONTINUATION, data[5:]) + frame(CONTINUATION), [answers("f")], 1002)
    yield Case("a text inside a fragmented text", frame(TEXT, "{", fin=False) + frame(TEXT, "}"), close=1002)
    yield Case("a binary inside a fragmented text", frame(TEXT, "{", fin=False) + frame(BINARY, "}"), close=1002)
    yield Case("an unfinished text inside a fragmented text", frame(TEXT, "{", fin=False) + frame(TEXT, "}", fin=False), close=1002)
    yield Case("a close inside a fragmented text", frame(TEXT, "{", fin=False) + close_frame(1000), close=1000)
    yield Case("two messages in one write", frame(TEXT, call("1")) + frame(TEXT, call("2")), [answers("1"), answers("2")])
    yield Case("byte by byte", [bytes([b]) for b in frame(TEXT, data)], [answers("f")])
    yield Case("header and payload apart", [frame(TEXT, data)[:6], frame(TEXT, data)[6:]], [answers("f")])
    yield Case("a long one in pieces of 997 bytes",
               [frame(TEXT, call("f", 70000))[i:i + 997] for i in range(0, 70008, 997)], [answers("f")])


GOOD_UTF8 = ["κόσμε", "\u0080", "\u07ff", "\u0800", "\uffff", "\U00010000", "\U0010ffff", "\ud7ff", "\ue000", "\ufffd", "\ufffe",
             "\U0001fffe", "\u200b", "🦞 ñandú"]
BAD_UTF8 = [b"\x80", b"\xbf", b"\xc0\xaf", b"\xc1\xbf", b"\xc0\x80", b"\xe0\x80\xaf", b"\xe0\x9f\xbf", b"\xf0\x80\x80\xaf",
            b"\xf0\x8f\xbf\xbf", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xed\xa0\x80\xed\xb0\x80", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80",
            b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80", b"\xfe", b"\xff", b"\xc3\x28", b"\xe2\x28\xa1", b"\xe2\x82\x28",
            b"\xf0\x28\x8c\xbc", b"\xf0\x90\x28\xbc", b"ok \xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80 edited"]
SHORT_UTF8 = [b"\xc3", b"\xe2", b"\xe2\x82", b"\xf0", b"\xf0\x9f", b"\xf0\x9f\xa6"]


def utf8():
    for text in GOOD_UTF8:
        raw = call("u", extra=f',"x":"{text}"')
        yield Case(f"text {text.encode('utf-8', 'surrogatepass').hex()}", frame(TEXT, raw), [answers("u")])
        frames = [frame(TEXT if i == 0 else CONTINUATION, raw[i:i + 1], fin=i == len(raw) - 1) for i in range(len(raw))]
        yield Case(f"text {text.encode().hex()} a byte a fragment", b"".join(frames), [answers("u")])
    for bad in BAD_UTF8:
        yield Case(f"bad text {bad.hex()}", frame(TEXT, b"x" + bad), close=1007)
        yield Case(f"bad text {bad.hex()} in an unfinished message", frame(TEXT, b"x" + bad, fin=False), close=1007)
        yield Case(f"bad text {bad.hex()} before the frame is whole", frame(TEXT, b"x" + bad + b"y" * 1000)[:6 + 2 + 20 + len(bad)], close=1007)
    for short in SHORT_UTF8:
        yield Case(f"text that ends inside a character {short.hex()}", frame(TEXT, b"x" + short), close=1007)
        yield Case(f"fragments that end inside a character {short.hex()}",
                   frame(TEXT, b"x" + short, fin=False) + frame(CONTINUATION), close=1007)
        yield Case(f"a character split wrongly {short.hex()}", frame(TEXT, b"x" + short, fin=False) + frame(CONTINUATION, "y"), close=1007)
    yield Case("a ping inside a split character",
               frame(TEXT, b'{"type":"call","op":"n","id":"\xe2\x82', fin=False) + frame(PING, "p") + frame(CONTINUATION, b'\xac"}'),
               [pong(b"p"), answers("€")])


def closings():
    for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999):
        yield Case(f"close {code}", close_frame(code), close=code)
    for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535):
        yield Case(f"close with the invalid code {code}", close_frame(code), close=1002)
    yield Case("close without a code", close_frame(), close=1005)
    yield Case("close of one byte", frame(CLOSE, b"\x03"), close=1002)
    yield Case("close with a reason", close_frame(1000, b"done"), close=1000)
    yield Case("close with the longest reason", close_frame(1000, b"r" * 123), close=1000)
    yield Case("close with a reason that is too long", close_frame(1000, b"r" * 124), close=1002)
    yield Case("close with a reason that is no UTF-8", close_frame(1000, b"\xff"), close=1007)
    yield Case("close with a reason that ends inside a character", close_frame(1000, b"\xe2\x82"), close=1007)
    yield Case("a fragmented close", close_frame(1000, fin=False), close=1002)
    yield Case("what follows a close is ignored", close_frame(1000) + frame(TEXT, call("x")), close=1000)
    yield Case("a ping after a close is ignored", close_frame(1000) + frame(PING, "p"), close=1000)
    yield Case("two closes", close_frame(1000) + close_frame(1001), close=1000)
    yield Case("a message, then a close", frame(TEXT, call("x")) + close_frame(1000), [answers("x")], 1000)
    yield Case("a close byte by byte", [bytes([b]) for b in close_frame(4000, b"bye")], close=4000)
    yield Case("noise after a close", close_frame(1000) + b"\xff" * 64, close=1000)


def noise():
    yield Case("an HTTP request after the upgrade", b"GET /api/session HTTP/1.1\r\nHost: x\r\n\r\n", close=1002)
    yield Case("zeros", b"\0" * 32, close=1002)
    yield Case("a TLS hello", bytes.fromhex("16030100c4010000c00303") + b"\0" * 64, close=1002)
    yield Case("a message that is no JSON", frame(TEXT, "hello"), [("error", None)])
    yield Case("a message that is no object", frame(TEXT, "[1,2]"), [("error", None)])
    yield Case("an object without a type", frame(TEXT, "{}"), [("error", None)])
    yield Case("a type that is not known", frame(TEXT, '{"type":"nonsense"}'), [("error", None)])
    yield Case("deep JSON", frame(TEXT, b'{"type":' + b"[" * 100000), [("error", None)])


GROUPS = [lengths, opcodes, masks, pings, fragments, utf8, closings, noise]


def read_answer(ws):
    import json
    opcode, payload = ws.receive_frame()
    if opcode == TEXT:
        value = json.loads(payload)
        return value["type"], value.get("id")
    if opcode == PONG:
        return "pong", payload
    if opcode == CLOSE:
        return "close", close_code(payload)
    return "frame", opcode


def try_case(case):
    ws = WebSocket(URL, TOKEN, timeout=5).connect()
    try:
        assert read_answer(ws)[0] == "hello"
        for piece in case.pieces:
            try:
                ws.send_raw(piece)
            except (BrokenPipeError, ConnectionResetError):
                break  # it has had enough of us: what it said is still to be read
            if len(case.pieces) > 1 and len(case.pieces) < 200:
                time.sleep(0.0005)
        for expected in case.answers:
            got = read_answer(ws)
            assert got == expected, f"{case.name}: expected {expected}, got {got}"
        if case.close is None:
            ws.send_raw(close_frame(1000))
        got = read_answer(ws)
        assert got == ("close", case.close or 1000), f"{case.name}: expected close {case.close or 1000}, got {got}"
        if case.close in (1002, 1003, 1007, 1009):
            ws.socket.shutdown(1)  # it is for the client to go first; nothing more may come
        try:
            opcode, _ = ws.receive_frame()
            raise AssertionError(f"{case.name}: a frame {opcode} after the close")
        except (Gone, ConnectionResetError):
            pass
    finally:
        ws.close()


def make_test(group):
    def test():
        global counted
        failures = []
        for case in group():
            counted += 1
            try:
                try_case(case)
            except (AssertionError, Gone, OSError) as e:
                failures.append(f"{case.name}: {e!r}")
        assert not failures, "\n".join(failures)
    test.__name__ = group.__name__
    return test


def the_list_is_long_enough():
    total = sum(1 for group in GROUPS for _ in group())
    assert total >= 200, total
    print(f"  {total} cases")


def a_client_that_never_closes_is_not_waited_for():
    ws = WebSocket(URL, TOKEN, timeout=10).connect()
    ws.send_raw(frame(TEXT, mask=None))
    begun = time.monotonic()
    assert ws.wait_close() == 1002
    while ws.socket.recv(65536):
        pass
    assert time.monotonic() - begun < 5
    ws.close()


def nothing_is_left_behind():
    assert daemon.process.poll() is None
    ws = WebSocket(URL, TOKEN).connect()
    ws.send({"type": "ping"})
    ws.until("pong")
    ws.close()


def main():
    global daemon, URL, TOKEN
    daemon = Daemon(api=True).start()
    try:
        URL = daemon.url.rstrip("/") + "/ws"
        TOKEN = daemon.token("viewer")
        code = run([the_list_is_long_enough] + [make_test(g) for g in GROUPS] +
                   [a_client_that_never_closes_is_not_waited_for, nothing_is_left_behind])
        assert daemon.stop() == 0, daemon.output()
        return code
    finally:
        daemon.remove()


if __name__ == "__main__":
    sys.exit(main())
