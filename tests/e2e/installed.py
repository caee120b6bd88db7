"""What `./dev install` leaves behind is whole: the installed host serves its API. SPDX-License-Identifier: MIT"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

BUILD = os.environ["OC_BUILD_DIR"]


def main():
    folder = tempfile.mkdtemp(prefix="openclaw-installed-")
    host = None
    try:
        prefix, home = f"{folder}/prefix", f"{folder}/home"
        subprocess.run(["cmake", "--install", BUILD, "--prefix", prefix], check=True, stdout=subprocess.DEVNULL)
        os.mkdir(home)
        with open(f"{home}/openclaw.conf", "w", encoding="utf-8") as file:
            file.write("collectors = ();\napi = { listen = ( { port = 0; } ); };\n")
        env = {k: v for k, v in os.environ.items() if not k.startswith("OPENCLAW_")} | {"OPENCLAW_HOME": home}
        with open(f"{folder}/log", "wb") as log:
            host = subprocess.Popen([f"{prefix}/bin/openclawd", "--foreground"], env=env, stdout=log, stderr=log)
        url, deadline = "", time.monotonic() + 30
        while not url and time.monotonic() < deadline and host.poll() is None:
            time.sleep(0.1)
            done = subprocess.run([f"{prefix}/bin/openclaw", "api", "listeners"], env=env, capture_output=True, text=True)
            url = next((word for word in done.stdout.split() if word.startswith("http://")), "")
        with open(f"{folder}/log", encoding="utf-8") as log:
            assert url, log.read()
        with urllib.request.urlopen(f"{url}/healthz", timeout=10) as answer:
            assert answer.status == 200
        host.send_signal(signal.SIGTERM)
        assert host.wait(30) == 0
    finally:
        if host and host.poll() is None:
            host.kill()
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
