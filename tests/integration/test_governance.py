"""Decisions end to end: asked for on the command line, voted on through the API, carried out, proven. SPDX-License-Identifier: MIT"""

import base64
import hashlib
import json
import os
import pty
import shutil
import socket
import subprocess
import tempfile
import threading
import time

from governance import Member, enroll, request
from harness import BUILD, Client, Daemon, Failure, eventually, run
from rest import Rest

POLICY = "function route(alert, at)\n  return { channels = {} }\nend\n"
CONFIG = """collectors = ();
governance = { declaration = "%s"; operational_timeout = "%s"; override = "2s"; deadlock_step = "1s"; review_within = "1s"; };
"""


class World:
    def __init__(self, declaration="0", timeout="5m"):
        self.daemon = Daemon(CONFIG % (declaration, timeout), api=True).start()
        self.members = enroll(self.daemon.call)
        self.tokens = {name: self.daemon.token("operator", name=name) for name in self.members}

    def cli(self, *words, code=0):
        done = subprocess.run([os.path.join(BUILD, "bin", "openclaw"), *words], env=self.daemon.env, capture_output=True, text=True,
                              timeout=60, check=False)
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        return done

    def cli_json(self, *words, code=0):
        return json.loads(self.cli("--json", *words, code=code).stdout)

    def rest(self, name, op, /, **params):
        """What an agent does: its own token, and a statement that it has written and signed itself."""
        answer = Rest(self.daemon.url, self.tokens[name]).post("/api/v1/" + op.replace(".", "/"), params)
        return answer.data

    def show(self, proposal):
        return self.daemon.call("governance.show", proposal=proposal)

    def say(self, name, kind, word, proposal, key=None, **more):
        """A statement of `name`, through the API."""
        op = {"ballot": "vote"}.get(kind, {"approval": "approve"}.get(kind, kind))
        signed = self.members[name].signed(kind, self.show(proposal), word, reason=more.pop("reason", ""))
        if key:
            signed[key] = word
        return self.rest(name, "governance." + op, **signed, **more)

    def vote(self, name, choice, proposal):
        return self.say(name, "ballot", choice, proposal, key="choice")

    def propose(self, category="operational", comment="c", **more):
        client = self.daemon.client()
        made = request(client, "governance.propose", {
            "title": "t", "category": category, "description": "d", "justification": "j", "impact": "i", "rollback_plan": "r",
            "op": "alert.silence", "params": json.dumps({"matchers": ["alertname=x"], "for": "1h", "comment": comment}), **more})
        client.close()
        return made["proposal"]

    def silences(self, comment):
        return sum(row["comment"] == comment for row in self.daemon.call("alert.silences"))

    def closed(self, proposal, status):
        def look():
            shown = self.show(proposal)
            return shown if shown["stage"] == "closed" else None
        shown = eventually(look, what=f"the end of {proposal}")
        assert shown["status"] == status, shown
        return shown


def leaf(entry):
    return hashlib.sha256(b"\0" + entry.encode()).hexdigest()


def root_of(index, size, leaf_hex, proof):
    """RFC 9162, 2.1.3.2: the root that an inclusion proof leads to."""
    fn, sn, r = index, size - 1, bytes.fromhex(leaf_hex)
    for p in map(bytes.fromhex, proof):
        assert sn > 0, "the proof is too long"
        if fn & 1 or fn == sn:
            r = hashlib.sha256(b"\1" + p + r).digest()
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = hashlib.sha256(b"\1" + r + p).digest()
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0, "the proof is too short"
    return r


