/* Growing a Merkle tree, and proofs. SPDX-License-Identifier: MIT */
#include "core/store/ledger/ledger_tree.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/sys/merkle.h"

void oc_frontier_add(struct oc_frontier *f, const uint8_t leaf[OC_LEDGER_HASH],
                     void (*node)(void *ctx, unsigned level, const uint8_t *hash), void *ctx)
{
    uint8_t hash[OC_LEDGER_HASH];
    unsigned level = 0;
    memcpy(hash, leaf, sizeof hash);
    for (; f->size >> level & 1; level++) {
        oc_merkle_node(f->hash[level], hash, hash);
        if (node) {
            node(ctx, level + 1, hash);
        }
    }
    OC_ASSERT(level < OC_FRONTIER_LEVELS);
    memcpy(f->hash[level], hash, sizeof hash);
    f->size++;
}

void oc_frontier_add_subtree(struct oc_frontier *f, unsigned level,
                             const uint8_t hash[OC_LEDGER_HASH])
{
    uint8_t sum[OC_LEDGER_HASH];
    const uint64_t leaves = UINT64_C(1) << level;
    OC_ASSERT(f->size % leaves == 0);
    memcpy(sum, hash, sizeof sum);
    for (; f->size >> level & 1; level++) {
        oc_merkle_node(f->hash[level], sum, sum);
    }
    OC_ASSERT(level < OC_FRONTIER_LEVELS);
    memcpy(f->hash[level], sum, sizeof sum);
    f->size += leaves;
}

void oc_frontier_fold(const struct oc_frontier *f, uint8_t hash[OC_LEDGER_HASH])
{
    for (unsigned level = 0; level < OC_FRONTIER_LEVELS; level++) {
        if (f->size >> level & 1) {
            oc_merkle_node(f->hash[level], hash, hash);
        }
    }
}

void oc_frontier_root(const struct oc_frontier *f, uint8_t root[OC_LEDGER_HASH])
{
    bool any = false;
    for (unsigned level = 0; level < OC_FRONTIER_LEVELS; level++) {
        if (f->size >> level & 1) {
            if (any) {
                oc_merkle_node(f->hash[level], root, root);
            } else {
                memcpy(root, f->hash[level], OC_LEDGER_HASH);
            }
            any = true;
        }
    }
    if (!any) {
        oc_merkle_empty(root);
    }
}

/* The level of the largest complete subtree that is smaller than n leaves (n > 1). */
static unsigned split_level(uint64_t n)
{
    return 63 - (unsigned)__builtin_clzll(n - 1);
}

int oc_tree_hash(oc_subtree_fn subtree, void *ctx, uint64_t from, uint64_t to,
                 uint8_t hash[OC_LEDGER_HASH], struct oc_error *err)
{
    const uint64_t n = to - from;
    uint8_t left[OC_LEDGER_HASH];
    if (n == 0) {
        oc_merkle_empty(hash);
        return OC_OK;
    }
    if ((n & (n - 1)) == 0) {
        return subtree(ctx, (unsigned)__builtin_ctzll(n), from, hash, err);
    }
    const unsigned level = split_level(n);
    int rc = subtree(ctx, level, from, left, err);
    if (rc == OC_OK) {
        rc = oc_tree_hash(subtree, ctx, from + (UINT64_C(1) << level), to, hash, err);
    }
    if (rc == OC_OK) {
        oc_merkle_node(left, hash, hash);
    }
    return rc;
}

/* Proofs are made from the top; the RFC lists them from the leaf on. */
static void turn(struct oc_ledger_proof *proof)
{
    for (size_t i = 0; i < proof->count / 2; i++) {
        uint8_t swap[OC_LEDGER_HASH];
        const size_t k = proof->count - 1 - i;
        memcpy(swap, proof->hashes[i], sizeof swap);
        memcpy(proof->hashes[i], proof->hashes[k], sizeof swap);
        memcpy(proof->hashes[k], swap, sizeof swap);
    }
}

static int put(oc_subtree_fn subtree, void *ctx, uint64_t from, uint64_t to,
               struct oc_ledger_proof *proof, struct oc_error *err)
{
    OC_ASSERT(proof->count < OC_LEDGER_PROOF_MAX);
    return oc_tree_hash(subtree, ctx, from, to, proof->hashes[proof->count++], err);
}

