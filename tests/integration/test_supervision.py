"""Plugins that crash under a real daemon: back-off, quarantine, boot sentinel, rollback. SPDX-License-Identifier: MIT"""

import json
import os
import shutil
import signal

from harness import BUILD, Daemon, eventually, run

FIXTURES = f"{BUILD}/fixtures"
NOTHING_ELSE = "alerts = { channels = (); };\n"


def install(home, name, source):
    """What an author does who copies a folder: another file each time, as a build leaves it."""
    target = os.path.join(home, "plugins", name)
    os.makedirs(target, exist_ok=True)
    for file in os.listdir(source):
        shutil.copyfile(os.path.join(source, file), os.path.join(target, file + ".new"))
        os.rename(os.path.join(target, file + ".new"), os.path.join(target, file))


def state_of(daemon, plugin):
    rows = daemon.call("plugin.status", name=plugin)
    return rows[0]["state"] if rows else None


def a_plugin_that_ends_the_daemon_is_skipped_by_the_next_one():
    daemon = Daemon()
    marker = os.path.join(daemon.home, "crash")
    daemon.write(NOTHING_ELSE + f"""
isolation = {{ plugins = {{ crasher = {{ tier = "inproc"; }}; }}; }};
collectors = ( {{ plugin = "system"; interval = "1s"; }}, {{ plugin = "crasher"; marker = "{marker}"; }} );
""")
    try:
        install(daemon.home, "crasher", f"{FIXTURES}/plugins/crasher")
        open(marker, "w").close()
        daemon.start(wait=False)
        assert daemon.process.wait(20) != 0, "it was to end with the plugin"
        daemon.log.close()
        assert os.path.exists(f"{daemon.home}/run/loading/crasher")

        daemon.start()
        eventually(lambda: state_of(daemon, "system") == "ready")
        rows = [p for p in daemon.call("plugin.list") if p["name"] == "crasher"]
        text = json.dumps(rows)
        assert "skipped: the daemon ended while this plugin was being loaded" in text, text
        os.unlink(marker)
        daemon.call("plugin.reset", name="crasher")
        eventually(lambda: state_of(daemon, "crasher") == "ready")
        assert not os.path.exists(f"{daemon.home}/run/loading/crasher")
        assert daemon.stop() == 0
    finally:
        daemon.remove()


def an_isolated_plugin_that_keeps_crashing_is_in_quarantine_also_after_a_restart():
    daemon = Daemon(NOTHING_ELSE + """
isolation = { plugins = { gen = { tier = "process"; }; }; };
collectors = ( { plugin = "system"; interval = "1s"; }, { plugin = "gen"; interval = "200ms"; } );
""")
    try:
        install(daemon.home, "gen", f"{FIXTURES}/generations/crash/gen")
        daemon.start()
        pid = daemon.process.pid
        eventually(lambda: state_of(daemon, "gen") == "quarantined", 30)
        row = daemon.call("plugin.status", name="gen")[0]
        assert len(row["crashes"]) == 3, row
        assert row["crashes"][0]["signal"] == "SIGABRT", row["crashes"][0]
        assert row["crashes"][0]["last_method"] == "collector.collect/1", row["crashes"][0]
        assert daemon.process.pid == pid and state_of(daemon, "system") in ("ready", "busy")
        assert daemon.stop() == 0

        daemon.start()
        eventually(lambda: state_of(daemon, "gen") == "quarantined")
        topics = [e["topic"] for e in daemon.call("events.list", limit=200)]
        assert topics.count("plugin.crashed") == 3, topics

        install(daemon.home, "gen", f"{FIXTURES}/generations/v1/gen")  # another artifact
        daemon.call("plugin.reload", name="gen")
        eventually(lambda: state_of(daemon, "gen") in ("ready", "busy"))
        eventually(lambda: daemon.call("plugin.status", name="gen")[0]["calls"] > 2)
        assert daemon.stop() == 0
    finally:
        daemon.remove()


