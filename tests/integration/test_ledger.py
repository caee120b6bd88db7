"""The ledger of a running host: what is done lands in it, others can check it, damage is found. SPDX-License-Identifier: MIT"""

import base64
import glob
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

import rfc6962
from harness import BUILD, Daemon, Failure

CONFIG = 'collectors = ();\nalerts = { channels = (); };\nledger = { checkpoint_interval = "1h"; };\n'


def cli(d, *words, code=0):
    r = subprocess.run([os.path.join(BUILD, "bin", "openclaw"), "--json", "--config", d.config, *words], env=d.env,
                       capture_output=True, text=True, check=False)
    assert r.returncode == code, f"{words}: {r.returncode}\n{r.stdout}\n{r.stderr}"
    return json.loads(r.stdout) if r.stdout.strip() else None


def data_of(document):
    return document.get("data", document) if isinstance(document, dict) else document


def until(check, what, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = check()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"never: {what}")


def note(d, n):
    d.call("audit.note", type="operation", entry=json.dumps({"op": "test.do", "actor": "cli:uid=0", "n": n, "code": "ok"}))


def entries_of(folder):
    """Read without the program: the texts of the entries, by file and line."""
    texts = []
    for path in sorted(glob.glob(f"{folder}/*.log")):
        with open(path, "rb") as f:
            lines = f.read().splitlines()
        assert lines[0][8:9] == b"#"
        texts += [line[9:] for line in lines[1:]]
    return texts


def what_is_done_lands_in_it(d):
    d.call("ledger.witness.add", name="w1", key=base64.b64encode(rfc6962.keypair(b"1" * 32)[2]).decode())
    rows = until(lambda: [r for r in d.call("audit.list") if r["op"] == "ledger.witness.add"], "an entry of the operation")
    assert rows[0]["actor"] == f"cli:uid={os.getuid()}" and rows[0]["code"] == "ok", rows
    try:
        d.call("ledger.witness.remove", name="nobody")
    except Failure as e:
        assert e.code == "not_found"
    until(lambda: [r for r in d.call("audit.list", operation="ledger.witness.remove") if r["code"] == "not_found"], "a failed one")
    shown = d.call("ledger.show", type="operation", limit=1)
    assert len(shown) == 1 and shown[0]["type"] == "operation", shown
    assert d.call("ledger.show", type="nothing") == []
    assert d.call("governance.ledger.show", limit=1)[0]["index"] == shown[0]["index"]


def private_operations_land_in_it_too(d):
    before = len(d.call("audit.list", operation="config.set", limit=1000))
    cli(d, "config", "set", "host.name", "other")
    rows = until(lambda: d.call("audit.list", operation="config.set"), "the operation of a private daemon")
    assert len(rows) == before + 1 and rows[0]["private"] is True, rows


def proofs_hold_for_others(d):
    for n in range(40):
        note(d, n)
    signed = d.call("ledger.checkpoint")
    size, root = rfc6962.read_checkpoint(signed["checkpoint"], signed["key"])
    texts = entries_of(f"{d.home}/ledger")
    assert len(texts) >= size == signed["size"]
    leaves = [rfc6962.leaf_hash(text) for text in texts[:size]]
    assert rfc6962.tree_hash(leaves) == root
    for index in list(range(0, size, 7)) + [size - 1]:
        p = d.call("ledger.prove", index=index)
        psize, proot = rfc6962.read_checkpoint(p["checkpoint"], p["key"])
        leaf = rfc6962.leaf_hash(p["entry"].encode())
        path = [bytes.fromhex(h) for h in p["proof"]]
        assert leaf.hex() == p["leaf"] and psize == p["size"] and proot.hex() == p["root"]
        assert rfc6962.root_of_proof(leaf, index, psize, path) == proot
        assert rfc6962.root_of_proof(rfc6962.leaf_hash(b"x"), index, psize, path) != proot
    for old in (1, 2, 5, 8, size - 1, size):
        p = d.call("ledger.consistency", **{"from": old, "to": size})
        before, after = bytes.fromhex(p["from_root"]), bytes.fromhex(p["to_root"])
        assert before == rfc6962.tree_hash(leaves[:old]) and after == root
        assert rfc6962.roots_of_growth(old, size, [bytes.fromhex(h) for h in p["proof"]], before) == (before, after)
    assert d.call("ledger.verify")["covered"] == size


