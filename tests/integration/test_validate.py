"""What `config validate` says of settings that can be read and can never work. SPDX-License-Identifier: MIT"""

import json
import os
import subprocess

from harness import BUILD, Daemon, run

BASE = "collectors = ();\nalerts = { channels = (); };\n"


def cli(daemon, *words):
    return subprocess.run([os.path.join(BUILD, "bin", "openclaw"), "--json", "--config", daemon.config, *words], env=daemon.env,
                          capture_output=True, text=True, timeout=60)


def findings(daemon, text):
    """The exit code, and all that was said."""
    daemon.write(text)
    answer = cli(daemon, "config", "validate")
    return answer.returncode, " | ".join(f"{f['key']}: {f['message']}" for f in json.loads(answer.stdout)["data"]["findings"])


def with_a_home(test):
    daemon = Daemon()
    try:
        test(daemon)
    finally:
        daemon.remove()


def schedules_that_can_never_be_called_are_errors():
    def test(daemon):
        for wrong in ('op = "token.create"; role = "admin"; params = { name = "x"; role = "viewer"; };', 'op = "unit.start"; params = { nme = "x"; };'):
            code, text = findings(daemon, BASE + 'schedules = ( { name = "bad"; every = "1h"; %s } );' % wrong)
            assert code == 7 and "schedules[bad]" in text, (code, text)
        assert findings(daemon, BASE + 'schedules = ( { name = "later"; every = "1h"; op = "of.a.plugin"; } );') == (0, "")
    with_a_home(test)


def spans_below_0_are_errors_and_an_import_writes_none():
    def test(daemon):
        code, text = findings(daemon, BASE + "thresholds = { agent_health = { heartbeat_timeout_seconds = -5; }; };")
        assert code == 7 and "expected a number from 0 on, found -5" in text, text
        rules = os.path.join(daemon.home, "alert-rules.yaml")
        with open(rules, "w") as f:
            f.write("thresholds:\n  agent:\n    heartbeatCritical: -5\n")
        daemon.write(BASE)
        answer = cli(daemon, "alert", "import", rules)
        assert "expected a number that is not negative, found a number (-5)" in answer.stdout, answer
        valid = cli(daemon, "config", "validate")
        assert valid.returncode == 0 and "-5" not in valid.stdout, valid
    with_a_home(test)


def folders_that_are_not_what_they_should_be_are_warnings():
    def test(daemon):
        code, text = findings(daemon, BASE + 'ledger = { copy_to = "relative"; };\nrunbooks = { dir = "/nowhere/at/all"; };')
        assert code == 0 and "ledger.copy_to: " in text and "is in the home folder" in text, (code, text)
        assert "runbooks.dir: there is no folder /nowhere/at/all" in text, text
    with_a_home(test)


def an_interval_that_always_holds_is_a_warning():
    def test(daemon):
        code, text = findings(daemon, 'collectors = ();\nalerts = { channels = (); intervals = ( { name = "always"; } ); };')
        assert code == 0 and "holds at all times" in text, (code, text)
    with_a_home(test)


def units_after_what_is_no_unit_are_errors():
    def test(daemon):
        code, text = findings(daemon, BASE + 'units = ( { name = "a"; driver = "process"; after = ["b", "nix"]; }, { name = "b"; driver = "process"; after = ["a"]; } );')
        assert code == 7 and "unit a comes after nix, which is no unit" in text and "comes after itself" in text, (code, text)
    with_a_home(test)


