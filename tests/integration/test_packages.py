"""Install, update, remove, roll back: the package store from files and folders. SPDX-License-Identifier: MIT"""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import threading

import harness
from packages import Sources, claw
from worker import Home, Refused, keygen, pack, refused, sign, skill


class Bench(Home):
    """A home and a folder for sources."""

    def __init__(self):
        super().__init__()
        self.src = tempfile.mkdtemp(prefix="openclaw-sources-")

    def __exit__(self, *_):
        super().__exit__()
        shutil.rmtree(self.src)


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def edit(folder, **changes):
    """What its author does: the same folder, another version."""
    path = os.path.join(folder, "plugin.json")
    with open(path) as f:
        manifest = json.load(f)
    with open(path, "w") as f:
        json.dump({**manifest, **changes}, f)
    return folder


def nothing_is_installed_at_first():
    with Bench() as h:
        assert h.run("generations") == []
        assert h.run("verify") == []
        assert refused("not_found", "not-installed", h.run, "enable", names=["hello"]).hint


def a_folder_is_installed_updated_and_removed():
    with Bench() as h:
        one = skill(h.src, version="1.0.0", files={"assets/a.txt": "a"})
        two = skill(h.src, version="1.1.0", files={"CHANGELOG.md": "# Changes\n\n## 1.1.0\n\n* better\n\n## 1.0.0\n\n* first\n"})
        r = h.run("install", sources=[one])
        assert r["generation"] == 1 and r["actions"][0]["do"] == "install", r
        row = h.rows()["hello"]
        assert row["id"] == "local/hello" and row["trust"] == "unsigned" and row["tier"] == "sandbox" and row["enabled"]
        place = os.path.join(h.packages, "current", "plugins", "hello")
        assert open(os.path.join(place, "assets", "a.txt")).read() == "a"
        assert os.stat(os.path.join(place, "plugin.json")).st_mode & 0o222 == 0
        receipt = json.load(open(os.path.join(place, ".openclaw", "receipt.json")))
        assert receipt["files"]["assets/a.txt"] == hashlib.sha256(b"a").hexdigest()
        assert receipt["digest"] == row["digest"] == digest(os.path.join(place, ".openclaw", "artifact.ocp"))

        assert h.run("install", sources=[one])["actions"] == []
        assert h.state()["generation"] == 1
        r = h.run("install", sources=[two])
        assert r["actions"][0]["do"] == "update" and r["actions"][0]["from"] == "1.0.0"
        assert "better" in r["changelog"] and "first" not in r["changelog"]
        assert [p["files"] for p in h.run("verify")] == [3]
        plan = h.run("uninstall", names=["hello"], dry_run=True)
        assert plan["actions"][0]["do"] == "remove" and h.rows()
        r = h.run("uninstall", names=["local/hello"], plan=plan["plan"])
        assert r["generation"] == 3 and not h.rows()
        assert os.listdir(os.path.join(h.packages, "staging")) == [], os.listdir(os.path.join(h.packages, "staging"))


def consent_is_asked_for_and_remembered():
    with Bench() as h:
        one = skill(h.src, permissions=["network:tcp:443"])
        e = refused("denied", "consent-needed", h.run, "install", sources=[one])
        assert e.details["permissions"] == ["network:tcp:443"] and e.details["surface"] in e.hint
        refused("denied", "surface-changed", h.run, "install", sources=[one], accept_permissions="0" * 64)
        assert not os.path.exists(os.path.join(h.packages, "current"))
        plan = h.run("install", sources=[one], dry_run=True)
        assert plan["consent"] == "needed" and plan["permissions"][0]["why"] == "new"
        h.run("install", sources=[one], grant=["network:tcp:443"])
        assert h.rows()["hello"]["grants"] == ["network:tcp:443"]

        h.run("install", sources=[edit(one, version="1.1.0")])
        wider = edit(one, version="1.2.0", permissions=["network:tcp:443", "filesystem:read:/var/log"])
        e = refused("denied", "surface-widened", h.run, "install", sources=[wider])
        assert e.details["permissions"] == ["filesystem:read:/var/log"]
        assert h.rows()["hello"]["version"] == "1.1.0"
        plan = h.run("install", sources=[wider], dry_run=True)
        assert {p["permission"]: p["why"] for p in plan["permissions"]} == {
            "network:tcp:443": "kept", "filesystem:read:/var/log": "new"}
        h.run("install", sources=[wider], accept_permissions=plan["surface"])

        h.run("grants.remove", name="hello", permissions=["network:tcp:443"])
        rows = {p["permission"]: p["granted"] for p in h.run("grants", name="hello")}
        assert rows == {"network:tcp:443": False, "filesystem:read:/var/log": True}
        h.run("install", sources=[edit(one, version="1.3.0", permissions=["network:tcp:443"])])
        assert h.rows()["hello"]["grants"] == [], "what was taken back stays so"
        refused("config", "permission-not-requested", h.run, "grants.add", name="hello", permissions=["network:tcp:80"])
        h.run("grants.add", name="hello", permissions=["network:tcp:443"])
        assert h.rows()["hello"]["grants"] == ["network:tcp:443"]
        refused("not_found", "permission-not-granted", h.run, "grants.remove", name="hello", permissions=["x:y"])


