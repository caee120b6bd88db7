"""Trees, checkpoints and Ed25519 by the book, with nothing of the program: RFC 6962, RFC 8032, C2SP tlog. SPDX-License-Identifier: MIT"""

import base64
import hashlib
import struct

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def leaf_hash(data):
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def tree_hash(leaves):
    """The definition itself."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(tree_hash(leaves[:split]), tree_hash(leaves[split:]))


def root_of_proof(leaf, index, size, proof):
    """What the path leads to, from the leaf up; None when it has the wrong length."""
    def walk(low, high, path):
        if high - low == 1:
            return (leaf, path)
        split = 1
        while split * 2 < high - low:
            split *= 2
        if index < low + split:
            mine, rest = walk(low, low + split, path)
            return (node_hash(mine, rest[0]), rest[1:])
        mine, rest = walk(low + split, high, path)
        return (node_hash(rest[0], mine), rest[1:])
    try:
        root, rest = walk(0, size, list(proof))
    except IndexError:
        return None
    return root if not rest else None


def roots_of_growth(old, new, proof, old_root):
    """(old root, new root) that a consistency proof leads to."""
    proof = list(proof)

    def walk(low, high, whole):
        if high == old and whole:
            return old_root, old_root
        if high == old:
            one = proof.pop(0)
            return one, one
        split = 1
        while split * 2 < high - low:
            split *= 2
        if old <= low + split:
            before, after = walk(low, low + split, whole)
            return before, node_hash(after, proof.pop(0))
        before, after = walk(low + split, high, False)
        left = proof.pop(0)
        return node_hash(left, before), node_hash(left, after)
    result = walk(0, new, True)
    return None if proof else result


def add(a, b):
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    e, f = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    g, h = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    x, y, z, t = f - e, h - g, h + g, f + e
    return (x * y % P, t * z % P, y * z % P, x * t % P)


def times(n, point):
    result = (0, 1, 1, 0)
    while n:
        if n & 1:
            result = add(result, point)
        point = add(point, point)
        n >>= 1
    return result


def recover(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P:
        return None
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


BASE = recover((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def encode(point):
    x, y, z, _ = point
    inverse = pow(z, P - 2, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def number(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def verify(key, message, signature):
    a, r, s = recover(key), recover(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    left, right = times(s, BASE), add(r, times(number(signature[:32], key, message) % L, a))
    return encode(left) == encode(right)


def keypair(seed):
    digest = hashlib.sha512(seed).digest()
    secret = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | 1 << 254
    return secret, digest[32:], encode(times(secret, BASE))


def sign(seed, message):
    secret, prefix, key = keypair(seed)
    r = number(prefix, message) % L
    point = encode(times(r, BASE))
    return point + ((r + number(point, key, message) * secret) % L).to_bytes(32, "little")


def read_key(text):
    """(name, hash, kind, key) of NAME+HASH+BASE64."""
    name, digest, data = text.split("+", 2)
    data = base64.b64decode(data)
    assert hashlib.sha256(name.encode() + b"\n" + data).digest()[:4].hex() == digest
    return name, bytes.fromhex(digest), data[0], data[1:]


def read_checkpoint(note, key):
    """(size, root) of a checkpoint that this host key has signed; raises otherwise."""
    name, digest, kind, public = read_key(key)
    assert kind == 1
    text, signatures = note.split("\n\n", 1)
    text += "\n"
    origin, size, root = text.split("\n")[:3]
    assert origin == name
    for line in signatures.splitlines():
        dash, who, data = line.split(" ")
        data = base64.b64decode(data)
        if dash == "\u2014" and who == name and data[:4] == digest:
            assert verify(public, text.encode(), data[4:]), "the signature is not good"
            return int(size), base64.b64decode(root)
    raise AssertionError("not signed by this host")


def cosigned(note, key):
    """When the witness with this key has signed the checkpoint; None when it has not."""
    name, digest, kind, public = read_key(key)
    assert kind == 4
    text, signatures = note.split("\n\n", 1)
    for line in signatures.splitlines():
        _, who, data = line.split(" ")
        data = base64.b64decode(data)
        if who == name and data[:4] == digest and len(data) == 76:
            (seconds,) = struct.unpack(">Q", data[4:12])
            message = f"cosignature/v1\ntime {seconds}\n{text}\n".encode()
            return seconds if verify(public, message, data[12:]) else None
    return None
