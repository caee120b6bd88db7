"""kill -9 while members propose, vote and decisions are carried out. SPDX-License-Identifier: MIT

No vote is lost after its receipt, none is counted twice, and what was approved runs once. With OC_FULL=1 the daemon dies 10 000 times."""

import random
import resource
import signal
import threading
import time

from governance import TRIAD, enroll, request
from harness import FULL, Daemon, Failure, eventually, run

KILLS = 10000 if FULL else 40
LIFE = 600  # proposals of one home: what is checked each time stays small, and a host keeps the latest 1000 at hand
CONFIG = 'collectors = ();\napi = { enabled = false; };\ngovernance = { declaration = "0"; operational_timeout = "1h"; review = "30m"; };\n'
GONE = (OSError, ConnectionError, ValueError)


class Life:
    """One home: what was promised to its members."""

    def __init__(self):
        self.daemon = Daemon(CONFIG)
        self.daemon.start()
        self.members = enroll(self.daemon.call)
        self.proposals = {}  # id -> what show told
        self.votes = {}      # (id, member) -> receipt
        self.lock = threading.Lock()
        self.serial = 0

    def propose(self, client):
        self.serial += 1
        name = f"k{self.serial}"
        made = request(client, "governance.propose", {
            "title": name, "description": "d", "justification": "j", "impact": "i", "rollback_plan": "r", "op": "alert.silence",
            "params": '{"matchers":["alertname=%s"],"for":"2h","comment":"%s"}' % (name, name)})
        shown = client.call("governance.show", proposal=made["proposal"])
        with self.lock:
            self.proposals[made["proposal"]] = (name, shown)

    def vote(self, client, name):
        with self.lock:
            open_ones = [p for i, (_, p) in self.proposals.items() if (i, name) not in self.votes][-4:]
        if not open_ones:
            client.call("host.version")
        for p in open_ones:
            member = self.members[name]
            try:
                receipt = member.signed("ballot", p, "yes", nonce=1)
                answer = client.call("governance.vote", choice="yes", **receipt)
                with self.lock:
                    self.votes[p["id"], name] = answer["index"]
            except Failure as problem:
                if problem.code == "conflict":  # decided without it, or it was taken and the receipt was lost
                    with self.lock:
                        self.votes[p["id"], name] = None
                elif problem.code not in ("cancelled", "retry"):
                    raise

    def until_gone(self, work, *args):
        try:
            client = self.daemon.client()
            while True:
                work(client, *args)
                time.sleep(0.001)
        except GONE:
            pass
        except Failure as problem:
            if problem.code not in ("cancelled", "retry"):
                self.trouble = problem

    def live(self, seconds):
        self.trouble = None
        jobs = [(self.propose,)] + [(self.vote, name) for name in TRIAD]
        threads = [threading.Thread(target=self.until_gone, args=job, daemon=True) for job in jobs]
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        self.daemon.kill()
        for thread in threads:
            thread.join(20)
            assert not thread.is_alive(), "a client hangs although the daemon is gone"
        assert not self.trouble, self.trouble

    def check(self):
        client = self.daemon.client()
        rows = {row["id"]: row for row in client.call("governance.list", all=True, limit=10000)}
        silences = [row["comment"] for row in client.call("alert.silences")]
        lost = [i for i in self.proposals if i not in rows]
        assert not lost, f"proposals are gone: {lost}"
        promised = {i for i, _ in self.votes}
        for i in promised:
            shown = client.call("governance.show", proposal=i)
            there = {voter["member"]: voter for voter in shown["voters"]}
            assert shown["yes"] <= 3 and shown["yes"] + shown["absent"] == 3, shown
            for name in TRIAD:
                index = self.votes.get((i, name))
                if index is not None:
                    assert there[name]["vote"] == "yes" and there[name]["index"] == index, (i, name, index, there[name])
        for i, (name, _) in self.proposals.items():
            ran, execution = silences.count(name), rows[i]["execution"]
            assert ran <= 1, f"{name} ran {ran} times"
            assert execution != "completed" or ran == 1, f"{i} is completed and has not run"
            assert ran == 0 or execution in ("completed", "executing", "failed"), (i, execution)
            assert execution or rows[i]["yes"] < 2 or rows[i]["status"] != "approved", rows[i]
        client.close()
        return rows

    def same_state(self):
        """An idle host that dies comes up with the same bytes."""
        before = self.daemon.call("governance.status", state=True)
        self.daemon.kill()
        self.daemon.start()
        after = self.daemon.call("governance.status", state=True)
        assert before["covers"] != after["covers"] or before["state"] == after["state"], (before, after)
        return before["covers"] == after["covers"]

    def end(self):
        self.daemon.remove()


def nothing_is_lost_counted_twice_or_run_twice():
    life, kills, compared, statuses = Life(), 0, 0, {}
    votes = proposals = 0
    try:
        while kills < KILLS:
            life.live(random.uniform(0.0, 0.15) if FULL else random.uniform(0.01, 0.3))
            kills += 1
            life.daemon.start()
            rows = life.check()
            if kills % 8 == 0:
                time.sleep(0.1)
                compared += life.same_state()
                kills += 1
            if len(life.proposals) >= LIFE:
                votes, proposals = votes + len(life.votes), proposals + len(life.proposals)
                life.end()
                life = Life()
                print(f"      {kills} kills, {proposals} proposals, {votes} votes so far", flush=True)
            for row in rows.values():
                statuses[row["execution"] or row["status"]] = statuses.get(row["execution"] or row["status"], 0) + 1
        votes, proposals = votes + len(life.votes), proposals + len(life.proposals)
        assert statuses.get("completed"), statuses
        print(f"      {kills} kills, {proposals} proposals, {votes} votes, {compared} states compared, seen: {statuses}")
    finally:
        life.end()


def small_files():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))


def propose(daemon, title):
    return daemon.call("governance.propose", title=title, description="x" * 16000, justification="j" * 16000, impact="i", rollback_plan="r")


def refused(daemon, title):
    try:
        propose(daemon, title)
    except Failure as problem:
        assert problem.code == "retry", problem
        return True
    return False


def taken(daemon, title):
    return not refused(daemon, title)


def a_full_disk_takes_nothing_and_forgets_nothing():
    daemon = Daemon(CONFIG)
    try:
        daemon.start(preexec=small_files)
        members, made, full = enroll(daemon.call), [], False
        while not full and len(made) < 300:
            full = refused(daemon, f"p{len(made)}")
            made += [] if full else [f"p{len(made)}"]
        assert full, "the disk never was full"
        known = {row["title"] for row in daemon.call("governance.list", limit=1000)}
        assert known == set(made), known ^ set(made)
        assert not daemon.call("governance.status")["ready"]
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        eventually(lambda: taken(daemon, "well"), what="writing again")
        proposal = daemon.call("governance.show")
        assert members["alpha"].vote(daemon.call, proposal, "yes")["index"] > 0
        before = daemon.call("governance.status", state=True)
        daemon.kill()
        daemon.start()
        after = daemon.call("governance.status", state=True)
        assert before["state"] == after["state"] and before["covers"] == after["covers"], (before, after)
    finally:
        daemon.remove()


run([nothing_is_lost_counted_twice_or_run_twice, a_full_disk_takes_nothing_and_forgets_nothing])
