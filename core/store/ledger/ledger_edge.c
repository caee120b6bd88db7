/* Where an entry has its place in the tree, and the hash of any part of it. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/mem.h"
#include "core/store/ledger/ledger_internal.h"
#include "core/sys/merkle.h"

void oc_ledger_levels(struct oc_ledger *l)
{
    l->segment_level = (unsigned)__builtin_ctzll(l->per);
    l->tile = l->per < OC_LEDGER_TILE ? l->per : OC_LEDGER_TILE;
    l->tile_level = (unsigned)__builtin_ctzll(l->tile);
}

struct placing {
    struct oc_ledger *ledger;
    uint64_t index;
};

static void on_node(void *ctx, unsigned level, const uint8_t *hash)
{
    struct placing *p = ctx;
    struct oc_ledger *l = p->ledger;
    if (level == l->tile_level) {
        struct oc_ledger_tile *tile = &l->tiles.items[p->index / l->tile - l->tile_base];
        memcpy(tile->root, hash, OC_LEDGER_HASH);
    }
    if (level == l->segment_level) {
        struct oc_ledger_segment *segment = &l->segments.items[p->index / l->per];
        memcpy(segment->root, hash, OC_LEDGER_HASH);
        segment->known = true;
    }
}

void oc_ledger_place(struct oc_ledger *l, uint64_t offset, const uint8_t leaf[OC_LEDGER_HASH])
{
    struct placing p = {l, l->now.f.size};
    if (p.index % l->tile == 0) {
        const struct oc_ledger_tile tile = {.offset = offset};
        OC_VEC_PUSH(&l->tiles, tile);
    }
    while (l->segments.count <= p.index / l->per) {
        const struct oc_ledger_segment fresh = {.log = true};
        OC_VEC_PUSH(&l->segments, fresh);
    }
    if (l->tile_level == 0) {
        on_node(&p, 0, leaf);
    }
    oc_frontier_add(&l->now.f, leaf, on_node, &p);
}

void oc_ledger_rewind(struct oc_ledger *l)
{
    const uint64_t size = l->stable.f.size;
    const uint64_t tiles = (size + l->tile - 1) / l->tile;
    const uint64_t segments = size / l->per + (l->stable.offset > 0 ? 1 : 0);
    l->now = l->stable;
    l->tiles.count = tiles > l->tile_base ? (size_t)(tiles - l->tile_base) : 0;
    l->segments.count = (size_t)segments < l->segments.count ? (size_t)segments : l->segments.count;
    if (size % l->per && l->segments.count > 0) {
        l->segments.items[l->segments.count - 1].known = false;
    }
}

/* ---- parts of the tree ---- */

static int load_segment(struct oc_ledger *l, uint64_t first, struct oc_error *err)
{
    if (l->is_cached && l->cached.first == first) {
        return OC_OK;
    }
    if (l->is_cached) {
        oc_ledger_leaves_finish(&l->cached);
    }
    const int rc = oc_ledger_leaves_read(l->dir, first, l->per, &l->cached, err);
    l->is_cached = rc == OC_OK;
    return rc;
}

struct gathering {
    struct oc_frontier f;
};

static bool gather(void *ctx, uint64_t index, const char *text, size_t len)
{
    struct gathering *g = ctx;
    uint8_t leaf[OC_LEDGER_HASH];
    (void)index;
    oc_merkle_leaf(text, len, leaf);
    oc_frontier_add(&g->f, leaf, NULL, NULL);
    return true;
}

/* Less than a tile, of a segment that is not sealed: from the text. */
static int hash_text(struct oc_ledger *l, unsigned level, uint64_t first,
                     uint8_t hash[OC_LEDGER_HASH], struct oc_error *err)
{
    struct gathering g = {0};
    const int rc = oc_ledger_walk(l, first, first + (UINT64_C(1) << level), gather, &g, err);
    if (rc == OC_OK) {
        oc_frontier_root(&g.f, hash);
    }
    return rc;
}

static int subtree(void *ctx, unsigned level, uint64_t first, uint8_t hash[OC_LEDGER_HASH],
                   struct oc_error *err);

