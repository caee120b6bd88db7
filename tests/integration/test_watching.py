"""From a real target to a person: collectors, states, dependencies, rules, alerts, channels. SPDX-License-Identifier: MIT"""

import http.server
import json
import os
import threading
import time

from harness import Daemon, Failure, Receiver, eventually, free_port, run


def a_collector_of_another_service_does_not_ask_the_host_itself():
    port = free_port()

    def config(listen):
        return (f'collectors = ( {{ plugin = "langfuse"; interval = "1s"; unless_own = true; url = "http://127.0.0.1:{port}"; }},\n'
                f'  {{ plugin = "dashboard"; interval = "1s"; url = "http://127.0.0.1:{port}"; }} );\n'
                f"api = {{ listen = ( {{ port = {listen}; }} ); }};\n")

    def row(d):
        return next(row for row in d.call("collector.list") if row["instance"] == "langfuse")

    def known(d):
        return [check["service"] for check in d.call("health.snapshot")["checks"]]
    d = Daemon(config(port), api=True).start()
    try:
        d.call("collector.ready")
        assert row(d)["state"] == "left_out" and "itself listens" in row(d)["last_error"], row(d)
        eventually(lambda: "dashboard" in known(d), what="the check of what is served there")
        assert "langfuse" not in known(d), known(d)
        try:
            d.call("collector.run", name="langfuse")
            raise AssertionError("a collector that is left out was run")
        except Failure as failure:
            assert "left out" in str(failure), failure
        d.write(config(0))  # the host leaves the place: from now on it may be the other's
        d.call("reload")
        eventually(lambda: "langfuse" in known(d), what="a check of what is there now")
        d.write(config(port))
        d.call("reload")
        eventually(lambda: row(d)["state"] == "left_out" and "langfuse" not in known(d), what="the end of that check")
    finally:
        d.stop()
        d.remove()


def a_place_that_another_leaves_to_the_host_is_asked_no_more():
    other = Target()
    d = Daemon(f'collectors = ( {{ plugin = "langfuse"; interval = "1s"; unless_own = true; url = "http://127.0.0.1:{other.port}"; }} );\n'
               f"api = {{ listen = ( {{ port = {other.port}; }} ); }};\n", api=True).start()

    def state():
        return d.call("collector.list")[0]["state"]
    try:
        d.call("collector.ready")
        assert state() != "left_out", d.call("collector.list")
        other.down()  # and nobody reloads anything
        eventually(lambda: state() == "left_out", timeout=20, what="the end of a collector that would ask the host itself")
        eventually(lambda: not d.call("health.snapshot")["checks"], what="the end of its check")
    finally:
        d.stop()
        d.remove()


