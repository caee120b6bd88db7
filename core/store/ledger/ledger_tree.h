/* The right edge of a growing Merkle tree, and proofs over any tree whose complete subtrees can be asked for. SPDX-License-Identifier: MIT  [any]
 *
 * Numbers of leaves and hashes are those of RFC 6962, section 2.1. */
#ifndef OC_STORE_LEDGER_TREE_H
#define OC_STORE_LEDGER_TREE_H

#include "core/base/error.h"
#include "core/store/ledger/ledger.h"

#define OC_FRONTIER_LEVELS 48

/* hash[k] is the complete subtree of 2^k leaves that the tree ends with, when bit k of size is set. */
struct oc_frontier {
    uint64_t size;
    uint8_t hash[OC_FRONTIER_LEVELS][OC_LEDGER_HASH];
};

/* Adds a leaf. `node`, when not NULL, is told every subtree that this completes, levels 1 and up. */
void oc_frontier_add(struct oc_frontier *f, const uint8_t leaf[OC_LEDGER_HASH],
                     void (*node)(void *ctx, unsigned level, const uint8_t *hash), void *ctx);
/* Adds a complete subtree of 2^level leaves; the size is a multiple of that. */
void oc_frontier_add_subtree(struct oc_frontier *f, unsigned level,
                             const uint8_t hash[OC_LEDGER_HASH]);
/* The root of f with a smaller tree behind it, whose root is in `hash`: that becomes the root. */
void oc_frontier_fold(const struct oc_frontier *f, uint8_t hash[OC_LEDGER_HASH]);
void oc_frontier_root(const struct oc_frontier *f, uint8_t root[OC_LEDGER_HASH]);

/* The hash of the complete subtree of the leaves from `first` to first + 2^level. */
typedef int (*oc_subtree_fn)(void *ctx, unsigned level, uint64_t first,
                             uint8_t hash[OC_LEDGER_HASH], struct oc_error *err);

/* The hash of the leaves from `from` to `to`, which begin a subtree as RFC 6962 splits them. */
int oc_tree_hash(oc_subtree_fn subtree, void *ctx, uint64_t from, uint64_t to,
                 uint8_t hash[OC_LEDGER_HASH], struct oc_error *err);
int oc_tree_prove(oc_subtree_fn subtree, void *ctx, uint64_t index, uint64_t size,
                  struct oc_ledger_proof *proof, struct oc_error *err);
int oc_tree_prove_growth(oc_subtree_fn subtree, void *ctx, uint64_t from, uint64_t to,
                         struct oc_ledger_proof *proof, struct oc_error *err);

/* What a proof says: true when it holds. */
bool oc_tree_check(const uint8_t leaf[OC_LEDGER_HASH], uint64_t index, uint64_t size,
                   const struct oc_ledger_proof *proof, const uint8_t root[OC_LEDGER_HASH]);
bool oc_tree_check_growth(uint64_t from, const uint8_t old_root[OC_LEDGER_HASH], uint64_t to,
                          const uint8_t new_root[OC_LEDGER_HASH],
                          const struct oc_ledger_proof *proof);

#endif