def a_plugin_process_comes_up_again_after_the_log_was_rotated():
    daemon = Daemon()
    path = os.path.join(daemon.home, "daemon.log")
    daemon.write(NOTHING_ELSE + f"""
log = {{ file = "{path}"; }};
isolation = {{ plugins = {{ system = {{ tier = "process"; }}; }}; }};
collectors = ( {{ plugin = "system"; interval = "1s"; }} );
""")
    try:
        daemon.start()
        first = eventually(lambda: daemon.call("plugin.status", name="system")[0].get("pid"))
        os.rename(path, path + ".1")
        daemon.process.send_signal(signal.SIGHUP)  # the log was the first descriptor of the daemon, which is free now
        eventually(lambda: os.path.exists(path))
        os.kill(first, signal.SIGKILL)
        eventually(lambda: daemon.call("plugin.status", name="system")[0].get("pid", first) != first, what="another process")
        eventually(lambda: state_of(daemon, "system") in ("ready", "busy"))
        row = daemon.call("plugin.status", name="system")[0]
        assert [c["signal"] for c in row["crashes"]] == ["SIGKILL"], row
        assert daemon.stop() == 0
    finally:
        daemon.remove()


def point(home, generation):
    """What an update leaves behind: the link leads to another folder, the old folder is still there."""
    links = os.path.join(home, "packages", "current", "plugins")
    os.makedirs(links, exist_ok=True)
    os.symlink(f"{FIXTURES}/generations/{generation}/gen", os.path.join(links, "gen.new"))
    os.rename(os.path.join(links, "gen.new"), os.path.join(links, "gen"))


def a_good_release_is_kept_and_one_that_crashes_is_rolled_back():
    daemon = Daemon(NOTHING_ELSE + """
isolation = { plugins = { gen = { tier = "process"; }; }; };
collectors = ( { plugin = "gen"; interval = "200ms"; } );
""")
    try:
        point(daemon.home, "v1")
        daemon.start()
        eventually(lambda: daemon.call("plugin.status", name="gen")[0]["calls"] > 2)
        point(daemon.home, "v2")
        good = daemon.call("plugin.reload", name="gen", wait=True, watch="500ms")
        assert good["ok"] and good["receipts"][0]["to"]["version"] == "2.0.0", good
        assert good["receipts"][0]["state_bytes"] > 0, good

        point(daemon.home, "crash")
        bad = daemon.call("plugin.reload", name="gen", wait=True, watch="10s")
        receipt = bad["receipts"][0]
        assert not bad["ok"] and receipt["rolled_back"] and receipt["to"]["version"] == "2.0.0", bad
        assert "SIGABRT" in receipt["message"], receipt
        before = daemon.call("plugin.status", name="gen")[0]["calls"]
        eventually(lambda: daemon.call("plugin.status", name="gen")[0]["calls"] > before + 2)
        assert daemon.stop() == 0
    finally:
        daemon.remove()


def a_replaced_library_is_unmapped_while_others_run_in_processes_of_their_own():
    daemon = Daemon(NOTHING_ELSE + """
isolation = { plugins = { gen = { tier = "inproc"; }; system = { tier = "process"; }; }; };
collectors = ( { plugin = "gen"; interval = "200ms"; }, { plugin = "system"; interval = "200ms"; } );
""")

    def mapped():
        with open(f"/proc/{daemon.process.pid}/maps", encoding="ascii") as f:
            return sum("memfd:openclaw-plugin" in line for line in f)

    try:
        point(daemon.home, "v1")
        daemon.start()
        eventually(lambda: daemon.call("plugin.status", name="system")[0]["calls"] > 0)
        eventually(lambda: daemon.call("plugin.status", name="gen")[0]["calls"] > 0)
        for n in range(6):
            point(daemon.home, "v1" if n % 2 else "v2")
            receipt = daemon.call("plugin.reload", name="gen", wait=True, watch="1ms")["receipts"][0]
            assert receipt["ok"] and "unmapped" in receipt["old_library"], receipt
        one = 6  # parts of a library, at the most
        eventually(lambda: mapped() <= 2 * one, what="an end of the old libraries")
        assert daemon.stop() == 0
    finally:
        daemon.remove()


if __name__ == "__main__":
    run([
        a_plugin_that_ends_the_daemon_is_skipped_by_the_next_one,
        an_isolated_plugin_that_keeps_crashing_is_in_quarantine_also_after_a_restart,
        a_plugin_process_comes_up_again_after_the_log_was_rotated,
        a_good_release_is_kept_and_one_that_crashes_is_rolled_back,
        a_replaced_library_is_unmapped_while_others_run_in_processes_of_their_own,
    ])