static int halves(struct oc_ledger *l, unsigned level, uint64_t first, uint8_t hash[OC_LEDGER_HASH],
                  struct oc_error *err)
{
    uint8_t left[OC_LEDGER_HASH];
    int rc = subtree(l, level - 1, first, left, err);
    if (rc == OC_OK) {
        rc = subtree(l, level - 1, first + (UINT64_C(1) << (level - 1)), hash, err);
    }
    if (rc == OC_OK) {
        oc_merkle_node(left, hash, hash);
    }
    return rc;
}

static int subtree(void *ctx, unsigned level, uint64_t first, uint8_t hash[OC_LEDGER_HASH],
                   struct oc_error *err)
{
    struct oc_ledger *l = ctx;
    struct oc_ledger_segment *segment = &l->segments.items[first / l->per];
    const uint64_t tile = first / l->tile, begin = first / l->per * l->per;
    const uint8_t *found = NULL;
    int rc = OC_OK;
    if (level > l->segment_level) {
        return halves(l, level, first, hash, err);
    }
    if (level == l->segment_level && segment->known) {
        found = segment->root;
    } else if (tile >= l->tile_base && level < l->tile_level) {
        return hash_text(l, level, first, hash, err);
    } else if (tile >= l->tile_base && level == l->tile_level) {
        found = l->tiles.items[tile - l->tile_base].root;
    } else if (tile < l->tile_base) {
        rc = load_segment(l, begin, err);
        if (rc == OC_OK && level == l->segment_level) {
            found = l->cached.root;
            memcpy(segment->root, found, OC_LEDGER_HASH);
            segment->known = true;
        } else if (rc == OC_OK && level == l->tile_level) {
            found = l->cached.tiles.items[(first - begin) / l->tile].root;
        } else if (rc == OC_OK && level == 0) {
            found = l->cached.hashes[first - begin];
        }
    }
    if (rc == OC_OK && !found) {
        return halves(l, level, first, hash, err);
    }
    if (rc == OC_OK) {
        memcpy(hash, found, OC_LEDGER_HASH);
    }
    return rc;
}

static void forget(struct oc_ledger *l)
{
    if (l->is_cached) {
        oc_ledger_leaves_finish(&l->cached);
    }
    l->is_cached = false;
}

static int within(const struct oc_ledger *l, uint64_t size, struct oc_error *err)
{
    return size <= l->now.f.size
               ? OC_OK
               : oc_error_set(err, OC_E_NOT_FOUND, "the ledger has %llu entries, not %llu",
                              (unsigned long long)l->now.f.size, (unsigned long long)size);
}

int oc_ledger_root(struct oc_ledger *l, uint64_t size, uint8_t root[OC_LEDGER_HASH],
                   struct oc_error *err)
{
    int rc = within(l, size, err);
    if (rc == OC_OK && size == l->now.f.size) {
        oc_frontier_root(&l->now.f, root);
    } else if (rc == OC_OK && size == l->stable.f.size) {
        oc_frontier_root(&l->stable.f, root);
    } else if (rc == OC_OK) {
        rc = oc_tree_hash(subtree, l, 0, size, root, err);
        forget(l);
    }
    return rc;
}

int oc_ledger_edge(struct oc_ledger *l, uint64_t size, struct oc_ledger_proof *edge,
                   struct oc_error *err)
{
    uint64_t at = 0;
    int rc = within(l, size, err);
    edge->count = 0;
    for (unsigned level = OC_FRONTIER_LEVELS; rc == OC_OK && level-- > 0;) {
        if (size >> level & 1) {
            rc = subtree(l, level, at, edge->hashes[edge->count++], err);
            at += UINT64_C(1) << level;
        }
    }
    forget(l);
    return rc;
}

int oc_ledger_prove(struct oc_ledger *l, uint64_t index, uint64_t size,
                    struct oc_ledger_proof *proof, struct oc_error *err)
{
    int rc = within(l, size, err);
    if (rc == OC_OK) {
        rc = oc_tree_prove(subtree, l, index, size, proof, err);
        forget(l);
    }
    return rc;
}

int oc_ledger_prove_growth(struct oc_ledger *l, uint64_t from, uint64_t to,
                           struct oc_ledger_proof *proof, struct oc_error *err)
{
    int rc = within(l, to, err);
    if (rc == OC_OK) {
        rc = oc_tree_prove_growth(subtree, l, from, to, proof, err);
        forget(l);
    }
    return rc;
}
