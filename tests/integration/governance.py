"""Members of governance with keys of their own, as agents are: they write and sign their statements themselves. SPDX-License-Identifier: MIT"""

import base64
import hashlib

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from harness import Failure

TRIAD = ("alpha", "beta", "charlie")
OFFICES = ("steward", "sentinel", "examiner")


class Member:
    def __init__(self, name):
        self.name, self.key = name, Ed25519PrivateKey.generate()
        raw = self.key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.public = base64.b64encode(raw).decode()
        self.nonces = {}

    def sign(self, text):
        return base64.b64encode(self.key.sign(text.encode())).decode()

    def statement(self, kind, proposal, word, nonce, reason=""):
        """As docs/governance.md describes it. `proposal` is what governance.show tells."""
        return "".join(line + "\n" for line in (
            f"openclaw-{kind}-v1", f"proposal {proposal['id']}", f"subject {proposal['subject']}",
            f"electorate {proposal['electorate_hash']}", f"member {self.name}", *([f"word {word}"] if word else []),
            f"nonce {nonce}", f"rationale {hashlib.sha256(reason.encode()).hexdigest()}"))

    def signed(self, kind, proposal, word, reason="", nonce=None):
        """Parameters of the operation: who, nonce, signature."""
        if nonce is None:
            nonce = self.nonces[proposal["id"], kind] = self.nonces.get((proposal["id"], kind), 0) + 1
        params = {"proposal": proposal["id"], "as": self.name, "nonce": nonce,
                  "signature": self.sign(self.statement(kind, proposal, word, nonce, reason))}
        if reason:
            params["evidence" if kind == "veto" else "reason"] = reason
        return params

    def vote(self, call, proposal, choice, **more):
        return call("governance.vote", **self.signed("ballot", proposal, choice), choice=choice, **more)


def enroll(call, names=TRIAD + OFFICES):
    members = {name: Member(name) for name in names}
    for member in members.values():
        call("governance.keys.register", member=member.name, key=member.public)
    return members


def request(client, op, params):
    """As Client.call, for parameters of which one is called op."""
    client.next_id += 1
    client.send({"id": client.next_id, "op": op, "params": params})
    while True:
        frame = client.receive()
        if frame.get("id") == client.next_id and "ok" in frame:
            if not frame["ok"]:
                raise Failure(frame["error"])
            return frame["data"]
