"""kill -9 while members propose, vote and decisions are carried out. SPDX-License-Identifier: MIT

No vote is lost after its receipt, none is counted twice, and what was approved runs once. With OC_FULL=1 hosts die 10 000 times
(OC_KILLS: another number), one for each of two processors; each moment is a random number of receipts and a moment more. Whatever was
promised to anybody is looked for after every start."""

import multiprocessing
import os
import queue
import random
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time

from governance import TRIAD, enroll, request
from harness import FULL, Client, Daemon, Failure, eventually, run

KILLS = int(os.environ.get("OC_KILLS", "10000" if FULL else "40"))
HOSTS = 2
RECEIPTS = 8        # until a host dies, at most
SHORT, LONG = 60, 200  # proposals of one home: all of them are looked at each time
IDLE = 8            # one death in so many is that of a host that does nothing: it has to come up with the same bytes
CONFIG = 'collectors = ();\napi = { enabled = false; };\ngovernance = { declaration = "0"; operational_timeout = "1h"; review = "30m"; };\n'
GONE = (OSError, ConnectionError, ValueError)


class Life:
    """One home: what was promised to its members."""

    def __init__(self, memory):
        room = "/dev/shm" if memory and os.access("/dev/shm", os.W_OK) else None
        self.daemon = Daemon(CONFIG, home=tempfile.mkdtemp(prefix="openclaw-kill-", dir=room))
        self.client = None
        self.start()
        self.members = enroll(self.client.call)
        self.proposals = {}  # id -> what show told
        self.votes = {}      # (id, member) -> receipt
        self.lock = threading.Lock()
        self.serial = self.receipts = 0
        self.enough = threading.Event()

    def start(self):
        """Up, and asked by one client that stays; a host that does not come up is told with its log."""
        self.daemon.start(wait=False)
        until = time.monotonic() + 60
        while True:
            try:
                self.client = Client(self.daemon.socket)
                self.client.call("host.version")
                return
            except (OSError, ConnectionError):
                assert self.daemon.process.poll() is None and time.monotonic() < until, self.daemon.output()[-4000:]
                time.sleep(0.001)

    def kill(self):
        self.daemon.kill()
        self.client.close()

    def received(self):
        self.receipts -= 1
        if self.receipts <= 0:
            self.enough.set()

    def propose(self, client):
        self.serial += 1
        name = f"k{self.serial}"
        made = request(client, "governance.propose", {
            "title": name, "description": "d", "justification": "j", "impact": "i", "rollback_plan": "r", "op": "alert.silence",
            "params": '{"matchers":["alertname=%s"],"for":"2h","comment":"%s"}' % (name, name)})
        shown = client.call("governance.show", proposal=made["proposal"])
        with self.lock:
            self.proposals[made["proposal"]] = (name, shown)
            self.received()

    def vote(self, client, name):
        with self.lock:
            open_ones = [p for i, (_, p) in self.proposals.items() if (i, name) not in self.votes][:4]
        if not open_ones:
            time.sleep(0.001)
            client.call("host.version")
        for p in open_ones:
            member = self.members[name]
            try:
                receipt = member.signed("ballot", p, "yes", nonce=1)
                answer = client.call("governance.vote", choice="yes", **receipt)
                with self.lock:
                    self.votes[p["id"], name] = answer["index"]
                    self.received()
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
        except GONE:
            pass
        except Failure as problem:
            if problem.code not in ("cancelled", "retry"):
                self.trouble = problem

    def live(self, receipts, longer):
        self.trouble, self.receipts = None, receipts
        self.enough.clear()
        if receipts == 0:
            self.enough.set()
        jobs = [(self.propose,)] + [(self.vote, name) for name in TRIAD]
        threads = [threading.Thread(target=self.until_gone, args=job, daemon=True) for job in jobs]
        for thread in threads:
            thread.start()
        self.enough.wait(1)
        time.sleep(longer)
        self.kill()
        for thread in threads:
            thread.join(20)
            assert not thread.is_alive(), "a client hangs although the daemon is gone"
        assert not self.trouble, self.trouble

    def check(self):
        client = self.client
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
        return rows

    def at_rest(self):
        """All that it knows is on the disk, and nothing more comes: what is not acknowledged may be another thing after a death."""
        state = None
        while True:
            ledger = self.client.call("ledger.status")
            later = self.client.call("governance.status", state=True)
            if state and later["covers"] == state["covers"] and ledger["durable"] == ledger["entries"]:
                return later
            state = later
            time.sleep(0.01)

    def same_state(self):
        """An idle host that dies comes up with the same bytes."""
        before = self.at_rest()
        self.kill()
        self.start()
        after = self.client.call("governance.status", state=True)
        newest = self.client.call("ledger.show", limit=3)
        assert before["covers"] != after["covers"] or before["state"] == after["state"], (before, after, newest)
        return before["covers"] == after["covers"]

    def tell(self, told, statuses):
        told["proposals"] += len(self.proposals)
        told["votes"] += len(self.votes)
        for row in self.check().values():
            word = row["execution"] or row["status"]
            statuses[word] = statuses.get(word, 0) + 1

    def end(self):
        if self.client:
            self.client.close()
        self.daemon.remove()
        shutil.rmtree(self.daemon.home, ignore_errors=True)


