"""Runs of runbooks that are interrupted: by who began them, by a stop, by kill -9 at random points. SPDX-License-Identifier: MIT"""

import os
import random
import subprocess
import time

from agents import Collective
from harness import BUILD, FULL, Failure, eventually, run
from runbooks import cli, runbook, write_runbook


def a_run_outlives_the_command_that_began_it():
    c = Collective(["alpha", "beta", "charlie"])
    try:
        c.daemon.start()
        c.start_all()
        client = c.daemon.client()
        client.send({"id": 1, "op": "runbook.run", "params": {"name": "agent-restart", "param": {"scenario": "rolling"}}})
        eventually(lambda: c.marks("alpha", "stops"), what="the first step")
        client.close()
        eventually(lambda: c.daemon.call("runbook.status")["state"] == "done", what="the end")
    finally:
        c.remove()


def a_stop_in_the_middle_is_an_interruption():
    c = Collective(["alpha", "beta"])
    d = c.daemon
    try:
        d.start()
        c.start_all()
        c.sicken("alpha")
        run = runbook(c, "agent-restart", param={"scenario": "rolling"}, detach=True)["run"]
        eventually(lambda: len(c.marks("alpha", "starts")) == 2, what="the first step")
        eventually(lambda: d.call("runbook.status", run=run)["steps"][0].get("result"), what="its answer")
        assert d.stop() == 0
        c.heal("alpha")
        d.start()
        eventually(lambda: d.call("runbook.status", run=run)["state"] == "done", what="the end")
        assert len(c.marks("alpha", "starts")) == 2 == len(c.marks("beta", "starts")), "something was restarted twice"
        c.sicken("alpha")
        d.write(open(d.config).read() + 'runbooks = { interrupted = "ask"; };\n')
        d.stop()
        d.start()
        run = runbook(c, "agent-restart", param={"scenario": "rolling"}, detach=True)["run"]
        eventually(lambda: len(c.marks("alpha", "starts")) == 3, what="the first step")
        d.kill()
        c.heal("alpha")
        d.start()
        time.sleep(1)
        assert len(c.marks("beta", "starts")) == 2, "it went on without being asked"
        assert d.call("runbook.resume", run=run)["state"] == "done"
    finally:
        c.remove()


def a_resume_starts_again_what_was_stopped_meanwhile():
    c = Collective(["alpha", "beta"])
    try:
        c.daemon.start()
        c.sicken("beta")
        write_runbook(c, '{ start("alpha", "5s"), start("beta", "500ms") }')
        report = runbook(c, "own")
        assert report["state"] == "failed", report
        c.daemon.call("unit.stop", name="alpha")
        c.heal("beta")
        report = c.daemon.call("runbook.resume", run=report["run"])
        assert report["state"] == "done" and all(u["healthy"] for u in c.units().values()), report
        assert "done again" in report["steps"][0]["message"], report["steps"][0]
    finally:
        c.remove()


def a_command_that_is_cut_off_names_its_run():
    c = Collective(["alpha"])
    try:
        c.daemon.start()
        c.start_all()
        c.sicken("alpha")
        client = subprocess.Popen([os.path.join(BUILD, "bin", "openclaw"), "--home", c.daemon.home, "runbook", "run", "agent-restart",
                                   "--param", "scenario=rolling", "--yes"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                  env=c.daemon.env, stdin=subprocess.DEVNULL)
        eventually(lambda: len(c.marks("alpha", "starts")) == 2, what="the restart")
        run = c.daemon.call("runbook.status")["run"]
        c.daemon.kill()
        told = client.communicate(timeout=30)[1]
        assert f"run {run} was under way: it goes on when the daemon is back" in told, told
        status = cli(c, "runbook", "status")
        assert "interrupted" in status.stdout and "no daemon is running" in status.stdout, status
        c.heal("alpha")
        c.daemon.start()
        eventually(lambda: c.daemon.call("runbook.status", run=run)["state"] == "done", what="the end")
    finally:
        c.remove()


ONCE = 20  # steps of one run that may not be repeated


def a_killed_daemon_goes_on_and_no_step_is_done_twice():
    """kill -9 at random points of runs: steps that may not be repeated are never done twice, and every run reaches an end."""
    rounds, rng = (301 if FULL else 16), random.Random(int(os.environ.get("OC_SEED", "1")))
    c = Collective(["alpha", "beta"])
    unknown = twice = 0
    try:
        write_runbook(c, '''(function()
            local steps = { restart("alpha") }
            for k = 1, %d do
              steps[#steps + 1] = { id = "once-" .. k, op = "alert.silence",
                                    params = { matchers = { "rule=none" }, ["for"] = "1h", comment = params.names[1] .. "-" .. k } }
            end
            steps[#steps + 1] = restart("beta")
            return steps
          end)()''' % ONCE)
        c.daemon.start()
        c.start_all()
        took = 1.0
        for i in range(rounds):
            before = {name: len(c.marks(name, "starts")) for name in c.names}
            begun = time.monotonic()
            started = runbook(c, "own", param={"names": f"round-{i}"}, detach=True)
            if i == 0:
                eventually(lambda: c.daemon.call("runbook.status", run=started["run"])["state"] == "done", what="the first")
                took = time.monotonic() - begun
                continue
            time.sleep(rng.uniform(0, took))
            c.daemon.kill()
            c.daemon.start()
            wanted = [f"round-{i}-{k}" for k in range(1, ONCE + 1)]

            def made():
                names = [t["comment"] for t in c.daemon.call("alert.silences")]
                assert all(names.count(name) <= 1 for name in wanted), "a step was done twice"
                return [name for name in wanted if name in names]

            report = eventually(lambda: (lambda r: r if r["state"] in ("done", "failed", "unknown") else None)(
                c.daemon.call("runbook.status", run=started["run"])), what="an end")
            if report["state"] == "unknown":
                unknown += 1
                step = next(s for s in report["steps"] if s["state"] == "unknown")
                assert step["op"] == "alert.silence", step
                try:
                    c.daemon.call("runbook.resume", run=report["run"])
                    raise AssertionError("it was resumed without a word")
                except Failure as failure:
                    assert "--unknown" in failure.hint, failure.hint
                answer = "done" if step["params"]["comment"] in made() else "again"
                report = c.daemon.call("runbook.resume", run=report["run"], unknown=answer)
            assert report["state"] == "done", report
            assert made() == wanted
            for silence in c.daemon.call("alert.silences"):
                c.daemon.call("alert.unsilence", id=silence["id"])
            for name in c.names:
                starts = len(c.marks(name, "starts")) - before[name]
                assert starts >= 1
                twice += starts - 1
            assert all(u["healthy"] for u in c.units().values())
        print(f"      {rounds - 1} kills of a run of {took:.2f} s: {unknown} steps unknown, {twice} restarts repeated (they may be)")
    finally:
        c.remove()


run([a_run_outlives_the_command_that_began_it, a_stop_in_the_middle_is_an_interruption,
     a_resume_starts_again_what_was_stopped_meanwhile, a_command_that_is_cut_off_names_its_run,
     a_killed_daemon_goes_on_and_no_step_is_done_twice])