def a_plan_that_no_longer_fits_is_refused():
    with Bench() as h:
        one, other = skill(h.src), skill(h.src, name="other")
        plan = h.run("install", sources=[one], dry_run=True)
        h.run("install", sources=[other])
        refused("conflict", "plan-changed", h.run, "install", sources=[one], plan=plan["plan"])
        assert "hello" not in h.rows()


def a_selection_is_validated_before_the_first_change():
    with Bench() as h:
        good, bad = skill(h.src), skill(h.src, name="bad")
        with open(os.path.join(bad, "plugin.json"), "w") as f:
            f.write("{")
        try:
            h.run("install", sources=[good, bad])
            raise AssertionError("it went well")
        except Refused:
            pass
        assert h.run("generations") == []
        refused("conflict", "name-twice", h.run, "install", sources=[good, skill(h.src, version="2.0.0")])


def signed_files_are_trusted_only_with_their_key():
    with Bench() as h:
        secret, public = keygen(h.src)
        _, stranger = keygen(h.src, "stranger")
        ocp = pack(skill(h.src))
        refused("verify", "signature-missing", h.run, "install", sources=[ocp], key=[public])
        sign(secret, ocp, f"id:acme/hello version:1.0.0 target:any sha256:{digest(ocp)}")
        refused("verify", "signature-other-key", h.run, "install", sources=[ocp], key=[stranger])
        h.run("install", sources=[ocp])
        assert h.rows()["hello"]["trust"] == "unsigned" and "nobody vouches" in h.warnings[0]
        h.run("install", sources=[ocp], key=[stranger, public])
        row = h.rows()["hello"]
        assert row["trust"] == "signed" and row["id"] == "acme/hello" and row["tier"] == "process" and row["key"] == public
        assert h.run("verify")[0]["signature"] == "good"

        two = pack(skill(h.src, version="2.0.0"))
        refused("conflict", "name-taken", h.run, "install", sources=[two])
        other_secret, other = keygen(h.src, "other")
        sign(other_secret, two, f"id:acme/hello version:2.0.0 target:any sha256:{digest(two)}")
        refused("refused", "signer-changed", h.run, "install", sources=[two], key=[other])
        shutil.copy(ocp + ".minisig", two + ".minisig")
        refused("verify", "signature-wrong", h.run, "install", sources=[two], key=[public])
        sign(secret, two, f"id:acme/hello version:1.0.0 target:any sha256:{digest(ocp)}")
        refused("verify", "artifact-swapped", h.run, "install", sources=[two], key=[public])
        sign(secret, two, f"id:acme/other version:2.0.0 target:any sha256:{digest(two)}")
        refused("refused", "name-confusion", h.run, "install", sources=[two], key=[public])
        sign(secret, two, f"id:acme/hello version:2.0.0 target:plan9-mips-none sha256:{digest(two)}")
        refused("verify", "artifact-swapped", h.run, "install", sources=[two], key=[public])
        sign(secret, two, "openclaw:acme/hello@2.1.0 target:any")
        refused("refused", "version-differs", h.run, "install", sources=[two], key=[public])
        assert h.rows()["hello"]["version"] == "1.0.0"
        sign(secret, two, "openclaw:acme/hello@2.0.0 target:any file:two.ocp timestamp:1")
        h.run("install", sources=[two], key=[public])
        assert h.rows()["hello"]["version"] == "2.0.0" and h.rows()["hello"]["id"] == "acme/hello"


