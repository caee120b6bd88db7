#!/usr/bin/python3
"""The WebSocket at /ws: topics, snapshots and deltas, replay, calls, slow clients, attacks. SPDX-License-Identifier: MIT"""

import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request

from harness import Daemon, eventually, run, sanitized
from websocket import CLOSE, PING, TEXT, Gone, WebSocket, frame

daemon = None
URL = None
TOKENS = {}


class Target:
    """A page whose health is turned on and off."""

    def __init__(self):
        outer = self
        outer.good = True

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200 if outer.good else 500)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


target = Target()


def config():
    return f'''
collectors = (
  {{ plugin = "http"; name = "web"; interval = "1s"; targets = ( {{ name = "page"; url = "http://127.0.0.1:{target.port}/"; }} ); }}
);
'''


def client(role="viewer", **more):
    ws = WebSocket(URL, TOKENS[role], **more).connect()
    if more.get("protocol", "openclaw.v1"):
        ws.hello = ws.until("hello")
    return ws


def subscribe(ws, *topics, **more):
    ws.send({"type": "subscribe", "topics": list(topics), **more})
    return ws.until("subscribed")


# ---- the protocol ----


def the_greeting_says_who_one_is():
    for role in ("viewer", "operator", "admin"):
        ws = client(role)
        assert ws.hello["role"] == role and ws.hello["actor"].startswith("token:"), ws.hello
        assert ws.hello["event"] > 1e15, ws.hello
        ws.send({"type": "ping"})
        assert abs(ws.until("pong")["timestamp"] - time.time() * 1000) < 5000
        ws.close()


def health_is_a_snapshot_then_deltas():
    ws = client()
    subscribe(ws, "health")
    snapshot = ws.until("snapshot")
    assert set(snapshot["data"]) >= {"timestamp", "agents", "services", "resources", "alerts", "summary"}, snapshot["data"].keys()
    eventually(lambda: any(c["service"] == "web/page" for c in daemon.call("health.check")["checks"]), what="the first check")
    target.good = False

    def failed(f):
        return f["type"] == "delta" and any(s["id"] == "web/page" and s["status"] == "error" for s in f["data"]["services"])

    first = ws.until(failed)
    assert first["event"] > snapshot["event"] and isinstance(first["data"]["removed"], list)
    target.good = True
    back = ws.until(lambda f: f["type"] == "delta" and any(s["id"] == "web/page" and s["status"] == "healthy" for s in f["data"]["services"]))
    assert back["event"] > first["event"]
    ws.send({"type": "unsubscribe", "topics": ["health"]})
    assert ws.until("subscribed")["topics"] == []
    ws.close()


def who_comes_while_something_changes_begins_with_the_snapshot():
    watcher = client()
    subscribe(watcher, "health")
    until, turn = time.monotonic() + 4, 0
    while time.monotonic() < until:
        target.good = turn // 20 % 2 == 1
        turn += 1
        ws = client()
        subscribe(ws, "health")
        assert ws.receive()["type"] == "snapshot"
        ws.close()
    target.good = True
    watcher.close()


def deltas_add_up_to_the_snapshot():
    ws = client()
    subscribe(ws, "health")
    state = {"services": {}, "checks": {}}
    for entry in ws.until("snapshot")["data"]["services"]:
        state["services"][entry["id"]] = entry
    for i in range(4):
        target.good = i % 2 == 1
        delta = ws.until("delta")
        for entry in delta["data"]["services"]:
            state["services"][entry["id"]] = entry
        for name in delta["data"]["removed"]:
            state["services"].pop(name, None)
    other = client()
    subscribe(other, "health")
    fresh = {e["id"]: e["status"] for e in other.until("snapshot")["data"]["services"]}
    mine = {k: v["status"] for k, v in state["services"].items()}
    if mine != fresh:  # one delta may be on its way
        for entry in ws.until("delta")["data"]["services"]:
            mine[entry["id"]] = entry["status"]
    assert mine == fresh, (mine, fresh)
    target.good = True
    ws.close()
    other.close()


