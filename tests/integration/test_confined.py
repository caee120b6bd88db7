"""Bundled plugins in the sandbox: what their permissions name works, and nothing beside it. SPDX-License-Identifier: MIT"""

import socket
import threading

from harness import Daemon, eventually, free_port, run


def config(collectors, plugins, require="available"):
    return (f'isolation = {{ require = "{require}"; plugins = {{ {plugins} }}; }};\n'
            f"collectors = ( {collectors} );\n")


def sandboxed(*names):
    return " ".join(f'{n} = {{ tier = "sandbox"; }};' for n in names)


def row(daemon, instance):
    return next((r for r in daemon.call("collector.list") if r["instance"] == instance), {})


def checks(daemon, instance):
    return [c for c in daemon.call("health.check")["checks"] if c["service"] == instance or c["host"] == instance or
            c.get("instance") == instance]


def last(daemon, selector):
    try:
        series = daemon.call("metrics.query", selector=selector, since="1m", step="0")["series"]
    except Exception:  # there is no such series yet
        return None
    return series[0]["last"] if series else None


class Listener:
    """Accepts connections and closes them."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.accepted = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            self.accepted += 1
            peer.close()


def with_daemon(check, text, env=None):
    daemon = Daemon(text, env=env)
    try:
        daemon.start()
        check(daemon)
        assert daemon.stop() == 0, daemon.output()[-2000:]
    finally:
        daemon.remove()


def the_system_is_read_through_the_sandbox():
    def check(daemon):
        eventually(lambda: (last(daemon, "system.memory_percent") or 0) > 0, what="a sample")
        assert row(daemon, "system")["state"] in ("ready", "busy"), row(daemon, "system")
        assert row(daemon, "system")["failures"] == 0, row(daemon, "system")
        assert row(daemon, "system")["tier"] == "sandbox"
    with_daemon(check, config('{ plugin = "system"; interval = "300ms"; }', sandboxed("system")))


def a_connection_is_made_to_a_port_that_is_permitted():
    listener = Listener()

    def check(daemon):
        eventually(lambda: last(daemon, "tcp.up") == 1, what="the connection")
        assert listener.accepted >= 1
    with_daemon(check, config(f'{{ plugin = "tcp"; host = "127.0.0.1"; port = {listener.port}; interval = "300ms"; }}',
                              sandboxed("tcp")))


def a_connection_to_another_port_is_refused_by_the_kernel():
    listener = Listener()

    def check(daemon):
        eventually(lambda: row(daemon, "redis").get("calls", 0) >= 2, what="calls")
        assert listener.accepted == 0, "it got through"
    with_daemon(check, config(f'{{ plugin = "redis"; url = "redis://127.0.0.1:{listener.port}"; interval = "300ms"; }}',
                              sandboxed("redis")))


def a_program_has_the_rights_of_its_plugin():
    rows = ('{ plugin = "exec"; name = "may"; interval = "300ms"; command = ["/usr/bin/true"]; }, '
            '{ plugin = "exec"; name = "may_not"; interval = "300ms"; command = ["/usr/bin/head", "/etc/shadow"]; }')

    def check(daemon):
        eventually(lambda: last(daemon, 'exec.state{instance="may"}') == 0, what="the program")
        eventually(lambda: (last(daemon, 'exec.state{instance="may_not"}') or 0) > 0, what="the refusal")
    with_daemon(check, config(rows, sandboxed("exec")))


def an_old_kernel_is_said_and_full_isolation_refuses_it():
    rows = f'{{ plugin = "tcp"; host = "127.0.0.1"; port = {free_port()}; interval = "300ms"; }}, ' \
           f'{{ plugin = "redis"; url = "redis://127.0.0.1:{free_port()}"; interval = "300ms"; }}'
    plugins = sandboxed("tcp", "redis")

    def available(daemon):
        eventually(lambda: row(daemon, "redis").get("calls", 0) >= 1, what="calls")
        info = daemon.call("plugin.info", name="redis")
        assert info["kernel"]["landlock"] == 3, info["kernel"]
        assert any("ports of TCP" in text for text in info["unenforced"]), info["unenforced"]
        by = {r["permission"]: r["enforced"] for r in info["rights"]}
        assert by["network:tcp:6379"] == "partly", by

    def full(daemon):
        eventually(lambda: row(daemon, "redis").get("state") == "failed", what="the refusal")
        assert "Landlock 4" in row(daemon, "redis")["last_error"], row(daemon, "redis")
    old = {"OPENCLAW_KERNEL": "landlock=3"}
    with_daemon(available, config(rows, plugins), env=old)
    with_daemon(full, config(rows, plugins, require="full"), env=old)


def full_isolation_starts_where_the_kernel_can():
    def check(daemon):
        if daemon.call("plugin.info", name="system")["kernel"]["landlock"] >= 6:
            eventually(lambda: row(daemon, "system").get("calls", 0) >= 1, what="calls")
    with_daemon(check, config('{ plugin = "system"; interval = "300ms"; }', sandboxed("system"), require="full"))


run([the_system_is_read_through_the_sandbox, a_connection_is_made_to_a_port_that_is_permitted,
     a_connection_to_another_port_is_refused_by_the_kernel, a_program_has_the_rights_of_its_plugin,
     an_old_kernel_is_said_and_full_isolation_refuses_it, full_isolation_starts_where_the_kernel_can])