def nobody_inherits_the_rights_of_another_author():
    with Bench() as h:
        secret, public = keygen(h.src)
        folder = skill(h.src, permissions=["network:tcp:443"])
        h.install(folder)
        ocp = pack(folder)
        sign(secret, ocp, "openclaw:acme/hello@1.0.0 target:any")
        refused("denied", "surface-widened", h.run, "install", sources=[ocp], key=[public])
        assert h.rows()["hello"]["id"] == "local/hello"
        link = os.path.join(h.src, "link.ocp")
        os.symlink(ocp, link)
        refused("verify", "signature-missing", h.run, "install", sources=[link], key=[public])
        os.symlink(ocp + ".minisig", link + ".minisig")
        h.install(link, key=[public])
        assert h.rows()["hello"]["id"] == "acme/hello"


def an_unsigned_plugin_is_the_same_only_from_where_it_came():
    """Everybody may call a plugin hello: without a signature it is known by its folder, or by its bytes."""
    with Bench() as h:
        mine = skill(h.src, permissions=["network:tcp:443"])
        h.install(mine)
        theirs = skill(h.src, version="2.0.0", permissions=["network:tcp:443"])
        refused("denied", "surface-widened", h.run, "install", sources=[theirs])
        refused("denied", "surface-widened", h.run, "install", sources=[pack(theirs)])
        h.install(pack(edit(mine, version="1.1.0")))
        refused("denied", "surface-widened", h.run, "install", sources=[edit(mine, version="1.2.0")])
        shutil.copy(mine + ".ocp", h.src + "/moved.ocp")
        h.run("install", sources=[h.src + "/moved.ocp"], force=True)
        assert h.rows()["hello"]["source"] == "file:" + h.src + "/moved.ocp"


def a_tier_that_was_chosen_is_kept_for_its_plugin_alone():
    with Bench() as h:
        def install(*words):
            done = claw(h.path, "plugin", "install", "--yes", *words)
            return h.rows()["hello"]["tier"], done.stderr

        mine = skill(h.src)
        assert install(mine, "--tier", "inproc")[0] == "inproc"
        assert install(edit(mine, version="1.1.0"))[0] == "inproc", "its author installs it again and again"
        tier, said = install(skill(h.src, version="2.0.0"))
        assert tier == "sandbox" and "the tier inproc is not kept for hello" in said, (tier, said)
        assert install(edit(mine, version="1.2.0"))[0] == "sandbox", "what was lost is to be chosen again"

        ocp, force = pack(mine), ("--force", "--key")
        keys = {name: keygen(h.src, name) for name in ("ann", "eve")}
        for author, name, tier, more in (("ann", "ann/hello", "inproc", ("--tier", "inproc")), ("ann", "ann/hello", "inproc", ()),
                                         ("eve", "ann/hello", "process", ()), ("ann", "ann/hello", "inproc", ("--tier", "inproc")),
                                         ("eve", "eve/hello", "process", ())):
            sign(keys[author][0], ocp, f"id:{name} version:1.2.0 target:any")
            assert install(ocp, *force, keys[author][1], *more)[0] == tier, (author, name, tier)


def a_stricter_tier_that_was_chosen_is_kept_for_everybody():
    with Bench() as h:
        secret, public = keygen(h.src)
        h.run("install", sources=[skill(h.src)], tier="sandbox")
        ocp = pack(skill(h.src, version="2.0.0"))
        sign(secret, ocp, "id:ann/hello version:2.0.0 target:any")
        h.run("install", sources=[ocp], key=[public], force=True)
        assert h.rows()["hello"]["trust"] == "signed" and h.rows()["hello"]["tier"] == "sandbox" and not h.warnings


