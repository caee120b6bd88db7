"""The real LiteLLM proxy with models that answer by themselves, for tests. SPDX-License-Identifier: MIT

No call leaves this machine and none is billed. `installed()` is its program, in an environment of its own below the build
folder; making it downloads some hundred packages, so without OC_FULL=1 only one that is already there is used.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

from harness import BUILD, FULL, free_port

# 1.82.7 and 1.82.8 were published by a thief of the project's credentials; do not go back to them.
LITELLM = "1.100.5"
KEY = "sk-of-this-test"

# 10 input and 20 output tokens are what the proxy itself counts for an answer that it made up.
INPUT, OUTPUT = 10, 20

CONFIG = f"""
model_list:
  - model_name: minimax/MiniMax-M2.7
    litellm_params: {{model: openai/MiniMax-M2.7, api_key: none, mock_response: pong,
                     input_cost_per_token: 0.0000001, output_cost_per_token: 0.0000004}}
  - model_name: agent/steward
    litellm_params: {{model: openai/MiniMax-M2.7, api_key: none, mock_response: pong,
                     input_cost_per_token: 0.0000001, output_cost_per_token: 0.0000004}}
  - model_name: agent/coder
    litellm_params: {{model: openai/gpt-4o, api_key: none, mock_response: pong}}
  - model_name: costly
    litellm_params: {{model: openai/gpt-4o, api_key: none, mock_response: pong,
                     input_cost_per_token: 0.001, output_cost_per_token: 0.002}}
    model_info: {{agent_id: dreamer}}
  - model_name: unheard-of
    litellm_params: {{model: openai/nobody-knows-this, api_key: none, mock_response: pong}}
general_settings: {{master_key: {KEY}}}
litellm_settings:
  callbacks: [prometheus]
  require_auth_for_metrics_endpoint: true
  telemetry: false
"""


def environment():
    return os.path.join(os.path.abspath(BUILD), f"venv-litellm-{LITELLM}")


def available():
    """Whether the proxy is there or can be installed; with OC_FULL=1 it must be."""
    try:
        installed()
        return True
    except subprocess.CalledProcessError:
        if FULL:
            raise
        return False


def installed():
    venv = environment()
    if not os.path.exists(os.path.join(venv, "complete")):
        shutil.rmtree(venv, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([os.path.join(venv, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check",
                        f"litellm[proxy]=={LITELLM}", "prometheus_client"], check=True)
        with open(os.path.join(venv, "complete"), "w"):
            pass
    return os.path.join(venv, "bin", "litellm")


class Proxy:
    def __init__(self, home, config=CONFIG):
        self.home = home
        self.port = free_port()
        self.log_path = os.path.join(home, "proxy.log")
        self.config = os.path.join(home, "proxy.yaml")
        with open(self.config, "w") as f:
            f.write(config)
        self.start()

    def start(self):
        # A bare environment: no credential of whoever runs the tests reaches the proxy, and it fetches no price list.
        env = {"PATH": os.environ["PATH"], "HOME": self.home, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
        self.log = open(self.log_path, "ab")
        self.process = subprocess.Popen([installed(), "--config", self.config, "--host", "127.0.0.1", "--port", str(self.port)],
                                        env=env, cwd=self.home, stdout=self.log, stderr=self.log)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def wait(self, timeout=120):
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(self.url + "/health/liveliness", timeout=2):
                    return
            except (OSError, urllib.error.URLError):
                assert self.process.poll() is None, open(self.log_path, errors="replace").read()
                time.sleep(0.2)
        raise AssertionError("the proxy did not answer")

    def complete(self, model):
        """One call; its answer, or the status it was refused with."""
        body = json.dumps({"model": model, "messages": [{"role": "user", "content": "ping"}]}).encode()
        request = urllib.request.Request(self.url + "/v1/chat/completions", body, {
            "Content-Type": "application/json", "Authorization": "Bearer " + KEY})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.load(answer)["choices"][0]["message"]["content"]
        except urllib.error.HTTPError as e:
            return e.code

    def page(self):
        request = urllib.request.Request(self.url + "/metrics/", headers={"Authorization": "Bearer " + KEY})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read().decode()

    def requests(self):
        """The paths in the access log."""
        with open(self.log_path, errors="replace") as f:
            return re.findall(r'"[A-Z]+ (\S+) HTTP/1\.1" \d+', f.read())

    def hang(self):
        os.kill(self.process.pid, signal.SIGSTOP)

    def wake(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def stop(self):
        if self.process.poll() is None:
            self.wake()
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(20)
        self.log.close()