def a_strategic_operation_from_the_command_line_to_its_proof():
    world = World()
    try:
        path = os.path.join(world.daemon.home, "route.lua")
        with open(path, "w") as f:
            f.write(POLICY)
        asked = world.cli_json("policy", "apply", path, code=8)
        assert asked["error"]["code"] == "needs_approval", asked
        proposal = asked["error"]["details"]["proposal"]
        assert asked["error"]["details"]["category"] == "strategic", asked
        applied = os.path.join(world.daemon.home, "policies", "route.lua")
        assert not os.path.exists(applied)

        receipts = [world.vote(name, "yes", proposal) for name in ("alpha", "beta", "charlie")]
        assert world.show(proposal)["missing"] == ["review of examiner", "approval of sentinel"], world.show(proposal)["missing"]
        receipts.append(world.say("examiner", "review", "approve", proposal, key="verdict"))
        receipts.append(world.say("sentinel", "approval", "approve", proposal))

        shown = world.closed(proposal, "approved")
        assert shown["execution"]["status"] == "completed", shown["execution"]
        assert shown["op"]["name"] == "policy.apply" and shown["op"]["actor"].startswith("cli:uid="), shown["op"]
        with open(applied) as f:
            assert f.read() == POLICY
        text = world.cli("governance", "show", proposal).stdout
        assert "approved" in text and "completed" in text and "alpha" in text, text

        for receipt in receipts:
            proven = world.cli_json("governance", "ledger", "prove", str(receipt["index"]))["data"]
            assert leaf(proven["entry"]) == proven["leaf"] == receipt["leaf"], (proven, receipt)
            checkpoint = proven["checkpoint"].split("\n")
            root = base64.b64decode(checkpoint[2])
            assert int(checkpoint[1]) == proven["size"]
            assert root_of(proven["index"], proven["size"], proven["leaf"], proven["proof"]) == root, proven
        verified = world.cli_json("governance", "ledger", "verify")["data"]
        assert verified["good"], verified
    finally:
        world.daemon.remove()


def voters_see_what_changes_in_a_policy():
    """Against what was in force when it was asked for: that stays what they are shown, whatever is in force later."""
    world = World()
    folder = os.path.join(world.daemon.home, "policies")
    path = os.path.join(world.daemon.home, "route.lua")

    def in_force(text):
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "route.lua"), "w") as f:
            f.write(text)
        world.daemon.call("policy.reload")

    try:
        old = "function route(alert)\n  -- the night shift\n  return {'file'}\nend\n"
        in_force(old)
        with open(path, "w") as f:
            f.write(old.replace("night", "day"))
        dry = world.cli("policy", "apply", path, "--dry-run").stdout
        proposal = world.cli_json("policy", "apply", path, code=8)["error"]["details"]["proposal"]
        in_force("function route(alert) return {} end\n")
        change = world.show(proposal)["plan"]["changes"][0]
        assert change["file"] == "policies/route.lua" and change["before"] == "in force" and change["after"] == "proposed", change
        assert change["lines"] == ["@@ -1,4 +1,4 @@", " function route(alert)", "-  -- the night shift", "+  -- the day shift",
                                   "   return {'file'}", " end"], change
        text = world.cli("governance", "show", proposal).stdout
        for said in (dry, text):
            assert "--- policies/route.lua (in force)\n+++ policies/route.lua (proposed)\n@@ -1,4 +1,4 @@\n" in said, said
            assert "\n-  -- the night shift\n+  -- the day shift\n" in said, said
        assert "  |   -- the day shift" in text, text  # and the whole text

        draft = {"title": "t", "category": "strategic", "description": "d", "justification": "j", "impact": "i", "rollback_plan": "r",
                 "op": "policy.apply"}
        client = world.daemon.client()
        by_hand = request(client, "governance.propose", {**draft, "params": json.dumps({"name": "route", "text": old})})["proposal"]
        assert [c["added"] for c in world.show(by_hand)["plan"]["changes"]] == [4], world.show(by_hand)["plan"]
        try:  # nobody is asked about what could never be put in force
            request(client, "governance.propose", {**draft, "params": json.dumps({"name": "route", "text": "function route("})})
            raise AssertionError("a policy that does not compile was proposed")
        except Failure as problem:
            assert problem.code == "config", problem
        client.close()
    finally:
        world.daemon.remove()


def nobody_chooses_an_easier_category_or_another_name():
    world = World()
    client = world.daemon.client()
    draft = {"title": "t", "category": "operational", "op": "policy.apply", "params": json.dumps({"name": "route", "text": POLICY})}
    try:
        for op, params in (("governance.propose", draft), ("governance.request", {"op": "host.reload", "actor": "root", "role": "admin"})):
            try:
                request(client, op, params)
                raise AssertionError(f"{op} was taken")
            except Failure as problem:
                assert problem.code == "denied", problem
        made = request(client, "governance.propose", {**draft, "category": "strategic"})
        assert world.show(made["proposal"])["stage"] == "submission"  # its texts are missing
    finally:
        client.close()
        world.daemon.remove()