def states_of_a_plugin_are_kept_over_an_update():
    with Bench() as h:
        folder = skill(h.src)
        h.run("install", sources=[folder], enable=False, tier="process")
        row = h.rows()["hello"]
        assert not row["enabled"] and row["disabled_why"] == "user" and row["tier"] == "process"
        h.run("install", sources=[edit(folder, version="1.1.0")])
        row = h.rows()["hello"]
        assert not row["enabled"] and row["tier"] == "process"
        h.run("enable", names=["hello"])
        assert h.rows()["hello"]["enabled"]
        h.run("pin", names=["hello"])
        refused("conflict", "pinned", h.run, "install", sources=[skill(h.src, version="1.2.0")])
        h.run("unpin", names=["hello"])
        h.run("install", sources=[os.path.join(h.src, "hello-1.2.0")])
        assert h.run("disable", names=["hello"])["actions"][0]["do"] == "disable"
        refused("config", "tier-unknown", h.run, "install", sources=[os.path.join(h.src, "hello-1.2.0")], tier="root")


def one_can_go_back_and_forth():
    with Bench() as h:
        h.run("install", sources=[skill(h.src)])
        h.run("install", sources=[skill(h.src, version="1.1.0"), skill(h.src, name="other")])
        h.run("uninstall", names=["hello"])
        plan = h.run("rollback", dry_run=True)
        assert [a["do"] for a in plan["actions"]] == ["install"] and plan["to"] == 2
        r = h.run("rollback", plan=plan["plan"])
        assert r["generation"] == 2 and sorted(h.rows()) == ["hello", "other"]
        h.run("rollback")
        assert h.rows()["hello"]["version"] == "1.0.0"
        h.run("rollback")
        assert h.state()["generation"] == 0 and not h.rows()
        refused("not_found", "generation-missing", h.run, "rollback")
        h.run("rollback", to=3)
        assert sorted(h.rows()) == ["other"]
        refused("not_found", "generation-missing", h.run, "rollback", to=77)
        rows = h.run("generations")
        assert [g["generation"] for g in rows if g["current"]] == [3] and all(g["whole"] for g in rows)
        h.run("install", sources=[os.path.join(h.src, "hello-1.0.0")])
        assert h.state()["generation"] == 4 and h.state()["parent"] == 3


def a_damaged_state_does_not_hinder_a_rollback():
    with Bench() as h:
        h.run("install", sources=[skill(h.src)])
        h.run("install", sources=[skill(h.src, version="1.1.0")])
        with open(os.path.join(h.packages, "generations", "2", "state.json"), "w") as f:
            f.write('{"schema":1}')
        try:
            h.run("uninstall", names=["hello"])
            raise AssertionError("it went well")
        except Refused as e:
            assert e.code == "config" and "rollback" in e.hint, str(e)
        assert h.run("rollback")["generation"] == 1 and h.rows()["hello"]["version"] == "1.0.0"


def changed_bytes_are_found_and_mended():
    with Bench() as h:
        one = skill(h.src)
        h.run("install", sources=[one])
        place = os.path.realpath(os.path.join(h.packages, "current", "plugins", "hello"))
        os.chmod(place, 0o755)
        os.chmod(os.path.join(place, "SKILL.md"), 0o644)
        with open(os.path.join(place, "SKILL.md"), "a") as f:
            f.write("ignore all that\n")
        with open(os.path.join(place, "more"), "w") as f:
            f.write("x")
        e = refused("verify", "installed-changed", h.run, "verify")
        assert "SKILL.md was changed" in e.message and e.details["plugins"][0]["problems"][1] == "more was added"
        h.run("disable", names=["hello"])
        refused("verify", "generation-damaged", h.run, "rollback")
        h.run("install", sources=[one], force=True)
        assert h.run("verify", name="hello")[0]["ok"]


def gc_keeps_what_the_last_generations_need():
    with Bench() as h:
        for i in range(8):
            h.run("install", sources=[skill(h.src, version=f"1.{i}.0")])
        h.run("rollback", to=1)
        before = h.snapshot()
        plan = h.run("gc", dry_run=True)
        assert h.snapshot() == before and plan["bytes"] > 0
        r = h.run("gc", plan=plan["plan"])
        assert r["bytes"] == plan["bytes"]
        left = sorted(int(g) for g in os.listdir(os.path.join(h.packages, "generations")))
        assert left == [1, 4, 5, 6, 7, 8], left
        assert len(os.listdir(os.path.join(h.packages, "store", "sha256"))) == 6
        assert h.run("gc")["actions"] == []
        h.run("rollback", to=8)
        assert h.run("verify")[0]["version"] == "1.7.0"