def conf_d_that_names_the_home_is_what_is_checked_without_a_file():
    def test(daemon):
        os.remove(daemon.config)
        confd = os.path.join(daemon.home, ".openclaw", "conf.d")
        os.makedirs(confd)
        with open(os.path.join(confd, "a.conf"), "w") as f:
            f.write('host = { home = "%s/elsewhere"; };\nalerts = { cooldown = "soon"; };\n' % daemon.home)
        env = {**{name: value for name, value in daemon.env.items() if name != "OPENCLAW_HOME"}, "HOME": daemon.home}
        answer = subprocess.run([os.path.join(BUILD, "bin", "openclaw"), "--json", "config", "validate"], env=env, capture_output=True,
                                text=True, timeout=60)
        keys = [f["key"] for f in json.loads(answer.stdout)["data"]["findings"]]
        assert answer.returncode == 7 and keys == ["alerts.cooldown"], answer
    with_a_home(test)


def a_threshold_of_another_kind_or_a_misspelt_one_is_refused_and_the_rule_goes_on():
    def test(daemon):
        daemon.write(BASE)
        for key, value in (("critical_percent", "true"), ("critical_percent", "ninety"), ("critcal_percent", "50")):
            refused = cli(daemon, "config", "set", "thresholds.cpu." + key, value)
            assert refused.returncode == 7 and "thresholds.cpu." + key in refused.stdout, refused
        code, text = findings(daemon, BASE + "thresholds = { cpu = { critical_percent = true; critcal_percent = 50; }; };")
        assert code == 7 and "thresholds.cpu.critical_percent: expected a percentage from 0 to 100, found true" in text, text
        assert "thresholds.cpu.critcal_percent: unknown key" in text and "rules" not in text, text
        checked = cli(daemon, "rules", "check")
        assert checked.returncode == 0, checked
        code, text = findings(daemon, 'collectors = ();\nthresholds = { queue = { depth = 5; nobody = 1; }; };\n'
                              'alerts = { rules = ( { name = "q"; expr = "queue.depth > thresholds.queue.depth"; } ); };')
        assert code == 0 and text == "thresholds.queue.nobody: no rule uses it", (code, text)
    with_a_home(test)


def a_rule_that_looks_too_far_back_or_gives_no_answer_is_an_error():
    def test(daemon):
        for expr, problem in (("max('system.x','2d') > 20", "is too long a window"), ("system.load1 * 0", "the expression gives a number"),
                              ("system.memory_percent .. 'a'", "the expression gives a text")):
            code, text = findings(daemon, 'collectors = ();\nalerts = { rules = ( { name = "odd"; expr = "%s"; severity = "critical"; } ); };' % expr)
            assert code == 7 and "alerts.rules" in text and problem in text, (code, text)
            checked = cli(daemon, "rules", "check")
            assert checked.returncode == 7 and problem in checked.stdout, checked
    with_a_home(test)


def a_header_that_refers_to_what_is_not_there_is_an_error():
    def test(daemon):
        secret = os.path.join(daemon.home, "secret")
        for plugin, text in (("http", 'collectors = ( { plugin = "http"; targets = ( { name = "api"; url = "http://127.0.0.1:9/"; headers = %s; } ); } );'),
                             ("webhook", 'alerts = { channels = ( { plugin = "webhook"; url = "http://127.0.0.1:9/"; headers = %s; } ); };'),
                             ("remote-write", 'remote_write = ( { name = "far"; url = "http://127.0.0.1:9/"; headers = %s; } );')):
            code, said = findings(daemon, text % '{ Authorization = "$file:%s"; }' % secret)
            assert code == 7 and "headers.Authorization: " in said and secret in said, (plugin, code, said)
    with_a_home(test)


run([a_threshold_of_another_kind_or_a_misspelt_one_is_refused_and_the_rule_goes_on, a_rule_that_looks_too_far_back_or_gives_no_answer_is_an_error,
     a_header_that_refers_to_what_is_not_there_is_an_error, schedules_that_can_never_be_called_are_errors, spans_below_0_are_errors_and_an_import_writes_none,
     folders_that_are_not_what_they_should_be_are_warnings, an_interval_that_always_holds_is_a_warning, units_after_what_is_no_unit_are_errors,
     conf_d_that_names_the_home_is_what_is_checked_without_a_file])