def alerts_come_and_go():
    ws, old = client("operator"), client(protocol=None)
    assert old.receive()["type"] == "initial-data"
    subscribe(ws, "alerts", "events:alert.*")
    ws.until("snapshot")
    target.good = False
    row = ws.until(lambda f: f["type"] == "delta" and f["topic"] == "alerts" and f["data"]["changed"], timeout=60)["data"]["changed"][0]
    assert row["severity"] and row["id"], row
    event = old.until("alert", timeout=30)
    assert event["alert"]["id"] == row["id"] and event["timestamp"], event
    ws.send({"type": "call", "id": "ack-1", "op": "alert.ack", "params": {"id": row["id"], "comment": "seen"}})
    assert ws.until(lambda f: f["type"] == "result" and f["id"] == "ack-1")["ok"]
    ws.until(lambda f: f["type"] == "delta" and f["topic"] == "alerts" and f["data"]["changed"] and f["data"]["changed"][0]["acknowledged"])
    target.good = True
    ws.until(lambda f: f["type"] == "delta" and f["topic"] == "alerts" and row["id"] in f["data"]["removed"], timeout=60)
    ws.close()
    old.close()


def of_very_many_alerts_the_gravest_are_told():
    """What is new is told at once however many fire; of more than 10000 the others are counted."""
    def post(first, count, severity, ends="2099-01-01T00:00:00Z"):
        rows = [{"labels": {"alertname": f"M{i}", "severity": severity}, "endsAt": ends} for i in range(first, first + count)]
        request = urllib.request.Request(URL[:-len("ws")] + "api/v2/alerts", json.dumps(rows).encode(),
                                         {"Content-Type": "application/json", "Authorization": f"Bearer {TOKENS['operator']}"})
        assert urllib.request.urlopen(request, timeout=60).status == 200
    post(0, 10050, "info")
    ws = client("viewer", timeout=60)
    subscribe(ws, "alerts")
    told = ws.until("snapshot", timeout=120)["data"]
    assert len(told["alerts"]) == 10000 and told["left_out"] >= 50, (len(told["alerts"]), told["left_out"])
    post(20000, 1, "critical")
    delta = ws.until(lambda f: f["type"] == "delta" and any(r["rule"] == "M20000" for r in f["data"]["changed"]), timeout=60)["data"]
    assert delta["left_out"] == told["left_out"] + 1 and len(delta["removed"]) == 1, (delta["left_out"], len(delta["removed"]))
    post(0, 10050, "info", "2020-01-01T00:00:00Z")
    post(20000, 1, "critical", "2020-01-01T00:00:00Z")
    ws.until(lambda f: f["type"] == "delta" and f["data"]["left_out"] == 0, timeout=120)
    ws.close()


def samples_are_selected():
    ws = client()
    subscribe(ws, "samples", selectors=["http.*"])
    assert ws.until("snapshot")["topic"] == "samples"
    delta = ws.until("delta")
    assert all(s["series"].startswith("http.") and s["t"] > 1e12 and "v" in s for s in delta["data"]["samples"]), delta
    subscribe(ws, "samples", selectors=["no.such.*"])
    assert ws.until(lambda f: f["type"] == "snapshot")["data"]["samples"] == []
    other = client()
    subscribe(other, "samples", selectors=['*{*target="page"*}'])
    assert other.until("delta")["data"]["samples"]
    ws.close()
    other.close()


