"""The OpenAPI document held against the host by programs that others wrote. SPDX-License-Identifier: MIT

openapi-spec-validator says whether it is OpenAPI 3.1; schemathesis asks every path what the document allows and what it does
not, and looks whether the answers are as it says: as viewer, operator, admin (with everything that destroys, in a scratch
home) and without credentials. They are installed once into a folder of the build; where that cannot be done, the test is
skipped. OC_FULL=1 adds random data, sequences of requests, and a client that openapi-python-client makes of the document.
"""

import http.server
import os
import re
import shutil
import subprocess
import sys
import threading

import harness
from harness import Daemon
from rest import Rest

HERE = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(os.path.abspath(harness.BUILD), "venv-openapi")
PINNED = ["schemathesis==4.32.5", "openapi-spec-validator==0.9.0"]
GENERATOR = ["openapi-python-client==0.29.1"]


def tools(venv=VENV, pinned=PINNED):
    """The folder of the programs; ends the test where they cannot be had."""
    done = os.path.join(venv, "pinned")
    if not os.path.exists(done) or open(done, encoding="ascii").read() != "\n".join(pinned):
        for words in (["/usr/bin/python3", "-m", "venv", venv], [f"{venv}/bin/pip", "install", "--quiet", *pinned]):
            made = subprocess.run(words, capture_output=True, text=True, check=False)
            if made.returncode != 0:
                print(f"skipped: {' '.join(words[:4])}: {made.stderr.strip()[-300:]}")
                sys.exit(77)
        with open(done, "w", encoding="ascii") as f:
            f.write("\n".join(pinned))
    return f"{venv}/bin"


class Gateway(http.server.BaseHTTPRequestHandler):
    """As much of LiteLLM as its collector needs: paths about it would otherwise say 503, there is none."""

    def do_GET(self):
        body = b'litellm_spend_metric_total{model="m"} 1.5\n' if self.path.startswith("/metrics") else b'{"status":"healthy","data":[]}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def start():
    gateway = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    threading.Thread(target=gateway.serve_forever, daemon=True).start()
    d = Daemon('collectors = ( { plugin = "system"; interval = "1s"; },\n'
               '  { plugin = "litellm"; interval = "1s"; url = "http://127.0.0.1:%d"; } );\n'
               'api = { status_page = true; listen = ( { port = 0; } ); };\n' % gateway.server_address[1], api=True)
    os.chdir(d.home)  # a relative path that is made up ends here
    d.start()
    d.call("health.check", wait="10s")
    # lists with something in them
    d.call("alert.silence", matchers=["cpu"], comment="x", **{"for": "2h"})
    d.call("cost.budget.set", agent="a", limit=5)
    labels = {"alertname": "DiskFull", "severity": "critical", "mount": "/"}
    answer = Rest(d.url, d.token("operator")).post("/api/v2/alerts", [{"labels": labels, "annotations": {"summary": "x"}}])
    assert answer.status == 200, answer.body
    return d, gateway


def end(d, gateway):
    os.chdir(HERE)
    d.remove()
    gateway.shutdown()
    gateway.server_close()


def document(d):
    answer = Rest(d.url, d.token("viewer")).get("/api/openapi.json")
    path = os.path.join(d.home, "openapi.json")
    with open(path, "wb") as f:
        f.write(answer.body)
    return path


def hold(role, phases, *more):
    """Runs schemathesis as this role; every failure is one of the test, and so is a host that did not survive it."""
    bin_dir = tools()
    d, gateway = start()
    try:
        work = shutil.copytree(f"{HERE}/schemathesis", f"{d.home}/schemathesis")  # it leaves a folder where it runs
        words = [f"{bin_dir}/schemathesis", "--config-file", f"{work}/schemathesis.toml", "run", document(d),
                 "--url", d.url, "--checks", "all", "--phases", phases, "--generation-allow-x00", "false", "--workers", "1",
                 "--no-color", "--header", "Connection: close", "--request-timeout", "30", *more]
        # one worker: with two, CPython's parser, which hypothesis asks for the text of lambdas, fails now and then
        if role:
            words += ["--header", f"Authorization: Bearer {d.token(role)}"]
        done = subprocess.run(words, cwd=work, capture_output=True, text=True, check=False,
                              env={**os.environ, "HOME": d.home})
        assert done.returncode == 0, done.stdout[-60000:] + done.stderr[-1000:]
        assert d.process.poll() is None, d.output()[-3000:]
        said = re.search(r"(\d+) generated", done.stdout)
        assert said and int(said.group(1)) > 200, done.stdout[-2000:]
        print(f"      {role or 'nobody'}: {said.group(1)} requests", flush=True)
        assert d.stop() == 0, d.output()[-3000:]
    finally:
        end(d, gateway)


def test_the_document_is_openapi_3_1():
    bin_dir = tools()
    d, gateway = start()
    try:
        done = subprocess.run([f"{bin_dir}/openapi-spec-validator", document(d)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        d.stop()
        end(d, gateway)


def test_every_path_is_as_the_document_says_for_an_admin():
    hold("admin", "coverage")


def test_without_credentials_nothing_is_told():
    hold(None, "fuzzing", "--max-examples", "2")


def test_a_client_made_of_the_document_gets_along_with_the_host():
    bin_dir = tools(VENV + "-client", GENERATOR)
    d, gateway = start()
    try:
        made = subprocess.run([f"{bin_dir}/openapi-python-client", "generate", "--path", document(d), "--meta", "none",
                               "--output-path", f"{d.home}/made/client"], capture_output=True, text=True, check=False,
                              env={**os.environ, "PATH": f"{bin_dir}:{os.environ['PATH']}"})
        assert made.returncode == 0, made.stdout[-6000:] + made.stderr[-3000:]
        assert made.stdout.count("WARNING") <= 1, made.stdout[-6000:]  # it knows no content of the type image/svg+xml
        done = subprocess.run([f"{bin_dir}/python", f"{HERE}/schemathesis/newcomer.py", d.url, d.token("operator")],
                              env={**os.environ, "PYTHONPATH": f"{d.home}/made"}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        assert d.stop() == 0, d.output()[-3000:]
    finally:
        end(d, gateway)


def test_random_data_and_sequences_as_an_admin():
    hold("admin", "examples,coverage,fuzzing,stateful", "--max-examples", "50")


def test_random_data_as_an_operator():
    hold("operator", "examples,coverage,fuzzing", "--max-examples", "20")


def test_random_data_as_a_viewer():
    hold("viewer", "examples,coverage,fuzzing", "--max-examples", "20")


def test_random_data_without_credentials():
    hold(None, "coverage,fuzzing", "--max-examples", "20")


def main():
    tests = [test_the_document_is_openapi_3_1, test_every_path_is_as_the_document_says_for_an_admin,
             test_without_credentials_nothing_is_told]
    if harness.FULL:
        tests += [test_a_client_made_of_the_document_gets_along_with_the_host, test_random_data_and_sequences_as_an_admin, test_random_data_as_an_operator, test_random_data_as_a_viewer,
                  test_random_data_without_credentials]
    harness.run(tests)


if __name__ == "__main__":
    main()