def votes_on_the_command_line_with_a_key_that_stays_there():
    world = World()
    keys = tempfile.mkdtemp(prefix="openclaw-keys-", dir=world.daemon.home)
    try:
        path = os.path.join(keys, "alpha.key")
        world.cli("governance", "keys", "revoke", "alpha", "--yes")
        made = world.cli_json("governance", "keys", "create", "alpha", path)["data"]
        assert os.stat(path).st_mode & 0o777 == 0o600
        world.cli("governance", "keys", "register", "alpha", made["public"])
        proposal = world.propose(comment="cli")
        receipt = world.cli_json("governance", "vote", proposal, "yes", "--as", "alpha", "--key", path, "--reason", "good")["data"]
        assert receipt["nonce"] == 1 and len(receipt["leaf"]) == 64, receipt
        refused = world.cli_json("governance", "vote", proposal, "yes", "--as", "beta", "--key", path, code=5)
        assert refused["error"]["code"] == "verify", refused
        world.cli("governance", "vote", proposal, "no", "--as", "alpha", "--key", path, code=1)  # not without --change
        world.cli("governance", "vote", proposal, "no", "--as", "alpha", "--key", path, "--change")
        world.vote("beta", "no", proposal)
        world.closed(proposal, "rejected")
        assert world.silences("cli") == 0
    finally:
        world.daemon.remove()


class Liar:
    """Listens where a daemon would, gives `text` to sign whatever was asked, and remembers what it is sent then."""

    def __init__(self, home, text):
        self.text, self.sent = text, []
        os.makedirs(os.path.join(home, "run"), mode=0o700)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(os.path.join(home, "run", "openclawd.sock"))
        self.listener.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client = Client.__new__(Client)
            try:
                client.socket = self.listener.accept()[0]
            except OSError:
                return
            try:
                while True:
                    frame = client.receive()
                    client.send({"id": frame["id"], "ok": True, "data": self.answer(frame), "warnings": [], "error": None})
            except ConnectionError:
                client.close()

    def answer(self, frame):
        if frame["op"] == "governance.form":
            return {"text": self.text, "nonce": 1, "expires": None}
        self.sent.append(frame)
        return {}


def nothing_is_signed_but_what_was_asked_for():
    home = tempfile.mkdtemp(prefix="openclaw-liar-")
    env = {**os.environ, "OPENCLAW_HOME": home}
    env.pop("OPENCLAW_CONFIG", None)

    def cli(*words, code):
        done = subprocess.run([os.path.join(BUILD, "bin", "openclaw"), *words], env=env, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=60, check=False)
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        return done.stderr

    def at_terminal(answer, *words):
        ours, theirs = pty.openpty()
        child = subprocess.Popen([os.path.join(BUILD, "bin", "openclaw"), *words], env=env, stdin=theirs, stdout=subprocess.DEVNULL,
                                 stderr=theirs)
        os.close(theirs)
        shown = b""
        try:
            while b"[y/N]" not in shown:
                shown += os.read(ours, 4096)
            os.write(ours, answer)
            while True:
                os.read(ours, 4096)
        except OSError:  # nobody is at the other end any more
            os.close(ours)
        return child.wait(60), shown.decode()
    path = os.path.join(home, "alpha.key")
    cli("governance", "keys", "create", "alpha", path, code=0)
    subject = {"id": "0193-two", "subject": "a" * 64, "electorate_hash": "b" * 64}
    liar = Liar(home, Member("alpha").statement("ballot", subject, "yes", 1))
    try:
        vote = ("governance", "vote"), ("yes", "--as", "alpha", "--key", path)
        assert "another proposal" in cli(*vote[0], "0193-one", *vote[1], code=5)
        assert "another proposal" in cli(*vote[0], "0193-one", *vote[1], "--yes", code=5)
        assert "its reason is" in cli(*vote[0], "0193-two", *vote[1], "--reason", "good", code=5)
        for part in ("last", "two"):  # nobody has seen which one that is
            assert "not confirmed" in cli(*vote[0], part, *vote[1], code=1)
        code, shown = at_terminal(b"n\n", *vote[0], "last", *vote[1])
        assert code == 1 and "proposal 0193-two" in shown and "Sign this?" in shown, (code, shown)
        assert not liar.sent, liar.sent
        assert at_terminal(b"y\n", *vote[0], "last", *vote[1])[0] == 0
        cli(*vote[0], "0193-two", *vote[1], code=0)
        cli(*vote[0], "last", *vote[1], "--yes", code=0)
        assert [frame["op"] for frame in liar.sent] == ["governance.vote"] * 3
        for frame in liar.sent:
            assert frame["params"]["proposal"] == "0193-two" and len(frame["params"]["signature"]) == 88, frame
            assert "key" not in frame["params"], frame
    finally:
        liar.listener.close()
        shutil.rmtree(home)


