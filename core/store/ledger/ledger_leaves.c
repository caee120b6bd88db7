/* The hashes of a full segment, and the file that keeps them. SPDX-License-Identifier: MIT */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/store/ledger/ledger_internal.h"
#include "core/sys/file.h"
#include "core/sys/merkle.h"

#define SEED      UINT64_C(0x6c65646765723032)
#define COUNT_MAX (UINT64_C(1) << 24)

static const char magic[8] = "OCTREE1\n";

char *oc_ledger_path(const char *dir, uint64_t first, const char *ending)
{
    return oc_asprintf("%s/%012llu%s", dir, (unsigned long long)first, ending);
}

void oc_ledger_leaves_finish(struct oc_ledger_leaves *t)
{
    OC_VEC_FINISH(&t->tiles);
    free(t->hashes);
    memset(t, 0, sizeof *t);
}

static void begin(struct oc_ledger_leaves *t, uint64_t first, uint64_t count)
{
    memset(t, 0, sizeof *t);
    t->first = first;
    t->count = count;
    t->hashes = oc_alloc((size_t)count * OC_LEDGER_HASH);
}

/* The hashes of the tiles and of the whole, from those of the entries. */
static void build(struct oc_ledger_leaves *t)
{
    struct oc_frontier whole = {0}, tile = {0};
    for (uint64_t i = 0; i < t->count; i++) {
        oc_frontier_add(&whole, t->hashes[i], NULL, NULL);
        oc_frontier_add(&tile, t->hashes[i], NULL, NULL);
        if (tile.size == OC_LEDGER_TILE || i + 1 == t->count) {
            oc_frontier_root(&tile, t->tiles.items[i / OC_LEDGER_TILE].root);
            tile.size = 0;
        }
    }
    oc_frontier_root(&whole, t->root);
}

static int read_text(struct oc_ledger_reader *r, struct oc_ledger_leaves *t, const char *path,
                     struct oc_error *err)
{
    struct oc_ledger_line line;
    enum oc_ledger_got got = oc_ledger_reader_next(r, true, t->first, &line);
    uint64_t i = 0;
    for (; got == OC_LEDGER_LINE && i < t->count; i++) {
        const struct oc_ledger_tile tile = {.offset = r->offset};
        got = oc_ledger_reader_next(r, false, t->first + i, &line);
        if (got == OC_LEDGER_LINE) {
            oc_merkle_leaf(line.text, line.len, t->hashes[i]);
            if (i % OC_LEDGER_TILE == 0) {
                OC_VEC_PUSH(&t->tiles, tile);
            }
        }
    }
    if (got == OC_LEDGER_FAILED) {
        return oc_error_errno(err, 0, r->error, "cannot read %s", path);
    }
    if (got != OC_LEDGER_LINE) {
        return oc_error_set(err, OC_E_VERIFY, "%s is damaged at entry %llu", path,
                            (unsigned long long)(t->first + (i ? i - 1 : 0)));
    }
    return OC_OK;
}

int oc_ledger_leaves_make(const char *dir, uint64_t first, uint64_t count,
                          struct oc_ledger_leaves *t, struct oc_error *err)
{
    char *path = oc_ledger_path(dir, first, ".log");
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct oc_ledger_reader r;
    int rc = fd < 0 ? oc_error_errno(err, 0, errno, "cannot open %s", path) : OC_OK;
    begin(t, first, count);
    oc_ledger_reader_begin(&r, fd, 0, UINT64_MAX);
    if (rc == OC_OK) {
        rc = read_text(&r, t, path, err);
        close(fd);
    }
    if (rc == OC_OK) {
        build(t);
    } else {
        oc_ledger_leaves_finish(t);
    }
    oc_ledger_reader_end(&r);
    free(path);
    return rc;
}

static void put64(struct oc_buf *out, uint64_t value)
{
    value = htole64(value);
    oc_buf_add(out, &value, sizeof value);
}

static uint64_t get64(const unsigned char *from)
{
    uint64_t value;
    memcpy(&value, from, sizeof value);
    return le64toh(value);
}

void oc_ledger_leaves_put(const struct oc_ledger_leaves *t, struct oc_buf *out)
{
    const size_t start = out->len;
    oc_buf_add(out, magic, sizeof magic);
    put64(out, t->first);
    put64(out, t->count);
    for (size_t i = 0; i < t->tiles.count; i++) {
        put64(out, t->tiles.items[i].offset);
        oc_buf_add(out, t->tiles.items[i].root, OC_LEDGER_HASH);
    }
    oc_buf_add(out, t->hashes, (size_t)t->count * OC_LEDGER_HASH);
    put64(out, oc_hash_bytes(out->data + start, out->len - start, SEED));
}

bool oc_ledger_leaves_get(const void *data, size_t len, uint64_t first, uint64_t count,
                          struct oc_ledger_leaves *t)
{
    const unsigned char *p = data;
    const size_t tiles = (size_t)((count + OC_LEDGER_TILE - 1) / OC_LEDGER_TILE);
    memset(t, 0, sizeof *t);
    if (count == 0 || count > COUNT_MAX ||
        len != 32 + tiles * (8 + OC_LEDGER_HASH) + (size_t)count * OC_LEDGER_HASH ||
        memcmp(p, magic, sizeof magic) != 0 || get64(p + 8) != first || get64(p + 16) != count ||
        get64(p + len - 8) != oc_hash_bytes(p, len - 8, SEED)) {
        return false;
    }
    begin(t, first, count);
    p += 24;
    for (size_t i = 0; i < tiles; i++, p += 8 + OC_LEDGER_HASH) {
        struct oc_ledger_tile tile = {.offset = get64(p)};
        memcpy(tile.root, p + 8, OC_LEDGER_HASH);
        OC_VEC_PUSH(&t->tiles, tile);
    }
    memcpy(t->hashes, p, (size_t)count * OC_LEDGER_HASH);
    struct oc_frontier top = {0};
    for (size_t i = 0; i < tiles; i++) {
        oc_frontier_add(&top, t->tiles.items[i].root, NULL, NULL);
    }
    oc_frontier_root(&top, t->root);
    return true;
}

int oc_ledger_leaves_read(const char *dir, uint64_t first, uint64_t count,
                          struct oc_ledger_leaves *t, struct oc_error *err)
{
    char *path = oc_ledger_path(dir, first, ".tree");
    struct oc_buf content = {0};
    struct oc_error ignored;
    oc_error_init(&ignored);
    int rc = OC_OK;
    if (oc_file_read(path, (size_t)count * 64 + 4096, &content, &ignored) != OC_OK) {
        rc = oc_ledger_leaves_make(dir, first, count, t, err);
    } else if (!oc_ledger_leaves_get(content.data ? content.data : "", content.len, first, count,
                                     t)) {
        rc = oc_error_set(err, OC_E_VERIFY, "%s is damaged", path);
    }
    oc_buf_finish(&content);
    free(path);
    return rc;
}