def witnesses_vouch(d):
    seed, name = b"1" * 32, "w1"
    signed = d.call("ledger.checkpoint")
    text = signed["checkpoint"].split("\n\n", 1)[0] + "\n"
    seconds = int(time.time())
    good = rfc6962.sign(seed, f"cosignature/v1\ntime {seconds}\n{text}".encode())
    bad = rfc6962.sign(b"2" * 32, f"cosignature/v1\ntime {seconds}\n{text}".encode())
    try:
        d.call("ledger.cosign", witness=name, size=signed["size"], seconds=seconds, signature=base64.b64encode(bad).decode())
        raise AssertionError("a cosignature of somebody else was taken")
    except Failure as e:
        assert e.code == "verify", e
    answer = d.call("ledger.cosign", witness=name, size=signed["size"], seconds=seconds, signature=base64.b64encode(good).decode())
    witness = d.call("ledger.witness.list")[0]
    assert witness["cosigned"] == signed["size"]
    assert rfc6962.cosigned(answer["checkpoint"], witness["key"]) == seconds
    assert d.call("ledger.verify")["cosignatures"] == 1


def an_export_can_be_checked_alone(d):
    folder = os.path.join(d.home, "export")
    start = 5
    result = data_of(cli(d, "ledger", "export", folder, "--from", str(start)))
    with open(f"{folder}/bundle.json") as f:
        bundle = json.load(f)
    with open(f"{folder}/entries.jsonl", "rb") as f:
        lines = f.read().splitlines()
    size, root = rfc6962.read_checkpoint(bundle["checkpoint"], bundle["key"])
    assert result["to"] == size and len(lines) == size - start
    edge = []  # the tree before the first line, as (leaves, hash)
    for bit in range(47, -1, -1):
        if start >> bit & 1:
            edge.append((1 << bit, bytes.fromhex(bundle["edge"][len(edge)])))
    for line in lines:
        json.loads(line)
        edge.append((1, rfc6962.leaf_hash(line)))
        while len(edge) > 1 and edge[-1][0] == edge[-2][0]:
            (n, right), (_, left) = edge.pop(), edge.pop()
            edge.append((2 * n, rfc6962.node_hash(left, right)))
    found = edge[-1][1]
    for _, left in reversed(edge[:-1]):
        found = rfc6962.node_hash(left, found)
    assert found == root
    verify_export(d, folder, start, lines)


def verify_export(d, folder, start, lines):
    """The product checks what it has exported, and finds what was changed in it."""
    document = cli(d, "ledger", "verify", "--dir", folder)
    report = data_of(document)
    assert report["good"] and report["entries"] == start + len(lines) and report["oldest"] == start, report
    assert "which is not of this host" not in json.dumps(document)
    with open(f"{folder}/bundle.json") as f:
        bundle = f.read()
    changed = lines[3].replace(b"{", b"{ ", 1)
    for name, text in {"entries.jsonl": [b"\n".join([*lines[:3], changed, *lines[4:]]) + b"\n", b"\n".join(lines[:-1]) + b"\n",
                                         b"\n".join([*lines, lines[-1]]) + b"\n", b"\n".join(lines), b""],
                       "bundle.json": [bundle.replace('"from": 5', '"from": 4').encode(), bundle.replace("\\n", "x", 1).encode(), b"{}"]}.items():
        for wrong in text:
            with open(f"{folder}/{name}", "rb") as f:
                right = f.read()
            assert wrong != right, name
            with open(f"{folder}/{name}", "wb") as f:
                f.write(wrong)
            document = cli(d, "ledger", "verify", "--dir", folder, code=5)
            assert name in json.dumps(document), (name, wrong[:200], document)
            with open(f"{folder}/{name}", "wb") as f:
                f.write(right)
    cli(d, "ledger", "verify", "--dir", folder)


def copies_go_elsewhere(d, copy):
    until(lambda: d.call("ledger.status")["copied"], "a copy")
    signed = d.call("ledger.checkpoint")
    note(d, 1000)
    newer = d.call("ledger.checkpoint")
    assert newer["size"] > signed["size"]
    until(lambda: os.path.exists(f"{copy}/checkpoints/{newer['size']:012}"), "the newest checkpoint in the copy")
    report = d.call("ledger.verify", dir=copy)
    assert report["covered"] == newer["size"], report
    # a cosignature is added to a checkpoint that has been copied
    text, seconds = newer["checkpoint"].split("\n\n", 1)[0] + "\n", int(time.time())
    signature = base64.b64encode(rfc6962.sign(b"1" * 32, f"cosignature/v1\ntime {seconds}\n{text}".encode())).decode()
    cosigned = d.call("ledger.cosign", witness="w1", size=newer["size"], seconds=seconds, signature=signature)["checkpoint"]
    until(lambda: open(f"{copy}/checkpoints/{newer['size']:012}").read() == cosigned, "the cosignature in the copy")