def events_are_chosen_by_patterns_and_roles():
    viewer, admin = client(), client("admin")
    for ws in (viewer, admin):
        subscribe(ws, "events:*")
    viewer.send({"type": "call", "id": 1, "op": "token.list"})  # whose refusal is told to admins
    daemon.token("viewer", name="watched")
    daemon.call("message.send", to="x", content="seen by all")
    seen = []
    while "agent.message" not in seen:
        seen.append(viewer.until("event")["topic"])
    assert not [t for t in seen if t.startswith(("audit", "op.", "token.", "session.", "security.", "access."))], seen
    topics = []
    while "agent.message" not in topics:
        topics.append(admin.until("event")["topic"])
    assert {"audit", "op.denied"} <= set(topics), topics
    ws = client()
    ws.send({"type": "subscribe", "topics": ["nonsense", "events:", "health"]})
    refused = [ws.until("error") for _ in range(2)]
    assert [r["code"] for r in refused] == ["not_found", "not_found"], refused
    assert ws.until("subscribed")["topics"] == ["health"]
    secret = ["events:audit", "events:op.*", "events:security.*", "events:token.created", "events:access.*", "events:session.?pened"]
    ws.send({"type": "subscribe", "topics": [*secret, "events:a*"]})  # the last one is of alerts, too
    refused = [ws.until("error") for _ in secret]
    assert [(r["code"], r["topic"]) for r in refused] == [("denied", t) for t in secret], refused
    assert ws.until("subscribed")["topics"] == ["health", "events:a*"]
    admin.send({"type": "subscribe", "topics": secret[:1]})
    assert "events:audit" in admin.until("subscribed")["topics"]
    for w in (ws, viewer, admin):
        w.close()


def logs_are_for_whoever_may_ask_for_them():
    ws = client("viewer")
    subscribe(ws, "logs")
    assert ws.until("snapshot")["data"]["lines"]
    daemon.write(config() + "\n")
    daemon.call("reload")
    lines = ws.until("delta")["data"]["lines"]
    assert any(line["message"] == "configuration loaded" for line in lines), lines
    ws.close()


def what_was_missed_is_told_again():
    keeper = client()
    subscribe(keeper, "events:agent.*", "messages")
    ws = client()
    subscribe(ws, "events:agent.*", "messages")
    daemon.call("message.send", to="a", content="one")
    last = ws.until("event")["event"]
    ws.close()
    for i in range(3):
        daemon.call("message.send", to="a", content=f"missed {i}")
    ws = client()
    ws.send({"type": "subscribe", "topics": ["events:agent.*", "messages"], "since": last})
    got = [ws.receive() for _ in range(1 + 6)]
    assert [f["data"]["content"] for f in got if f["type"] == "event"] == ["missed 0", "missed 1", "missed 2"], got
    assert not [f for f in got if f["type"] in ("snapshot", "resync")], got
    for since in (1, last + 10**9):
        other = client()
        other.send({"type": "subscribe", "topics": ["messages"], "since": since})
        assert other.until("resync")["topic"] == "messages"
        assert len(other.until("snapshot")["data"]["messages"]) >= 4
        other.close()
    ws.close()
    keeper.close()


def calls_have_rows_progress_and_an_end():
    ws = client("operator")
    ws.send({"type": "call", "id": 1, "op": "health.summary"})
    result = ws.until("result")
    assert result["id"] == 1 and result["ok"] and result["error"] is None and "overallStatus" in json.dumps(result["data"]), result
    ws.send({"type": "call", "id": 2, "op": "events.watch", "params": {}})
    ws.send({"type": "call", "id": 2, "op": "health.summary"})
    assert ws.until("result")["error"]["message"] == "a call with this id is running"
    daemon.call("message.send", to="x", content="row")
    ws.until(lambda f: f["type"] == "row" and f["id"] == 2)
    ws.send({"type": "cancel", "id": 2})
    assert ws.until(lambda f: f["type"] == "result" and f["id"] == 2)
    for i, (op, params, code) in enumerate([("no.such", {}, "not_found"), ("kv.get", {"key": "x"}, "not_found"), ("alert.ack", {}, "config"),
                                            ("token.create", {"name": "x", "role": "admin"}, "denied"), ("", None, "not_found"),
                                            ("health.summary", [], "config")]):
        ws.send({"type": "call", "id": 100 + i, "op": op, "params": params})
        result = ws.until("result")
        assert result["id"] == 100 + i and not result["ok"] and result["error"]["code"] == code, (op, result)
    for bad in (None, True, 1.5, "", "x" * 65, [], {}):
        ws.send({"type": "call", "id": bad, "op": "health.summary"})
        assert not ws.until("result")["ok"], bad
    for i in range(17):
        ws.send({"type": "call", "id": 200 + i, "op": "events.watch"})
    assert ws.until("result")["error"]["message"] == "too many calls at once"
    ws.close()  # what runs is cancelled