def a_lock_file_pins_the_bytes():
    with Bench() as h, Bench() as other:
        one = skill(h.src)
        h.run("install", sources=[one, skill(h.src, name="other")])
        lock = os.path.join(h.src, "openclaw.lock")
        r = h.run("lock", lock_file=lock)
        assert [p["name"] for p in r["plugins"]] == ["hello", "other"]
        first = open(lock).read()
        h.run("lock", lock_file=lock)
        assert open(lock).read() == first
        other.run("install", sources=[one], locked=True, lock_file=lock)
        refused("conflict", "lock-mismatch", other.run, "install", sources=[skill(h.src, version="1.0.1")], locked=True,
                lock_file=lock)
        refused("conflict", "lock-mismatch", other.run, "install", sources=[skill(h.src, name="third")], locked=True,
                lock_file=lock)
        refused("not_found", "artifact-missing", other.run, "install", frozen=True, lock_file=lock)
        refused("not_found", "lock-missing", other.run, "install", frozen=True)
        h.run("uninstall", names=["hello", "other"])
        h.run("install", frozen=True, lock_file=lock)
        assert sorted(h.rows()) == ["hello", "other"]
        with open(lock, "w") as f:
            f.write(first.replace('"digest"', '"nothing"').replace('"digests"', '"none"'))
        refused("config", "lock-wrong", h.run, "install", frozen=True, lock_file=lock)


def a_bundle_carries_plugins_to_a_host_without_network():
    with Bench() as h, Bench() as far:
        secret, public = keygen(h.src)
        ocp = pack(skill(h.src))
        sign(secret, ocp, f"id:acme/hello version:1.0.0 target:any sha256:{digest(ocp)}")
        h.run("install", sources=[ocp, skill(h.src, name="other")], key=[public])
        bundle = os.path.join(h.src, "all.ocb")
        refused("not_found", "not-installed", h.run, "bundle.create", file=bundle, names=["third"])
        h.run("bundle.create", file=bundle, names=["hello"])
        far.run("bundle.install", file=bundle)
        assert far.rows()["hello"]["trust"] == "unsigned"
        far.run("bundle.install", file=bundle, key=[public])
        assert far.rows()["hello"]["id"] == "acme/hello" and far.rows()["hello"]["trust"] == "signed"
        h.run("bundle.create", file=bundle)
        refused("verify", "signature-missing", far.run, "install", bundle=bundle, key=[public])
        far.run("install", bundle=bundle, force=True)
        assert sorted(far.rows()) == ["hello", "other"]

        # An artifact of it is exchanged.
        box = os.path.join(h.src, "box")
        os.mkdir(box)
        tool = os.path.join(os.path.abspath(harness.BUILD), "bin", "openclaw-archive")
        subprocess.run([tool, "unpack", bundle, box], check=True, capture_output=True)
        names = sorted(os.listdir(os.path.join(box, "artifacts")))
        ocps = [os.path.join(box, "artifacts", n) for n in names if n.endswith(".ocp")]
        shutil.copy(ocps[0], ocps[1])
        subprocess.run([tool, "pack", box, bundle], check=True, capture_output=True)
        refused("verify", "artifact-swapped", far.run, "install", bundle=bundle)


def a_folder_under_development_is_linked():
    with Bench() as h:
        one = skill(h.src, permissions=["network:tcp:443"])
        h.run("link", dir=one)
        row = h.rows()["hello"]
        assert row["source"] == "link:" + one and row["digest"] == "" and row["grants"] == ["network:tcp:443"]
        assert os.path.realpath(os.path.join(h.packages, "current", "plugins", "hello")) == one
        with open(os.path.join(one, "SKILL.md"), "a") as f:
            f.write("more\n")
        assert h.run("verify")[0]["ok"]
        h.run("unlink", plugin=one)
        assert not h.rows()
        h.run("install", sources=[skill(h.src, name="other")])
        refused("conflict", "not-linked", h.run, "unlink", plugin="other")
        refused("not_found", "folder-unknown", h.run, "link", dir="/nonexistent")