def a_ballot_is_good_for_one_proposal_one_text_and_one_member():
    world = World()
    try:
        one, two = world.propose(comment="one"), world.propose(comment="two")
        signed = world.members["alpha"].signed("ballot", world.show(one), "yes")
        for changed in ({"proposal": two}, {"choice": "no"}, {"as": "beta"}, {"nonce": signed["nonce"] + 1}):
            params = {**signed, "choice": "yes", **changed}
            answer = Rest(world.daemon.url, world.tokens["alpha"]).post("/api/v1/governance/vote", params)
            assert answer.error["code"] == "verify", (changed, answer.body)
        first = world.rest("alpha", "governance.vote", **signed, choice="yes")
        again = world.rest("alpha", "governance.vote", **signed, choice="yes")
        assert again == first
        assert world.show(one)["yes"] == 1
    finally:
        world.daemon.remove()


RULES = {"quorum_configuration": {"triad_members": ["alpha", "beta", "charlie"], "minimum_quorum_size": 2, "quorum_percentage": 66.67,
                                  "voting_timeout": 300, "deliberation_timeout": 600, "auto_abort_on_timeout": True},
         "special_rules": {"emergency_override": {"enabled": True, "activation": "sentinel_declaration", "duration": 3600}}}
RECORD = {"proposal_id": "PROPOSAL-7", "title": "An old one", "status": "ratified", "votes": {"alpha": "YES", "beta": "YES", "charlie": None},
          "timestamp": "2026-01-01T00:00:00Z",
          "inviolable": {"credential_policy": True, "advocate_voice_rules": True, "advisory_agent_constraints": True}}


def files_and_scripts_of_the_original():
    world = World()
    try:
        paths = {}
        for name, document in (("rules", RULES), ("record", RECORD), ("bad", {**RECORD, "status": "maybe"})):
            paths[name] = os.path.join(world.daemon.home, name + ".json")
            with open(paths[name], "w") as f:
                json.dump(document, f)
        taken = world.cli_json("governance", "import", paths["rules"])["data"]
        assert taken["kind"] == "rules" and "triad = [" in taken["section"], taken
        checked = os.path.join(world.daemon.home, "checked.conf")
        with open(checked, "w") as f:
            f.write("collectors = ();\nalerts = { channels = (); };\n" + taken["section"])
        world.cli("config", "validate", checked)
        taken = world.cli_json("governance", "import", paths["record"])["data"]
        assert taken["kind"] == "consensus" and taken["index"] >= 0, taken
        world.cli("governance", "validate", paths["record"])
        world.cli("governance", "validate", paths["bad"], code=1)
        world.cli("governance", "import", paths["bad"], code=7)
        with open(paths["bad"], "w") as f:
            f.write("{\n")
        for verb in ("validate", "import"):
            assert f"{paths['bad']}: invalid JSON" in world.cli("governance", verb, paths["bad"], code=7).stderr, verb
        assert "VALIDATED: P ratified with 2/3 YES votes" in world.cli("governance", "validate-vote", "P", "YES", "NO", "YES").stdout
        assert "REJECTED" in world.cli("governance", "validate-vote", "P", "YES", "NO", "SUPPORT", code=1).stdout
        proposal = world.propose(comment="proxy")
        world.cli("governance", "failover-vote", "SUPPORT", proposal, "--proxy-for", "alpha", "--as", "beta", code=3)
        world.cli("governance", "failover-vote", "MAYBE", proposal, "--as", "beta", code=7)
        form = world.rest("alpha", "governance.form", **{"op": "governance.delegate", "as": "alpha", "to": "beta", "for": "1h"})
        world.rest("alpha", "governance.delegate", **{"as": "alpha", "to": "beta", "for": "1h", "nonce": form["nonce"],
                                                     "expires": form["expires"], "signature": world.members["alpha"].sign(form["text"])})
        world.vote("beta", "yes", proposal)
        assert "failover-vote" in world.cli("governance", "failover-vote", "SUPPORT", proposal, "--as", "beta").stdout
    finally:
        world.daemon.remove()