class Target:
    """An HTTP server whose answer can be changed, or that can be gone."""

    def __init__(self, port=None):
        self.port = port or free_port()
        self.status = 200
        self.body = b'{"status":"healthy","models":[1,2,3]}'
        self.server = None
        self.up()

    def up(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(outer.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(outer.body)))
                self.end_headers()
                self.wfile.write(outer.body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def down(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/health"


def check(daemon, name):
    for row in daemon.call("health.check")["checks"]:
        if row["service"] == name:
            return row
    return None


def in_state(daemon, name, state, hard=None):
    row = check(daemon, name)
    return row if row and row["state"] == state and (hard is None or row["hard"] == hard) else None


def web(target, extra="", interval="200ms"):
    return f"""{{ plugin = "http"; name = "web"; interval = "{interval}"; {extra}
      targets = ( {{ name = "api"; url = "{target.url}"; timeout = "1s"; }} ); }}"""


def a_service_goes_soft_then_hard_then_recovers():
    target = Target()
    daemon = Daemon(f"collectors = ( {web(target)} );")
    try:
        daemon.start()
        eventually(lambda: in_state(daemon, "web/api", "ok", True), what="ok")
        target.down()
        eventually(lambda: in_state(daemon, "web/api", "critical"), what="critical")
        row = eventually(lambda: in_state(daemon, "web/api", "critical", True), what="hard critical")
        assert row["attempt"] == 3 and "refused" in row["output"], row
        target.up()
        eventually(lambda: in_state(daemon, "web/api", "ok", True), what="the recovery")
        changes = [(c["from"], c["to"], c["hard"]) for c in reversed(daemon.call("health.history", service="web/api"))]
        assert changes[0] == ("pending", "ok", True), changes
        assert ("ok", "critical", False) in changes and ("critical", "critical", True) in changes, changes
        assert changes[-1][:2] == ("critical", "ok"), changes
    finally:
        daemon.remove()
        target.down()


def a_hard_state_and_since_when_survive_a_restart():
    target = Target()
    target.down()
    daemon = Daemon(f"collectors = ( {web(target)} );")
    try:
        daemon.start()
        before = eventually(lambda: in_state(daemon, "web/api", "critical", True), what="hard critical")
        daemon.stop()
        daemon.start()
        after = eventually(lambda: in_state(daemon, "web/api", "critical", True), what="critical after the restart")
        assert after["since"] == before["since"] or after["attempt"] == 3, (before, after)
    finally:
        daemon.remove()


def behind_a_dead_parent_a_target_is_unreachable():
    parent, child = Target(), Target()
    daemon = Daemon(f"""collectors = (
      {{ plugin = "http"; name = "router"; interval = "200ms"; targets = ( {{ name = "r"; url = "{parent.url}"; }} ); }},
      {web(child, 'depends_on = ["router/r"];')} );""")
    try:
        daemon.start()
        eventually(lambda: in_state(daemon, "web/api", "ok"), what="ok")
        parent.down()
        eventually(lambda: in_state(daemon, "router/r", "critical"), what="the parent's failure")
        child.down()
        eventually(lambda: in_state(daemon, "web/api", "unreachable"), what="unreachable")
        parent.up()
        eventually(lambda: in_state(daemon, "web/api", "critical"), what="its own failure once the parent is back")
    finally:
        daemon.remove()
        parent.down()


def a_circle_of_dependencies_is_refused():
    target = Target()
    daemon = Daemon(f"""collectors = ( {web(target)} );
      dependencies = ( {{ service = "a"; depends_on = ["b"]; }}, {{ service = "b"; depends_on = ["a"]; }} );""")
    try:
        daemon.start()
        findings = daemon.call("reload")["findings"]
        assert any("depends on itself" in f["message"] for f in findings), findings
    finally:
        daemon.remove()
        target.down()


def the_snapshot_has_the_shape_of_the_original():
    target = Target()
    daemon = Daemon(f"""collectors = ( {{ plugin = "system"; interval = "500ms"; }}, {web(target)},
        {{ plugin = "agent"; interval = "500ms"; agents = ( {{ name = "steward"; port = {free_port()}; }} ); }} );""")
    try:
        daemon.start()
        snapshot = daemon.call("health.check")
        assert set(snapshot) >= {"timestamp", "agents", "services", "resources", "alerts", "summary"}, snapshot.keys()
        assert [a["id"] for a in snapshot["agents"]] == ["steward"], snapshot["agents"]
        service = [s for s in snapshot["services"] if s["id"] == "web/api"][0]
        assert service["status"] == "healthy" and service["responseTime"] is not None, service
        summary = snapshot["summary"]
        assert summary["totalAgents"] == 1 and summary["overallStatus"] in ("degraded", "critical", "warning"), summary
        resources = snapshot["resources"]
        assert resources["memory"]["system"]["total"] > resources["memory"]["system"]["used"] > 0
        assert resources["disk"]["system"]["partitions"] and resources["network"]["system"]["interfaces"]
        assert 0 <= resources["cpu"]["system"]["usage"] <= 100
    finally:
        daemon.remove()
        target.down()


def alerting(target, receiver, rule, more=""):
    return f"""collectors = ( {web(target)} );
alerts = {{ channels = ( {{ plugin = "webhook"; name = "ops"; url = "{receiver.url}"; secret = "s3cret"; }} );
  rules = ( {rule} ); }};
{more}"""


DOWN = '{ name = "api_down"; expr = "http.up == false"; severity = "critical"; for = "0s"; message = "{target} is down"; }'


def bodies(receiver):
    return [json.loads(body) for _, body in receiver.deliveries]


def an_alert_fires_reaches_its_channel_and_resolves():
    target, receiver = Target(), Receiver()
    daemon = Daemon(alerting(target, receiver, DOWN))
    try:
        daemon.start()
        eventually(lambda: in_state(daemon, "web/api", "ok"), what="ok")
        target.down()
        eventually(lambda: receiver.deliveries, what="the alert")
        body = bodies(receiver)[0]
        assert body["alert"]["rule"] == "api_down" and body["alert"]["severity"] == "critical", body
        assert "api is down" in json.dumps(body), body
        headers = receiver.deliveries[0][0]
        assert headers["X-OpenClaw-Signature"].startswith("sha256="), headers
        alert = daemon.call("alert.list")[0]
        assert alert["state"] == "firing"
        assert daemon.call("health.summary")["overallStatus"] == "critical"
        target.up()
        eventually(lambda: len(receiver.deliveries) >= 2, what="the resolution")
        assert "resolved" in json.dumps(bodies(receiver)[1]), bodies(receiver)[1]
        assert daemon.call("alert.list") == []
    finally:
        daemon.remove()
        target.down()
        receiver.close()


def a_silenced_alert_is_kept_but_told_to_nobody_until_the_silence_ends():
    target, receiver = Target(), Receiver()
    daemon = Daemon(alerting(target, receiver, DOWN))
    try:
        daemon.start()
        silence = daemon.call("alert.silence", matchers=["instance=web"], comment="planned", **{"for": "1h"})
        target.down()
        eventually(lambda: daemon.call("alert.list"), what="the alert in the list")
        time.sleep(1)
        assert not receiver.deliveries, bodies(receiver)
        daemon.call("alert.unsilence", id=silence["id"])
        eventually(lambda: receiver.deliveries, what="the alert after the silence")
    finally:
        daemon.remove()
        receiver.close()


def a_maintenance_window_silences_its_services():
    target, receiver = Target(), Receiver()
    window = ('maintenance = ( { name = "always"; services = ["web/*"]; start = "'
              + time.strftime("%H:%M", time.gmtime(time.time() - 3600)) + '"; duration = "5h"; } );')
    daemon = Daemon(alerting(target, receiver, DOWN, window))
    try:
        daemon.start()
        eventually(lambda: in_state(daemon, "web/api", "ok"), what="ok")
        daemon.call("reload")
        eventually(lambda: daemon.call("alert.silences"), what="the silence of the window")
        assert eventually(lambda: (check(daemon, "web/api") or {}).get("maintenance"), what="the mark")
        target.down()
        eventually(lambda: daemon.call("alert.list"), what="the alert in the list")
        time.sleep(1)
        assert not receiver.deliveries, bodies(receiver)
        daemon.write(alerting(target, receiver, DOWN))
        daemon.call("reload")
        eventually(lambda: not daemon.call("alert.silences"), what="the silence's end with the window that was taken out")
        eventually(lambda: receiver.deliveries, what="the alert after the window")
    finally:
        daemon.remove()
        receiver.close()


def a_condition_must_hold_for_its_duration():
    target, receiver = Target(), Receiver()
    rule = DOWN.replace('for = "0s"', 'for = "1s"')
    daemon = Daemon(alerting(target, receiver, rule))
    try:
        daemon.start()
        eventually(lambda: in_state(daemon, "web/api", "ok"), what="ok")
        start = time.monotonic()
        target.down()
        eventually(lambda: receiver.deliveries, what="the alert")
        assert time.monotonic() - start >= 0.9, "it fired before its time"
    finally:
        daemon.remove()
        receiver.close()


def a_reload_adds_and_removes_collectors_and_leaves_the_others_alone():
    one, two = Target(), Target()
    first = f'{{ plugin = "http"; name = "one"; interval = "200ms"; url = "{one.url}"; }}'
    second = f'{{ plugin = "http"; name = "two"; interval = "200ms"; url = "{two.url}"; }}'
    daemon = Daemon(f"collectors = ( {first} );")
    try:
        daemon.start()
        eventually(lambda: [c for c in daemon.call("collector.list") if c["calls"] > 2], what="calls")
        daemon.write(f"collectors = ( {first}, {second} );")
        daemon.call("reload")
        eventually(lambda: len(daemon.call("collector.list")) == 2, what="the second")
        rows = {c["instance"]: c for c in daemon.call("collector.list")}
        assert rows["one"]["calls"] > 2, rows
        daemon.write(f"collectors = ( {second} );")
        daemon.call("reload")
        eventually(lambda: [c["instance"] for c in daemon.call("collector.list")] == ["two"], what="the removal")
        names = {c["instance"] for c in daemon.call("health.check")["checks"]}
        assert names == {"two"}, names
    finally:
        daemon.remove()
        one.down()
        two.down()


def a_target_that_leaves_the_configuration_takes_its_alert_and_its_state_along():
    target, other, receiver = Target(), Target(), Receiver()
    daemon = Daemon(alerting(target, receiver, DOWN))
    try:
        daemon.start()
        eventually(lambda: in_state(daemon, "web/api", "ok"), what="ok")
        target.down()
        eventually(lambda: daemon.call("alert.list"), what="the alert")
        daemon.write(alerting(other, receiver, DOWN).replace('name = "api"', 'name = "new"'))
        daemon.call("reload")
        eventually(lambda: in_state(daemon, "web/new", "ok"), what="the new target")
        eventually(lambda: not daemon.call("alert.list"), what="the end of the alert")
        eventually(lambda: not check(daemon, "web/api"), what="the end of the old state")
    finally:
        daemon.remove()
        other.down()
        receiver.close()


DEAD = ', { plugin = "tcp"; name = "dead"; interval = "300ms"; host = "127.0.0.1"; port = 1; }'


def degraded_host(receiver, more):
    return f"""collectors = ( {{ plugin = "system"; interval = "500ms"; }} {more} );
alerts = {{ channels = ( {{ plugin = "webhook"; name = "ops"; url = "{receiver.url}"; }} ); }};"""


def a_restart_makes_nothing_look_better_and_a_collector_that_left_ends_its_alerts():
    receiver = Receiver()
    daemon = Daemon(degraded_host(receiver, DEAD))
    try:
        daemon.start()
        eventually(lambda: receiver.deliveries, what="the warning")
        told = len(receiver.deliveries)
        daemon.stop()
        daemon.start()
        time.sleep(2)
        assert len(receiver.deliveries) == told, bodies(receiver)[told:]
        daemon.stop()
        daemon.write(degraded_host(receiver, ""))
        daemon.start()
        eventually(lambda: not daemon.call("alert.list"), what="the end of the alert")
        eventually(lambda: bodies(receiver)[-1]["event"] == "resolved", what="the word of its end")
    finally:
        daemon.remove()
        receiver.close()


def pushed_heartbeats_keep_an_agent_alive():
    daemon = Daemon(f"""collectors = ( {{ plugin = "agent"; interval = "300ms";
        agents = ( {{ name = "steward"; port = {free_port()}; }} ); }} );""")
    try:
        daemon.start()
        eventually(lambda: check(daemon, "agent/steward"), what="the agent")
        for _ in range(5):
            daemon.call("agent.heartbeat", agent="steward", status="busy", task="count sheep")
            time.sleep(0.1)
        row = eventually(lambda: in_state(daemon, "agent/steward", "ok"), what="an agent kept alive by pushes")
        assert row, row
        try:
            daemon.call("agent.heartbeat", agent="nobody", status="ok")
            raise AssertionError("a heartbeat of an unknown agent was taken")
        except Failure as problem:
            assert problem.code in ("not_found", "config"), problem
    finally:
        daemon.remove()


def an_alert_goes_on_over_a_crash(agents, tier, more=""):
    """Of agents that are away: the same alerts are there after kill -9, and nobody is told that one is resolved."""
    receiver = Receiver()
    daemon = Daemon(f"""collectors = ( {{ plugin = "agent"; interval = "200ms"; {more} agents = ( {agents} ); }} );
isolation = {{ plugins = {{ agent = {{ tier = "{tier}"; }}; }}; }};
alerts = {{ channels = ( {{ plugin = "webhook"; name = "ops"; url = "{receiver.url}"; }} );
  rules = ( {{ name = "away"; expr = "agent.heartbeat_missed > 2"; severity = "critical"; for = "0s"; }} ); }};""")

    def firing():
        return {a["labels"]["target"]: a["id"] for a in daemon.call("alert.list") if a["rule"] == "away" and a["state"] == "firing"}

    try:
        daemon.start()
        yield daemon
        before = eventually(lambda: len(firing()) == agents.count("name") and firing(), what="the alerts")
        daemon.kill()
        daemon.start()
        eventually(lambda: [c for c in daemon.call("collector.list") if c["calls"] > 5], what="collections")
        time.sleep(0.5)
        assert firing() == before, (tier, before, firing())
        told = [(b["event"], b["alert"]) for b in bodies(receiver) if b["alert"]["rule"] == "away"]
        assert all(event != "resolved" for event, _ in told), (tier, told)
    finally:
        daemon.remove()
        receiver.close()


def the_alerts_of_absent_agents_go_on_over_a_crash_of_the_host():
    gone = Target()
    agents = f'{{ name = "gone"; url = "{gone.url}"; }}, {{ name = "never"; port = {free_port()}; }}'
    for daemon in an_alert_goes_on_over_a_crash(agents, "inproc"):
        eventually(lambda: in_state(daemon, "agent/gone", "ok"), what="an agent that answers")
        gone.down()


def the_alert_of_an_absent_agent_goes_on_in_a_worker_and_in_the_sandbox():
    for tier in ("process", "sandbox"):
        for daemon in an_alert_goes_on_over_a_crash('{ name = "steward"; }', tier, "poll = false;"):
            rows = daemon.call("collector.list")
            assert [r["tier"] for r in rows] == [tier], rows


def a_preset_watches_with_an_option_of_its_own():
    target = Target()
    daemon = Daemon(f"""collectors = ( {{ plugin = "gateway"; interval = "200ms"; url = "http://127.0.0.1:{target.port}"; }} );""")
    try:
        daemon.start()
        rows = eventually(lambda: [c for c in daemon.call("health.check")["checks"] if c["state"] == "ok"], what="ok")
        assert rows[0]["instance"] == "gateway", rows
    finally:
        daemon.remove()
        target.down()


def a_real_nagios_check_runs_unchanged():
    plugin = "/usr/lib/nagios/plugins/check_dummy"
    if not os.path.exists(plugin):
        raise AssertionError("monitoring-plugins are not installed")
    daemon = Daemon(f"""collectors = ( {{ plugin = "exec"; interval = "500ms"; checks = (
        {{ name = "good"; command = ["{plugin}", "0", "fine|t=7ms"]; }},
        {{ name = "bad"; command = ["{plugin}", "2", "broken"]; }} ); }} );""")
    try:
        daemon.start()
        eventually(lambda: in_state(daemon, "exec/good", "ok"), what="ok")
        row = eventually(lambda: in_state(daemon, "exec/bad", "critical"), what="critical")
        assert "broken" in row["output"], row
    finally:
        daemon.remove()


HELPERS = ("an_alert_goes_on_over_a_crash", "degraded_host", "check", "in_state", "web", "alerting", "bodies", "eventually", "free_port", "run")
run([value for name, value in list(globals().items())
     if callable(value) and getattr(value, "__module__", None) == "__main__" and not isinstance(value, type)
     and name not in HELPERS])
