/* Reading entries: of full segments, of the open one, of what is still on its way. SPDX-License-Identifier: MIT */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/store/ledger/ledger_internal.h"

struct walking {
    struct oc_ledger *ledger;
    oc_ledger_walk_fn fn;
    void *ctx;
    uint64_t at, to;
    bool stopped;
};

/* Where the tile of an entry begins, and with which entry. */
static uint64_t tile_offset(const struct oc_ledger *l, uint64_t index, uint64_t *first)
{
    const uint64_t tile = index / l->tile, begin = index / l->per * l->per;
    uint64_t offset = 0;
    *first = tile * l->tile;
    if (tile >= l->tile_base) {
        return l->tiles.items[tile - l->tile_base].offset;
    }
    char *path = oc_ledger_path(l->dir, begin, ".tree");
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    const off_t at = (off_t)(24 + (*first - begin) / l->tile * (8 + OC_LEDGER_HASH));
    if (fd < 0 || pread(fd, &offset, sizeof offset, at) != (ssize_t)sizeof offset) {
        offset = 0;
        *first = begin;
    }
    if (fd >= 0) {
        close(fd);
    }
    free(path);
    return le64toh(offset);
}

static int bad_file(const struct oc_ledger_reader *r, enum oc_ledger_got got, uint64_t index,
                    struct oc_error *err)
{
    if (got == OC_LEDGER_FAILED) {
        return oc_error_errno(err, 0, r->error, "cannot read entry %llu of the ledger",
                              (unsigned long long)index);
    }
    return oc_error_set(err, OC_E_VERIFY, "entry %llu of the ledger is damaged",
                        (unsigned long long)index);
}

static int walk_lines(struct walking *w, struct oc_ledger_reader *r, uint64_t index, uint64_t end,
                      struct oc_error *err)
{
    struct oc_ledger_line line;
    enum oc_ledger_got got = OC_LEDGER_LINE;
    if (r->offset == 0) {
        got = oc_ledger_reader_next(r, true, index, &line);
    }
    while (got == OC_LEDGER_LINE && index < end && !w->stopped) {
        got = oc_ledger_reader_next(r, false, index, &line);
        if (got == OC_LEDGER_LINE && index >= w->at) {
            w->stopped = !w->fn(w->ctx, index, line.text, line.len);
            w->at = index + 1;
        }
        index += got == OC_LEDGER_LINE;
    }
    return got == OC_LEDGER_LINE ? OC_OK : bad_file(r, got, index, err);
}

/* What of one segment is on the disk. */
static int walk_segment(struct walking *w, struct oc_error *err)
{
    const struct oc_ledger *l = w->ledger;
    const uint64_t begin = w->at / l->per * l->per;
    const uint64_t end = begin + l->per < w->to ? begin + l->per : w->to;
    uint64_t first = 0;
    struct oc_ledger_reader r;
    const uint64_t offset = tile_offset(l, w->at, &first);
    char *path = l->dir ? oc_ledger_path(l->dir, begin, ".log") : NULL;
    const int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : l->fd;
    int rc = OC_OK;
    if (fd < 0) {
        rc = errno == ENOENT
                 ? oc_error_set(err, OC_E_NOT_FOUND, "the text of entry %llu is retired",
                                (unsigned long long)w->at)
                 : oc_error_errno(err, 0, errno, "cannot open %s", path);
    } else {
        oc_ledger_reader_begin(&r, fd, offset, UINT64_MAX);
        rc = walk_lines(w, &r, first, end, err);
        oc_ledger_reader_end(&r);
        if (path) {
            close(fd);
        }
    }
    free(path);
    return rc;
}

/* What is in memory still; its lines begin with entry `first`. */
static void walk_bytes(struct walking *w, const struct oc_buf *bytes, uint64_t first)
{
    struct oc_ledger_line line;
    uint32_t number = 0;
    for (size_t at = 0; at < bytes->len && w->at < w->to && !w->stopped; at += line.size) {
        OC_ASSERT(oc_ledger_line_get(bytes->data + at, bytes->len - at, &number, &line));
        if (line.flag == OC_LEDGER_HEADER) {
            continue;
        }
        if (first >= w->at) {
            w->stopped = !w->fn(w->ctx, first, line.text, line.len);
            w->at = first + 1;
        }
        first++;
    }
}

int oc_ledger_walk(struct oc_ledger *l, uint64_t from, uint64_t to, oc_ledger_walk_fn fn, void *ctx,
                   struct oc_error *err)
{
    struct walking w = {l, fn, ctx, from, to < l->stable.f.size ? to : l->stable.f.size, false};
    int rc = OC_OK;
    while (rc == OC_OK && w.at < w.to && !w.stopped) {
        rc = walk_segment(&w, err);
    }
    w.to = to < l->now.f.size ? to : l->now.f.size;
    if (rc == OC_OK && l->job && !w.stopped && w.at < w.to) {
        walk_bytes(&w, &l->job->bytes, l->job->first);
    }
    if (rc == OC_OK && !w.stopped && w.at < w.to) {
        walk_bytes(&w, &l->pending, l->pending_first);
    }
    return rc;
}

static bool take(void *ctx, uint64_t index, const char *text, size_t len)
{
    (void)index;
    oc_buf_add(ctx, text, len);
    return false;
}

int oc_ledger_read(struct oc_ledger *l, uint64_t index, struct oc_buf *out, struct oc_error *err)
{
    if (index >= l->now.f.size) {
        return oc_error_set(err, OC_E_NOT_FOUND, "the ledger has no entry %llu",
                            (unsigned long long)index);
    }
    return oc_ledger_walk(l, index, index + 1, take, out, err);
}

int oc_ledger_each(struct oc_ledger *l, uint64_t from,
                   bool (*fn)(void *ctx, uint64_t index, const char *text, size_t len), void *ctx,
                   struct oc_error *err)
{
    const uint64_t oldest = oc_ledger_oldest(l);
    return oc_ledger_walk(l, from < oldest ? oldest : from, l->now.f.size, fn, ctx, err);
}

int oc_ledger_each_in(const char *folder, uint64_t segment_size, uint64_t from, uint64_t to,
                      bool (*fn)(void *ctx, uint64_t index, const char *text, size_t len),
                      void *ctx, struct oc_error *err)
{
    struct walking w = {.fn = fn, .ctx = ctx, .at = from, .to = to};
    int rc = OC_OK;
    while (rc == OC_OK && w.at < w.to && !w.stopped) {
        const uint64_t begin = w.at / segment_size * segment_size;
        const uint64_t end = begin + segment_size < to ? begin + segment_size : to;
        struct oc_ledger_reader r;
        char *path = oc_ledger_path(folder, begin, ".log");
        const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0) {
            rc = oc_error_errno(err, 0, errno, "cannot open %s", path);
        } else {
            oc_ledger_reader_begin(&r, fd, 0, UINT64_MAX);
            rc = walk_lines(&w, &r, begin, end, err);
            oc_ledger_reader_end(&r);
            close(fd);
        }
        free(path);
    }
    return rc;
}