def clients_of_old_get_their_frames():
    ws = WebSocket(URL, TOKENS["viewer"], protocol=None).connect()
    first = ws.receive()
    assert first["type"] == "initial-data" and set(first["data"]) >= {"agents", "services", "resources", "alerts", "summary"}, first
    ws.send({"type": "ping"})
    assert ws.until("pong")["timestamp"] > 1e12
    target.good = False
    seen = []
    update = ws.until(lambda f: seen.append(f["type"]) or f["type"] == "health-update" and seen.count("health-update") == 2, timeout=20)
    assert set(seen) <= {"health-update", "alert"}, seen  # nothing of the newer protocol
    assert update["timestamp"] and "services" in update["data"]
    ws.send({"type": "subscribe", "subscriptions": ["summary"]})
    target.good = True
    update = ws.until("health-update", timeout=20)
    update = update if set(update["data"]) == {"timestamp", "summary"} else ws.until("health-update", timeout=20)
    assert set(update["data"]) == {"timestamp", "summary"}, update
    ws.send({"type": "unsubscribe"})
    ws.send({"type": "ping"})
    ws.until("pong")
    ws.socket.settimeout(6)
    try:
        ws.until("health-update", timeout=6)
        raise AssertionError("told what was unsubscribed")
    except (socket.timeout, AssertionError) as e:
        assert "unsubscribed" not in str(e), e
    ws.close()


def clients_of_old_hear_of_what_they_chose_alone():
    ws, all_of_it = (WebSocket(URL, TOKENS["viewer"], protocol=None).connect() for _ in range(2))
    for old in (ws, all_of_it):
        assert old.receive()["type"] == "initial-data"
    ws.send({"type": "subscribe", "subscriptions": ["agents"]})
    ws.send({"type": "ping"})
    ws.until("pong")
    target.good = False
    for _ in range(2):
        all_of_it.until("health-update", timeout=20)
    target.good = True
    ws.send({"type": "ping"})
    seen = []
    ws.until(lambda f: seen.append(f["type"]) or f["type"] == "pong")
    assert "health-update" not in seen, seen  # no agent has changed
    for old in (ws, all_of_it):
        old.close()


