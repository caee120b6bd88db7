"""Completion in bash, zsh and fish gives the values that only the host knows. SPDX-License-Identifier: MIT"""

import json
import os
import re
import shlex
import shutil
import subprocess

import harness
from harness import Daemon, eventually
from monitoring import http

BASH = 'source "$0"; COMP_LINE=$1; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _openclaw; printf "%s\\n" "${COMPREPLY[@]}"'


def cli(daemon, *words):
    return subprocess.run([f"{harness.BUILD}/bin/openclaw", *words], env=daemon.env, capture_output=True, text=True, timeout=120)


def in_bash(env, script, *words):
    """The answer for the last word; a function is given the words as COMP_WORDBREAKS divides them, and the line as it was typed."""
    divided = [part for word in words for part in re.split("([=:]+)", word) if part or not word]
    return subprocess.run(["bash", "-c", BASH, script, " ".join(["openclaw", *words]), "openclaw", *divided], env=env, capture_output=True,
                          text=True, timeout=60)


def the_ids_and_names_of_the_host_are_completed():
    daemon = Daemon(api=True)
    daemon.write('collectors = ();\nalerts = { channels = ( { plugin = "file"; name = "notes"; path = "%s/a"; } ); };\n' % daemon.home)
    env = {**daemon.env, "PATH": f"{harness.BUILD}/bin:{os.environ['PATH']}"}
    try:
        daemon.start()
        token = daemon.token("operator")
        http(f"{daemon.url}/api/v2/alerts", method="POST", token=token, headers={"Content-Type": "application/json"},
             body=json.dumps([{"labels": {"alertname": "A"}, "endsAt": "2099-01-01T00:00:00Z"}]).encode())
        alert = eventually(lambda: json.loads(cli(daemon, "--json", "alert", "list").stdout)["data"], what="the alert")[0]["id"]
        silence = json.loads(cli(daemon, "--json", "alert", "silence", "rule=B", "--for", "1h", "--comment", "$(touch %s/hit),`x`" % daemon.home).stdout)["data"]["id"]
        cli(daemon, "cron", "add", "nightly", "--every", "1h", "--op", "health.check")
        for shell in ("bash", "zsh", "fish"):
            with open(os.path.join(daemon.home, shell), "w") as f:
                f.write(cli(daemon, "completion", shell).stdout)
        wanted = {"governance vote last": "abstain", "help": "maintenance", "explain": "exit-codes", "alert ack": alert, "alert show": alert, "alert why": alert, "alert unsilence": silence, "alert test": "notes", "cron run": "nightly",
                  "runbook show": "agent-restart", "rules show": "high_cpu_usage", "plugin info": "file"}
        http(f"{daemon.url}/api/v2/alerts", method="POST", token=token, headers={"Content-Type": "application/json"},
             body=json.dumps([{"labels": {"alertname": "A", "over": "yes"}, "endsAt": "2099-01-01T00:00:00Z"}]).encode())
        rows = eventually(lambda: (r := json.loads(cli(daemon, "--json", "alert", "list").stdout)["data"])[1:] and r, what="another alert")
        over = next(row["id"] for row in rows if row["id"] != alert)
        http(f"{daemon.url}/api/v2/alerts", method="POST", token=token, headers={"Content-Type": "application/json"},
             body=json.dumps([{"labels": {"alertname": "A", "over": "yes"}, "endsAt": "2020-01-01T00:00:00Z"}]).encode())
        eventually(lambda: len(json.loads(cli(daemon, "--json", "alert", "list").stdout)["data"]) == 1, what="its end")
        for words, offered in (("alert ack", False), ("alert show", True)):
            answer = in_bash(env, os.path.join(daemon.home, "bash"), *words.split(), "")
            assert (over in answer.stdout.split()) == offered, (words, answer.stdout)
        for words, value in wanted.items():
            answer = in_bash(env, os.path.join(daemon.home, "bash"), *words.split(), value[:3])
            assert value in answer.stdout.split(), (words, value, answer.stdout, answer.stderr)
            if shutil.which("fish"):
                answer = subprocess.run(["fish", "--no-config", "-c", f"source {daemon.home}/fish; complete -C 'openclaw {words} {value[:3]}'"], env=env,
                                        capture_output=True, text=True, timeout=60)
                assert value in [line.split("\t")[0] for line in answer.stdout.splitlines()], (words, value, answer.stdout, answer.stderr)
            if shutil.which("zsh"):
                # What completion calls is replaced by a record of it.
                script = (f"compadd() {{ print -l -- \"$@\"; }}; _describe() {{ :; }}; _files() {{ :; }}; "
                          f"words=(openclaw {words} ''); CURRENT={len(words.split()) + 2}; compdef() {{ :; }}; source {daemon.home}/zsh; _openclaw")
                answer = subprocess.run(["zsh", "-f", "-c", script], env=env, capture_output=True, text=True, timeout=60)
                assert value in answer.stdout.split(), (words, value, answer.stdout, answer.stderr)
        assert not os.path.exists(os.path.join(daemon.home, "hit"))
    finally:
        daemon.remove()


