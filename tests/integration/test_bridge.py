#!/usr/bin/python3
"""Messages of agents between real Redis channels and WebSocket clients, both ways, in good times and bad. SPDX-License-Identifier: MIT"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

from harness import BUILD, Daemon, Failure, eventually, free_port, run, sanitized
from websocket import TEXT, WebSocket, frame

if not shutil.which("redis-server") or not shutil.which("redis-cli"):
    print("redis-server is not installed: skipped")
    sys.exit(77)


class Redis:
    def __init__(self, port=None):
        self.port = port or free_port()
        self.dir = tempfile.mkdtemp(prefix="openclaw-redis-")
        self.process = None

    def start(self):
        self.process = subprocess.Popen(["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", self.dir],
                                        stdout=subprocess.DEVNULL)
        eventually(lambda: self.cli("ping") == "PONG", what="redis")
        return self

    def cli(self, *words):
        return subprocess.run(["redis-cli", "-p", str(self.port), *words], capture_output=True, text=True, check=False).stdout.strip()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def remove(self):
        if self.process and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.dir, ignore_errors=True)


def bridge_url(daemon):
    return next(row["url"] for row in daemon.call("api.listeners") if row["url"] and row["serves"] == "bridge").rstrip("/")


def config(port, more=""):
    return (f'bridge = {{ plugin = "redis-bus"; url = "redis://127.0.0.1:{port}"; {more} }};\n' if port else "") + \
        'api = { listen = ( { port = 0; }, { port = 0; serves = "bridge"; } ); };\n'


def state(daemon):
    return daemon.call("message.status")[0]["state"]


class Scene:
    """A Redis, a daemon that is connected to it, and tokens."""

    def __init__(self, redis=True, more=""):
        self.redis = Redis().start() if redis else None
        self.daemon = Daemon(config(self.redis.port if redis else None, more), api=True).start()
        if redis:
            eventually(lambda: state(self.daemon) == "connected", what="the connection to redis")
        self.url = bridge_url(self.daemon)
        self.operator, self.viewer = self.daemon.token("operator"), self.daemon.token("viewer")

    def client(self, token=None, **more):
        ws = WebSocket(self.url + "/", token or self.operator, protocol=None, **more).connect()
        assert ws.receive()["type"] == "connected"
        return ws

    def __enter__(self):
        return self

    def __exit__(self, *what):
        code = None
        try:
            if self.daemon.process.poll() is None:
                code = self.daemon.stop()
            log = self.daemon.output()
        finally:
            self.daemon.remove()
            if self.redis:
                self.redis.remove()
        if what[0] is None:
            assert code == 0, log


def messages_go_both_ways():
    with Scene() as s:
        ws = s.client()
        s.redis.cli("publish", "a2a:alpha", json.dumps({"id": "m1", "type": "task", "from": "steward", "to": "alpha", "content": {"x": 1},
                                                        "timestamp": 1795379034000, "threadId": "t1"}))
        got = ws.until("message")
        assert (got["id"], got["channel"], got["from"], got["to"], got["messageType"]) == ("m1", "a2a:alpha", "steward", "alpha", "task"), got
        assert got["content"] == {"x": 1} and got["timestamp"] == 1795379034000 and got["threadId"] == "t1", got
        other = subprocess.Popen(["redis-cli", "-p", str(s.redis.port), "psubscribe", "*"], stdout=subprocess.PIPE, text=True)
        for _ in range(3):
            other.stdout.readline()
        ws.send({"type": "message", "id": "m2", "to": "beta", "content": "hello", "metadata": {"priority": "high"}})
        seen = {}

        def both(f):
            seen[f["type"]] = f
            return "ack" in seen and "message" in seen

        ws.until(both)
        assert seen["ack"]["id"] == "m2" and seen["ack"]["channel"] == "a2a:beta" and seen["ack"]["receivers"] == 2, seen
        assert seen["message"]["to"] == "beta" and seen["message"]["metadata"] == {"priority": "high"}, seen
        lines = [other.stdout.readline().strip() for _ in range(4)]
        other.kill()
        other.wait()
        envelope = json.loads(lines[3])
        assert lines[2] == "a2a:beta" and envelope["content"] == "hello" and envelope["id"] == "m2", lines
        assert envelope["timestamp"] > 1e12 and envelope["metadata"] == {"priority": "high"}, envelope
        ws.send({"type": "ping"})
        again = ws.until(lambda f: f["type"] in ("pong", "message"))
        assert again["type"] == "pong", f"our own message came back: {again}"
        for metadata in ('{"a":1,"a":2}', "high", "[]"):
            try:
                s.daemon.call("message.send", to="alpha", content="x", metadata=metadata)
                raise AssertionError(f"metadata was dropped: {metadata}")
            except Failure as e:
                assert e.code == "config" and "metadata" in str(e), e
        ws.close()


def clients_hear_what_they_chose():
    with Scene() as s:
        a, b, c = s.client(), s.client(s.viewer), s.client()
        a.send({"type": "subscribe", "agents": ["alpha"]})
        assert a.until("subscribed")["channels"] == ["a2a:alpha"]
        b.send({"type": "subscribe", "channels": ["channel:*", "agent:status"]})
        b.until("subscribed")
        for channel in ("a2a:alpha", "a2a:beta", "channel:general", "agent:status", "agent:x:inbox", "global-workspace:broadcast"):
            s.redis.cli("publish", channel, json.dumps({"content": channel}))
        s.redis.cli("publish", "a2a:alpha", "end")
        s.redis.cli("publish", "channel:end", "end")
        got = {a: [], b: [], c: []}
        for ws, last in ((a, "end"), (b, "end"), (c, None)):
            while len(got[ws]) < (8 if ws is c else 99):
                m = ws.until("message")
                got[ws].append(m["channel"])
                if m["content"] == last:
                    break
        assert got[a] == ["a2a:alpha", "a2a:alpha"], got[a]
        assert got[b] == ["channel:general", "agent:status", "channel:end"], got[b]
        assert len(got[c]) == 8, got[c]
        a.send({"type": "unsubscribe"})
        assert a.until("subscribed")["channels"] == []
        s.redis.cli("publish", "a2a:alpha", "unheard")
        a.send({"type": "ping"})
        assert a.until(lambda f: f["type"] in ("pong", "message"))["type"] == "pong"
        b.send({"type": "message", "to": "alpha", "content": "a viewer may not"})
        assert b.until("error")["code"] == "denied"
        assert s.redis.cli("get", "agent:alpha:subscriber:active") == "true"
        assert 200 < int(s.redis.cli("ttl", "agent:alpha:subscriber:active")) <= 300
        for ws in (a, b, c):
            ws.close()


def a_message_that_cannot_be_kept_is_sent_once_and_the_log_says_so():
    with Scene(more="history = true;") as s:
        for day in (0, 86400):  # midnight may be near
            s.redis.cli("set", "A2A:messages:a2a:beta:" + time.strftime("%Y-%m-%d", time.gmtime(time.time() + day)), "no hash")
        heard = subprocess.Popen(["redis-cli", "-p", str(s.redis.port), "subscribe", "a2a:beta"], stdout=subprocess.PIPE, text=True)
        for _ in range(3):
            heard.stdout.readline()
        assert s.daemon.call("message.send", to="beta", content="hello")["receivers"] == 2
        eventually(lambda: "HSET was refused: WRONGTYPE" in s.daemon.output(), what="the warning")
        s.redis.cli("publish", "a2a:beta", "end")
        lines = [heard.stdout.readline().strip() for _ in range(6)]
        heard.kill()
        heard.wait()
        assert json.loads(lines[2])["content"] == "hello" and lines[5] == "end", lines


def history_is_bounded_and_asked_for():
    with Scene() as s:
        for i in range(30):
            s.redis.cli("publish", f"channel:{i % 3}", json.dumps({"content": i, "from": "x"}))
        eventually(lambda: s.daemon.call("message.status")[0]["received"] == 30, what="30 messages")
        ws = s.client()
        ws.send({"type": "history", "channel": "channel:1", "limit": 5})
        rows = ws.until("history")["messages"]
        assert [r["content"] for r in rows] == [16, 19, 22, 25, 28], rows
        assert len(s.daemon.call("message.list", limit=1000)) == 30
        assert len(s.daemon.call("message.list", agent="x", limit=7)) == 7
        live = WebSocket(s.daemon.url.rstrip("/") + "/ws", s.viewer).connect()
        live.send({"type": "subscribe", "topics": ["messages"]})
        snapshot = live.until("snapshot")
        assert len(snapshot["data"]["messages"]) == 30, snapshot
        ws.send({"type": "message", "channel": "channel:live", "content": [1, 2]})
        delta = live.until("delta")
        assert delta["data"]["messages"][0]["content"] == [1, 2], delta
        ws.close()
        live.close()


def what_is_no_envelope_is_text():
    with Scene() as s:
        ws = s.client()
        deep = '{"content":' + "[" * 500 + "]" * 500 + "}"
        for payload in ("plain words", "{broken", "[1,2]", "17", '{"a":1}', '{"content":null,"id":7,"timestamp":"soon"}', deep, "",
                        json.dumps({"id": "i" * 1000, "content": "x", "from": {"no": "name"}}), '<script>alert(1)</script>'):
            s.redis.cli("publish", "channel:odd", payload)
            got = ws.until("message")
            assert got["channel"] == "channel:odd" and 0 < len(got["id"]) <= 128 and isinstance(got["from"], str), got
            if payload in ("plain words", "{broken"):
                assert got["content"] == payload and got["messageType"] == "text", got
        s.redis.cli("eval", "redis.call('publish','channel:odd','\\255\\254')", "0")
        s.redis.cli("eval", "redis.call('publish','channel:odd',string.rep('x',300000))", "0")
        eventually(lambda: s.daemon.call("message.status")[0]["refused"] == 2, what="two refused messages")
        ws.close()


def frames_that_are_wrong_are_told():
    with Scene(redis=False) as s:
        ws = s.client()
        for text in ("no json", "[]", "{}", '{"type":1}', '{"type":"dance"}', '{"type":"subscribe"}', '{"type":"subscribe","channels":[1,""]}',
                     '{"type":"message","to":"x"}', '{"type":"message","content":"nobody"}', '{"type":"message","channel":"a b","content":"x"}',
                     json.dumps({"type": "subscribe", "channels": ["x" * 300]}), json.dumps({"type": "message", "to": "x" * 200, "content": ""}),
                     json.dumps({"type": "message", "to": "x", "content": "y" * 70000})):
            ws.send_raw(frame(TEXT, text))
            assert ws.until("error")["message"], text
        ws.send_raw(frame(TEXT, " " * (256 * 1024 + 1)))
        assert ws.wait_close() == 1009
        ws.close()


def a_huge_message_goes_by():
    """Redis carries 512 MB in one message; the others of the channel are not lost over it."""
    with Scene() as s:
        ws = s.client()
        huge = "x" * (6 << 20)
        subprocess.run(["redis-cli", "-p", str(s.redis.port), "-x", "publish", "a2a:bob"], input=huge, text=True, check=True, stdout=subprocess.DEVNULL)
        s.redis.cli("publish", "a2a:bob", json.dumps({"id": "after", "content": "still here"}))
        assert ws.until(lambda f: f["type"] == "message" and f["id"] == "after")["content"] == "still here"
        assert state(s.daemon) == "connected", s.daemon.call("message.status")
        assert "bridge down" not in s.daemon.output(), s.daemon.output()[-2000:]
        for agents in (["y\n"], ["\u007f"], ["x" * 300]):
            ws.send({"type": "subscribe", "agents": agents})
            assert ws.until("error")["code"] == "config"
        assert s.redis.cli("keys", "agent:y*") == ""


def without_redis_clients_still_talk():
    with Scene(redis=False) as s:
        health = json.load(urllib.request.urlopen(s.url + "/health"))
        assert health["status"] == "ok" and health["bridge"]["state"] == "off", health
        a, b = s.client(), s.client(s.viewer)
        a.send({"type": "message", "to": "broadcast", "content": "local"})
        got = b.until("message")
        assert got["channel"] == "global-workspace:broadcast" and got["content"] == "local", got
        ack = a.until("ack")
        assert ack["receivers"] is None, ack
        request = urllib.request.Request(s.url + "/api/agents", headers={"Authorization": f"Bearer {s.viewer}"})
        agents = json.load(urllib.request.urlopen(request))
        assert all(row["id"] and row["status"] for row in agents), agents
        try:
            urllib.request.urlopen(s.url + "/api/agents")
            raise AssertionError("agents were shown to anybody")
        except urllib.error.HTTPError as e:
            assert e.code == 401
        a.close()
        b.close()


def redis_goes_and_comes_back():
    with Scene() as s:
        ws = s.client()
        s.redis.kill()
        eventually(lambda: state(s.daemon) == "failed", what="the failure")
        assert ws.until("status")["status"] == "degraded"
        health = json.load(urllib.request.urlopen(s.url + "/health"))
        assert health["status"] == "degraded" and health["bridge"]["state"] == "failed", health
        finding = [f for f in s.daemon.call("doctor") if f["check"] == "bridge"]
        assert finding and finding[0]["state"] == "error", finding
        snapshot = s.daemon.call("health.check", wait="0")
        entry = next(c for c in snapshot["checks"] if c["service"] == "bridge")
        assert entry["state"] == "critical", entry
        try:
            s.daemon.call("message.send", to="alpha", content="lost")
            raise AssertionError("a message went nowhere")
        except Failure as e:
            assert e.code in ("retry", "timeout"), e.code
        time.sleep(1.2)
        assert s.daemon.call("message.status")[0]["retry_at"] is not None
        begun = time.monotonic()
        s.redis.start()
        eventually(lambda: state(s.daemon) == "connected", what="the way back", timeout=20)
        print(f"  back after {time.monotonic() - begun:.1f} s")
        ws.until(lambda f: f["type"] == "status" and f["status"] == "ok")
        s.redis.cli("publish", "a2a:alpha", "again")
        assert ws.until("message")["content"] == "again"
        with open(s.daemon.config) as f:
            text = f.read()
        s.daemon.write("\n".join(line for line in text.splitlines() if not line.startswith("bridge")) + "\n")
        s.daemon.call("reload")
        assert ws.until("status")["bridge"]["state"] == "off"
        s.daemon.write(text)
        s.daemon.call("reload")
        ws.until(lambda f: f["type"] == "status" and f["bridge"]["state"] == "connected")
        ws.close()


def a_flood_neither_stops_the_host_nor_grows_it():
    with Scene() as s:
        reads, never = s.client(), s.client(buffer=4096)
        stat = f"/proc/{s.daemon.process.pid}/statm"

        def resident():
            return int(open(stat).read().split()[1]) * 4096

        s.redis.cli("eval", "for i=1,2000 do redis.call('publish','channel:flood','warm') end", "0")
        for _ in range(2000):
            reads.until("message")
        before = resident()
        script = "local t=string.rep('x',1000) for i=1,20000 do redis.call('publish','channel:flood','{\"content\":\"'..i..t..'\"}') end"
        s.redis.cli("eval", script, "0")
        s.redis.cli("publish", "channel:flood", "end")
        lost, got = 0, 0
        while True:
            f = reads.until(lambda f: f["type"] in ("message", "lost"), timeout=60)
            lost += f.get("messages", 0) if f["type"] == "lost" else 0
            got += f["type"] == "message"
            if f.get("content") == "end" or got + lost >= 20001:
                break
        grown = (resident() - before) / 2**20
        print(f"  {got} read, {lost} lost, {grown:.1f} MiB grown")
        eventually(lambda: s.daemon.call("message.status")[0]["received"] == 22001, what="all messages")
        assert s.daemon.call("message.status")[0]["remembered"] == 1000
        assert grown < (700 if sanitized() else 48), grown
        reads.close()
        never.close()


def the_configuration_is_checked_and_reloaded():
    with Scene() as s:
        s.daemon.write(config(s.redis.port, "enabled = false;"))
        s.daemon.call("reload")
        eventually(lambda: state(s.daemon) == "off", what="the end of the bridge")
        s.daemon.write(config(s.redis.port, 'channels = ["only:*"];'))
        s.daemon.call("reload")
        eventually(lambda: state(s.daemon) == "connected", what="the new bridge")
        ws = s.client()
        s.redis.cli("publish", "a2a:alpha", "unheard")
        s.redis.cli("publish", "only:this", "heard")
        assert ws.until("message")["content"] == "heard"
        s.daemon.write(config(s.redis.port).replace("redis://", "http://"))
        refused = subprocess.run([f"{BUILD}/bin/openclaw", "config", "validate"], env=s.daemon.env, capture_output=True, text=True)
        assert refused.returncode != 0 and "bridge.url: expected a URL that begins with redis:// or unix://" in refused.stdout + refused.stderr, refused
        s.daemon.write(config(s.redis.port).replace("redis-bus", "no-such"))
        s.daemon.call("reload")
        assert state(s.daemon) == "failed"
        ws.close()


def main():
    return run([messages_go_both_ways, clients_hear_what_they_chose,
                a_message_that_cannot_be_kept_is_sent_once_and_the_log_says_so, history_is_bounded_and_asked_for, what_is_no_envelope_is_text,
                frames_that_are_wrong_are_told, a_huge_message_goes_by, without_redis_clients_still_talk, redis_goes_and_comes_back,
                a_flood_neither_stops_the_host_nor_grows_it, the_configuration_is_checked_and_reloaded])


if __name__ == "__main__":
    sys.exit(main())
