"""What the browser tests look at: a host with services that live and die, and a browser that is driven. SPDX-License-Identifier: MIT"""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from harness import BUILD, Daemon, Failure, eventually, free_port

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
WORK = os.path.join(os.path.abspath(BUILD), "browser")

REASONS = {"yes": "It costs little and helps much.", "no": "Half of it is enough."}
EVIL = "<img src=x onerror=\"window.__evil=1\"><script>window.__evil=2</script>"


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def find_browser():
    """The browser and node with its packages; skips the test where they cannot be had."""
    chromium = os.environ.get("OC_CHROMIUM") or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not chromium:
        skip("there is no chromium on the PATH")
    if not shutil.which("node") or not shutil.which("npm"):
        skip("there is no node or no npm on the PATH")
    if not os.path.exists(os.path.join(os.path.abspath(BUILD), "plugins", "web_dashboard", "plugin.json")):
        skip("the dashboard was left out of this build")
    install("package-lock.json")
    return chromium


def install(lock):
    """`npm ci` into the build folder, once for each lock file."""
    os.makedirs(WORK, exist_ok=True)
    mark = os.path.join(WORK, "installed")
    with open(os.path.join(HERE, lock)) as f:
        wanted = f.read()
    if os.path.exists(mark) and open(mark).read() == wanted:
        return
    for name in ("package.json", "package-lock.json"):
        shutil.copy(os.path.join(HERE, name), WORK)
    done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=1"],
                          cwd=WORK, capture_output=True, text=True)
    if done.returncode:
        skip(f"npm cannot install what drives the browser: {done.stderr[-400:]}")
    with open(mark, "w") as f:
        f.write(wanted)