def what_is_wrong_with_a_frame_is_said():
    ws = client()
    ws.send({"type": "subscribe", "topics": [f"events:{i}" for i in range(100)]})
    assert ws.until("error")["message"] == "expected at most 40 topics at once"
    ws.socket.sendall(frame(TEXT, b'{"type":"\\u0000"}'))
    said = ws.until("error")["message"]
    assert "\\u0000 is not allowed" in said and "JSON_" not in said, said
    ws.send({"type": "subscribe", "topics": ["events:alert.*", "events:agent.*"], "since": 1})
    assert [ws.until("resync")["topic"] for _ in range(2)] == ["events:alert.*", "events:agent.*"]
    for wrong in ({"since": "12"}, {"since": -1}, {"since": 1.5}, {"since": [1]}, {"selectors": "system.*"}, {"selectors": [1]},
                  {"selectors": [""]}, {"selectors": ["{"]}, {"selectors": ['a{b="c"']}, {"selectors": ["a" * 513]}, {"selectors": ["a\nb"]}, {"selectors": ["a"] * 257}, {"topics": None}):
        ws.send({"type": "subscribe", "topics": ["samples"], **wrong})
        said = ws.until(lambda f: f["type"] in ("error", "subscribed"))
        assert said["type"] == "error" and said["code"] == "config" and next(iter(wrong)) in said["message"], (wrong, said)
    ws.socket.sendall(frame(TEXT, b'{"type":"call","id":9,"op":"status","op":"alert.list"}'))
    assert 'the key "op" comes twice' in ws.until("error")["message"]
    for topics in ([1], ["health", None], [["health"]]):
        ws.send({"type": "subscribe", "topics": topics})
        said = ws.until(lambda f: f["type"] in ("error", "subscribed"))
        assert said["type"] == "error" and "topics" in said["message"], (topics, said)
    agent = WebSocket(URL.removesuffix("/ws") + "/bridge", TOKENS["operator"], protocol=None).connect()
    for wrong in ({"limit": -1}, {"limit": 0}, {"limit": "x"}, {"limit": 1.5}, {"channel": 5}):
        agent.send({"type": "history", "id": 1, **wrong})
        said = agent.until(lambda f: f["type"] in ("error", "history"))
        assert said["type"] == "error" and said["id"] == 1 and next(iter(wrong)) in said["message"], (wrong, said)
    agent.send({"type": "history", "limit": None})
    assert isinstance(agent.until("history")["messages"], list)
    agent.close()
    subscribe(ws, "samples", selectors=["a" * 512] + ["b"] * 255, since=None)
    ws.close()
    for size in (1 << 32, (1 << 62) - 1, (1 << 20) + 1):  # the header is enough
        ws = client()
        ws.socket.sendall(bytes([0x81, 0xFF]) + size.to_bytes(8, "big") + b"abcd")
        while True:
            opcode, payload = ws.receive_frame()[:2]
            if opcode == CLOSE:
                break
        assert int.from_bytes(payload[:2], "big") == 1009, payload
        ws.socket.close()


# ---- attacks ----


def handshakes_that_are_wrong_are_refused():
    cases = [({"Upgrade": None}, 426), ({"Upgrade": "h2c"}, 426), ({"Connection": "close"}, 426), ({"Sec-WebSocket-Version": "8"}, 426),
             ({"Sec-WebSocket-Version": None}, 426), ({"Sec-WebSocket-Key": None}, 400), ({"Sec-WebSocket-Key": "short"}, 400),
             ({"Sec-WebSocket-Key": "x" * 24}, 400), ({"Authorization": None}, 401), ({"Authorization": "Bearer oc_wrong"}, 401),
             ({"Origin": "https://evil.example"}, 403), ({"Origin": "null"}, 403), ({"Host": "evil.example"}, (400, 403, 421))]
    for headers, status in cases:
        ws = WebSocket(URL, TOKENS["viewer"], headers=headers)
        got = ws.open()
        assert got in (status if isinstance(status, tuple) else (status,)), (headers, got)
        ws.close()
    ws = WebSocket(URL, TOKENS["viewer"], headers={"Sec-WebSocket-Extensions": "permessage-deflate"}).connect()
    assert "sec-websocket-extensions" not in ws.headers
    assert ws.headers["sec-websocket-protocol"] == "openclaw.v1"
    ws.close()


def http_after_the_upgrade_is_no_request():
    request = b"GET /api/session HTTP/1.1\r\nHost: localhost\r\n\r\n"
    ws = WebSocket(URL, TOKENS["viewer"]).connect(early=request)
    assert ws.wait_close() == 1002
    ws.close()
    ws = WebSocket(URL, TOKENS["viewer"]).connect(early=frame(TEXT, '{"type":"ping"}'))
    ws.until("pong")  # what is sent early is not lost either
    ws.close()


def resident():
    return int(open(f"/proc/{daemon.process.pid}/statm").read().split()[1]) * 4096


def descriptors():
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


