"""What an artifact is bound to: an id, a signer, a registry, the bytes of a lock. SPDX-License-Identifier: MIT"""

import json
import os
import shutil
import tempfile

import harness
from test_updates import Registry
from worker import Home, Refused, keygen, pack, refused, sign, skill


class Bench(Home):
    """A home and a folder for sources."""

    def __init__(self):
        super().__init__()
        self.src = tempfile.mkdtemp(prefix="openclaw-sources-")

    def __exit__(self, *_):
        super().__exit__()
        shutil.rmtree(self.src)


def a_publisher_that_is_no_name_is_refused():
    with Bench() as h:
        h.run("install", sources=[skill(h.src, name="other")])
        secret, public = keygen(h.src)
        ocp = pack(skill(h.src))
        for word in ("../x/hello", "ACME\u200b/hello", "a/b/hello", "Acme/hello", "local/hello", "/hello"):
            sign(secret, ocp, f"openclaw:{word}@1.0.0 target:any")
            before = h.snapshot()
            refused("refused", "name-confusion", h.run, "install", sources=[ocp], key=[public])
            assert h.snapshot() == before, word
        assert sorted(h.rows()) == ["other"]


def a_lock_file_names_nothing_outside_the_store():
    with Bench() as h, Bench() as evil:
        # A store of the attacker's own, where the receipt says what it likes.
        one = skill(h.src)
        evil.run("install", sources=[one])
        row = evil.rows()["hello"]
        place = os.path.join(evil.packages, "store", "sha256", row["digest"])
        bait = os.path.join(h.src, "bait")
        shutil.copytree(os.path.join(place, ".openclaw"), os.path.join(bait, ".openclaw"))
        start = os.path.join(h.packages, "store", "sha256")
        path = os.path.relpath(bait, start)
        path = path.replace("bait", "." + "/." * ((64 - len(path) - 2) // 2) + "/bait")
        path = "./" * ((64 - len(path)) // 2) + path if len(path) < 64 else path
        path = path if len(path) == 64 else path.replace("/bait", "//bait")
        assert len(path) == 64, (path, len(path))
        receipt = os.path.join(bait, ".openclaw", "receipt.json")
        os.chmod(receipt, 0o600)
        text = json.load(open(receipt))
        text.update(digest=path, id="acme/hello")
        with open(receipt, "w") as f:
            json.dump(text, f)
        lock = os.path.join(h.src, "openclaw.lock")
        evil.run("lock", lock_file=lock)
        document = json.load(open(lock))
        document["plugins"][0].update(digest=path, id="acme/hello")
        with open(lock, "w") as f:
            json.dump(document, f)
        h.run("install", sources=[skill(h.src, name="other")])
        refused("not_found", "artifact-missing", h.run, "install", frozen=True, lock_file=lock)
        assert sorted(h.rows()) == ["other"]


def a_lock_file_does_not_say_where_something_came_from():
    with Registry() as r, r.host() as h, Bench() as b:
        r.publish("1.0.0")
        h.install("acme/hello")
        lock = os.path.join(b.src, "openclaw.lock")
        h.run("lock", lock_file=lock)
        document = json.load(open(lock))
        document["plugins"][0].update(registry="evil", source="registry:evil", trust="publisher")
        with open(lock, "w") as f:
            json.dump(document, f)
        h.run("uninstall", names=["hello"])
        h.run("install", frozen=True, lock_file=lock)
        row = h.rows()["hello"]
        assert (row["registry"], row["source"]) == ("main", "registry:main"), row


def another_registry_is_another_author():
    with Registry() as r, Registry() as evil:
        r.publish("1.0.0", permissions=["network:tcp:443"])
        evil.publish("2.0.0", permissions=["network:tcp:443"])
        with r.host() as h:
            h.install("acme/hello")
            h.finish(h.start("registry.add", name="evil", url="file://" + evil.dir, trust_first=True))
            refused("refused", "name-confusion", h.run, "install", sources=["hello"])
            e = refused("refused", "registry-changed", h.run, "install", sources=["evil:acme/hello"])
            assert "main" in str(e) and "evil" in str(e), str(e)
            assert h.rows()["hello"]["version"] == "1.0.0"
            refused("denied", "surface-widened", h.run, "install", sources=["evil:acme/hello"], force=True)
            h.install("evil:acme/hello", force=True)
            assert h.rows()["hello"]["registry"] == "evil"


def a_file_signed_by_another_key_inherits_nothing():
    with Registry() as r, r.host() as h, Bench() as b:
        r.publish("1.0.0", permissions=["network:tcp:443"])
        h.install("acme/hello")
        secret, public = keygen(b.src)
        ocp = pack(skill(b.src, version="1.1.0", permissions=["network:tcp:443"]))
        sign(secret, ocp, "openclaw:acme/hello@1.1.0 target:any")
        refused("refused", "signer-changed", h.run, "install", sources=[ocp], key=[public])
        refused("denied", "surface-widened", h.run, "install", sources=[ocp], key=[public], force=True)
        assert h.rows()["hello"]["version"] == "1.0.0"


def a_publishers_key_may_have_a_password():
    with Bench() as b:
        password = os.path.join(b.src, "password")
        with open(password, "w") as f:
            f.write("secret\n")
        key, folder = os.path.join(b.src, "ann"), os.path.join(b.src, "registry")
        b.run("keygen", output=key, password_file=password)

        def keep(verb, **params):
            return b.finish(b.start("registry." + verb, dir=folder, **params))
        keep("init", name="acme")
        ocp = pack(skill(b.src))
        params = {"files": [ocp], "publisher": "ann", "publisher_key": key + ".key"}
        try:
            keep("publish", **params)
            raise AssertionError("it went well")
        except Refused as e:
            assert e.code == "auth" and "--publisher-password-file" in e.hint, (e.code, e.hint)
        keep("publish", **params, publisher_password_file=password)
        keep("publish", **{**params, "files": [pack(skill(b.src, version="1.1.0"))]}, password_file=password)


def as_many_keys_as_there_is_room_for_are_one_too_many():
    with Bench() as b:
        folder = os.path.join(b.src, "registry")

        def keep(verb, **params):
            return b.finish(b.start("registry." + verb, dir=folder, **params))
        keep("init", name="acme")
        have = len([n for n in os.listdir(folder + ".keys") if n.endswith(".key")])
        for i in range(64 - have):
            b.run("keygen", output=os.path.join(folder + ".keys", f"more-{i}"))
        b.run("keygen", output=os.path.join(b.src, "ann"))
        try:
            keep("publish", files=[pack(skill(b.src))], publisher="ann", publisher_key=os.path.join(b.src, "ann.key"))
            raise AssertionError("it went well")
        except Refused as e:
            assert "more than 64 keys" in str(e), str(e)


if __name__ == "__main__":
    harness.run([a_publisher_that_is_no_name_is_refused, a_lock_file_names_nothing_outside_the_store,
                 a_lock_file_does_not_say_where_something_came_from, another_registry_is_another_author,
                 a_file_signed_by_another_key_inherits_nothing, a_publishers_key_may_have_a_password,
                 as_many_keys_as_there_is_room_for_are_one_too_many])
