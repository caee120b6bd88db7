"""What `config set` lets through, what it refuses, and what it says beside that. SPDX-License-Identifier: MIT"""

import fcntl
import json
import os
import subprocess
import threading

from harness import BUILD, Daemon, run

BASE = "collectors = ();\n"
COOLDOWN = ("config", "set", "alerts.cooldown", "10m")


def cli(daemon, *words, config=None, **env):
    return subprocess.run([os.path.join(BUILD, "bin", "openclaw"), "--json", "--config", config or daemon.config, *words],
                          env={**daemon.env, **env}, capture_output=True, text=True, timeout=60)


def done(daemon, *words, **more):
    """The warnings of a command that succeeds."""
    answer = cli(daemon, *words, **more)
    assert answer.returncode == 0, (answer.stdout, answer.stderr)
    return " | ".join(json.loads(answer.stdout)["warnings"])


def with_a_home(test):
    daemon = Daemon()
    try:
        test(daemon)
        left = [name for name in os.listdir(daemon.home) if name.startswith(".")]
        assert left == [], f"left behind: {left}"
    finally:
        daemon.remove()


def put(daemon, name, text):
    path = os.path.join(daemon.home, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
        f.write(text)
    return path


def text_of(path):
    with open(path) as f:
        return f.read()


CHANNEL = 'alerts = {\n  cooldown = "1m";\n  channels = ( { plugin = "discord"; webhook_url = "%s"; } );\n};\n'


def a_secret_of_the_daemon_s_environment_is_no_error():
    def test(daemon):
        daemon.write(BASE + CHANNEL % "$env:OC_TEST_WEBHOOK")
        assert done(daemon, *COOLDOWN) == ""
        assert 'cooldown = "10m"' in text_of(daemon.config)
        answer = cli(daemon, "config", "validate")
        finding, = json.loads(answer.stdout)["data"]["findings"]
        assert answer.returncode == 0 and finding["warning"] and "OC_TEST_WEBHOOK is not set here" in finding["message"], finding
        answer = cli(daemon, "config", "validate", OC_TEST_WEBHOOK="https://discord.example/x")
        assert json.loads(answer.stdout)["data"]["findings"] == []
    with_a_home(test)


def two_errors_are_mended_one_by_one():
    def test(daemon):
        daemon.write(BASE + 'alerts = { cooldown = "soon"; };\nstore = { retention = "long"; };\n')
        assert "still has 1" in done(daemon, *COOLDOWN)
        answer = cli(daemon, "config", "set", "log.level", "loud")
        assert answer.returncode == 7 and "log.level" in answer.stdout, answer.stdout
        assert done(daemon, "config", "set", "store.retention", "7d") == ""
    with_a_home(test)


def what_is_included_from_another_folder_stays_there():
    def test(daemon):
        put(daemon, "secrets/url", "https://discord.example/x\n")
        put(daemon, "secrets/channels.conf", CHANNEL % "$file:url")
        daemon.write(BASE + '@include "secrets/channels.conf"\n')
        assert done(daemon, "config", "set", "store.retention", "7d") == ""
        assert done(daemon, "config", "validate") == ""
    with_a_home(test)


def a_large_file_can_be_edited():
    def test(daemon):
        lists = "".join(f"a{i}=[{','.join('1' * 400)}]\n" for i in range(1000))
        daemon.write(BASE + "x = {\n" + lists + '};\nalerts = { cooldown = "1m"; };\n')
        assert len(text_of(daemon.config)) < 1 << 20
        done(daemon, *COOLDOWN)
    with_a_home(test)


def the_layer_above_the_file_is_named():
    def test(daemon):
        daemon.write(BASE)
        put(daemon, "conf.d/z.conf", '\nalerts = { cooldown = "3m"; };\n')
        assert "alerts.cooldown is set by %s/conf.d/z.conf:2, too" % daemon.home in done(daemon, *COOLDOWN)
        said = done(daemon, "config", "set", "store.retention", "7d", OPENCLAW__STORE__RETENTION="9d")
        assert "environment OPENCLAW__STORE__RETENTION, too" in said, said
    with_a_home(test)


def all_who_set_at_once_are_heard_or_told():
    def test(daemon):
        daemon.write(BASE)
        keys = ["alerts.cooldown", "store.retention", "alerts.repeat_interval", "alerts.keep_resolved"]
        answers = {}

        def put_one(key):
            answers[key] = cli(daemon, "config", "set", key, "2h")

        threads = [threading.Thread(target=put_one, args=(key,)) for key in keys]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        text = text_of(daemon.config)
        for key in keys:
            there, said = f'{key.split(".")[1]} = "2h"' in text, answers[key]
            assert there == (said.returncode == 0), (key, said.stdout, text)
            assert there or json.loads(said.stdout)["error"]["code"] == "conflict", said.stdout
    with_a_home(test)


def a_link_is_followed_and_one_to_nowhere_refused():
    def test(daemon):
        put(daemon, "site/part.conf", BASE)
        real = put(daemon, "store/real.conf", '@include "part.conf"\n')
        link = os.path.join(daemon.home, "site/openclaw.conf")
        os.symlink("../store/real.conf", link)
        done(daemon, *COOLDOWN, config=link)
        assert 'cooldown = "10m"' in text_of(real) and os.path.islink(link)
        os.remove(real)
        for words in (COOLDOWN, ("config", "edit")):
            answer = cli(daemon, *words, config=link, EDITOR="sed -i $a#more")
            assert answer.returncode != 0 and os.path.islink(link) and not os.path.exists(real), answer
        assert "is a link to a file that is not there" in json.loads(answer.stdout)["error"]["message"], answer
        assert sorted(os.listdir(os.path.dirname(link))) == ["openclaw.conf", "part.conf"]
    with_a_home(test)


def a_lock_that_somebody_keeps_is_a_conflict():
    def test(daemon):
        daemon.write(BASE)
        with open(daemon.config) as f:
            fcntl.flock(f, fcntl.LOCK_SH)
            for words in (COOLDOWN, ("config", "edit")):
                error = json.loads(cli(daemon, *words, EDITOR="sed -i $a#more").stdout)["error"]
                assert error["code"] == "conflict" and "somebody else is writing" in error["message"], (words, error)
                assert "`lsof " in error["hint"] and "Take over" not in error["hint"], (words, error)
        assert text_of(daemon.config) == BASE
        copy, = [name for name in os.listdir(daemon.home) if name.startswith(".openclaw-edit-")]
        assert error["hint"].startswith("What you wrote is in ") and copy in error["hint"], error
        assert text_of(os.path.join(daemon.home, copy)) == BASE + "#more\n"
        os.remove(os.path.join(daemon.home, copy))
        done(daemon, *COOLDOWN)
    with_a_home(test)


def no_word_of_a_secret_is_shown_that_does_not_parse():
    def test(daemon):
        daemon.write(BASE)
        for words, env in ((("config", "set", "plugins.x.pass", "[hunter2]"), {}), (("config", "set", "plugins.x.auth", "{hunter2"), {}),
                           (("config", "validate"), {"OPENCLAW__PLUGINS__X__PASS": "[hunter2]"})):
            answer = cli(daemon, *words, **env)
            assert answer.returncode == 7 and "hunter2" not in answer.stdout + answer.stderr, answer
    with_a_home(test)


run([a_secret_of_the_daemon_s_environment_is_no_error, two_errors_are_mended_one_by_one, what_is_included_from_another_folder_stays_there,
     a_large_file_can_be_edited, the_layer_above_the_file_is_named, all_who_set_at_once_are_heard_or_told,
     a_link_is_followed_and_one_to_nowhere_refused, a_lock_that_somebody_keeps_is_a_conflict, no_word_of_a_secret_is_shown_that_does_not_parse])