def copies_are_thinned():
    """Of old checkpoints in the copy the last of each day stays, and what the ledger has itself."""
    d, copy = Daemon(CONFIG), tempfile.mkdtemp(prefix="openclaw-copy-")
    d.write(CONFIG.replace("\"1h\";", f"\"1h\"; copy_to = \"{copy}\";"))
    noon = (int(time.time()) // 86400 - 20) * 86400 + 43200
    try:
        d.start()
        for n in range(10):
            note(d, n)
        size = d.call("ledger.checkpoint")["size"]
        until(lambda: os.path.exists(f"{copy}/checkpoints/{size:012}"), "the copy")
        d.stop()
        old = [f"{copy}/checkpoints/{n:012}" for n in (1, 2, 3)]
        for path in old + [f"{d.home}/ledger/checkpoints/{2:012}"]:
            with open(path, "w", encoding="utf-8") as f:
                f.write("old\n")
            os.utime(path, (noon, noon))
        d.start()
        note(d, 11)
        d.call("ledger.checkpoint")
        until(lambda: not os.path.exists(old[0]), "the end of an old checkpoint in the copy")
        assert os.path.exists(old[1]) and os.path.exists(old[2]) and os.path.exists(f"{copy}/checkpoints/{size:012}")
    finally:
        d.remove()
        shutil.rmtree(copy, ignore_errors=True)


def a_stop_signs_all(d):
    note(d, 2000)
    d.process.send_signal(signal.SIGTERM)
    d.process.wait(20)
    report = data_of(cli(d, "ledger", "verify"))
    assert report["good"] and report["covered"] == report["entries"], report


def without_a_daemon_it_is_written_all_the_same(d):
    size = data_of(cli(d, "ledger", "status"))["entries"]
    cli(d, "config", "set", "host.name", "third")
    assert data_of(cli(d, "ledger", "status"))["entries"] == size + 1
    rows = data_of(cli(d, "audit", "list", "--operation", "config.set"))
    assert rows[0]["params"]["key"] == "host.name", rows


def damage_is_found_and_named(d, copy):
    path = sorted(glob.glob(f"{d.home}/ledger/*.log"))[0]
    with open(path, "rb") as f:
        whole = f.read()
    lines = whole.split(b"\n")
    for broken, line, index in ((b"\n".join(lines[:3] + [lines[3].replace(b"audit", b"awdit").replace(b"op", b"oq", 1)] + lines[4:]), 4, 2),
                                (b"\n".join(lines[:5] + lines[6:]), 6, 4),
                                (b"\n".join(lines[:2] + [lines[3], lines[2]] + lines[4:]), 3, 1)):
        with open(path, "wb") as f:
            f.write(broken)
        details = cli(d, "ledger", "verify", code=5)["error"]["details"]
        assert details["file"] == os.path.basename(path) and details["line"] == line and details["index"] == index, details
    with open(path, "wb") as f:  # cut to before the newest checkpoint
        f.write(b"\n".join(lines[:20]) + b"\n")
    shutil.rmtree(f"{d.home}/ledger/checkpoints")
    message = cli(d, "ledger", "verify", code=5)["error"]["message"]  # the copies know better
    assert "speaks of" in message, message
    assert cli(d, "ledger", "verify", "--dir", copy)
    shutil.rmtree(f"{d.home}/ledger")
    shutil.copytree(copy, f"{d.home}/ledger")
    assert cli(d, "ledger", "verify")


def a_damaged_ledger_is_said(d):
    path = sorted(glob.glob(f"{d.home}/ledger/*.log"))[0]
    with open(path, "r+b") as f:
        f.seek(400)
        f.write(b"#")
    d.start()
    status = d.call("ledger.status")
    assert status["healthy"] is False and status["problem"], status
    assert [r for r in d.call("doctor") if r["check"] == "ledger" and r["state"] == "error"], "the doctor says nothing"
    d.process.send_signal(signal.SIGTERM)
    d.process.wait(20)


def nothing_is_added_to_what_was_cut(d):
    """A daemon of one operation knows what the host knows: it would hide the cut."""
    r = subprocess.run([os.path.join(BUILD, "bin", "openclaw"), "--config", d.config, "config", "set", "host.name", "fourth"], env=d.env,
                       capture_output=True, text=True, check=False)
    assert "entries and had" in r.stderr and "openclaw ledger accept" in r.stderr, r.stderr
    assert not [t for path in glob.glob(f"{d.home}/ledger/*.log") for t in open(path) if "fourth" in t]


def evidence_outlives_an_attack():
    """Whoever removes the ledger neither makes the host go on with a new one, nor loses what was copied."""
    d, copy = Daemon(CONFIG), tempfile.mkdtemp(prefix="openclaw-copy-")
    d.write(CONFIG.replace("\"1h\";", f"\"1h\"; copy_to = \"{copy}\";"))
    ledger, held = f"{d.home}/ledger", f"{copy}/000000000000.log"
    try:
        d.start()
        for n in range(20):
            note(d, n)
        size = d.call("ledger.checkpoint")["size"]
        until(lambda: os.path.exists(f"{copy}/checkpoints/{size:012}"), "the copy")
        d.process.kill()
        d.process.wait()
        before = open(held, "rb").read()
        shutil.move(ledger, f"{ledger}-backup")
        nothing_is_added_to_what_was_cut(d)
        d.start()
        status = d.call("ledger.status")
        assert not status["healthy"] and "openclaw ledger accept" in status["remedy"], status
        try:
            d.call("ledger.verify")
            raise AssertionError("a ledger that is gone is good")
        except Failure as e:
            assert e.code == "verify", e
        assert [r for r in d.call("doctor") if r["check"] == "ledger" and r["state"] == "error"], "the doctor says nothing"
        try:
            note(d, 21)
            raise AssertionError("a ledger that was cut takes entries")
        except Failure as e:
            assert e.code == "conflict", e
        assert d.call("ledger.status")["entries"] == 0
        d.call("ledger.accept", reason="a test")
        note(d, 22)
        d.call("ledger.checkpoint")
        until(lambda: d.call("ledger.status")["copy_problem"], "that the copy is another ledger's")
        assert open(held, "rb").read() == before
        d.process.kill()
        d.process.wait()
        shutil.rmtree(ledger)
        shutil.move(f"{ledger}-backup", ledger)
        d.start()
        assert not d.call("ledger.status")["healthy"]  # another one was accepted meanwhile
        assert d.call("ledger.verify")["covered"] == size
    finally:
        if d.process and d.process.poll() is None:
            d.process.kill()
            d.process.wait()
        shutil.rmtree(copy, ignore_errors=True)
        shutil.rmtree(d.home, ignore_errors=True)


def what_the_host_remembers_is_compared():
    """Without a copy and without witnesses: what is good in itself may be less than there was."""
    d = Daemon(CONFIG)

    def refused(*words, code=5):
        return cli(d, "ledger", "verify", *words, code=code)["error"]["message"]
    try:
        d.start()
        for n in range(30):
            note(d, n)
        d.call("ledger.checkpoint")
        d.stop()
        assert cli(d, "ledger", "verify")
        shutil.move(f"{d.home}/ledger", f"{d.home}/elsewhere")
        assert "the host has signed" in refused(), refused()
        assert "there is no ledger in" in refused("--dir", d.home, code=2)
        shutil.rmtree(f"{d.home}/ledger", ignore_errors=True)
        shutil.move(f"{d.home}/elsewhere", f"{d.home}/ledger")
        assert cli(d, "ledger", "verify")
        shutil.rmtree(f"{d.home}/ledger/checkpoints")
        path = f"{d.home}/ledger/000000000000.log"
        with open(path, "rb") as f:
            lines = f.read().split(b"\n")
        with open(path, "wb") as f:
            f.write(b"\n".join(lines[:20]) + b"\n")
        for tree in glob.glob(f"{d.home}/ledger/*.tree"):
            os.unlink(tree)
        assert "the newest are gone" in refused(), refused()
        d.start()
        try:
            d.call("ledger.verify")
            raise AssertionError("a ledger that was cut is good")
        except Failure as e:
            assert e.code == "verify", e
    finally:
        if d.process and d.process.poll() is None:
            d.process.kill()
            d.process.wait()
        shutil.rmtree(d.home, ignore_errors=True)


def main():
    evidence_outlives_an_attack()
    what_the_host_remembers_is_compared()
    copies_are_thinned()
    d = Daemon(CONFIG)
    copy = tempfile.mkdtemp(prefix="openclaw-copy-")
    d.write(CONFIG.replace("\"1h\";", f"\"1h\"; copy_to = \"{copy}\";"))
    try:
        d.start()
        what_is_done_lands_in_it(d)
        private_operations_land_in_it_too(d)
        proofs_hold_for_others(d)
        witnesses_vouch(d)
        an_export_can_be_checked_alone(d)
        copies_go_elsewhere(d, copy)
        a_stop_signs_all(d)
        without_a_daemon_it_is_written_all_the_same(d)
        damage_is_found_and_named(d, copy)
        a_damaged_ledger_is_said(d)
    finally:
        if d.process and d.process.poll() is None:
            d.process.kill()
        shutil.rmtree(copy, ignore_errors=True)
    shutil.rmtree(d.home, ignore_errors=True)
    print("ok")


if __name__ == "__main__":
    main()
