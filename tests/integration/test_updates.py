"""Install, update, lock and bundle from a registry. SPDX-License-Identifier: MIT"""

import os
import shutil
import subprocess
import tempfile

import harness
from worker import Home, Refused, pack, refused, skill


class Registry:
    """A registry folder of one publisher."""

    def __init__(self):
        self.base = tempfile.mkdtemp(prefix="openclaw-registry-")
        self.keeper = Home(os.path.join(self.base, "keeper"))
        os.mkdir(self.keeper.path)
        self.dir = os.path.join(self.base, "registry")
        self.key = os.path.join(self.base, "acme")
        self.keeper.run("keygen", output=self.key)
        self.keep("init", name="acme-plugins")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.base)

    def keep(self, verb, **params):
        return self.keeper.finish(self.keeper.start("registry." + verb, dir=self.dir, **params))

    def publish(self, version, name="hello", **more):
        ocp = pack(skill(self.base, name=name, version=version, **more))
        self.keep("publish", files=[ocp], publisher="acme", publisher_key=self.key + ".key")
        return ocp

    def host(self):
        """A new home that knows this registry."""
        h = Home()
        h.finish(h.start("registry.add", name="main", url="file://" + self.dir, trust_first=True))
        return h

    def blob(self, digest):
        return os.path.join(self.dir, "v1", "blob", "sha256", digest[:2], digest)


def install(h, *sources, **params):
    return h.install(*sources, **params)


def a_release_is_installed_and_updated_within_its_range():
    with Registry() as r:
        r.publish("1.0.0", permissions=["network:tcp:443"])
        with r.host() as h:
            e = refused("denied", "consent-needed", h.run, "install", sources=["hello"])
            assert e.details["surface"] in e.hint
            install(h, "acme/hello@^1")
            row = h.rows()["hello"]
            assert row["id"] == "acme/hello" and row["source"] == "registry:main" and row["range"] == "^1", row
            assert row["trust"] in ("publisher", "community") and row["key"].startswith("RW")
            check = h.run("verify")[0]
            assert check["ok"] and check["signature"] == "good"
            assert h.run("outdated") == [] and h.run("update")["actions"] == []

            r.publish("1.1.0", permissions=["network:tcp:443"], files={"CHANGELOG.md": "## 1.1.0\n\n* quicker\n"})
            r.publish("2.0.0", permissions=["network:tcp:443"])
            h.finish(h.start("registry.refresh"))
            rows = h.run("outdated")
            assert [(p["installed"], p["latest"]) for p in rows] == [("1.0.0", "1.1.0")], rows
            before = h.snapshot()
            plan = h.run("update", check=True)
            assert plan["actions"][0]["version"] == "1.1.0" and "quicker" in plan["changelog"] and plan["consent"] == "none"
            assert h.snapshot() == before
            h.run("update", names=["hello"], plan=plan["plan"])
            assert h.rows()["hello"]["version"] == "1.1.0" and h.rows()["hello"]["range"] == "^1"
            h.run("rollback")
            assert h.rows()["hello"]["version"] == "1.0.0"

            h.run("pin", names=["hello"])
            assert h.run("update")["actions"] == [] and "pinned" in h.warnings[0]
            h.run("unpin", names=["hello"])
            install(h, "acme/hello@^2")
            assert h.rows()["hello"]["version"] == "2.0.0"


def an_update_that_wants_more_asks_again():
    with Registry() as r:
        r.publish("1.0.0", permissions=["network:tcp:443"])
        with r.host() as h:
            install(h, "hello")
            r.publish("1.1.0", permissions=["network:tcp:443", "filesystem:read:/etc"])
            h.finish(h.start("registry.refresh"))
            before = h.snapshot()
            e = refused("denied", "surface-widened", h.run, "update")
            assert e.details["permissions"] == ["filesystem:read:/etc"]
            assert h.snapshot() == before
            assert os.listdir(os.path.join(h.packages, "staging")) == []
            h.run("update", grant=["filesystem:read:/etc"])
            assert h.rows()["hello"]["version"] == "1.1.0"


def a_swapped_artifact_is_refused():
    with Registry() as r:
        r.publish("1.0.0")
        with r.host() as h:
            digest = h.run("install", sources=["hello"], dry_run=True)["actions"][0]["digest"]
            other = pack(skill(r.base, name="evil"))
            shutil.copy(other, r.blob(digest))
            shutil.rmtree(os.path.join(h.packages, "staging"))
            try:
                h.run("install", sources=["hello"])
                raise AssertionError("it went well")
            except Refused as e:
                assert e.code == "verify" and e.reason and e.hint, (e.code, e.reason)
            assert not os.path.exists(os.path.join(h.packages, "current"))
            assert os.listdir(os.path.join(h.packages, "staging")) == []


def a_lock_file_brings_the_same_bytes_to_another_host():
    with Registry() as r:
        r.publish("1.0.0")
        with r.host() as h, r.host() as other:
            install(h, "hello")
            lock = os.path.join(r.base, "openclaw.lock")
            row = h.run("lock", lock_file=lock)["plugins"][0]
            assert row["registry"] == "main" and row["root_version"] == 1 and row["digests"] and row["surface"] and row["key"], row
            r.publish("1.1.0")
            other.finish(other.start("registry.refresh"))
            other.run("install", sources=["hello"], locked=True, lock_file=lock)
            assert other.rows()["hello"]["version"] == "1.0.0"
            refused("conflict", "lock-mismatch", other.run, "install", sources=[pack(skill(r.base, name="third"))],
                    locked=True, lock_file=lock)
            other.run("uninstall", names=["hello"])
            shutil.rmtree(r.dir)
            other.run("install", frozen=True, lock_file=lock)
            assert other.rows()["hello"]["digest"] == h.rows()["hello"]["digest"]


def metadata_of_a_registry_vouches_for_a_bundle():
    with Registry() as r:
        r.publish("1.0.0")
        with r.host() as h, r.host() as far, Home() as stranger:
            install(h, "hello")
            bundle = os.path.join(r.base, "all.ocb")
            h.run("bundle.create", file=bundle)
            shutil.rmtree(os.path.join(r.dir, "v1", "blob"))
            far.run("bundle.install", file=bundle)
            assert far.rows()["hello"]["id"] == "acme/hello" and far.rows()["hello"]["trust"] == h.rows()["hello"]["trust"]
            stranger.run("bundle.install", file=bundle)
            assert stranger.rows()["hello"]["id"] == "local/hello" and stranger.rows()["hello"]["trust"] == "unsigned"
            with open(r.key + ".pub") as f:
                public = f.read().split("\n")[1]
            stranger.run("bundle.install", file=bundle, key=[public])
            assert stranger.rows()["hello"]["id"] == "acme/hello" and stranger.rows()["hello"]["trust"] == "signed"


def minisign_verifies_what_is_installed():
    with Registry() as r:
        r.publish("1.0.0")
        with r.host() as h:
            install(h, "hello")
            place = os.path.join(h.packages, "current", "plugins", "hello", ".openclaw")
            done = subprocess.run(["minisign", "-V", "-p", r.key + ".pub", "-m", os.path.join(place, "artifact.ocp")],
                                  capture_output=True, text=True)
            assert done.returncode == 0 and "acme/hello" in done.stdout, done.stdout + done.stderr


if __name__ == "__main__":
    harness.run([a_release_is_installed_and_updated_within_its_range, an_update_that_wants_more_asks_again,
                 a_swapped_artifact_is_refused, a_lock_file_brings_the_same_bytes_to_another_host,
                 metadata_of_a_registry_vouches_for_a_bundle, minisign_verifies_what_is_installed])
