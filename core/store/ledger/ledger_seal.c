/* Full segments get the file of their hashes, on a worker. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/store/ledger/ledger_internal.h"
#include "core/sys/file.h"

struct oc_ledger_seal {
    struct oc_ledger *ledger;
    char *dir;
    uint64_t first, per;
    uint8_t root[OC_LEDGER_HASH];
    bool known; /* root */
    int code;
    struct oc_error err;
};

/* [worker] */
static void run(void *ctx)
{
    struct oc_ledger_seal *s = ctx;
    struct oc_ledger_leaves t;
    struct oc_buf out = {0};
    oc_error_init(&s->err);
    s->code = oc_ledger_leaves_make(s->dir, s->first, s->per, &t, &s->err);
    if (s->code != OC_OK) {
        return;
    }
    if (s->known && memcmp(t.root, s->root, OC_LEDGER_HASH) != 0) {
        s->code = oc_error_set(&s->err, OC_E_VERIFY,
                               "the segment that begins with entry %llu is not what was written",
                               (unsigned long long)s->first);
    } else {
        char *path = oc_ledger_path(s->dir, s->first, ".tree");
        oc_ledger_leaves_put(&t, &out);
        s->code = oc_file_write(path, out.data, out.len, 0600, &s->err);
        free(path);
    }
    oc_buf_finish(&out);
    oc_ledger_leaves_finish(&t);
}

/* The tiles of segments that have their file are not needed in memory. */
static void forget_tiles(struct oc_ledger *l)
{
    const uint64_t each = l->per / l->tile;
    uint64_t drop = 0;
    for (uint64_t k = l->tile_base / each;
         k < l->segments.count && l->segments.items[k].tree && (k + 1) * l->per <= l->stable.f.size;
         k++) {
        drop = (k + 1) * each - l->tile_base;
    }
    if (drop == 0 || drop > l->tiles.count) {
        return;
    }
    l->tiles.count -= (size_t)drop;
    memmove(l->tiles.items, l->tiles.items + drop, l->tiles.count * sizeof *l->tiles.items);
    l->tile_base += drop;
}

static void finish(struct oc_ledger *l, struct oc_ledger_seal *s)
{
    l->seal = NULL;
    if (s->code == OC_OK) {
        l->segments.items[s->first / l->per].tree = true;
        forget_tiles(l);
    } else if (s->code == OC_E_VERIFY) {
        oc_ledger_damage(l, "%s", s->err.message);
    } else {
        oc_warn("a full segment of the ledger is not sealed", "reason=%s", s->err.message);
    }
    free(s->dir);
    free(s);
}

static void on_done(void *ctx)
{
    struct oc_ledger_seal *s = ctx;
    struct oc_ledger *l = s->ledger;
    const bool good = s->code == OC_OK;
    finish(l, s);
    if (good) {
        oc_ledger_seal(l);
    }
}

void oc_ledger_seal(struct oc_ledger *l)
{
    const uint64_t full = l->stable.f.size / l->per;
    uint64_t k = full;
    while (k > 0 && l->segments.items[k - 1].log && !l->segments.items[k - 1].tree) {
        k--;
    }
    if (!l->dir || l->read_only || l->damaged || l->closing || l->seal || k == full) {
        return;
    }
    struct oc_ledger_seal *s = oc_calloc(1, sizeof *s);
    s->ledger = l;
    s->dir = oc_strdup(l->dir);
    s->first = k * l->per;
    s->per = l->per;
    s->known = l->segments.items[k].known;
    memcpy(s->root, l->segments.items[k].root, OC_LEDGER_HASH);
    l->seal = s;
    if (l->loop) {
        oc_workers_submit(oc_ledger_workers(l), run, on_done, s);
    } else {
        run(s);
        on_done(s);
    }
}

void oc_ledger_seal_stop(struct oc_ledger *l)
{
    if (l->seal) { /* it never began; what is not sealed is sealed the next time */
        free(l->seal->dir);
        free(l->seal);
        l->seal = NULL;
    }
}