def a_client_that_never_reads_is_dropped_to_a_resync():
    ws = client("admin", buffer=4096)
    subscribe(ws, "messages", "alerts", "events:agent.*")
    before = resident()
    text = "x" * 60000
    control = daemon.client()
    for _ in range(600):
        control.call("message.send", to="slow", content=text)
    grown = (resident() - before) / 2**20
    print(f"  {grown:.1f} MiB grown over 72 MB told")
    kinds = []
    while "resync" not in kinds:
        f = ws.receive()
        kinds.append(f["type"])
    assert len(kinds) < 600, len(kinds)
    told = {f["topic"]}  # of all of them, before the first has its snapshot
    while f["type"] == "resync":
        told.add(f["topic"])
        f = ws.receive()
    assert told == {"messages", "alerts", "events:agent.*"} and f["type"] == "snapshot", (told, f["type"])
    assert {f["topic"], ws.until("snapshot")["topic"]} == {"messages", "alerts"}
    control.call("message.send", to="slow", content="here again")
    assert ws.until(lambda f: f["type"] == "event" and f["data"]["content"] == "here again")
    control.close()
    ws.close()


def flood():
    control = daemon.client()
    for _ in range(300):
        control.call("message.send", to="slow", content="x" * 60000)
    control.close()


def a_call_whose_rows_were_all_sent_outlives_a_topic_that_lags():
    ws = client("admin", buffer=4096)
    subscribe(ws, "messages")
    ws.until("snapshot")
    ws.send({"type": "call", "id": 7, "op": "events.watch", "params": {"topic": "silence.*"}})

    def told():
        daemon.call("alert.silence", matchers=["nothing-of-this-name"], **{"for": "1h"})
        f = ws.until(lambda f: f.get("id") == 7)
        assert f["type"] == "row" and f["data"]["topic"] == "silence.created", f

    told()
    flood()
    ws.until("resync")
    assert ws.until("snapshot")["topic"] == "messages"
    told()
    ws.close()


def rows_that_were_dropped_are_told_also_without_a_topic():
    ws = client("admin", buffer=4096)
    ws.send({"type": "call", "id": 8, "op": "events.watch", "params": {"topic": "agent.*"}})
    flood()
    result = ws.until("result")
    assert result["id"] == 8 and not result["ok"] and result["error"]["message"].startswith("rows were lost"), result
    ws.close()


def a_client_that_asks_and_never_reads_is_closed():
    ws = client("admin", buffer=4096)
    ws.socket.settimeout(2)
    blob = frame(TEXT, json.dumps({"type": "call", "id": 1, "op": "op.list"})) * 50
    try:
        for _ in range(400):
            ws.send_raw(blob)
    except OSError:
        pass
    before = resident()
    time.sleep(0.5)
    grown = (resident() - before) / 2**20
    assert grown < (400 if sanitized() else 64), grown
    try:
        while True:
            ws.receive_frame()
    except (Gone, OSError):
        pass
    ws.close()
    probe = client()
    probe.send({"type": "ping"})
    probe.until("pong")
    probe.close()


def a_thousand_come_and_go():
    before = None
    for n in range(1000):
        ws = WebSocket(URL, TOKENS["viewer"]).connect()
        if n % 3 == 0:
            ws.send({"type": "subscribe", "topics": ["health", "samples", "events:*"]})
        if n % 3 == 1:
            ws.send_raw(frame(CLOSE, b"\x03\xe8"))
        if n % 7 == 0:
            ws.send_raw(b"\x81\xfe\x00")  # half a header
        ws.close()
        if n == 200:
            eventually(lambda: descriptors() < 100, what="closed connections")
            before = descriptors()
    eventually(lambda: descriptors() <= before + 3, what=f"every connection closed ({before} before)")


def a_revoked_token_closes_its_sockets():
    token = daemon.call("token.create", name="short", role="viewer")
    ws = WebSocket(URL, token["token"]).connect()
    ws.until("hello")
    daemon.call("token.revoke", token=token.get("id") or token.get("name") or "short")
    assert ws.wait_close() == 1008
    ws.close()