def a_host_that_does_not_run_completes_nothing_and_says_nothing():
    daemon = Daemon()
    env = {**daemon.env, "PATH": f"{harness.BUILD}/bin:{os.environ['PATH']}"}
    try:
        with open(os.path.join(daemon.home, "bash"), "w") as f:
            f.write(cli(daemon, "completion", "bash").stdout)
        answer = in_bash(env, os.path.join(daemon.home, "bash"), "alert", "unsilence", "")
        assert answer.returncode == 0 and answer.stderr == "" and answer.stdout.strip() == "", (answer.stdout, answer.stderr)
    finally:
        daemon.remove()


def the_host_that_the_line_names_is_the_one_that_is_asked():
    daemon, nobody = Daemon("collectors = ();\n"), Daemon()
    env = {**nobody.env, "PATH": f"{harness.BUILD}/bin:{os.environ['PATH']}"}
    try:
        daemon.start()
        cli(daemon, "cron", "add", "nightly", "--every", "1h", "--op", "health.check")
        for shell in ("bash", "zsh", "fish"):
            with open(os.path.join(nobody.home, shell), "w") as f:
                f.write(cli(nobody, "completion", shell).stdout)
        for words in (["--home", daemon.home, "cron", "run"], ["cron", "run", "--home", f"'{daemon.home}'"],
                      ["--set", "host.name=x", "--set", f"host.home={daemon.home}", "cron", "run"], [f"--home={daemon.home}", "cron", "run"],
                      ["--set", "host.name=", f"--set=host.home={daemon.home}", "cron", "run"], ["--set", "host.name=a:b", "--home", daemon.home, "cron", "run"]):
            answer = in_bash(env, os.path.join(nobody.home, "bash"), *words, "")
            assert "nightly" in answer.stdout.split(), (words, answer)
            if shutil.which("fish"):
                answer = subprocess.run(["fish", "--no-config", "-c", f"source {nobody.home}/fish; complete -C \"openclaw {' '.join(words)} \""],
                                        env=env, capture_output=True, text=True, timeout=60)
                assert "nightly" in [line.split("\t")[0] for line in answer.stdout.splitlines()], (words, answer)
            if shutil.which("zsh"):
                script = (f"compadd() {{ print -l -- \"$@\"; }}; _describe() {{ :; }}; _files() {{ :; }}; "
                          f"words=(openclaw {' '.join(map(shlex.quote, words))} ''); CURRENT={len(words) + 2}; compdef() {{ :; }}; "
                          f"source {nobody.home}/zsh; _openclaw")
                answer = subprocess.run(["zsh", "-f", "-c", script], env=env, capture_output=True, text=True, timeout=60)
                assert "nightly" in answer.stdout.split(), (words, answer)
    finally:
        daemon.remove()
        nobody.remove()


if __name__ == "__main__":
    harness.run([the_ids_and_names_of_the_host_are_completed, the_host_that_the_line_names_is_the_one_that_is_asked, a_host_that_does_not_run_completes_nothing_and_says_nothing])