def one_host(number, kills, out):
    """Homes after homes of one host; `out` hears of every 25th death, and of the end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that its host goes, too
    told, statuses = {"kills": 0, "proposals": 0, "votes": 0, "compared": 0, "homes": 0}, {}
    life = None
    try:
        while told["kills"] < kills:
            homes = told["homes"] = told["homes"] + 1
            life, room = Life(memory=homes % 2 == number % 2), LONG if homes % 16 == 15 else SHORT
            while told["kills"] < kills and len(life.proposals) < room:
                if told["kills"] % IDLE == IDLE - 1:
                    told["compared"] += life.same_state()
                else:
                    life.live(random.randrange(RECEIPTS + 1), random.expovariate(1 / 0.002) if random.random() < 0.7 else 0)
                    life.start()
                    life.check()
                told["kills"] += 1
                if told["kills"] % 25 == 0:
                    out.put((number, dict(told), None, None))
            life.tell(told, statuses)
            life.end()
        out.put((number, told, statuses, None))
    except BaseException as problem:  # whatever it is, it is told where the others are waited for
        log = life.daemon.output()[-2000:] if life else ""
        out.put((number, told, statuses, f"{type(problem).__name__}: {problem}\n{log}"))
    finally:
        if life:
            life.end()


def total(rows, key):
    return sum(row[key] for row in rows.values())


def nothing_is_lost_counted_twice_or_run_twice():
    out, told, statuses, began, said = multiprocessing.Queue(), {}, {}, time.monotonic(), 0
    hosts = [multiprocessing.Process(target=one_host, args=(i, KILLS // HOSTS + (i < KILLS % HOSTS), out)) for i in range(HOSTS)]
    for host in hosts:
        host.start()
    try:
        left = HOSTS
        while left:
            try:
                number, figures, seen, problem = out.get(timeout=180)
            except queue.Empty:
                raise AssertionError(f"nothing was heard of the hosts for three minutes: {told}") from None
            told[number] = figures
            assert not problem, problem
            if seen is not None:
                left -= 1
                for word, count in seen.items():
                    statuses[word] = statuses.get(word, 0) + count
            if total(told, "kills") >= said + max(KILLS // 20, 1000):
                said = total(told, "kills")
                print(f"      {said} kills in {time.monotonic() - began:.0f} s, {total(told, 'votes')} votes so far", flush=True)
    finally:
        for host in hosts:
            host.join(0 if left else 60)
            if host.is_alive():
                host.terminate()
                host.join()
    took = time.monotonic() - began
    print("      " + ", ".join(f"{total(told, key)} {key}" for key in ("kills", "proposals", "votes", "compared", "homes")) +
          f", {took:.0f} s, {total(told, 'kills') / took:.1f} kills a second, seen: {statuses}", flush=True)
    assert statuses.get("completed"), statuses


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
