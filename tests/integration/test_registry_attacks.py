"""Attacks on registries and on those who use them, over folders and over HTTP. SPDX-License-Identifier: MIT

Every attack is made against a client that has seen an honest registry. It must be refused with its own reason word, and leave every
file of the client's package folder as it was.
"""

import glob
import hashlib
import http.client
import json
import os
import re
import shutil
import ssl
import subprocess
import time

import harness
from registry import BIN, SCRATCH, EvilServer, Host, Registry, flip, folder, pair, refused, serve, worker


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


if __name__ == "__main__":
    try:
        harness.run([f for n, f in list(globals().items()) if n.startswith("test_")])
    finally:
        shutil.rmtree(SCRATCH, ignore_errors=True)