def two_installers_are_serialised_and_readers_see_whole_states():
    with Bench() as h:
        sources = [skill(h.src, name=f"p{i}") for i in range(6)]
        h.run("install", sources=[sources[0]])
        stop, seen, problems = threading.Event(), set(), []

        def read():
            while not stop.is_set():
                try:
                    state = h.state()
                    seen.add(state["generation"])
                    for p in state["plugins"]:
                        with open(os.path.join(h.packages, "store", "sha256", p["digest"], "plugin.json")) as f:
                            assert json.load(f)["name"] == p["name"]
                except Exception as problem:
                    problems.append(repr(problem))
        reader = threading.Thread(target=read)
        reader.start()
        running = [h.start("plugin.install", sources=[s]) for s in sources[1:]]
        for p in running:
            h.finish(p)
        stop.set()
        reader.join()
        assert not problems, problems[:3]
        assert sorted(h.rows()) == [f"p{i}" for i in range(6)] and h.state()["generation"] == 6


def who_waits_too_long_is_told_for_whom():
    with Bench() as h:
        h.run("install", sources=[skill(h.src)])
        holder = subprocess.Popen(["/usr/bin/python3", "-c", """
import fcntl, os, struct, sys, time
fd = os.open(sys.argv[1], os.O_RDWR)
fcntl.fcntl(fd, 37, struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 0, 0) + b"\\0" * 4)
os.ftruncate(fd, 0); os.pwrite(fd, b"%d\\n" % os.getpid(), 0)
print("held", flush=True); time.sleep(60)
""", os.path.join(h.packages, "lock")], stdout=subprocess.PIPE, text=True)
        assert holder.stdout.readline() == "held\n"
        e = refused("conflict", "packages-locked", h.run, "disable", names=["hello"])
        assert e.details["pid"] == holder.pid and str(holder.pid) in e.message
        holder.kill()
        holder.wait()
        holder.stdout.close()
        h.run("disable", names=["hello"])


def built(h, name):
    """A copy of a plugin with code, as the build made it."""
    to = os.path.join(h.src, name)
    shutil.copytree(os.path.join(os.path.abspath(harness.BUILD), "plugins", name), to)
    return to


def code_is_described_before_it_may_run():
    with Bench() as h:
        redis = built(h, "redis")
        h.install(redis)
        receipt = json.load(open(os.path.join(h.packages, "current", "plugins", "redis", ".openclaw", "receipt.json")))
        assert "collector.collect/1" in receipt["describe"]["methods"] and receipt["describe"]["options"]
        assert sorted(receipt["files"]) == ["plugin.json", "redis.so"]

        h.install(built(h, "webhook"))
        row = h.rows()["webhook"]
        assert not row["enabled"] and row["disabled_why"] == "config" and "url" in row["disabled_text"], row
        h.run("enable", names=["webhook"])
        assert h.rows()["webhook"]["enabled"]


def a_manifest_that_differs_from_the_code_is_refused():
    with Bench() as h:
        redis = built(h, "redis")
        with open(os.path.join(redis, "plugin.json")) as f:
            text = f.read()
        with open(os.path.join(redis, "plugin.json"), "w") as f:
            f.write(text.replace("network:unix:*", "network:unix:/run/redis.sock"))
        refused("refused", "manifest-differs", h.run, "install", sources=[pack(redis)])
        with open(os.path.join(redis, "plugin.json"), "w") as f:
            f.write(text.replace('"redis.so"', '"other.so"'))
        refused("verify", "manifest-wrong", h.run, "install", sources=[pack(redis)])
        shutil.copy("/bin/true", os.path.join(redis, "other.so"))
        refused("config", "note-missing", h.run, "install", sources=[pack(redis)])
        assert h.run("generations") == []


def code_that_cannot_be_described_is_installed_disabled():
    with Bench() as h:
        redis = built(h, "redis")
        so = os.path.join(redis, "redis.so")
        with open(so, "rb") as f:
            code = bytearray(f.read())
        # The string table keeps its length: a symbol that nobody has.
        at = code.find(b"\0oc_plugin_entry\0")
        code[at + 1:at + 4] = b"no_"
        with open(so, "wb") as f:
            f.write(code)
        try:
            h.install(redis)
        except Refused as e:
            assert e.reason == "check-failed", str(e)
            return
        row = h.rows()["redis"]
        assert not row["enabled"] and row["disabled_why"] == "describe", row


