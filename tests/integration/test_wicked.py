"""Plugins that misbehave, in one process with plugins that do not: the others go on. SPDX-License-Identifier: MIT"""

import os
import time

from harness import BUILD, Daemon, eventually, run

FIXTURES = os.path.abspath(os.path.join(BUILD, "fixtures", "plugins"))


def host(*wicked, more=""):
    rows = "".join(f', {{ plugin = "wicked"; name = "{how}"; how = "{how}"; interval = "500ms"; deadline = "500ms"; ms = {ms}; }}'
                   for how, ms in wicked)
    return (f'host = {{ plugins = ["{FIXTURES}"]; }};\n'
            f'collectors = ( {{ plugin = "system"; interval = "500ms"; }}{rows} );\n{more}')


def row(daemon, instance):
    return next(c for c in daemon.call("collector.list") if c["instance"] == instance)


def goes_on(daemon):
    """The system collector makes all its slots while others misbehave, and the daemon answers quickly."""
    before = row(daemon, "system")["calls"]
    start = time.monotonic()
    time.sleep(3)
    slots = (time.monotonic() - start) / 0.5
    made = row(daemon, "system")["calls"] - before
    assert made >= slots * 0.8 - 1, f"{made} of {slots:.0f} slots"
    start = time.monotonic()
    daemon.call("host.version")
    assert time.monotonic() - start < 3
    assert daemon.process.poll() is None


def with_wicked(check, *wicked):
    daemon = Daemon(host(*wicked))
    try:
        daemon.start()
        check(daemon)
        assert daemon.stop(timeout=20) == 0, daemon.output()[-2000:]
    finally:
        daemon.remove()


def a_late_plugin_is_fenced_reported_and_taken_back_when_it_returns():
    def check(daemon):
        eventually(lambda: row(daemon, "hang")["state"] == "fenced", what="the fence")
        topics = {e["topic"] for e in daemon.call("events.list", topic="plugin.*", limit=100)}
        assert "plugin.fenced" in topics, topics
        health = [c for c in daemon.call("health.check")["checks"] if c["service"] == "hang"][0]
        assert health["state"] == "critical", health
        goes_on(daemon)
        assert row(daemon, "hang")["timeouts"] >= 1
        eventually(lambda: "plugin.unfenced" in {e["topic"] for e in daemon.call("events.list", topic="plugin.*", limit=100)},
                   what="the return")
    with_wicked(check, ("hang", 2500))


def a_plugin_that_never_returns_costs_a_thread_and_nothing_else():
    def check(daemon):
        eventually(lambda: row(daemon, "stubborn")["state"] == "fenced", what="the fence")
        goes_on(daemon)
    with_wicked(check, ("stubborn", 600000))


def eight_plugins_that_hang_at_once_stop_nobody():
    rows = "".join(f', {{ plugin = "wicked"; name = "h{n}"; how = "hang"; interval = "500ms"; deadline = "500ms"; ms = 60000; }}'
                   for n in range(8))
    daemon = Daemon(host().replace(" );\n", rows + " );\n", 1))
    try:
        daemon.start()
        eventually(lambda: sum(c["state"] == "fenced" for c in daemon.call("collector.list")) == 8, what="eight fences")
        goes_on(daemon)
        assert daemon.stop(timeout=20) == 0
    finally:
        daemon.remove()


def a_flood_of_samples_is_cut_at_the_cap():
    def check(daemon):
        eventually(lambda: row(daemon, "flood")["failures"] >= 1, timeout=40, what="the refusal")
        assert daemon.call("status")["memory_bytes"] < 1 << 30
        assert daemon.process.poll() is None
    with_wicked(check, ("flood", 0))


def garbage_records_are_left_out_and_said():
    def check(daemon):
        eventually(lambda: row(daemon, "garbage")["calls"] >= 2, what="calls")
        goes_on(daemon)
        assert "garbage" in daemon.output() or daemon.call("logs", grep="record") != []
    with_wicked(check, ("garbage", 0))


def strings_of_ten_megabytes_are_cut():
    def check(daemon):
        eventually(lambda: row(daemon, "huge")["calls"] >= 2, what="calls")
        goes_on(daemon)
        for c in daemon.call("health.check")["checks"]:
            assert len(c["service"]) < 1024 and len(c["output"]) <= 1 << 20, len(c["output"])
    with_wicked(check, ("huge", 0))


def a_flood_of_targets_is_bounded():
    def check(daemon):
        eventually(lambda: row(daemon, "spam")["calls"] >= 2, timeout=40, what="calls")
        eventually(lambda: row(daemon, "system")["calls"] >= 3, timeout=40, what="the others")
    with_wicked(check, ("spam", 0))


def a_busy_loop_that_heeds_cancel_ends_at_its_deadline():
    def check(daemon):
        eventually(lambda: row(daemon, "spin")["timeouts"] >= 2, what="two deadlines")
        goes_on(daemon)
    with_wicked(check, ("spin", 0))


def plugins_that_cannot_be_loaded_are_listed_with_why():
    daemon = Daemon(host(more='').replace(" );\n", ', { plugin = "broken_major"; }, { plugin = "broken_no_entry"; } );\n', 1))
    try:
        daemon.start()
        eventually(lambda: row(daemon, "system")["calls"] >= 1, what="a call")
        eventually(lambda: row(daemon, "broken_no_entry")["state"] == "failed", what="the refusal")
        for name in ("broken_major", "broken_no_entry"):
            assert row(daemon, name)["state"] == "failed" and row(daemon, name)["last_error"], row(daemon, name)
    finally:
        daemon.remove()


run([a_late_plugin_is_fenced_reported_and_taken_back_when_it_returns,
     a_plugin_that_never_returns_costs_a_thread_and_nothing_else, eight_plugins_that_hang_at_once_stop_nobody,
     a_flood_of_samples_is_cut_at_the_cap, garbage_records_are_left_out_and_said, strings_of_ten_megabytes_are_cut,
     a_flood_of_targets_is_bounded, a_busy_loop_that_heeds_cancel_ends_at_its_deadline,
     plugins_that_cannot_be_loaded_are_listed_with_why])