class Services:
    """Many HTTP services behind two ports: one that can be stopped and started, one for all the others."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.mortal_port, self.port = free_port(), free_port()
        self.mortal = None
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self._run(self._listen(self.port))
        self.revive()

    def _run(self, what):
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(20)

    async def _listen(self, port):
        return await asyncio.start_server(self._serve, "127.0.0.1", port, backlog=2048)

    async def _serve(self, reader, writer):
        self_writers.add(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].decode()
                found = litellm(path) if path == "/metrics" else json.dumps(answer(path))
                body = (found or "{}").encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self_writers.discard(writer)
            writer.close()

    def kill(self):
        async def close():
            self.mortal.close()
            for w in list(self_writers):
                if w.get_extra_info("sockname")[1] == self.mortal_port:
                    w.transport.abort()
        self._run(close())

    def revive(self):
        self.mortal = self._run(self._listen(self.mortal_port))

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)


self_writers = set()


PLAIN = {"task": "reviewing the plan", "model": "claude-sonnet-4", "script": "backup is 26 hours old", "title": "Status of Example", "alert": "",
         "public": "Orders are delayed. We are on it."}
WICKED = {"task": EVIL, "model": EVIL, "script": EVIL, "title": "Status of <shop>", "alert": EVIL, "public": "We look at it " + EVIL}
said = dict(WICKED)  # what comes from outside


began = time.time()


def litellm(_path):
    """What a LiteLLM proxy says of itself, with more of everything each time it is asked."""
    litellm.times += 1
    with open(os.path.join(SOURCE, "plugins", "collector", "litellm", "test_page.txt"), encoding="utf-8") as f:
        page = f.read()
    page = re.sub(r"^process_start_time_seconds .*$", f"process_start_time_seconds {began}", page, flags=re.M)
    return re.sub(r"^(litellm_\S+_(?:total|bucket|count|sum)\{.*\}) (\S+)$",
                  lambda m: f"{m[1]} {float(m[2]) * litellm.times}", page, flags=re.M)


litellm.times = 0


def answer(path):
    if path == "/model/info":
        return {"data": []}
    if path.startswith("/agent"):
        return {"status": "busy", "currentTask": said["task"], "model": said["model"], "tokenUsage": {"session": 1200, "daily": 45000}}
    return {"status": "ok"}


class Redis:
    """A Redis over which agents talk; none where it is not installed."""

    def __init__(self):
        self.port, self.folder = free_port(), tempfile.mkdtemp(prefix="openclaw-redis-")
        self.process = subprocess.Popen(["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", self.folder],
                                        stdout=subprocess.DEVNULL)
        eventually(lambda: self.cli("ping") == "PONG", what="redis")

    def cli(self, *words):
        return subprocess.run(["redis-cli", "-p", str(self.port), *words], capture_output=True, text=True, check=False).stdout.strip()

    def talk(self):
        for i, (sender, to, text) in enumerate((("steward", "scribe", "Please write down what we decided."), ("scribe", "steward", "It is written down."),
                                                ("dreamer", "scribe", said["alert"] or "Have you seen the plan?"))):
            self.cli("publish", f"a2a:{to}", json.dumps({"id": f"m{i}", "type": "task", "from": sender, "to": to, "content": text}))

    def close(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Shelf:
    """A registry folder with two versions of a plugin that is made of the host's own."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="openclaw-shelf-")
        self.registry = os.path.join(self.folder, "registry")
        self.work("registry.init", dir=self.registry, name="shelf")
        self.work("plugin.keygen", output=os.path.join(self.folder, "ann"))
        self.publish("1.0.0")

    def publish(self, version):
        plugin, archive = os.path.join(self.folder, version), os.path.join(self.folder, f"{version}.ocp")
        os.mkdir(plugin)
        with open(os.path.join(plugin, "plugin.json"), "w", encoding="ascii") as f:
            json.dump({"name": "harbour", "version": version, "summary": "Watches a port", "kind": "collector", "license": "MIT",
                       "permissions": ["network:tcp:6379"], "instances": [{"plugin": "tcp", "name": "harbour"}]}, f)
        subprocess.run([os.path.join(BUILD, "bin", "openclaw-archive"), "pack", plugin, archive], check=True, capture_output=True)
        self.work("registry.publish", dir=self.registry, files=[archive], publisher="ann", publisher_key=os.path.join(self.folder, "ann.key"))

    def work(self, verb, **params):
        """A verb of the program that knows packages, without a daemon."""
        done = subprocess.run([os.path.join(BUILD, "bin", "openclaw-package"), verb, "--home", self.folder], input=json.dumps(params),
                              capture_output=True, text=True, timeout=120, check=True)
        assert '"error"' not in done.stdout, done.stdout

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def config(services, checks, port, redis=None):
    """A host with this many checks: one, a few of everything, or a great many."""
    url = f"http://127.0.0.1:{services.mortal_port}/"
    parts = [f'{{ plugin = "http"; name = "shop"; interval = "1s"; keep_alive = false; targets = ( {{ name = "api"; url = "{url}"; }} ); }}']
    if checks > 1:
        parts.append('{ plugin = "system"; name = "system"; interval = "2s"; }')
        parts.append('{ plugin = "exec"; name = "script"; interval = "5s"; checks = ( { name = "evil"; command = ["/bin/sh", "-c", '
                     f'{json.dumps("echo WARNING: " + repr(said["script"]) + "; exit 1")}]; }} ); }}')
        agents = ", ".join(f'{{ name = "{n}"; url = "http://127.0.0.1:{services.port}/agent/{n}"; }}' for n in ("steward", "scribe"))
        parts.append(f'{{ plugin = "agent"; name = "agent"; interval = "5s"; agents = ( {agents} ); }}')
        parts.append(f'{{ plugin = "litellm"; name = "gate"; interval = "2s"; url = "http://127.0.0.1:{services.port}"; }}')
    rest = max(0, checks - 8 - bool(redis))
    targets = ", ".join(f'{{ name = "t{i:04d}"; url = "http://127.0.0.1:{services.port}/{i}"; }}' for i in range(rest))
    if rest:
        parts.append(f'{{ plugin = "http"; name = "fleet"; interval = "{10 if checks > 100 else 2}s"; targets = ( {targets} ); }}')
    return f"""
collectors = ( {", ".join(parts)} );
health = {{ max_attempts = 2; }};
alerts = {{ channels = ( {{ plugin = "file"; name = "file"; path = "logs/told.log"; }} );
  rules = ( {{ name = "shop_down"; expr = "http.up == false"; severity = "critical"; message = {json.dumps("The shop is gone " + said["alert"])};
               annotations = {{ public = {json.dumps(said["public"])}; }}; }} ); }};
{f'bridge = {{ plugin = "redis-bus"; url = "redis://127.0.0.1:{redis.port}"; }};' if redis else ""}
api = {{ listen = ( {{ port = {port}; }} ); status_page = true; status_services = ["shop/*", "script/*"]; status_title = "{said["title"]}"; }};
"""


