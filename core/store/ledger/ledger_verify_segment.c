/* Verifying one segment: each line, each hash, the file of its hashes. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/store/ledger/ledger_verify_internal.h"
#include "core/sys/file.h"
#include "core/sys/merkle.h"

__attribute__((format(printf, 5, 6))) static void damage(struct oc_checked_segment *s,
                                                         const char *ending, uint64_t line,
                                                         int64_t index, const char *fmt, ...)
{
    if (!s->damaged) {
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(s->what, sizeof s->what, fmt, ap);
        va_end(ap);
        s->ending = ending;
        s->line = line;
        s->index = index;
    }
    s->damaged = true;
}

/* The trees of the checkpoints that end within this segment. */
static void reach_notes(struct oc_checking *c, uint64_t size, const struct oc_frontier *f)
{
    size_t low = 0, high = c->notes.count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (c->notes.items[middle].size < size) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low < c->notes.count && c->notes.items[low].size == size; low++) {
        oc_frontier_root(f, c->notes.items[low].found); /* each size belongs to one segment */
        c->notes.items[low].reached = true;
    }
}

static uint64_t next_note(const struct oc_checking *c, uint64_t size)
{
    for (size_t i = 0; i < c->notes.count; i++) {
        if (c->notes.items[i].size > size) {
            return c->notes.items[i].size;
        }
    }
    return UINT64_MAX;
}

/* {"time":..,"type":"ledger_retired","before":N}: such text is gone for a reason. */
static void look_at_retirement(struct oc_checked_segment *s, const struct oc_ledger_line *line)
{
    static const char type[] = ",\"type\":\"" OC_LEDGER_TEXT_RETIRED "\"";
    const size_t front = line->len < 64 ? line->len : 64;
    if (!memmem(line->text, front, type, sizeof type - 1)) {
        return;
    }
    json_t *entry = oc_json_parse(line->text, line->len, NULL);
    const int64_t before = oc_json_int(entry, "before", 0);
    if (before > 0 && (uint64_t)before > s->retired) {
        s->retired = (uint64_t)before;
    }
    json_decref(entry);
}

struct reading {
    struct oc_ledger_reader r;
    struct oc_ledger_leaves leaves;
    struct oc_frontier f;
};

/* A tile is a complete subtree: its hash is found on the way. */
static void on_node(void *ctx, unsigned level, const uint8_t *hash)
{
    struct reading *x = ctx;
    if (UINT64_C(1) << level == OC_LEDGER_TILE) {
        memcpy(x->leaves.tiles.items[x->leaves.tiles.count - 1].root, hash, OC_LEDGER_HASH);
    }
}

static void read_line(struct oc_checked_segment *s, struct reading *x, uint64_t offset,
                      const struct oc_ledger_line *line)
{
    struct oc_ledger_leaves *t = &x->leaves;
    uint8_t *leaf = t->hashes[s->count];
    if (s->count % OC_LEDGER_TILE == 0) {
        const struct oc_ledger_tile fresh = {.offset = offset};
        OC_VEC_PUSH(&t->tiles, fresh);
    }
    oc_merkle_leaf(line->text, line->len, leaf);
    oc_frontier_add(&x->f, leaf, on_node, x);
    look_at_retirement(s, line);
    s->count++;
}

/* The tiles from number `i` on. */
static void finish_tiles(struct oc_checked_segment *s, struct reading *x, size_t i)
{
    struct oc_ledger_leaves *t = &x->leaves;
    for (; i < t->tiles.count; i++) {
        const uint64_t begin = i * OC_LEDGER_TILE;
        struct oc_frontier f = {0};
        for (uint64_t k = begin; k < s->count && k < begin + OC_LEDGER_TILE; k++) {
            oc_frontier_add(&f, t->hashes[k], NULL, NULL);
        }
        oc_frontier_root(&f, t->tiles.items[i].root);
    }
    t->count = s->count;
}

/* Behind the last sound line: nothing, or what a crash left. */
static void look_behind(struct oc_checking *c, struct oc_checked_segment *s, struct reading *x,
                        enum oc_ledger_got got)
{
    struct stat st;
    const uint64_t line = s->count + (s->header.len > 0 ? 2 : 1);
    const int64_t index = (int64_t)(s->first + s->count);
    const uint64_t size = fstat(x->r.fd, &st) == 0 ? (uint64_t)st.st_size : 0;
    if (got == OC_LEDGER_FAILED) {
        damage(s, ".log", line, index, "it cannot be read: %s", strerror(x->r.error));
    } else if (s->first + s->count >= c->check->size) {
        return; /* being written just now */
    } else if (s->count == c->per) {
        if (size > x->r.offset) {
            damage(s, ".log", line, index, "there is more behind the last entry");
        }
    } else if (!s->tail) {
        damage(s, ".log", line, index, "the line is missing or not what was written");
    } else if (got == OC_LEDGER_BAD && oc_ledger_reader_goes_on(&x->r, s->first + s->count)) {
        damage(s, ".log", line, index, "the line is not what was written");
    } else {
        s->torn = size > x->r.offset ? size - x->r.offset : 0;
    }
}

