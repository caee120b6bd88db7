"""Real PostgreSQL and Redis servers come, go and come back under the eyes of the host. SPDX-License-Identifier: MIT"""

import glob
import os
import shutil
import subprocess
import tempfile

from harness import Daemon, eventually, free_port, run

PASSWORD = "s3cret-of-this-test"


class Server:
    """A server in a folder of its own; as root it runs as nobody, because PostgreSQL refuses to be root."""

    def __init__(self, name):
        self.dir = tempfile.mkdtemp(prefix=f"openclaw-{name}-")
        self.port = free_port()
        self.user = "nobody" if os.geteuid() == 0 else None
        if self.user:
            shutil.chown(self.dir, self.user)

    def command(self, *words):
        subprocess.run(words, check=True, user=self.user, cwd="/", stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=90)

    def remove(self):
        try:
            self.stop()
        except subprocess.CalledProcessError:
            pass  # the test has stopped it
        shutil.rmtree(self.dir, ignore_errors=True)


class Redis(Server):
    def __init__(self):
        super().__init__("redis")
        self.start()

    def start(self):
        self.command("redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.dir, "--save", "",
                     "--requirepass", PASSWORD, "--daemonize", "yes", "--logfile", os.path.join(self.dir, "log"))

    def stop(self):
        self.command("redis-cli", "-p", str(self.port), "-a", PASSWORD, "shutdown", "nosave")


class Postgres(Server):
    def __init__(self):
        super().__init__("postgres")
        self.bin = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        self.data = os.path.join(self.dir, "data")
        pw = os.path.join(self.dir, "pw")
        with open(pw, "w") as f:
            f.write(PASSWORD)
        self.command(f"{self.bin}/initdb", "-D", self.data, "-U", "watcher", "--pwfile", pw, "--auth", "scram-sha-256",
                     "--no-sync", "--no-locale", "-E", "UTF8")
        self.start()

    def start(self):
        self.command(f"{self.bin}/pg_ctl", "-D", self.data, "-w", "-t", "60", "-l", f"{self.dir}/log", "-o",
                     f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.dir} -c fsync=off",
                     "start")

    def stop(self):
        self.command(f"{self.bin}/pg_ctl", "-D", self.data, "-w", "-m", "immediate", "stop")


def hard(daemon, service):
    """The state of a service once it is hard, else None."""
    for row in daemon.call("health.check")["checks"]:
        if row["service"] == service and row["hard"]:
            return row["state"]
    return None


def latest(daemon, metric):
    rows = daemon.call("metrics.list", selector=metric)
    return rows[0]["value"] if rows else None


def goes_and_comes_back(server, config, metrics, alert):
    daemon = Daemon(f"collectors = ( {config} );")
    try:
        daemon.start()
        eventually(lambda: hard(daemon, "main") == "ok", what="ok")
        for metric in metrics:
            eventually(lambda m=metric: latest(daemon, m) is not None, what=metric)
        server.stop()
        eventually(lambda: hard(daemon, "main") == "critical", what="hard critical")
        eventually(lambda: alert in [a["rule"] for a in daemon.call("alert.list")], what=f"the alert {alert}")
        server.start()
        eventually(lambda: hard(daemon, "main") == "ok", what="the recovery")
        eventually(lambda: alert not in [a["rule"] for a in daemon.call("alert.list")], what="the end of the alert")
        assert daemon.stop() == 0
        assert PASSWORD not in daemon.output()
    finally:
        daemon.remove()
        server.remove()


def a_redis_server_goes_and_comes_back():
    server = Redis()
    goes_and_comes_back(server, f"""{{ plugin = "redis"; name = "main"; interval = "300ms"; timeout = "2s";
      url = "redis://:{PASSWORD}@127.0.0.1:{server.port}"; }}""",
                        ["redis.latency_ms", "redis.memory_used_bytes", "redis.clients"], "redis_connection_failed")


def a_postgresql_server_goes_and_comes_back():
    server = Postgres()
    goes_and_comes_back(server, f"""{{ plugin = "postgres"; name = "main"; interval = "300ms"; timeout = "2s";
      dsn = "postgresql://watcher:{PASSWORD}@127.0.0.1:{server.port}/postgres"; }}""",
                        ["postgres.query_ms", "postgres.max_connections", "postgres.database_bytes"], "database_connection_failed")


run([a_redis_server_goes_and_comes_back, a_postgresql_server_goes_and_comes_back])