def a_veto_an_override_and_a_veto_that_stands():
    world = World(declaration="30s")
    try:
        proposal = world.propose(comment="overridden")
        world.vote("alpha", "yes", proposal)
        world.vote("beta", "yes", proposal)
        assert world.show(proposal)["stage"] == "declaration"
        world.say("steward", "veto", "security_violation_detected", proposal, key="condition", reason="a port is open")
        assert world.show(proposal)["stage"] == "override"
        for name in ("alpha", "beta", "charlie"):
            world.say(name, "override", None, proposal)
        assert world.show(proposal)["stage"] == "declaration", world.show(proposal)["stage"]
        assert world.silences("overridden") == 0  # its declaration is still to come

        stands = world.propose(comment="vetoed")
        world.say("sentinel", "veto", "corruption_risk_identified", stands, key="condition", reason="the ledger is read only")
        world.closed(stands, "vetoed")
        assert world.silences("vetoed") == 0
    finally:
        world.daemon.remove()


def a_deadlock_is_ended_by_the_steward():
    world = World()
    try:
        proposal = world.propose(comment="deadlock")
        for cycle in (1, 2):
            assert world.show(proposal)["cycle"] == cycle
            for name, choice in (("alpha", "yes"), ("beta", "no"), ("charlie", "abstain")):
                world.vote(name, choice, proposal)
        shown = world.show(proposal)
        assert shown["status"] == "deadlocked" and shown["deadlock"]["method"] == "escalate_to_steward", shown
        eventually(lambda: world.show(proposal)["deadlock"]["method"] == "request_examiner_arbitration", what="the next way out")
        world.say("examiner", "approval", "approve", proposal)
        world.closed(proposal, "approved")
        assert eventually(lambda: world.silences("deadlock") == 1)
    finally:
        world.daemon.remove()


def silence_is_a_timeout_also_while_the_host_is_down():
    world = World(timeout="2s")
    try:
        proposal = world.propose(comment="timeout")
        world.vote("alpha", "yes", proposal)
        assert world.closed(proposal, "timed_out")["reason"] == "no_quorum"
        down = world.propose(comment="down")
        world.vote("alpha", "yes", down)
        world.daemon.kill()
        time.sleep(2.2)
        world.daemon.start()
        world.closed(down, "timed_out")
        try:
            world.daemon.call("governance.vote", choice="yes", **world.members["beta"].signed("ballot", world.show(down), "yes"))
            raise AssertionError("a vote was taken after the deadline")
        except Failure as problem:
            assert problem.code == "conflict", problem
        assert world.silences("timeout") + world.silences("down") == 0
    finally:
        world.daemon.remove()


def an_emergency_is_declared_acts_at_once_and_is_reviewed():
    world = World()
    try:
        sentinel = world.members["sentinel"]
        form = world.rest("sentinel", "governance.form", **{"op": "governance.emergency", "word": "identity_threat_detected",
                                                           "as": "sentinel", "reason": "a key has leaked"})
        world.rest("sentinel", "governance.emergency", **{
            "condition": "identity_threat_detected", "as": "sentinel", "reason": "a key has leaked", "nonce": form["nonce"],
            "expires": form["expires"], "signature": sentinel.sign(form["text"])})
        proposal = world.propose("emergency", comment="urgent")
        assert world.closed(proposal, "approved")["reason"] == "emergency_override"
        assert eventually(lambda: world.silences("urgent") == 1)
        assert world.daemon.call("governance.status")["reviews_due"] == 1
        eventually(lambda: any(row["rule"] == "governance-review-overdue" for row in world.daemon.call("alert.list")),
                   what="the alert that its review is overdue")
        world.say("examiner", "review", "approve", proposal, key="verdict")
        assert world.daemon.call("governance.status")["reviews_due"] == 0
    finally:
        world.daemon.remove()