static void read_log(struct oc_checking *c, struct oc_checked_segment *s, struct reading *x)
{
    struct oc_ledger_line line;
    char *path = oc_ledger_path(c->check->dir, s->first, ".log");
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    enum oc_ledger_got got = OC_LEDGER_FAILED;
    uint64_t wanted = next_note(c, s->first);
    free(path);
    if (fd < 0) {
        damage(s, ".log", 0, (int64_t)s->first, "it cannot be opened: %s", strerror(errno));
        return;
    }
    posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED); /* read while the first lines are hashed */
    oc_ledger_reader_begin(&x->r, fd, 0, UINT64_MAX);
    got = oc_ledger_reader_next(&x->r, true, s->first, &line);
    if (got == OC_LEDGER_LINE) {
        oc_ledger_line_put(&s->header, line.flag, s->first, line.text, line.len);
    }
    while (got == OC_LEDGER_LINE && s->count < c->per && s->first + s->count < c->check->size) {
        const uint64_t offset = x->r.offset;
        got = oc_ledger_reader_next(&x->r, false, s->first + s->count, &line);
        if (got == OC_LEDGER_LINE) {
            read_line(s, x, offset, &line);
        }
        if (s->first + s->count == wanted) {
            reach_notes(c, wanted, &x->f);
            wanted = next_note(c, wanted);
        }
    }
    look_behind(c, s, x, got);
    oc_ledger_reader_end(&x->r);
    close(fd);
    finish_tiles(s, x, s->count / OC_LEDGER_TILE); /* what is less than a tile */
}

/* Its file of hashes is byte for byte what follows from the text. */
static void compare_tree(struct oc_checking *c, struct oc_checked_segment *s, struct reading *x)
{
    struct oc_buf expected = {0}, found = {0};
    struct oc_error err;
    char *path = oc_ledger_path(c->check->dir, s->first, ".tree");
    oc_error_init(&err);
    oc_ledger_leaves_put(&x->leaves, &expected);
    if (oc_file_read(path, (size_t)c->per * 64 + 4096, &found, &err) != OC_OK) {
        damage(s, ".tree", 0, -1, "%s", err.message);
    } else if (found.len != expected.len || memcmp(found.data, expected.data, found.len) != 0) {
        damage(s, ".tree", 0, -1, "it does not fit the text");
    }
    oc_buf_finish(&expected);
    oc_buf_finish(&found);
    free(path);
}

/* The text is retired: its hashes have to make the tree. */
static void read_tree(struct oc_checking *c, struct oc_checked_segment *s, struct reading *x)
{
    struct oc_buf found = {0}, again = {0};
    struct oc_error err;
    struct oc_ledger_leaves t;
    char *path = oc_ledger_path(c->check->dir, s->first, ".tree");
    oc_error_init(&err);
    if (oc_file_read(path, (size_t)c->per * 64 + 4096, &found, &err) != OC_OK) {
        damage(s, ".tree", 0, -1, "%s", err.message);
    } else if (!oc_ledger_leaves_get(found.data ? found.data : "", found.len, s->first, c->per,
                                     &t)) {
        damage(s, ".tree", 0, -1, "it is not what was written");
    } else {
        for (uint64_t i = 0; i < c->per; i++) {
            memcpy(x->leaves.hashes[i], t.hashes[i], OC_LEDGER_HASH);
            oc_frontier_add(&x->f, t.hashes[i], NULL, NULL);
            reach_notes(c, s->first + i + 1, &x->f);
        }
        s->count = c->per;
        for (size_t i = 0; i < t.tiles.count; i++) {
            OC_VEC_PUSH(&x->leaves.tiles, t.tiles.items[i]);
        }
        finish_tiles(s, x, 0);
        oc_ledger_leaves_put(&x->leaves, &again);
        if (again.len != found.len || memcmp(again.data, found.data, again.len) != 0) {
            damage(s, ".tree", 0, -1, "its tiles do not fit its entries");
        }
        oc_ledger_leaves_finish(&t);
    }
    oc_buf_finish(&again);
    oc_buf_finish(&found);
    free(path);
}

void oc_checking_segment(struct oc_checking *c, struct oc_checked_segment *s)
{
    struct reading x = {0};
    x.leaves.first = s->first;
    x.leaves.hashes = oc_alloc((size_t)c->per * OC_LEDGER_HASH);
    if (s->log) {
        read_log(c, s, &x);
        if (s->tree && !s->damaged && s->count == c->per) {
            compare_tree(c, s, &x);
        } else if (s->tree && s->count < c->per) {
            damage(s, ".log", s->count + 2, (int64_t)(s->first + s->count),
                   "the line is missing or not what was written");
        }
    } else if (s->tree) {
        read_tree(c, s, &x);
    }
    oc_frontier_root(&x.f, s->root);
    oc_ledger_leaves_finish(&x.leaves);
}
