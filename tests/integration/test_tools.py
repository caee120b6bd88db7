"""Tools of a running host: listed, checked, called, cancelled, and what a bad program does to them. SPDX-License-Identifier: MIT"""

import json
import os
import threading
import time

from harness import Daemon, Failure, eventually, run

PROGRAM = """import json, os, sys, time
for line in sys.stdin:
    r = json.loads(line)
    if r["method"] == "list":
        tools = [{"name": "add", "description": "Adds two numbers",
                  "input_schema": {"type": "object", "required": ["a", "b"], "additionalProperties": False,
                                   "properties": {"a": {"type": "integer"}, "b": {"type": "integer", "maximum": 10}}}},
                 {"name": "sleep", "description": "Sleeps"}, {"name": "leave", "description": "Ends"},
                 {"name": "bad name", "description": "is left out"}, {"name": "pid", "description": "Tells its pid"}]
        print(json.dumps({"id": r["id"], "result": tools}), flush=True)
    elif r["name"] == "add":
        print(json.dumps({"id": r["id"], "result": r["arguments"]["a"] + r["arguments"]["b"]}), flush=True)
    elif r["name"] == "pid":
        print(json.dumps({"id": r["id"], "result": os.getpid()}), flush=True)
    elif r["name"] == "sleep":
        time.sleep(600)
    else:
        sys.exit(1)
"""


class Tools:
    """A host with the script plugin around PROGRAM."""

    def __enter__(self):
        self.daemon = Daemon()
        program = os.path.join(self.daemon.home, "tools.py")
        with open(program, "w", encoding="utf-8") as f:
            f.write(PROGRAM)
        self.daemon.write('collectors = ();\nalerts = { channels = (); };\n'
                          f'plugins = {{ script = {{ command = [ "python3", "{program}" ]; }}; }};\n')
        self.daemon.start()
        self.client = self.daemon.client()
        self.tools = eventually(lambda: self.client.call("tool.list", refresh=True), what="a list of tools")
        return self

    def __exit__(self, *_):
        self.client.close()
        assert self.daemon.stop() == 0
        self.daemon.remove()

    def call(self, name, **more):
        return self.client.call("tool.call", name=name, **more)["result"]

    def add(self, a, b):
        return self.call("add", arguments=json.dumps({"a": a, "b": b}))

    def fails(self, code, **params):
        try:
            self.client.call("tool.call", **params)
        except Failure as failure:
            assert failure.code == code, failure
            return str(failure)
        raise AssertionError(f"{params} went well")


def tools_are_listed_and_called():
    with Tools() as t:
        assert [tool["name"] for tool in t.tools] == ["add", "leave", "pid", "sleep"], t.tools
        assert t.tools[0]["plugin"] == "script" and t.tools[0]["input_schema"]["required"] == ["a", "b"], t.tools
        assert t.add(1, 2) == 3
        assert t.client.call("tool.list", plugin="other") == []


def arguments_are_checked_before_the_plugin_sees_them():
    with Tools() as t:
        assert "arguments.b: expected at most 10" in t.fails("config", name="add", arguments='{"a":1,"b":11}')
        assert '"a" is required' in t.fails("config", name="add", arguments="{}")
        assert "arguments.a: expected a whole number" in t.fails("config", name="add", arguments='{"a":"1","b":2}')
        assert '"c" is not known' in t.fails("config", name="add", arguments='{"a":1,"b":2,"c":3}')
        t.fails("config", name="add", arguments="[]")
        t.fails("config", name="add", arguments="{")
        t.fails("not_found", name="ad", arguments="{}")
        t.fails("not_found", name="add", plugin="other", arguments='{"a":1,"b":2}')


def a_program_that_ends_or_hangs_costs_its_own_call_only():
    with Tools() as t:
        t.fails("retry", name="leave")
        assert t.add(1, 2) == 3
        began = time.monotonic()
        t.fails("timeout", name="sleep", deadline="300ms")
        assert time.monotonic() - began < 5
        assert t.add(2, 2) == 4


def a_caller_that_goes_away_cancels_its_call():
    with Tools() as t:
        pid = t.call("pid")
        other = t.daemon.client()
        other.send({"id": 1, "op": "tool.call", "params": {"name": "sleep", "deadline": "60s"}})
        time.sleep(0.3)
        other.close()
        assert t.add(3, 2) == 5
        eventually(lambda: not os.path.exists(f"/proc/{pid}"), what="the end of the program that slept")


def many_call_at_once():
    with Tools() as t:
        results = []

        def work(n):
            client = t.daemon.client()
            results.append(client.call("tool.call", name="add", arguments=json.dumps({"a": n, "b": 1}))["result"])
            client.close()

        threads = [threading.Thread(target=work, args=(n,)) for n in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(results) == list(range(1, 21)), results


if __name__ == "__main__":
    run([tools_are_listed_and_called, arguments_are_checked_before_the_plugin_sees_them,
         a_program_that_ends_or_hangs_costs_its_own_call_only, a_caller_that_goes_away_cancels_its_call, many_call_at_once])
