"""A registry from its making to its removal, its format, and what its keeper is kept from, over folders and over HTTP. SPDX-License-Identifier: MIT"""

import glob
import json
import os
import re
import shutil
import subprocess

import harness
from registry import BIN, SCRATCH, EvilServer, Host, Refusal, Registry, folder, pair, refused, serve, tree, worker


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


if __name__ == "__main__":
    try:
        harness.run([f for n, f in list(globals().items()) if n.startswith("test_")])
    finally:
        shutil.rmtree(SCRATCH, ignore_errors=True)
