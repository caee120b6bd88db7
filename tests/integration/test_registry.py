"""A registry from its making to a client's refusals, over folders and over HTTP. SPDX-License-Identifier: MIT

Every attack is made against a client that has seen an honest registry. It must be refused with its own reason word, and leave every
file of the client's package folder as it was.
"""

import glob
import hashlib
import http.client
import http.server
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading
import time

import harness

BIN = os.path.join(os.path.abspath(harness.BUILD), "bin")
SCRATCH = tempfile.mkdtemp(prefix="openclaw-registry-")


class Refusal(Exception):
    """A verb ended with an error."""

    def __init__(self, error):
        super().__init__(f"{error['code']}: {error['message']}")
        self.code = error["code"]
        self.reason = error.get("details", {}).get("reason", "")
        self.message = error["message"]
        self.hint = error["hint"]
        self.details = error.get("details", {})


def worker(verb, home, **params):
    """Runs one verb of openclaw-package."""
    done = subprocess.run([os.path.join(BIN, "openclaw-package"), verb, "--home", home], input=json.dumps(params),
                          capture_output=True, text=True, timeout=120)
    if done.returncode != 0 or done.stderr:
        raise AssertionError(f"{verb} ended with {done.returncode}: {done.stderr}")
    last = json.loads(done.stdout.rstrip("\n").split("\n")[-1])
    if "error" in last:
        raise Refusal(last["error"])
    return last["result"]