int oc_tree_prove(oc_subtree_fn subtree, void *ctx, uint64_t index, uint64_t size,
                  struct oc_ledger_proof *proof, struct oc_error *err)
{
    uint64_t from = 0, to = size;
    int rc = OC_OK;
    proof->count = 0;
    if (index >= size) {
        return oc_error_set(err, OC_E_NOT_FOUND, "a tree of %llu entries has no entry %llu",
                            (unsigned long long)size, (unsigned long long)index);
    }
    while (rc == OC_OK && to - from > 1) {
        const uint64_t middle = from + (UINT64_C(1) << split_level(to - from));
        if (index < middle) {
            rc = put(subtree, ctx, middle, to, proof, err);
            to = middle;
        } else {
            rc = put(subtree, ctx, from, middle, proof, err);
            from = middle;
        }
    }
    turn(proof);
    return rc;
}

int oc_tree_prove_growth(oc_subtree_fn subtree, void *ctx, uint64_t from, uint64_t to,
                         struct oc_ledger_proof *proof, struct oc_error *err)
{
    uint64_t low = 0, high = to;
    bool whole = true; /* the older tree is a complete part of what is looked at */
    int rc = OC_OK;
    proof->count = 0;
    if (from > to) {
        return oc_error_set(err, OC_E_NOT_FOUND, "a tree of %llu entries never had %llu",
                            (unsigned long long)to, (unsigned long long)from);
    }
    if (from == 0) {
        return OC_OK;
    }
    while (rc == OC_OK && high != from) {
        const uint64_t middle = low + (UINT64_C(1) << split_level(high - low));
        if (from <= middle) {
            rc = put(subtree, ctx, middle, high, proof, err);
            high = middle;
        } else {
            rc = put(subtree, ctx, low, middle, proof, err);
            low = middle;
            whole = false;
        }
    }
    if (rc == OC_OK && !whole) {
        rc = put(subtree, ctx, low, high, proof, err);
    }
    turn(proof);
    return rc;
}

bool oc_tree_check(const uint8_t leaf[OC_LEDGER_HASH], uint64_t index, uint64_t size,
                   const struct oc_ledger_proof *proof, const uint8_t root[OC_LEDGER_HASH])
{
    uint8_t hash[OC_LEDGER_HASH];
    uint64_t at = index, last = size - 1;
    if (index >= size) {
        return false;
    }
    memcpy(hash, leaf, sizeof hash);
    for (size_t i = 0; i < proof->count; i++) { /* RFC 9162, 2.1.3.2 */
        if (last == 0) {
            return false;
        }
        if ((at & 1) || at == last) {
            oc_merkle_node(proof->hashes[i], hash, hash);
            while (!(at & 1) && at) {
                at >>= 1;
                last >>= 1;
            }
        } else {
            oc_merkle_node(hash, proof->hashes[i], hash);
        }
        at >>= 1;
        last >>= 1;
    }
    return last == 0 && memcmp(hash, root, sizeof hash) == 0;
}

bool oc_tree_check_growth(uint64_t from, const uint8_t old_root[OC_LEDGER_HASH], uint64_t to,
                          const uint8_t new_root[OC_LEDGER_HASH],
                          const struct oc_ledger_proof *proof)
{
    uint8_t older[OC_LEDGER_HASH], newer[OC_LEDGER_HASH];
    const bool same = memcmp(old_root, new_root, OC_LEDGER_HASH) == 0;
    size_t used = 0;
    if (from > to || from == 0 || from == to) {
        return proof->count == 0 && (from == 0 ? from <= to : from == to && same);
    }
    uint64_t at = from - 1, last = to - 1; /* RFC 9162, 2.1.4.2 */
    for (; at & 1; at >>= 1) {
        last >>= 1;
    }
    const uint8_t *seed = (from & (from - 1)) == 0 ? old_root
                          : proof->count > 0       ? proof->hashes[used++]
                                                   : NULL;
    if (!seed) {
        return false;
    }
    memcpy(older, seed, sizeof older);
    memcpy(newer, seed, sizeof newer);
    for (; used < proof->count; used++) {
        if (last == 0) {
            return false;
        }
        if ((at & 1) || at == last) {
            oc_merkle_node(proof->hashes[used], older, older);
            oc_merkle_node(proof->hashes[used], newer, newer);
            while (!(at & 1) && at) {
                at >>= 1;
                last >>= 1;
            }
        } else {
            oc_merkle_node(newer, proof->hashes[used], newer);
        }
        at >>= 1;
        last >>= 1;
    }
    return last == 0 && memcmp(older, old_root, sizeof older) == 0 &&
           memcmp(newer, new_root, sizeof newer) == 0;
}