def a_key_that_is_good_is_not_replaced_and_without_one_the_gate_refuses():
    world = World()
    try:
        client = world.daemon.client()
        try:
            client.call("governance.keys.register", member="alpha", key=Member("other").public)
            raise AssertionError("a key was replaced")
        except Failure as problem:
            assert problem.code == "conflict" and "keys revoke" in problem.hint, problem
        client.close()
        old = next(row["id"] for row in world.daemon.call("governance.keys.list") if row["member"] == "alpha")
        world.daemon.call("governance.keys.revoke", id="alpha")
        path = os.path.join(world.daemon.home, "route.lua")
        with open(path, "w") as f:
            f.write(POLICY)
        refused = world.cli_json("policy", "apply", path, code=3)["error"]
        assert refused["code"] == "denied" and "every member of the triad" in refused["message"], refused
        assert world.daemon.call("governance.list") == []
        world.daemon.call("governance.keys.register", member="alpha", key=Member("alpha").public)
        assert world.cli_json("policy", "apply", path, code=8)["error"]["code"] == "needs_approval"

        ledger = [row for row in world.daemon.call("ledger.show", limit=1000) if row["type"] in ("key_registered", "key_revoked")]
        assert len(ledger) == len(world.members) + 2, ledger
        with open(os.path.join(world.daemon.home, "logs", "security-events.log")) as f:
            noted = [line for line in map(json.loads, f) if line["event"] in ("key_registered", "key_revoked")]
        assert len(noted) == len(ledger), noted
        gone = next(line for line in noted if line["event"] == "key_revoked")
        assert gone["member"] == "alpha" and gone["id"] == old and gone["by"].startswith("cli:uid="), gone
    finally:
        world.daemon.remove()


def lines_of(world, log):
    with open(os.path.join(world.daemon.home, "logs", log)) as f:
        return [json.loads(line) for line in f]


def a_decision_is_signed_within_seconds_and_is_in_the_logs_of_people():
    world = World()
    try:
        proposal = world.propose(params={"matchers": ["alertname=x"], "for": "1h", "comment": "as an object"})
        world.vote("beta", "yes", proposal)
        world.vote("alpha", "yes", proposal)
        world.closed(proposal, "approved")
        assert world.silences("as an object") == 1
        decided = world.daemon.call("ledger.show", type="decision_reached")[0]
        assert decided["entry"]["participants"] == ["alpha", "beta"] and decided["summary"] == "approved carried", decided
        eventually(lambda: world.daemon.call("ledger.status")["checkpoint"] > decided["index"], timeout=10, what="a checkpoint of it")

        lines = [line for line in lines_of(world, "governance-events.log") if line["proposal_id"] == proposal]
        assert [line["event_type"] for line in lines][:2] == ["proposal_submitted", "stage_changed"], lines
        for line in lines:
            assert {"timestamp", "event_type", "proposal_id", "participants", "votes", "outcome", "rationale", "index"} == set(line), line
        cast = next(line for line in lines if line["event_type"] == "vote_cast")
        assert cast["participants"] == ["beta"] and cast["votes"] == "yes", cast
        end = next(line for line in lines if line["event_type"] == "decision_reached")
        assert end["participants"] == ["alpha", "beta"] and end["outcome"] == "approved" and end["rationale"] == "carried", end
        assert end["votes"]["yes"] == 2 and end["index"] == decided["index"], end
        noted = [line for line in lines_of(world, "security-events.log") if line["event"] == "key_registered"]
        assert noted and {"time", "event", "member", "by", "index"} <= set(noted[0]), noted

        eventually(lambda: world.daemon.call("ledger.status")["checkpoint"] == world.daemon.call("ledger.status")["entries"], what="rest")
        assert "no checkpoint" not in world.cli("ledger", "verify").stderr
        world.daemon.call("governance.discuss", proposal=world.propose(), text="what nobody signs at once")
        assert "in no checkpoint yet" in world.cli("ledger", "verify").stderr
        none = world.cli("ledger", "show", "--type", "nonsense")
        assert none.stdout == "No entries.\n" and 'is of the type "nonsense"' in none.stderr, none
        shown = world.cli("ledger", "show", "--limit", "5").stdout
        assert "comment_added" in shown and "What" in shown and '"text"' not in shown, shown
    finally:
        world.daemon.remove()