def an_independent_client_gets_along():
    python = os.path.join(os.environ.get("OC_BUILD_DIR", "build"), "venv-websockets", "bin", "python")
    if not os.path.exists(python):
        folder = os.path.dirname(os.path.dirname(python))
        made = subprocess.run([sys.executable, "-m", "venv", folder], capture_output=True, check=False).returncode == 0 and \
            subprocess.run([os.path.join(folder, "bin", "pip"), "install", "-q", "websockets==15.0.1"], capture_output=True,
                           check=False).returncode == 0
        if not made:
            print("  skipped: websockets cannot be installed here")
            return
    script = '''
import asyncio, json, sys, websockets
async def main(url, token):
    headers = {"Authorization": "Bearer " + token}
    async with websockets.connect(url, subprotocols=["openclaw.v1"], additional_headers=headers, compression="deflate") as ws:
        assert ws.subprotocol == "openclaw.v1" and json.loads(await ws.recv())["type"] == "hello"
        await ws.send(json.dumps({"type": "subscribe", "topics": ["health"]}))
        assert json.loads(await ws.recv())["type"] == "subscribed"
        assert json.loads(await ws.recv())["type"] == "snapshot"
        await (await ws.ping(b"are you there"))
        await ws.send(['{"type":', '"ping"}'])
        while json.loads(await asyncio.wait_for(ws.recv(), 10))["type"] != "pong":
            pass
asyncio.run(main(sys.argv[1], sys.argv[2]))
'''
    done = subprocess.run([python, "-c", script, URL.replace("http", "ws", 1), TOKENS["viewer"]], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def what_another_life_of_the_host_told_is_nothing_to_go_on_from():
    lives = []
    for _ in range(2):
        if lives:
            assert daemon.stop() == 0, daemon.output()
            daemon.start()
        ws = WebSocket(daemon.url.rstrip("/") + "/ws", TOKENS["viewer"]).connect()
        lives.append(ws.until("hello")["event"])
        ws.send({"type": "subscribe", "topics": ["logs"], **({"since": lives[0]} if len(lives) > 1 else {})})
        ws.until("subscribed")
        kinds = [ws.receive()["type"] for _ in range(len(lives))]
        ws.close()
    assert kinds == ["resync", "snapshot"] and lives[0] < lives[1], (kinds, lives)


def a_stopping_host_says_good_bye():
    ws = WebSocket(daemon.url.rstrip("/") + "/ws", TOKENS["operator"]).connect()
    subscribe(ws, "health", "logs")
    ws.send({"type": "call", "id": 1, "op": "events.watch"})
    time.sleep(0.2)
    assert daemon.stop() == 0, daemon.output()
    assert ws.wait_close() == 1001
    ws.close()


def main():
    global daemon, URL
    daemon = Daemon(config(), api=True).start()
    try:
        URL = daemon.url.rstrip("/") + "/ws"
        TOKENS.update({role: daemon.token(role) for role in ("viewer", "operator", "admin")})
        return run([the_greeting_says_who_one_is, health_is_a_snapshot_then_deltas, deltas_add_up_to_the_snapshot,
                    who_comes_while_something_changes_begins_with_the_snapshot, samples_are_selected,
                    events_are_chosen_by_patterns_and_roles, logs_are_for_whoever_may_ask_for_them, what_was_missed_is_told_again,
                    calls_have_rows_progress_and_an_end, clients_of_old_get_their_frames, alerts_come_and_go,
                    of_very_many_alerts_the_gravest_are_told,
                    clients_of_old_hear_of_what_they_chose_alone, what_is_wrong_with_a_frame_is_said,
                    handshakes_that_are_wrong_are_refused, http_after_the_upgrade_is_no_request,
                    a_client_that_never_reads_is_dropped_to_a_resync,
                    a_call_whose_rows_were_all_sent_outlives_a_topic_that_lags, rows_that_were_dropped_are_told_also_without_a_topic,
                    a_client_that_asks_and_never_reads_is_closed, a_thousand_come_and_go,
                    a_revoked_token_closes_its_sockets, an_independent_client_gets_along,
                    what_another_life_of_the_host_told_is_nothing_to_go_on_from, a_stopping_host_says_good_bye])
    finally:
        daemon.remove()


if __name__ == "__main__":
    sys.exit(main())