class World:
    """A running host, signed for, and scripts that drive a browser over it."""

    def __init__(self, checks=11, wicked=True):
        self.chromium = find_browser()
        said.update(WICKED if wicked else PLAIN)
        self.services = Services()
        self.port = free_port()
        self.shelf = None
        self.redis = Redis() if checks > 1 and shutil.which("redis-server") and shutil.which("redis-cli") else None
        self.daemon = Daemon(config(self.services, checks, self.port, self.redis), api=True)
        try:
            self.begin(checks)
        except BaseException:
            self.close()
            raise

    def begin(self, checks):
        self.daemon.start()
        if checks > 1:
            self.daemon.call("cost.budget.set", agent="steward", limit=0.001)
            self.daemon.call("cost.budget.set", agent="global", limit=25, period="monthly")
        if self.redis:
            eventually(lambda: self.daemon.call("message.status")[0]["state"] == "connected", what="the connection to redis")
            self.redis.talk()
        self.tokens = {role: self.daemon.token(role, name=f"browser-{role}") for role in ("viewer", "operator", "admin")}

    def drive(self, script, timeout=240, **more):
        """Runs tests/browser/SCRIPT; what it asks for on the way is done here."""
        settings = {"url": f"http://127.0.0.1:{self.port}", "tokens": self.tokens, "chromium": self.chromium, "work": WORK, "evil": EVIL,
                    **more}
        # node looks for packages beside the script that imports them
        shutil.copytree(HERE, WORK, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.py", "CMakeLists.txt", "__pycache__"))
        node = subprocess.Popen(["node", os.path.join(WORK, script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                env={**os.environ, "OC_BROWSER": json.dumps(settings)})
        timer = threading.Timer(timeout, node.kill)
        timer.daemon = True
        timer.start()
        result, notes = {}, []
        for line in node.stdout:
            try:
                message = json.loads(line)
            except ValueError:
                message = None
            if not isinstance(message, dict):
                notes.append(line.rstrip())
                continue
            if "do" in message:
                self.do(message)
                node.stdin.write(json.dumps({"done": message["do"]}) + "\n")
                node.stdin.flush()
            elif "result" in message:
                result.update(message["result"])
        code = node.wait()
        timer.cancel()
        for note in notes:
            print("   ", note)
        if code:
            raise AssertionError(f"{script} failed ({code}): " + (" | ".join(notes[-12:]) or "it said nothing"))
        return result

    def deliberate(self):
        """Members with keys, and proposals that some of them have voted on."""
        from governance import enroll  # pylint: disable=import-outside-toplevel  # needs a package that only this does

        call = self.daemon.call
        members = enroll(call)
        asked = ((("Keep figures for a year", "strategic"), {"alpha": "yes", "beta": "yes"}),
                 (("A budget of $40 a day for scribe", "operational"), {"alpha": "yes", "beta": "no"}),
                 (("Ask the small model first", "operational"), {}))
        for (title, category), votes in asked:
            made = call("governance.propose", title=title, category=category, description="What is to be done, in a sentence.",
                        justification="Why it is worth it.", impact="Little.", rollback_plan="Take it back.")
            for name, choice in votes.items():
                said_so = members[name].signed("ballot", call("governance.show", proposal=made["proposal"]), choice, reason=REASONS[choice])
                call("governance.vote", choice=choice, **said_so)

    def ask_for_a_policy(self, name):
        """Kept for a decision: a policy with a line that somebody might take for markup."""
        text = open(os.path.join(SOURCE, "etc", "policies", f"{name}.lua"), encoding="utf-8").read()
        try:
            self.daemon.call("policy.apply", name=name, text=text.replace("\n", f"\n-- {EVIL}\n", 1))
        except Failure as problem:
            assert problem.code == "needs_approval", problem
            return
        raise AssertionError("a policy was changed without a decision")

    def do(self, message):
        what = message["do"]
        if what == "kill":
            self.services.kill()
        elif what == "revive":
            self.services.revive()
        elif what == "stop":
            self.daemon.stop()
        elif what == "start":
            self.daemon.start()
        elif what == "shelf":
            self.shelf = Shelf()
            self.daemon.call("registry.add", name="shelf", url="file://" + self.shelf.registry, trust_first=True)
        elif what == "publish":
            self.shelf.publish(message["version"])
            self.daemon.call("registry.refresh")
        elif what == "deliberate":
            self.deliberate()
        elif what == "policy":
            self.ask_for_a_policy(message["name"])
        elif what == "call":
            self.daemon.call(message["op"], **message.get("params", {}))
        else:
            raise AssertionError(f"the browser asks for {what}")

    def close(self):
        self.daemon.remove()
        self.services.close()
        for one in (self.redis, self.shelf):
            if one:
                one.close()