def refused(reason, code, function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except Refusal as refusal:
        assert refusal.reason == reason, f"refused as {refusal.reason} ({refusal}), expected {reason}"
        assert refusal.code == code, f"{reason} has the code {refusal.code}, expected {code}"
        assert refusal.message and refusal.message[0] != refusal.message[0].upper() or not refusal.message[0].isalpha(), refusal.message
        assert refusal.hint.endswith(".") or "--fingerprint" in refusal.hint, refusal.hint
        return refusal
    raise AssertionError(f"nothing was refused, expected {reason}")


def folder(name):
    return tempfile.mkdtemp(prefix=name + "-", dir=SCRATCH)


def pack(name, version, **more):
    """An archive of a plugin without code."""
    where = folder("plugin")
    manifest = {"name": name, "version": version, "summary": f"Does what {name} does", "kind": "collector",
                "license": "MIT", "permissions": ["network:tcp:6379"], "instances": [{"plugin": "tcp", "name": "x"}], **more}
    with open(os.path.join(where, "plugin.json"), "w") as f:
        json.dump(manifest, f)
    file = os.path.join(SCRATCH, f"{name}-{version}-{os.path.basename(where)}.ocp")
    subprocess.run([os.path.join(BIN, "openclaw-archive"), "pack", where, file], check=True, capture_output=True)
    return file


def tree(path):
    """Every file below a folder with its digest."""
    found = {}
    for base, _, names in os.walk(path):
        for name in names:
            full = os.path.join(base, name)
            with open(full, "rb") as f:
                found[os.path.relpath(full, path)] = hashlib.sha256(f.read()).hexdigest()
    return found


class Registry:
    """A registry folder with one publisher, and what a keeper does."""

    def __init__(self, name="acme-plugins", **params):
        self.base = folder("keeper")
        self.dir = os.path.join(self.base, "registry")
        self.made = self.keep("init", name=name, popular=["redis"], **params)
        self.key = os.path.join(self.base, "acme")
        worker("plugin.keygen", self.base, output=self.key)

    def keep(self, verb, **params):
        return worker(f"registry.{verb}", self.base, dir=self.dir, **params)

    def publish(self, name="probe", version="1.0.0", publisher="acme", key=None, **params):
        return self.keep("publish", files=[pack(name, version)], publisher=publisher,
                         publisher_key=(key or self.key) + ".key", **params)

    def path(self, pattern):
        found = glob.glob(os.path.join(self.dir, "v1", pattern))
        assert len(found) == 1, f"{pattern}: {found}"
        return found[0]

    def read(self, name):
        with open(os.path.join(self.dir, "v1", name), "rb") as f:
            return f.read()

    def write(self, name, data):
        path = os.path.join(self.dir, "v1", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)

    def fork(self):
        """The same registry, keys and all, in another place: what a thief or a replaying mirror has."""
        other = object.__new__(Registry)
        other.base = folder("fork")
        other.dir = os.path.join(other.base, "registry")
        shutil.copytree(self.dir, other.dir)
        shutil.copytree(self.dir + ".keys", other.dir + ".keys")
        other.key = self.key
        return other

    def restore(self, fork):
        shutil.rmtree(self.dir)
        shutil.copytree(fork.dir, self.dir)

    def snapshot_version(self):
        return json.loads(self.read("timestamp.json"))["signed"]["snapshot"]["version"]

    def replace_package(self, package, change, as_name=None):
        """Lets a keeper with the online keys serve another package file: shard, snapshot and timestamp are right for it."""
        version = self.snapshot_version()
        snapshot = self.read(f"snapshot.{version}.json").decode()
        for number, ref in json.loads(snapshot)["signed"]["shards"].items():
            shard_name = f"shard/{number}.{ref['sha256']}.json"
            shard = json.loads(self.read(shard_name))
            if package in shard["packages"]:
                break
        entry = shard["packages"][package]
        lines = self.read(f"p/{package}.{entry['file']['sha256']}.jsonl")
        lines = change(lines)
        digest = hashlib.sha256(lines).hexdigest()
        self.write(f"p/{as_name or package}.{digest}.jsonl", lines)
        if as_name:
            del shard["packages"][package]
        shard["packages"][as_name or package] = {**entry, "file": {"sha256": digest, "length": len(lines)}}
        text = json.dumps(shard).encode()
        shard_digest = hashlib.sha256(text).hexdigest()
        self.write(f"shard/{number}.{shard_digest}.json", text)
        old = json.dumps(ref, separators=(",", ":"), sort_keys=True)
        assert old in snapshot, "the snapshot is not written as expected"
        new = json.dumps({"length": len(text), "sha256": shard_digest}, separators=(",", ":"))
        self.write(f"snapshot.{version}.json", snapshot.replace(old, new).encode())
        self.keep("sign", snapshot_expires="80d")


class Host:
    """A host that uses registries."""

    def __init__(self):
        self.home = folder("home")

    def use(self, verb, **params):
        return worker(verb, self.home, **params)

    def add(self, registry, name="main", **params):
        params.setdefault("trust_first", True)
        url = registry if isinstance(registry, str) else "file://" + registry.dir
        return self.use("registry.add", name=name, url=url, **params)

    def refresh(self):
        return self.use("registry.refresh")[0]

    def lookup(self, name="acme/probe"):
        return self.use("plugin.lookup", name=name)

    def download(self, name="acme/probe", output=None):
        return self.use("plugin.download", name=name, output=output or folder("out"))

    def files(self):
        return tree(os.path.join(self.home, "packages"))

    def refuses(self, reason, code, function, *args, **kwargs):
        before = self.files()
        refusal = refused(reason, code, function, *args, **kwargs)
        after = self.files()
        assert before == after, f"{reason}: changed {sorted(k for k in {**before, **after} if before.get(k) != after.get(k))}"
        return refusal


def pair(**params):
    """An honest registry with two versions, and a host that knows it."""
    registry, host = Registry(**params), Host()
    registry.publish()
    registry.publish(version="1.1.0")
    host.add(registry)
    return registry, host


def flip(data, at=-20):
    data = bytearray(data)
    data[at] ^= 1
    return bytes(data)


# ---- the honest way ----

def test_publish_serve_add_search_download():
    registry = Registry()
    registry.publish()
    registry.publish(version="1.2.0", changelog="faster")
    registry.publish("cache-probe", "0.1.0")
    with serve(registry.dir) as server:
        host = Host()
        refusal = refused("fingerprint-needed", "refused", host.add, server.url, trust_first=False)
        assert refusal.details["fingerprint"] == registry.made["fingerprint"]
        host.add(server.url, trust_first=False, fingerprint=registry.made["fingerprint"])
        found = host.use("plugin.search", words=["probe"])
        assert [f["id"] for f in found] == ["acme/probe", "acme/cache-probe"], found
        assert found[0]["version"] == "1.2.0"
        versions = host.lookup()["versions"]
        assert [v["version"] for v in versions] == ["1.2.0", "1.0.0"], versions
        got = host.download("probe@^1")
        assert got["version"] == "1.2.0" and got["trust"] == "publisher"
        if shutil.which("minisign"):
            subprocess.run(["minisign", "-V", "-m", got["file"], "-P", got["publisher_key"]], check=True, capture_output=True)
        registry.publish(version="2.0.0")
        assert host.download("acme/probe")["version"] == "2.0.0"
        assert host.download("main:acme/probe@1.0.0")["version"] == "1.0.0"


def test_a_folder_and_a_server_are_the_same():
    registry, by_file = pair()
    by_http = Host()
    with serve(registry.dir) as server:
        by_http.add(server.url)
        assert by_file.lookup() == by_http.lookup()
        first, second = by_file.download(), by_http.download()
        assert first["sha256"] == second["sha256"]
        assert open(first["file"], "rb").read() == open(second["file"], "rb").read()


def test_a_cold_resolve_asks_five_times_at_most():
    registry = Registry()
    registry.publish()
    with serve(registry.dir) as server:
        host = Host()
        host.add(server.url)
        server.requests.clear()
        host.lookup()
        warm = list(server.requests)
        assert len(warm) <= 3, warm  # timestamp, shard, package
        server.requests.clear()
        host.lookup()
        assert [r["path"] for r in server.requests] == ["/v1/timestamp.json"], server.requests


def test_yanked_and_advised_versions_are_passed_over():
    registry, host = pair()
    registry.keep("yank", package="acme/probe@1.1.0", reason="loses samples")
    assert host.download()["version"] == "1.0.0"
    refusal = host.refuses("yanked", "refused", host.download, "acme/probe@1.1.0")
    assert "loses samples" in refusal.message
    registry.keep("yank", package="acme/probe@1.1.0", undo=True)
    assert host.download()["version"] == "1.1.0"
    registry.keep("advise", package="acme/probe@<=1.0.0", advisory="A-1", severity="malicious", summary="steals")
    host.refuses("malicious", "refused", host.download, "acme/probe@1.0.0")
    assert host.download()["version"] == "1.1.0"
    registry.keep("advise", package="acme/probe", quarantine="under investigation")
    host.refuses("quarantined", "refused", host.download)
    registry.keep("advise", package="acme/probe", quarantine="")
    assert host.download()["version"] == "1.1.0"


def test_keys_of_every_role_can_be_replaced():
    registry, host = pair()
    for role in ("timestamp", "snapshot", "publish", "root"):
        done = registry.keep("rotate", role=role)
        assert done["in_force"], done
        assert host.refresh()["root"] == done["root"]
        assert host.download()["version"] == "1.1.0"
        assert registry.keep("verify")["findings"] == []
    new = os.path.join(registry.base, "acme-2")
    worker("plugin.keygen", registry.base, output=new)
    registry.keep("delegate", publisher="acme", public_keys=[new + ".pub"], key=[new + ".key"])
    assert registry.keep("verify")["findings"] == []
    got = host.download()
    assert got["version"] == "1.1.0" and got["publisher_key"] in open(new + ".pub").read()
    stranger = Host()
    stranger.add(registry)
    assert stranger.lookup()["versions"][0]["version"] == "1.1.0"


def test_holders_sign_a_root_one_after_the_other():
    registry, host = pair()
    keys = registry.dir + ".keys"
    apart = folder("holders")
    for n in (1, 2, 3):
        shutil.move(os.path.join(keys, f"root-{n}.key"), os.path.join(apart, f"root-{n}.key"))
    draft = registry.keep("rotate", role="timestamp")
    assert not draft["in_force"] and draft["old_signatures"] == 0, draft
    assert host.refresh()["root"] == 1
    refused("draft-pending", "conflict", registry.keep, "rotate", role="snapshot")
    one = registry.keep("sign", what="root", key=[os.path.join(apart, "root-3.key")])
    assert not one["in_force"] and one["old_signatures"] == 1, one
    again = registry.keep("sign", what="root", key=[os.path.join(apart, "root-3.key")])
    assert not again["in_force"] and again["old_signatures"] == 1, "one holder counted twice"
    two = registry.keep("sign", what="root", key=[os.path.join(apart, "root-1.key")])
    assert two["in_force"], two
    assert host.refresh()["root"] == 2


def test_a_mirror_needs_no_trust():
    registry, host = pair()
    registry.keep("advise", package="acme/probe", deprecate="use other")
    with serve(registry.dir) as server:
        mirror = os.path.join(folder("mirror"), "copy")
        done = worker("registry.mirror", registry.base, source=server.url, dir=mirror)
    assert done["artifacts"] == 2
    other = Host()
    other.add("file://" + mirror, trust_first=False, fingerprint=registry.made["fingerprint"])
    assert other.lookup()["versions"] == host.lookup()["versions"]
    assert other.download()["version"] == "1.1.0"


def test_offline_uses_what_is_there():
    registry, host = pair()
    with serve(registry.dir) as server:
        away = Host()
        away.add(server.url)
        away.lookup()
        away.refresh()
    assert away.use("plugin.lookup", name="probe", offline=True)["id"] == "acme/probe"
    assert away.use("plugin.search", words=["probe"], offline=True)[0]["id"] == "acme/probe"
    away.refuses("registry-unreachable", "network", away.lookup)


def test_search_finds_by_every_word():
    registry, host = pair()
    registry.publish("disk-probe", "1.0.0")
    assert [f["id"] for f in host.use("plugin.search", words=["DISK", "probe"])] == ["acme/disk-probe"]
    assert host.use("plugin.search", words=["nothing-like-it"]) == []
    assert len(host.use("plugin.search", limit=1)) == 1


def test_nobody_is_called_local():
    registry = Registry()
    refused("name-invalid", "config", registry.publish, publisher="local")
    refused("name-invalid", "config", registry.keep, "delegate", publisher="local", public_keys=[registry.key + ".pub"])


def test_who_was_overtaken_writes_nothing_older():
    """Two processes refresh at once; the slower one has the older answer, and must not put it over the newer one."""
    registry = Registry()
    registry.publish()
    with EvilServer(registry.dir) as server:
        host = Host()
        host.add(server.url)
        registry.publish(version="1.1.0")
        server.attack("search.", "late")  # the slow one has its timestamp by then
        slow = subprocess.Popen([os.path.join(BIN, "openclaw-package"), "registry.refresh", "--home", host.home],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        slow.stdin.write("{}")
        slow.stdin.close()
        server.reached.wait(20)
        server.attack(None, None)
        registry.publish(version="1.2.0")
        host.refresh()
        place = os.path.join(host.home, "packages", "registries", "main")
        newer = tree(place)["timestamp.json"]
        server.go_on.set()
        assert '"result"' in slow.stdout.read() and slow.wait(20) == 0
        slow.stdout.close()
        assert tree(place)["timestamp.json"] == newer


def test_what_others_add_and_remove_meanwhile_stays():
    """One is added from a slow server; what the file of registries is then counts, not what it was when that began."""
    registry, host = pair()
    with EvilServer(registry.dir) as server:
        for meanwhile, then in (("other", ["main", "other", "slow"]), ("slow", ["main", "other", "slow"])):
            server.reached.clear()
            server.go_on.clear()
            server.attack("timestamp", "late")
            slow = subprocess.Popen([os.path.join(BIN, "openclaw-package"), "registry.add", "--home", host.home],
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            slow.stdin.write(json.dumps({"name": "slow", "url": server.url, "trust_first": True}))
            slow.stdin.close()
            assert server.reached.wait(20)
            host.add(registry.dir, name=meanwhile)
            server.go_on.set()
            said = slow.stdout.read()
            slow.stdout.close()
            slow.wait(20)
            assert ("registry-exists" if meanwhile == "slow" else '"result"') in said, said
            names = sorted(row["name"] for row in host.use("registry.list"))
            assert names == then, names
            worker("registry.remove", host.home, name="slow")
    assert sorted(row["name"] for row in host.use("registry.list")) == ["main", "other"]


def test_old_states_are_removed_and_the_rest_stays_whole():
    registry, host = pair()
    for n in range(2, 8):
        registry.publish(version=f"1.{n}.0")
    registry.publish("cache-probe", "0.1.0")
    with open(os.path.join(registry.dir, "v1", "shard", "README.md"), "w") as f:
        f.write("not of the registry")
    before = tree(registry.dir)
    assert "pruned" not in registry.keep("sign")
    pruned = registry.keep("sign", prune=2)["pruned"]
    after = tree(registry.dir)
    assert pruned == len(before) - len(after) and pruned > 12, pruned
    assert {k for k in before if "/blob/" in k or "/root." in k or "publisher/" in k or "README" in k} <= set(after)
    assert len(glob.glob(os.path.join(registry.dir, "v1", "snapshot.*"))) == 2
    assert registry.keep("sign", prune=2)["pruned"] == 0
    registry.keep("verify")
    host.refresh()
    assert host.download("acme/probe")["version"] == "1.7.0" and host.download("acme/probe@1.0.0")["version"] == "1.0.0"
    late = Host()
    late.add(registry)
    assert late.download("acme/cache-probe")["version"] == "0.1.0"
    # One that is kept is damaged: nothing is removed on a guess.
    registry.publish("cache-probe", "0.2.0")
    shard = glob.glob(os.path.join(registry.dir, "v1", "shard", "*.json"))[0]
    os.truncate(shard, 5)
    kept = set(tree(registry.dir))
    try:
        registry.keep("sign", prune=50)
        raise AssertionError("it went well")
    except Refusal:
        pass
    assert kept <= set(tree(registry.dir))


def test_remove_forgets_the_registry():
    registry, host = pair()
    host.use("registry.remove", name="main")
    assert host.use("registry.list") == []
    refused("no-registry", "not_found", host.lookup)
    refused("registry-unknown", "not_found", host.use, "registry.remove", name="main")
    assert not os.path.exists(os.path.join(host.home, "packages", "registries", "main"))


# ---- the format ----

def fits(value, schema, where="$"):
    """The part of JSON Schema that registry/schemas/ uses; a keyword that is not known here is a failure."""
    known = {"$schema", "title", "type", "const", "enum", "pattern", "required", "properties", "additionalProperties", "propertyNames",
             "items", "minItems", "maxItems", "minimum", "maximum"}
    assert set(schema) <= known, f"{where}: {set(schema) - known} is not known to this test"
    types = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
    if "type" in schema:
        assert isinstance(value, types[schema["type"]]), f"{where}: expected {schema['type']}"
    assert "const" not in schema or value == schema["const"], where
    assert "enum" not in schema or value in schema["enum"], where
    assert "pattern" not in schema or re.search(schema["pattern"], value), f"{where}: {value}"
    assert "minimum" not in schema or value >= schema["minimum"], where
    assert "maximum" not in schema or value <= schema["maximum"], where
    if isinstance(value, list):
        assert schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)), where
        for n, item in enumerate(value):
            fits(item, schema.get("items", {}), f"{where}[{n}]")
    if isinstance(value, dict):
        assert set(schema.get("required", [])) <= set(value), f"{where}: {set(schema.get('required', [])) - set(value)} is missing"
        for key, item in value.items():
            fits(key, schema.get("propertyNames", {}), f"{where}.{key}")
            rest = schema.get("additionalProperties", {})
            rule = schema.get("properties", {}).get(key, rest if isinstance(rest, dict) else {} if rest else None)
            assert rule is not None, f"{where}: {key} is not described"
            fits(item, rule, f"{where}.{key}")


def test_what_is_written_fits_the_schemas():
    source = os.environ.get("OC_SOURCE_DIR", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

    def schema(name):
        with open(os.path.join(source, "registry", "schemas", f"{name}.json"), encoding="utf-8") as f:
            return json.load(f)

    registry, _ = pair()
    registry.publish("rediss", "1.0.0-rc.1", reviewed=True, changelog="the first one")
    registry.keep("rotate", role="snapshot")
    registry.keep("yank", package="acme/probe@1.0.0", reason="slow")
    registry.keep("advise", package="acme/probe@<2", advisory="A-1", severity="low", summary="x", url="https://example.org", fixed="2.0.0")
    registry.keep("advise", package="acme/rediss", deprecate="use redis", quarantine="look")
    seen = set()
    for path in glob.glob(os.path.join(registry.dir, "v1", "**"), recursive=True):
        name = os.path.relpath(path, os.path.join(registry.dir, "v1"))
        kind = next((k for k, start in (("root", "root."), ("timestamp", "timestamp"), ("snapshot", "snapshot."), ("shard", "shard/"),
                                        ("status", "status/"), ("delegation", "publisher/")) if name.startswith(start)), None)
        if os.path.isfile(path) and kind:
            fits(json.load(open(path, encoding="utf-8")), schema(kind), name)
            seen.add(kind)
        elif path.endswith(".jsonl"):
            first, *rest = open(path, encoding="utf-8").read().splitlines()
            fits(json.loads(first), schema("delegation"), name)
            for line in rest:
                fits(json.loads(line), schema("release"), name)
                seen.add("release")
    assert seen == {"root", "timestamp", "snapshot", "shard", "status", "delegation", "release"}, seen
    with open(os.path.join(source, "registry", "bundled", "index.json"), encoding="utf-8") as f:
        fits(json.load(f), schema("index"), "bundled")


# ---- what a keeper is kept from ----

def test_names_near_popular_ones_need_a_reviewer():
    registry, host = pair()
    refused("name-near-popular", "refused", registry.publish, "rediss", "1.0.0")
    registry.publish("rediss", "1.0.0", reviewed=True)
    assert host.lookup("rediss")["id"] == "acme/rediss"
    registry.publish("redis", "1.0.0")
    registry.replace_package("acme/rediss", lambda lines: lines + b"")
    shard = next(p for p in glob.glob(os.path.join(registry.dir, "v1", "shard", "*")) if b"acme/rediss" in open(p, "rb").read())
    assert b"reviewed" in open(shard, "rb").read()


def test_published_versions_never_change():
    registry, _ = pair()
    before = tree(registry.dir)
    refused("version-exists", "conflict", registry.publish, "probe", "1.1.0")
    after = tree(registry.dir)
    assert {k: v for k, v in after.items() if "blob" not in k} == {k: v for k, v in before.items() if "blob" not in k}


def test_a_publisher_needs_the_delegated_key():
    registry, _ = pair()
    other = os.path.join(registry.base, "other")
    worker("plugin.keygen", registry.base, output=other)
    refused("key-missing", "auth", registry.publish, "probe", "3.0.0", key=other)


def test_secret_keys_never_lie_in_the_registry():
    registry = Registry()
    refused("keys-in-registry", "refused", registry.keep, "sign", keys=os.path.join(registry.dir, "keys"))


def test_verify_finds_what_is_damaged():
    registry, _ = pair()
    blob = glob.glob(os.path.join(registry.dir, "v1", "blob", "sha256", "*", "*"))[0]
    with open(blob, "rb+") as f:
        f.write(b"\0\0\0\0")
    refusal = refused("registry-damaged", "verify", registry.keep, "verify")
    assert [f["reason"] for f in refusal.details["report"]["findings"]] == ["artifact-digest"]


# ---- attacks on the metadata ----

def test_replayed_timestamp():
    registry, host = pair()
    old = registry.fork()
    registry.publish(version="1.2.0")
    host.refresh()
    registry.restore(old)
    host.refuses("timestamp-rollback", "verify", host.refresh)
    host.refuses("timestamp-rollback", "verify", host.lookup)


def test_two_timestamps_of_one_version():
    registry, host = pair()
    fork = registry.fork()
    registry.keep("sign")
    fork.keep("sign", expires="6d")
    host.refresh()
    registry.write("timestamp.json", fork.read("timestamp.json"))
    host.refuses("timestamp-rollback", "verify", host.refresh)


def test_expired_documents():
    registry, host = pair()
    registry.keep("sign", expires="1ms")
    host.refuses("timestamp-expired", "verify", host.refresh)
    registry.keep("sign", snapshot_expires="1ms")
    host.refuses("snapshot-expired", "verify", host.refresh)
    registry.keep("sign", snapshot_expires="80d")
    host.refresh()
    registry.keep("sign", what="root", root_expires="1ms")
    host.refuses("root-expired", "verify", host.refresh)


def test_rolled_back_snapshot():
    registry, host = pair()
    old = registry.fork()
    registry.publish(version="1.2.0")
    host.refresh()
    for _ in range(5):
        old.keep("sign")  # a thief of the timestamp key: a newer timestamp of an older snapshot
    registry.restore(old)
    host.refuses("snapshot-rollback", "verify", host.refresh)


def test_snapshot_that_is_not_the_one():
    registry, host = pair()
    fork = registry.fork()
    registry.publish(version="1.2.0")
    name = f"snapshot.{registry.snapshot_version()}.json"
    good = registry.read(name)
    registry.write(name, flip(good))
    host.refuses("snapshot-mismatch", "verify", host.refresh)
    registry.write(name, good[:-100])
    host.refuses("snapshot-mismatch", "verify", host.refresh)
    registry.write(name, good + b" " * 10)
    host.refuses("download-too-large", "verify", host.refresh)
    registry.write(name, fork.read(f"snapshot.{fork.snapshot_version()}.json"))
    assert host.refuses("snapshot-mismatch" if len(good) >= os.path.getsize(os.path.join(registry.dir, "v1", name)) else
                        "download-too-large", "verify", host.refresh)
    os.unlink(os.path.join(registry.dir, "v1", name))
    host.refuses("download-missing", "not_found", host.refresh)


def test_mixed_shards_and_packages():
    registry, host = pair()
    host.lookup()
    old_shard = max(glob.glob(os.path.join(registry.dir, "v1", "shard", "*")), key=os.path.getmtime)
    old_package = max(glob.glob(os.path.join(registry.dir, "v1", "p", "acme", "*")), key=os.path.getsize)
    old = open(old_shard, "rb").read()
    registry.publish(version="1.2.0")
    new_shard = max(glob.glob(os.path.join(registry.dir, "v1", "shard", "*")), key=os.path.getmtime)
    assert new_shard != old_shard
    good = open(new_shard, "rb").read()
    with open(new_shard, "wb") as f:
        f.write(old)
    host.refuses("shard-mismatch", "verify", host.lookup)
    with open(new_shard, "wb") as f:
        f.write(good)
    new_package = max(glob.glob(os.path.join(registry.dir, "v1", "p", "acme", "*")), key=os.path.getsize)
    shutil.copyfile(old_package, new_package)
    host.refuses("package-mismatch", "verify", host.lookup)


def test_status_and_search_that_are_not_the_ones():
    registry, host = pair()
    registry.keep("advise", package="acme/probe", deprecate="use other")
    status = registry.path("status/*.json")
    data = open(status, "rb").read()
    with open(status, "wb") as f:
        f.write(flip(data))
    host.refuses("status-mismatch", "verify", host.lookup)
    for search in glob.glob(os.path.join(registry.dir, "v1", "search.*")):
        with open(search, "rb+") as f:
            f.write(b"\0\0\0\0\0")
    host.refuses("search-mismatch", "verify", host.use, "plugin.search", words=["probe"])


def test_keys_that_may_not_sign():
    registry, host = pair()
    evil = Registry()
    evil.publish()
    registry.write("timestamp.json", evil.read("timestamp.json"))
    host.refuses("key-not-in-threshold", "verify", host.refresh)


def test_a_signature_of_one_kind_is_none_of_another():
    registry, host = pair()
    snapshot = registry.read(f"snapshot.{registry.snapshot_version()}.json")
    registry.write("timestamp.json", snapshot[:-3])
    host.refuses("timestamp-format", "verify", host.refresh)
    registry.write("timestamp.json", snapshot)
    host.refuses("key-not-in-threshold", "verify", host.refresh)


def test_damaged_signature():
    registry, host = pair()
    text = registry.read("timestamp.json").decode()
    registry.write("timestamp.json", text.replace('"version":', '"version": ', 1).encode())
    host.refuses("timestamp-threshold", "verify", host.refresh)
    registry.write("timestamp.json", b"{}")
    host.refuses("timestamp-format", "verify", host.refresh)
    registry.write("timestamp.json", b"")
    host.refuses("timestamp-format", "verify", host.refresh)


def test_root_with_too_few_signatures():
    registry, host = pair()
    registry.keep("rotate", role="root", remove=[])
    text = registry.read("root.2.json").decode()
    items = re.findall(r'\{"keyid":"[^}]*\}', text)
    old = json.loads(registry.read("root.1.json"))["signed"]["roles"]["root"]["keys"]
    new = json.loads(text)["signed"]["roles"]["root"]["keys"]
    by = {json.loads(i)["keyid"]: i for i in items}
    head = text[:text.index(',"signatures":[')]

    def put(keys):
        registry.write("root.2.json", (head + ',"signatures":[' + ",".join(by[k] for k in keys) + "]}\n").encode())

    put(old[:1] + new)  # one of the old holders, all of the new: a coup
    host.refuses("key-not-in-threshold", "verify", host.refresh)
    put(old[:1])
    host.refuses("root-threshold", "verify", host.refresh)
    put(old[:1] * 3)  # one holder three times
    host.refuses("root-threshold", "verify", host.refresh)
    put([])
    host.refuses("root-threshold", "verify", host.refresh)
    put(old + new[:1])
    host.refuses("key-not-in-threshold", "verify", host.refresh)
    put(old[:2] + new[:2])
    assert host.refresh()["root"] == 2


def test_rolled_back_root():
    registry, host = pair()
    first = registry.fork()
    registry.keep("rotate", role="publish")
    second = registry.read("root.2.json")
    registry.write("root.2.json", registry.read("root.1.json"))
    host.refuses("root-rollback", "verify", host.refresh)
    registry.write("root.2.json", second)
    host.refresh()
    for _ in range(9):
        first.keep("sign")
    registry.restore(first)
    host.refuses("root-rollback", "verify", host.refresh)


def test_left_out_root():
    registry, host = pair()
    registry.keep("rotate", role="publish")
    registry.keep("rotate", role="publish")
    second = registry.read("root.2.json")
    registry.write("root.2.json", registry.read("root.3.json"))
    host.refuses("root-chain", "verify", host.refresh)
    os.unlink(os.path.join(registry.dir, "v1", "root.2.json"))
    host.refuses("root-chain", "verify", host.refresh)
    registry.write("root.2.json", second)
    host.refresh()


def test_another_registry_in_its_place():
    registry, host = pair()
    evil = Registry()
    evil.publish(version="9.0.0")
    registry.restore(evil)
    host.refuses("key-not-in-threshold", "verify", host.refresh)
    refused("fingerprint-mismatch", "verify", Host().add, registry, trust_first=False,
            fingerprint=hashlib.sha256(b"another").hexdigest())


# ---- attacks by someone who has the online keys ----

def test_versions_that_the_publisher_did_not_sign():
    registry, host = pair()
    evil = Registry()
    evil.publish(version="9.0.0")
    fake = max(glob.glob(os.path.join(evil.dir, "v1", "p", "acme", "*")), key=os.path.getsize)
    lines = open(fake, "rb").read().splitlines(keepends=True)
    registry.replace_package("acme/probe", lambda old: old + lines[-1])
    host.refuses("publisher-signature", "verify", host.lookup)


def test_a_publisher_that_nobody_delegated():
    registry, host = pair()
    evil = Registry()
    evil.publish(version="9.0.0")
    fake = max(glob.glob(os.path.join(evil.dir, "v1", "p", "acme", "*")), key=os.path.getsize)
    registry.replace_package("acme/probe", lambda old: open(fake, "rb").read())
    host.refuses("delegation-signature", "verify", host.lookup)


def test_the_package_of_another():
    registry, host = pair()
    registry.replace_package("acme/probe", lambda old: old, as_name="other/probe")
    host.refuses("name-confusion", "refused", host.lookup, "other/probe")
    registry, host = pair()
    registry.publish("tool", "1.0.0")
    other = open(next(iter(glob.glob(os.path.join(registry.dir, "v1", "p", "acme", "tool.*")))), "rb").read()
    registry.replace_package("acme/probe", lambda old: other)
    host.refuses("name-confusion", "refused", host.lookup)


def test_a_key_that_was_taken_away():
    registry, host = pair()
    stolen = registry.key
    old = max(glob.glob(os.path.join(registry.dir, "v1", "p", "acme", "*")), key=os.path.getsize)
    old_lines = open(old, "rb").read()
    new = os.path.join(registry.base, "acme-2")
    worker("plugin.keygen", registry.base, output=new)
    registry.keep("delegate", publisher="acme", public_keys=[new + ".pub"], key=[new + ".key"])
    host.lookup()
    refused("key-missing", "auth", registry.publish, "probe", "6.6.6", key=stolen)
    registry.replace_package("acme/probe", lambda lines: old_lines)
    host.refuses("delegation-rollback", "verify", host.lookup)


def test_lines_that_are_none():
    registry, host = pair()
    honest = registry.fork()
    for change, reason in ((lambda old: b"\n" + old, "delegation-signature"), (lambda old: old + b"{}\n", "publisher-signature"),
                           (lambda old: old + old.splitlines(keepends=True)[-1], "package-format"),
                           (lambda old: old.splitlines(keepends=True)[-1], "delegation-signature")):
        registry.restore(honest)
        registry.keep("sign")
        registry.replace_package("acme/probe", change)
        Host_ = Host()
        Host_.add(registry)
        Host_.refuses(reason, "verify", Host_.lookup)


# ---- attacks on names ----

def test_one_name_in_two_registries():
    first, host = pair()
    second = Registry("other-plugins")
    second.publish()
    host.add(second, name="other")
    refusal = host.refuses("name-confusion", "refused", host.lookup, "probe")
    assert "main:acme/probe" in refusal.hint and "other:acme/probe" in refusal.hint, refusal.hint
    assert host.lookup("other:acme/probe")["registry"] == "other"
    first.publish("mine", "1.0.0")
    assert host.lookup("mine")["registry"] == "main"
    shutil.rmtree(first.dir)  # a registry that is away does not hand its names on
    host.refuses("download-missing", "not_found", host.lookup, "probe")
    assert host.lookup("other:probe")["registry"] == "other"


def test_one_name_of_two_publishers():
    registry, host = pair()
    other = os.path.join(registry.base, "other")
    worker("plugin.keygen", registry.base, output=other)
    registry.publish("probe", "1.0.0", publisher="other", key=other)
    host.refuses("name-ambiguous", "conflict", host.lookup, "probe")
    assert host.lookup("other/probe")["id"] == "other/probe"


def test_names_that_are_none():
    _, host = pair()
    for name in ("../x", "acme/../x", "a//b", "ACME/probe", "probe@", "probe@x.y", "-x", "main:", "acme/probe/x", "prób"):
        host.refuses("name-invalid", "config", host.lookup, name)
    refusal = host.refuses("package-unknown", "not_found", host.lookup, "acme/prob")
    host.refuses("version-unknown", "not_found", host.download, "acme/probe@^7")
    assert refusal.hint


def test_what_is_no_registry():
    host = Host()
    empty = folder("empty")
    refused("not-a-registry", "not_found", host.add, "file://" + empty)
    refused("not-a-registry", "config", host.add, "ftp://example.org/x")
    refused("not-a-registry", "config", host.add, "https://user:secret@example.org/x")
    refused("not-a-registry", "config", host.add, "relative/folder")
    refused("not-a-registry", "config", host.add, empty + "/x.ocp")
    assert host.files() == {}


# ---- attacks on artifacts, and on the way ----

def test_swapped_artifact():
    registry, host = pair()
    host.lookup()
    blobs = glob.glob(os.path.join(registry.dir, "v1", "blob", "sha256", "*", "*"))
    good = {b: open(b, "rb").read() for b in blobs}
    for change, reason in ((lambda d: flip(d), "artifact-digest"), (lambda d: d[:-1], "artifact-length"),
                           (lambda d: d + b"x", "download-too-large"), (lambda d: b"", "artifact-length")):
        for blob, data in good.items():
            with open(blob, "wb") as f:
                f.write(change(data))
        out = folder("out")
        host.refuses(reason, "verify", host.download, output=out)
        assert os.listdir(out) == [], os.listdir(out)


def test_a_server_that_cuts_and_one_that_never_ends():
    registry = Registry()
    registry.publish()
    with EvilServer(registry.dir) as server:
        host = Host()
        host.add(server.url, read_timeout="1s")
        registry.publish(version="1.1.0")
        for part in ("timestamp.json", "snapshot.", "shard/", "/p/", "blob/"):
            out = folder("out")
            if part == "blob/":  # what comes before the archive was honest, and is kept
                server.attack(None, None)
                host.lookup()
            server.attack(part, "truncated")
            host.refuses("download-truncated", "network", host.download, output=out)
            server.attack(part, "endless")
            host.refuses("download-too-large", "verify", host.download, output=out)
            server.attack(part, "declared")
            host.refuses("download-too-large", "verify", host.download, output=out)
            server.attack(part, "missing")
            host.refuses("download-missing", "not_found", host.download, output=out)
            server.attack(part, "missing_at_length")
            host.refuses("download-missing", "not_found", host.download, output=out)
            server.attack(part, "broken")
            host.refuses("registry-unreachable", "network", host.download, output=out)
            server.attack(part, "elsewhere")
            host.refuses("download-redirect", "refused", host.download, output=out)
            assert os.listdir(out) == []
        server.attack("blob/", "stalled")
        host.refuses("download-stalled", "network", host.download)
        server.attack("timestamp.json", "many_headers")
        start = time.monotonic()
        refused("download-too-large", "verify", host.download)
        assert time.monotonic() - start < 20
        server.attack("timestamp.json", "circle")
        host.refuses("download-redirect", "refused", host.download)
        server.attack(None, None)
        assert host.download()["version"] == "1.1.0"
        assert server.sent_by_endless < 64 << 20, "the endless answer was listened to for too long"


def test_redirects_on_the_same_host_are_followed():
    registry = Registry()
    registry.publish()
    with EvilServer(registry.dir) as server:
        host = Host()
        host.add(server.url)
        server.attack("blob/", "moved")
        assert host.download()["version"] == "1.0.0"


def test_the_downloader_can_write_nothing():
    """openclaw-fetch is shut in before it hears a word: a file:// address and a file of the user are out of reach."""
    secret = os.path.join(folder("secret"), "x")
    with open(secret, "w") as f:
        f.write("secret")
    done = subprocess.run([os.path.join(BIN, "openclaw-fetch")], input=json.dumps({"url": "file://" + secret, "max": 100}) + "\n",
                          capture_output=True, text=True, timeout=20)
    assert "secret" not in done.stdout.replace("file://", "") and "error" in done.stdout, done.stdout


def test_the_server_shows_the_registry_and_nothing_else():
    registry = Registry()
    registry.publish()
    with open(os.path.join(registry.base, "secret"), "w") as f:
        f.write("secret")
    os.symlink(os.path.join(registry.base, "secret"), os.path.join(registry.dir, "v1", "link.json"))
    blob = "/" + os.path.relpath(registry.path("blob/sha256/*/*"), registry.dir)
    size = os.path.getsize(registry.path("blob/sha256/*/*"))
    with serve(registry.dir) as server:
        host = server.url[len("http://"):]

        def ask(path, method="GET", **headers):
            c = http.client.HTTPConnection(host, timeout=10)
            c.putrequest(method, path, skip_host=False)
            for name, value in headers.items():
                c.putheader(name.replace("_", "-"), value)
            c.endheaders()
            answer = c.getresponse()
            body = answer.read()
            c.close()
            return answer.status, dict(answer.getheaders()), body

        status, headers, body = ask(blob)
        assert status == 200 and len(body) == size and "immutable" in headers["Cache-Control"], headers
        assert ask(blob, If_None_Match=headers["ETag"])[0] == 304
        status, part, body10 = ask(blob, Range="bytes=10-19")
        assert status == 206 and body10 == body[10:20] and part["Content-Range"] == f"bytes 10-19/{size}", part
        assert ask(blob, Range="bytes=-5")[2] == body[-5:]
        assert ask(blob, Range=f"bytes={size}-")[0] == 416
        assert ask(blob, "HEAD")[1]["Content-Length"] == str(size)
        status, headers, _ = ask("/v1/timestamp.json")
        assert headers["Content-Type"] == "application/json" and headers["Cache-Control"] == "no-cache"
        assert ask("/v1/timestamp.json", "POST")[0] == 405
        for path in ("/", "/v1", "/v1/", "/secret", "/v1/../../secret", "/v1/%2e%2e/%2e%2e/secret", "/v1/link.json", "/v1/.x", "//v1/root.1.json",
                     "/v1/blob/../../../secret", "/../secret", "/draft/root.json"):
            status, _, body = ask(path)
            assert status == 404 and b"secret" not in body, (path, status)
    assert any(r["path"] == blob and r["status"] == 206 and r["bytes"] == 10 for r in server.requests), server.requests


def test_tls_is_verified():
    registry = Registry()
    registry.publish()
    where = folder("tls")
    for name in ("good", "other"):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", f"{where}/{name}.key", "-out", f"{where}/{name}.pem"],
                       check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{where}/good.pem", f"{where}/good.key")
    with EvilServer(registry.dir) as server:
        server.server.socket = context.wrap_socket(server.server.socket, server_side=True)
        url = server.url.replace("http:", "https:")
        host = Host()
        refused("tls-untrusted", "network", host.add, url)
        refused("tls-untrusted", "network", host.add, url, ca=f"{where}/other.pem")
        host.add(url, ca=f"{where}/good.pem")
        assert host.download()["version"] == "1.0.0"


# ---- servers ----

class serve:
    """`registry serve` on a free port, with its access log."""

    def __init__(self, directory):
        self.directory = directory
        self.requests = []

    def __enter__(self):
        self.process = subprocess.Popen([os.path.join(BIN, "openclaw-serve"), self.directory], stdout=subprocess.PIPE, text=True)
        self.url = json.loads(self.process.stdout.readline())["url"]
        self.reader = threading.Thread(target=self.read)
        self.reader.start()
        return self

    def read(self):
        for line in self.process.stdout:
            self.requests.append(json.loads(line))

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(20) == 0
        self.reader.join()
        self.process.stdout.close()


class EvilServer:
    """Serves a folder, but for paths with `part` in them misbehaves in one way."""

    def __init__(self, directory):
        outer = self
        self.part = self.way = None
        self.sent_by_endless = 0
        self.reached, self.go_on = threading.Event(), threading.Event()

        class Handler(http.server.SimpleHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def __init__(self, *args):
                super().__init__(*args, directory=directory)

            def do_GET(self):
                self.path = self.path.replace("/moved/", "/")
                if outer.part and outer.part in self.path and not (outer.way == "moved" and "moved" in self.requestline):
                    self.close_connection = True
                    try:
                        getattr(self, outer.way)()
                    except (BrokenPipeError, ConnectionResetError):
                        pass
                else:
                    super().do_GET()

            def head(self, length=None, status=200):
                self.send_response(status)
                if length is not None:
                    self.send_header("Content-Length", str(length))
                self.send_header("Connection", "close")
                self.end_headers()

            def truncated(self):
                self.head(20)
                self.wfile.write(b"x" * 10)

            def declared(self):
                self.head(1 << 40)
                self.wfile.write(b"x" * 70)

            def endless(self):
                self.head()
                piece = b"x" * 65536
                for _ in range(100000):
                    self.wfile.write(piece)
                    outer.sent_by_endless += len(piece)

            def stalled(self):
                self.head(20)
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(6)

            def many_headers(self):
                self.send_response(200)
                for n in range(200000):
                    self.send_header(f"X-{n}", "y" * 100)
                    if n % 100 == 0:
                        self.flush_headers()

            def late(self):
                """Honest, when it is told to go on."""
                outer.reached.set()
                outer.go_on.wait(20)
                super().do_GET()

            def missing_at_length(self):
                """A page of a static host's own, longer than the file may be."""
                page = b"<p>not here</p>" * 40000
                self.send_response(404)
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                try:
                    self.wfile.write(page)
                except OSError:
                    pass

            def missing(self):
                self.head(0, 404)

            def broken(self):
                self.head(0, 500)

            def redirect(self, to):
                self.send_response(302)
                self.send_header("Location", to)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def elsewhere(self):
                self.redirect("http://localhost:1/" + self.path)

            def circle(self):
                self.redirect(self.path)

            def moved(self):
                self.redirect("/moved" + self.path)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def attack(self, part, way):
        self.part, self.way = part, way

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


if __name__ == "__main__":
    try:
        harness.run([f for n, f in list(globals().items()) if n.startswith("test_")])
    finally:
        shutil.rmtree(SCRATCH, ignore_errors=True)
