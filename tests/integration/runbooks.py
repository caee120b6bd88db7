"""What tests of runbooks share: running one, its report, a runbook of the test's own, evidence. SPDX-License-Identifier: MIT"""

import json
import os
import subprocess

from harness import BUILD, Failure


def runbook(c, name, dry_run=False, timeout=60, **params):
    """The report of a run that ended well, or of one that failed (from the details of the error)."""
    client = c.daemon.client()
    client.socket.settimeout(timeout)
    client.send({"id": 1, "op": "runbook.run", "params": {"name": name, "dry_run": dry_run, **params}})
    while True:
        frame = client.receive()
        if frame.get("id") == 1 and "ok" in frame:
            client.close()
            if frame["ok"]:
                return frame["data"]
            if "details" in frame["error"]:
                return {**frame["error"]["details"], "error": frame["error"]}
            raise Failure(frame["error"])


def cli(c, *words):
    return subprocess.run([os.path.join(BUILD, "bin", "openclaw"), "--home", c.daemon.home, *words],
                          capture_output=True, text=True, check=False, timeout=120, env=c.daemon.env, stdin=subprocess.DEVNULL)


def states(report):
    return {step["id"]: step["state"] for step in report["steps"]}


OWN = '''
runbook = { name = "own", title = "A runbook of this host", severity = "low", params = {
  { name = "names", type = "strings", default = { "alpha" } } }, facts = { units = { op = "unit.list" } } }
function plan(params, facts) return %s end
'''


def write_runbook(c, steps):
    folder = os.path.join(c.daemon.home, "runbooks")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "own.lua"), "w") as f:
        f.write(OWN % steps)


SERVICES = ["postgres", "redis", "ollama", "litellm", "websocket-bridge", "dashboard"]


def evidence_of(c, name):
    found = c.daemon.call("host.evidence.list", name=name)
    assert len(found) == 1, found
    with open(os.path.join(found[0]["path"], "units.json")) as f:
        return {u["name"]: u for u in json.load(f)}, found[0]["path"]
