#!/usr/bin/env python3
"""The dashboard as people use it: every view, live changes, actions, keyboard, phone, a great many checks. SPDX-License-Identifier: MIT"""

import glob
import http.client
import json
import os
import shutil
import subprocess

from harness import FULL, eventually, run
from world import SOURCE, WORK, World

VIEWS = {"Overview", "Alerts", "Services", "Agents", "Resources", "LiteLLM", "Agent messages", "Cron and jobs", "Deliberation", "Runbooks",
         "Plugins", "Logs", "Audit", "Settings"}
FOR_ADMINS = {"Audit"}


def with_world(checks, fn, wicked=True):
    world = World(checks, wicked)
    try:
        eventually(lambda: world.daemon.call("health.summary")["checks"]["total"] >= min(checks, 11), what="the checks")
        fn(world)
    finally:
        world.close()


def every_view_of_a_small_host():
    with_world(1, lambda w: w.drive("walk.mjs", roles=["viewer", "admin"], axe=FULL))


def every_view_of_a_host_with_all_sorts_of_things():
    """With and without a mouse, on a phone, and with plugins that come and go."""
    def look(world):
        seen = world.drive("walk.mjs", roles=["viewer", "admin"], axe=True, asides=True, full=FULL)["views"]
        for role in ("viewer", "admin"):
            wanted = VIEWS if role == "admin" else VIEWS - FOR_ADMINS
            assert set(seen[role]) == wanted, f"{role} sees {seen[role]}"
        world.drive("keys.mjs", axe=True)
        world.drive("plans.mjs", axe=True)
    with_world(11, look)


def what_happens_is_seen_and_what_is_done_happens():
    with_world(11, lambda w: print("   ", w.drive("live.mjs", axe=True)))


def people_find_what_they_need():
    with_world(11, lambda w: w.drive("looks.mjs", axe=True))


def a_thousand_checks_are_no_burden():
    def look(world):
        world.drive("walk.mjs", roles=["viewer", "admin"])
        figures = world.drive("speed.mjs")
        print("   ", figures)
        assert figures["checks"] >= 1000, figures
        # generous: the figures themselves are in docs/benchmarks.md, from a machine that does nothing else
        assert figures["first_contentful_paint_ms"] <= 5000, figures
        slow = {k: v for k, v in figures["actions_ms"].items() if v > 1000}
        assert not slow, slow
    with_world(1000, look)


def what_changes_in_a_policy_is_read_before_the_vote():
    with_world(11, lambda w: w.drive("changes.mjs"))


def the_public_page_tells_what_it_should():
    with_world(11, lambda w: w.drive("status.mjs"))


LIGHTHOUSE = "lighthouse@12.8.2"


def cookie_of(world):
    """What a browser has after signing in."""
    c = http.client.HTTPConnection("127.0.0.1", world.port)
    c.request("POST", "/login", body=f"secret={world.tokens['admin']}",
              headers={"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://127.0.0.1:{world.port}"})
    return c.getresponse().getheader("Set-Cookie").split(";")[0]


def lighthouse_finds_little():
    """With OC_FULL only: it has 200 packages of its own."""
    folder, report, headers = (os.path.join(WORK, name) for name in ("lighthouse", "lighthouse.json", "headers.json"))
    os.makedirs(folder, exist_ok=True)
    done = subprocess.run(["npm", "install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", LIGHTHOUSE], capture_output=True)
    if done.returncode:
        print("    npm cannot install lighthouse; left out")
        return

    def look(world):
        with open(headers, "w") as f:
            json.dump({"Cookie": cookie_of(world)}, f)
        for path in ("/", "/status"):
            subprocess.run([f"{folder}/node_modules/.bin/lighthouse", f"http://127.0.0.1:{world.port}{path}", "--quiet", "--output=json",
                            f"--output-path={report}", "--preset=desktop", "--only-categories=performance,accessibility,best-practices",
                            f"--extra-headers={headers}", "--chrome-flags=--headless --no-sandbox --disable-gpu"],
                           env={**os.environ, "CHROME_PATH": world.chromium}, check=True, timeout=180, capture_output=True)
            with open(report) as f:
                scores = {k: round(100 * v["score"]) for k, v in json.load(f)["categories"].items()}
            print("   ", path, scores)
            assert min(scores.values()) >= 95, scores
    with_world(1000, look)


def the_images_of_the_documentation_are_made():
    """With OC_SCREENSHOTS only, so that a test changes no file that git knows."""
    def shoot(world):
        for old in glob.glob(f"{WORK}/*.png"):
            os.remove(old)
        world.drive("shots.mjs")
        for path in glob.glob(f"{WORK}/*.png"):
            image = os.path.join(SOURCE, "docs", "images", os.path.basename(path))
            if shutil.which("pngquant"):  # a palette makes them a third as large
                subprocess.run(["pngquant", "--force", "--strip", "--output", image, "128", path], check=True)
            else:
                shutil.copy(path, image)
    with_world(11, shoot, wicked=False)


if __name__ == "__main__":
    run(([the_images_of_the_documentation_are_made] if os.environ.get("OC_SCREENSHOTS") else []) +
        [every_view_of_a_small_host, every_view_of_a_host_with_all_sorts_of_things, what_happens_is_seen_and_what_is_done_happens,
         people_find_what_they_need, a_thousand_checks_are_no_burden, what_changes_in_a_policy_is_read_before_the_vote,
         the_public_page_tells_what_it_should] + ([lighthouse_finds_little] if FULL else []))