def a_member_names_its_next_key_with_the_old_one():
    world = World()
    try:
        old, new = world.members["alpha"], Member("alpha")
        statement = f"openclaw-key-v1\nmember alpha\nkey {new.public}\n"
        before = world.propose()
        try:
            world.daemon.call("governance.keys.register", member="alpha", key=new.public, signature=world.members["beta"].sign(statement))
            raise AssertionError("somebody else has named it")
        except Failure as problem:
            assert problem.code == "verify", problem
        world.daemon.call("governance.keys.register", member="alpha", key=new.public, signature=old.sign(statement))
        rows = world.daemon.call("ledger.show", limit=4)
        assert {row["type"] for row in rows} >= {"key_registered", "key_revoked"}, rows
        assert next(row for row in rows if row["type"] == "key_registered")["entry"]["proof"] == "signature", rows
        later = world.propose(comment="later")
        world.members["alpha"] = new
        for proposal, member, taken in ((before, new, False), (later, old, False), (later, new, True)):
            try:
                member.vote(world.daemon.call, world.show(proposal), "yes")
                assert taken, (proposal, "was voted on with a key that does not count")
            except Failure as problem:
                assert not taken and problem.code in ("denied", "verify"), problem
    finally:
        world.daemon.remove()


def who_abstains_in_a_review_has_looked_and_doubts_nothing():
    world = World()
    try:
        proposal = world.propose(category="tactical")
        assert "review of examiner" in world.show(proposal)["missing"]
        world.say("examiner", "review", "abstain", proposal, key="verdict")
        assert "review of examiner" not in world.show(proposal)["missing"]
        assert world.show(proposal)["stage"] != "deliberation"
        world.vote("alpha", "yes", proposal)
        world.vote("beta", "yes", proposal)
        world.closed(proposal, "approved")
    finally:
        world.daemon.remove()


def the_status_tells_who_speaks_for_whom():
    world = World()
    try:
        expires = int(time.time() * 1000) + 3600000
        text = f"openclaw-delegation-v1\nmember alpha\nto beta\nscope all\nexpires {expires}\nnonce 1\n"
        client = world.daemon.client()
        client.call("governance.delegate", **{"to": "beta", "as": "alpha", "scope": "all", "expires": expires, "nonce": 1,
                                              "signature": world.members["alpha"].sign(text)})
        client.close()
        held = world.daemon.call("governance.status")["delegations"]
        assert [(d["member"], d["to"], d["scope"]) for d in held] == [("alpha", "beta", "all")], held
        assert "beta speaks for alpha (all) until" in world.cli("governance", "status").stdout
    finally:
        world.daemon.remove()


run([a_strategic_operation_from_the_command_line_to_its_proof, voters_see_what_changes_in_a_policy, nobody_chooses_an_easier_category_or_another_name, votes_on_the_command_line_with_a_key_that_stays_there,
     nothing_is_signed_but_what_was_asked_for,
     files_and_scripts_of_the_original, a_ballot_is_good_for_one_proposal_one_text_and_one_member, a_veto_an_override_and_a_veto_that_stands,
     a_deadlock_is_ended_by_the_steward, silence_is_a_timeout_also_while_the_host_is_down,
     an_emergency_is_declared_acts_at_once_and_is_reviewed, a_key_that_is_good_is_not_replaced_and_without_one_the_gate_refuses,
     a_decision_is_signed_within_seconds_and_is_in_the_logs_of_people, a_member_names_its_next_key_with_the_old_one,
     who_abstains_in_a_review_has_looked_and_doubts_nothing, the_status_tells_who_speaks_for_whom])