def with_a_default_of_the_host(text):
    """The source of the collector template with a secret that would be read from the environment of the daemon."""
    return text.replace("warning_ms, critical_ms;", "warning_ms, critical_ms;\n    const char *word;").replace("    {0},\n};", """\
    {.name = "word", .type = OC_OPT_SECRET, .offset = offsetof(struct collector, word),
     .default_text = "\\"$env:PATH\\"", .help = "a word"},
    {0},
};""", 1)


def code_that_the_host_would_not_load_is_installed_disabled():
    sources = Sources()
    try:
        with Bench() as h:
            h.install(sources.make("greedy", edit=with_a_default_of_the_host))
            row = h.rows()["greedy"]
            assert not row["enabled"] and row["disabled_why"] == "describe", row
            assert "names a file or a variable of the host" in row["disabled_text"], row
    finally:
        sources.remove()


def preset(h, name, **more):
    path = os.path.join(h.src, name)
    os.makedirs(path)
    with open(os.path.join(path, "plugin.json"), "w") as f:
        json.dump({"name": name, "version": "1.0.0", "summary": "A preset", "license": "MIT", **more}, f)
    return path


def a_preset_is_compared_with_the_plugins_that_it_uses():
    with Bench() as h:
        redis = built(h, "redis")
        h.install(redis)
        with open(os.path.join(redis, "plugin.json")) as f:
            asked = json.load(f)["permissions"]
        use = [{"plugin": "redis"}]
        h.install(preset(h, "less", instances=use))
        assert any("less: it uses redis and does not ask for " in w for w in h.warnings), h.warnings
        h.install(preset(h, "same", instances=use, permissions=asked))
        assert not h.warnings, h.warnings
        own = preset(h, "own", instances=[{"plugin": "redis", "password": "$env:HOME"}], permissions=asked)
        e = refused("refused", "check-failed", h.run, "install", sources=[own])
        assert "OC0018" in e.message and "own" not in h.rows(), e


def sources_that_are_none_are_refused():
    with Bench() as h:
        refused("not_found", "source-unknown", h.run, "install", sources=[h.src + "/no.ocp"])
        refused("config", "source-missing", h.run, "install")
        with open(h.src + "/x.ocp", "w") as f:
            f.write("no archive")
        refused("verify", "archive-format", h.run, "install", sources=[h.src + "/x.ocp"])
        with open(h.src + "/x.minisig", "w"):
            pass
        odd = skill(h.src, name="odd")
        os.symlink("/etc/passwd", os.path.join(odd, "assets"))
        try:
            h.run("install", sources=[odd])
            raise AssertionError("it went well")
        except Refused as e:
            assert e.code == "refused", str(e)


if __name__ == "__main__":
    harness.run([nothing_is_installed_at_first, a_folder_is_installed_updated_and_removed, consent_is_asked_for_and_remembered,
                 a_plan_that_no_longer_fits_is_refused, a_selection_is_validated_before_the_first_change,
                 signed_files_are_trusted_only_with_their_key,
                 nobody_inherits_the_rights_of_another_author, an_unsigned_plugin_is_the_same_only_from_where_it_came,
                 a_tier_that_was_chosen_is_kept_for_its_plugin_alone, a_stricter_tier_that_was_chosen_is_kept_for_everybody,
                 states_of_a_plugin_are_kept_over_an_update,
                 one_can_go_back_and_forth, a_damaged_state_does_not_hinder_a_rollback, changed_bytes_are_found_and_mended,
                 gc_keeps_what_the_last_generations_need, a_lock_file_pins_the_bytes,
                 a_bundle_carries_plugins_to_a_host_without_network, a_folder_under_development_is_linked,
                 two_installers_are_serialised_and_readers_see_whole_states, who_waits_too_long_is_told_for_whom,
                 code_is_described_before_it_may_run, a_manifest_that_differs_from_the_code_is_refused,
                 code_that_cannot_be_described_is_installed_disabled,
                 code_that_the_host_would_not_load_is_installed_disabled,
                 a_preset_is_compared_with_the_plugins_that_it_uses, sources_that_are_none_are_refused])
