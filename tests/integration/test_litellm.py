"""The real LiteLLM proxy, with a model that answers by itself: no call leaves this machine and none is billed.

Its installation downloads some hundred packages, so this test runs only with OC_FULL=1 (`./dev test --full`); the
environment is kept in the build folder. SPDX-License-Identifier: MIT
"""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request

from harness import BUILD, FULL, Daemon, eventually, free_port, run

SKIPPED = 77
# 1.82.7 and 1.82.8 were published by a thief of the project's credentials; do not go back to them.
LITELLM = "1.100.5"
KEY = "sk-of-this-test"

CONFIG = f"""
model_list:
  - model_name: echo
    litellm_params: {{model: openai/echo, api_key: none, mock_response: pong}}
general_settings: {{master_key: {KEY}}}
litellm_settings:
  callbacks: [prometheus]
  require_auth_for_metrics_endpoint: true
  telemetry: false
"""


def installed():
    """The proxy's program, in an environment of its own below the build folder."""
    venv = os.path.join(os.path.abspath(BUILD), f"venv-litellm-{LITELLM}")
    program = os.path.join(venv, "bin", "litellm")
    if not os.path.exists(os.path.join(venv, "complete")):
        shutil.rmtree(venv, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([os.path.join(venv, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check",
                        f"litellm[proxy]=={LITELLM}", "prometheus_client"], check=True)
        with open(os.path.join(venv, "complete"), "w"):
            pass
    return program


class Proxy:
    def __init__(self, home):
        self.port = free_port()
        self.log_path = os.path.join(home, "proxy.log")
        config = os.path.join(home, "proxy.yaml")
        with open(config, "w") as f:
            f.write(CONFIG)
        # A bare environment: no credential of whoever runs the tests reaches the proxy, and it fetches no price list.
        env = {"PATH": os.environ["PATH"], "HOME": home, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
        self.log = open(self.log_path, "wb")
        self.process = subprocess.Popen([installed(), "--config", config, "--host", "127.0.0.1", "--port", str(self.port)],
                                        env=env, cwd=home, stdout=self.log, stderr=self.log)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def complete(self):
        body = json.dumps({"model": "echo", "messages": [{"role": "user", "content": "ping"}]}).encode()
        request = urllib.request.Request(self.url + "/v1/chat/completions", body, {
            "Content-Type": "application/json", "Authorization": "Bearer " + KEY})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)["choices"][0]["message"]["content"]

    def requests(self):
        """The paths in the access log."""
        with open(self.log_path, errors="replace") as f:
            return re.findall(r'"[A-Z]+ (\S+) HTTP/1\.1" \d+', f.read())

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)
        self.log.close()


def state_of(daemon, service):
    for row in daemon.call("health.check")["checks"]:
        if row["service"] == service:
            return row["state"]
    return None


def value_of(daemon, metric):
    """The sum of the latest values of every series of that name."""
    rows = daemon.call("metrics.list", selector=metric)
    return sum(row["value"] for row in rows) if rows else None


def watch(daemon, proxy):
    eventually(lambda: state_of(daemon, "gate") == "ok", timeout=90, what="an OK of the readiness")
    eventually(lambda: state_of(daemon, "gate/liveliness") == "ok", what="an OK of the liveliness")
    eventually(lambda: state_of(daemon, "gate-metrics") == "ok", what="a scrape of the metrics")

    assert proxy.complete() == "pong"
    # 30 is what the proxy itself counts for an answer that it made up.
    eventually(lambda: value_of(daemon, "litellm_total_tokens_metric_total") == 30, what="the tokens")
    eventually(lambda: value_of(daemon, "litellm_proxy_total_requests_metric_total") == 1, what="the request")

    paths = proxy.requests()
    assert "/health/readiness" in paths and "/health/liveliness" in paths, paths
    assert "/health" not in paths, "/health makes a billed call to every model"

    proxy.stop()
    eventually(lambda: state_of(daemon, "gate") == "critical", what="the proxy's end")
    eventually(lambda: state_of(daemon, "gate/liveliness") == "critical", what="the end of its liveliness")


def the_preset_watches_a_real_proxy_and_never_asks_its_models():
    daemon = Daemon()
    proxy = Proxy(daemon.home)
    daemon.write(f"""collectors = ( {{ plugin = "litellm"; name = "gate"; interval = "500ms"; url = "{proxy.url}";
      master_key = "{KEY}"; timeout = "2s"; }} );""")
    try:
        daemon.start()
        watch(daemon, proxy)
        assert KEY not in daemon.output(), "the log shows the master key"
        assert daemon.stop() == 0
    finally:
        proxy.stop()
        daemon.remove()


if not FULL:
    print("skipped: it installs the LiteLLM proxy from PyPI; OC_FULL=1 runs it")
    sys.exit(SKIPPED)
run([the_preset_watches_a_real_proxy_and_never_asks_its_models])
